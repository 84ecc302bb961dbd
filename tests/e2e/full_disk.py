#!/usr/bin/env python3
"""A server on a full disk: new work is refused precisely, running work commits, deletes go through and free the space, work goes on.

usage: tests/e2e/full_disk.py SCORIA      exit 77: skipped, where a small file system of its own cannot be mounted
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from data_folder import Failed, expect, task_state, until  # noqa: E402
from cluster import API, Cluster  # noqa: E402

SIZE = "96m"


def code_of(content):
    return json.loads(content)["code"]


def fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


def run(cluster, mount):
    image = {"imageReference": {"publisher": "p", "offer": "o", "sku": "s"}, "nodeAgentSKUId": "n"}
    cluster.until_answered("POST", f"/pools?{API}", {"id": "p", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 1, "taskSlotsPerNode": 1,
                                                     "virtualMachineConfiguration": image})
    for job in ("j", "old"):
        cluster.until_answered("POST", f"/jobs?{API}", {"id": job, "poolInfo": {"poolId": "p"}})
    cluster.until_answered("POST", f"/jobs/j/tasks?{API}", {"id": "runs", "commandLine": f"sh -c 'until test -e {cluster.folder}/go; do sleep 0.05; done; exit 3'"})
    until("the task to run", lambda: task_state(cluster, "j", "runs") == "running")
    (cluster.folder / "blob").write_bytes(bytes(20 << 20))
    done = subprocess.run([cluster.program, "blob", "upload", "files", cluster.folder / "blob", "--data", cluster.data], capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr)

    fill(mount / "ballast")
    status, content = 0, b""
    for number in range(2000):  # until what was set aside is used up
        status, content = cluster.call("POST", f"/jobs/j/tasks?{API}", {"id": f"n{number}", "commandLine": "true " + "x" * 4000})
        if status != 201:
            break
    expect((status, code_of(content)) == (503, "ServerBusy") and b"disk is full" in content, f"new work on a full disk: {status} {content[:300]}")
    for path, body in ((f"/jobs?{API}", {"id": "more", "poolInfo": {"poolId": "p"}}), (f"/pools?{API}", {"id": "q", "vmSize": "standard_a1_v2", "virtualMachineConfiguration": image})):
        status, content = cluster.call("POST", path, body)
        expect(status == 503 and b"disk is full" in content, f"POST {path}: {status} {content[:300]}")

    # What runs ends, and its end is stored.
    (cluster.folder / "go").touch()
    until("the running task's end", lambda: task_state(cluster, "j", "runs") == "completed")
    info = json.loads(cluster.until_answered("GET", f"/jobs/j/tasks/runs?{API}"))["executionInfo"]
    expect(info["exitCode"] == 3, f"its end is {info}")

    # What ends work goes through.
    for method, path, body in (("POST", f"/jobs/j/disable?{API}", {"disableTasks": "requeue"}), ("POST", f"/jobs/old/terminate?{API}", None), ("DELETE", f"/jobs/old?{API}", None)):
        status, content = cluster.call(method, path, body)
        expect(status == 202, f"{method} {path} on a full disk: {status} {content[:300]}")
    until("the deleted job to go", lambda: cluster.call("GET", f"/jobs/old?{API}")[0] == 404)
    done = subprocess.run([cluster.program, "usage", "--data", cluster.data], capture_output=True, text=True)
    expect(done.returncode == 0, f"reading usage on a full disk: {done.stderr}")

    # A deleted blob is room; the server finds that out by itself.
    status, content = cluster.call("DELETE", f"/{cluster.name}/files/blob", headers={"x-ms-version": "2021-12-02"})
    expect(status == 202, f"deleting a blob on a full disk: {status} {content[:300]}")
    cluster.until_answered("POST", f"/jobs/j/enable?{API}")
    cluster.until_answered("POST", f"/jobs/j/tasks?{API}", {"id": "after", "commandLine": "true"}, seconds=30)
    cluster.until_answered("POST", f"/jobs/j/terminate?{API}")  # of thousands that wait, the new one would be the last
    cluster.until_answered("POST", f"/jobs?{API}", {"id": "next", "poolInfo": {"poolId": "p"}})
    cluster.until_answered("POST", f"/jobs/next/tasks?{API}", {"id": "goes", "commandLine": "true"})
    until("work to go on", lambda: task_state(cluster, "next", "goes") == "completed")


def main():
    mount = pathlib.Path(tempfile.mkdtemp(prefix="scoria-full-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", mount], capture_output=True, text=True)
    if mounted.returncode != 0:
        mount.rmdir()
        print(f"SKIPPED: full disk: a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
        sys.exit(77)
    cluster, failure = None, None
    try:
        # Beside the data folder lies what must not be on the full disk.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-full-disk-"))
        (mount / "data").mkdir(mode=0o700)
        (folder / "data").symlink_to(mount / "data")
        # Nodes have a disk of their own, and take work as long as that has room.
        (folder / "nodes").mkdir()
        (mount / "data" / "nodes").symlink_to(folder / "nodes")
        cluster = Cluster(str(pathlib.Path(sys.argv[1]).resolve()), folder)
        cluster.until_answered("GET", f"/pools?{API}")
        run(cluster, mount)
    except (Failed, RuntimeError, TimeoutError) as error:
        failure = error
        print(f"FAIL: {error}", file=sys.stderr)
        print((folder / "server.log").read_text()[-3000:], file=sys.stderr)
    finally:
        if cluster:
            cluster.server.terminate()
            cluster.server.wait(30)
            for entry in pathlib.Path("/proc").iterdir():
                try:
                    arguments = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
                except OSError:
                    continue
                if str(mount).encode() in arguments and arguments.split(b"\0")[1] in (b"agent", b"keeper"):
                    os.kill(int(entry.name), signal.SIGKILL)
            time.sleep(0.2)
        subprocess.run(["umount", "-l", mount], check=True)
        mount.rmdir()
    if not failure:
        shutil.rmtree(folder, ignore_errors=True)
    print("full disk: 0 passed, 1 failed" if failure else "full disk: 1 passed, 0 failed")
    sys.exit(1 if failure else 0)


if __name__ == "__main__":
    main()
