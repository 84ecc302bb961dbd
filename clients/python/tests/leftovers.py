"""What executors have on a server, and on this machine."""

import json
import os
import subprocess

from cluster import until


def gone(client):
    """Deleting a job takes as long as its tasks take to end."""
    until("what executors had to be gone", lambda: not list(client.jobs.list(filter="startswith(id,'scoria-python-')")) and not list(client.blobs.containers("scoria-python-")))


def warm_workers():
    """The process ids of the workers that are leased."""
    shown = subprocess.run([os.environ["SCORIA_PROGRAM"], "workers", "list", "--json"], check=True, capture_output=True, text=True)
    return [worker["pid"] for worker in json.loads(shown.stdout)["workers"]]
