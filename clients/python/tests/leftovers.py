"""What executors have on a server."""

from cluster import until


def gone(client):
    """Deleting a job takes as long as its tasks take to end."""
    until("what executors had to be gone", lambda: not list(client.jobs.list(filter="startswith(id,'scoria-python-')")) and not list(client.blobs.containers("scoria-python-")))
