#!/usr/bin/env python3
"""A data folder over time, as an operator has it: folders of earlier versions, newer ones, backups under load, restore, doctor.

usage: tests/e2e/data_folder.py SCORIA
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from cluster import API, Cluster  # noqa: E402

FOLDERS = pathlib.Path(__file__).parent.parent / "data" / "data_folders"
BLOB = {"x-ms-version": "2021-12-02"}


class Failed(Exception):
    pass


def expect(is_true, what):
    if not is_true:
        raise Failed(what)


class Test:
    def __init__(self, program, folder):
        self.program, self.folder, self.clusters = program, folder, []

    def run(self, *arguments, status=0):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, timeout=120)
        expect(done.returncode == status, f"scoria {' '.join(map(str, arguments))}: exit {done.returncode} instead of {status}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def cluster(self, name, data=None):
        folder = self.folder / name
        folder.mkdir()
        if data:
            shutil.move(data, folder / "data")
        cluster = Cluster(self.program, folder)
        self.clusters.append(cluster)
        cluster.until_answered("GET", f"/pools?{API}")
        return cluster

    def stop(self, cluster, kill=False):
        cluster.server.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        cluster.server.wait(30)

    def clean(self):
        for cluster in self.clusters:
            if cluster.server.poll() is None:
                self.stop(cluster)
            for word in ("agent", "keeper", "warm-scorer"):
                for pid in cluster.processes(word):
                    os.kill(pid, signal.SIGKILL)


def task_state(cluster, job, task):
    return json.loads(cluster.until_answered("GET", f"/jobs/{job}/tasks/{task}?{API}"))["state"]


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, f"waited in vain: {what}")
        time.sleep(0.05)


def earlier_version(test, version):
    """A server starts on a folder of an earlier version: all is there, and work goes on."""
    data = test.folder / f"from-{version}"
    data.mkdir(mode=0o700)
    subprocess.run(["tar", "-xzpf", FOLDERS / f"{version}.tar.gz", "-C", data], check=True)
    before = json.loads(test.run("doctor", "--data", data, "--json"))
    cluster = test.cluster(version, data)
    expect(json.loads((cluster.data / "version.json").read_text())["version"] > before["version"], "the version did not grow")
    jobs = {job["id"]: job["state"] for job in json.loads(cluster.until_answered("GET", f"/jobs?{API}"))["value"]}
    expect(jobs.get("done") == "completed" and jobs.get("open") == "active" and "weekly:job-1" in jobs, f"jobs are {jobs}")
    good = json.loads(cluster.until_answered("GET", f"/jobs/done/tasks/good?{API}"))
    bad = json.loads(cluster.until_answered("GET", f"/jobs/done/tasks/bad?{API}"))
    expect(good["executionInfo"]["exitCode"] == 0 and bad["executionInfo"]["exitCode"] == 1, "ends of tasks differ")
    expect(cluster.until_answered("GET", f"/jobschedules/weekly?{API}"), "the schedule is gone")
    expect("word" in test.run("secret", "list", "--data", cluster.data), "the secret is gone")
    status, small = cluster.call("GET", f"/{cluster.name}/files/small.txt", headers=BLOB)
    expect((status, small) == (200, b"small\n"), f"small.txt is {status} {small[:80]}")
    status, large = cluster.call("GET", f"/{cluster.name}/files/large.bin", headers=BLOB)
    expect(status == 200 and large == bytes(100000), f"large.bin is {status}, {len(large)} bytes")
    cluster.until_answered("POST", f"/pools/small/resize?{API}", {"targetDedicatedNodes": 1})
    until("the task that waited", lambda: task_state(cluster, "open", "waits") == "completed")
    test.stop(cluster)
    after = json.loads(test.run("doctor", "--data", cluster.data, "--json"))
    expect(after["isSound"], f"after the migration: {after}")


def refusals(test):
    """Newer folders, and ports and folders in use, are refused by `scoria server` in words that say what to do."""
    newer = test.folder / "newer"
    newer.mkdir(mode=0o700)
    (newer / "version.json").write_text('{"format":"scoria-data","version":99}')
    said = test.run("server", "--data", newer, "--http", "127.0.0.1:0", "--https", "none", status=1)
    expect("version 99" in said and "up to 2" in said and "restore a backup" in said, f"a newer folder: {said}")
    expect(sorted(os.listdir(newer)) == ["server.lock", "version.json"], f"something was written: {os.listdir(newer)}")

    state = test.folder / "newer-state"
    state.mkdir(mode=0o700)
    subprocess.run(["tar", "-xzpf", FOLDERS / "v1.tar.gz", "-C", state], check=True)
    with open(state / "state" / "state.sqlite", "r+b") as file:
        file.seek(60)  # user_version, big-endian
        file.write((77).to_bytes(4, "big"))
    said = test.run("server", "--data", state, "--http", "127.0.0.1:0", "--https", "none", status=1)
    expect("format 77" in said and "up to" in said, f"a newer state: {said}")

    cluster = test.cluster("in-use")
    said = test.run("server", "--data", cluster.data, "--http", "127.0.0.1:0", "--https", "none", status=1)
    expect(f"in use by process {cluster.server.pid}:" in said, f"a folder in use: {said}")
    said = test.run("server", "--data", test.folder / "other", "--http", f"127.0.0.1:{cluster.ports[0]}", "--https", "none", status=1)
    expect(f"127.0.0.1:{cluster.ports[0]}" in said and "in use" in said, f"a port in use: {said}")
    said = test.run("doctor", "--data", cluster.data, status=2)
    expect(f"process {cluster.server.pid}" in said, f"doctor of a folder in use: {said}")
    test.stop(cluster)


class Load(threading.Thread):
    """Adds tasks and blobs, and knows what was acknowledged."""

    def __init__(self, cluster):
        super().__init__()
        self.cluster, self.tasks, self.blobs, self.over = cluster, set(), {}, threading.Event()
        self.problem = None

    def run(self):
        try:
            number, random_ = 0, random.Random(1)
            while not self.over.is_set():
                number += 1
                self.cluster.until_answered("POST", f"/jobs/j/tasks?{API}", {"id": f"t{number}", "commandLine": "true"})
                self.tasks.add(f"t{number}")
                body = random_.randbytes(random_.choice([10, 1000, 70000]))
                name = f"b{number % 50}" if number % 3 else f"new{number}"
                self.put(name, body)
                self.blobs[name] = self.blobs.get(name, []) + [body]
        except Exception as error:  # the test tells it
            self.problem = error

    def put(self, name, body):
        import base64
        import hashlib
        import hmac
        import http.client
        headers = {"x-ms-date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()), "x-ms-blob-type": "BlockBlob", **BLOB}
        path = f"/{self.cluster.name}/load/{name}"
        lines = ["PUT", "", "", str(len(body)), "", "", "", "", "", "", "", ""]
        lines += [f"{key}:{headers[key]}" for key in sorted(headers)] + [f"/{self.cluster.name}{path}"]
        key = hmac.new(self.cluster.key, "\n".join(lines).encode(), hashlib.sha256).digest()
        headers["Authorization"] = f"SharedKey {self.cluster.name}:{base64.b64encode(key).decode()}"
        connection = http.client.HTTPConnection(*self.cluster.address(), timeout=30)
        connection.request("PUT", path, body=body, headers=headers)
        reply = connection.getresponse()
        content = reply.read()
        expect(reply.status == 201, f"PUT {path}: {reply.status} {content[:200]}")


def backup_under_load(test):
    """A backup of a server at work restores to a sound folder that holds whatever was acknowledged before it began."""
    cluster = test.cluster("busy")
    image = {"imageReference": {"publisher": "p", "offer": "o", "sku": "s"}, "nodeAgentSKUId": "n"}
    cluster.until_answered("POST", f"/pools?{API}", {"id": "p", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 1, "taskSlotsPerNode": 2,
                                                     "virtualMachineConfiguration": image})
    cluster.until_answered("POST", f"/jobs?{API}", {"id": "j", "poolInfo": {"poolId": "p"}})
    test.run("blob", "create-container", "load", "--data", cluster.data)
    load = Load(cluster)
    load.start()
    try:
        for count in (60, 140):
            until("load", lambda: load.problem or len(load.tasks) > count)
            tasks, blobs = set(load.tasks), {name: len(bodies) for name, bodies in list(load.blobs.items())}
            archive = test.folder / f"backup-{count}.tar"
            test.run("backup", "--data", cluster.data, "--to", archive)
    finally:
        load.over.set()
        load.join()
    expect(load.problem is None, f"load: {load.problem}")
    expect(archive.stat().st_mode & 0o777 == 0o600, "others may read the backup")
    test.stop(cluster, kill=True)
    # What the killed server leaves is sound, too: leftovers at most.
    diagnosis = json.loads(test.run("doctor", "--data", cluster.data, "--json"))
    expect(diagnosis["isSound"], f"the killed server's folder: {diagnosis}")

    with tarfile.open(archive) as tar:  # a tar that others read
        expect(tar.getnames()[0] == "backup.json" and tar.getnames()[-1] == "SHA256SUMS", "members are in another order")
        tar.extractall(test.folder / "unpacked")
    subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=test.folder / "unpacked", check=True)

    restored = test.folder / "restored-data"
    test.run("restore", archive, "--data", restored)
    diagnosis = json.loads(test.run("doctor", "--data", restored, "--json"))
    expect(diagnosis["isSound"] and not diagnosis["findings"], f"the restored folder: {diagnosis}")
    said = test.run("restore", archive, "--data", restored, status=1)
    expect("not empty" in said, said)

    copy = test.cluster("restored", restored)
    expect((copy.name, copy.key) == (cluster.name, cluster.key), "the account is another")
    lost = [task for task in tasks if copy.call("GET", f"/jobs/j/tasks/{task}?{API}")[0] != 200]
    expect(not lost, f"acknowledged before the backup, and lost: {lost[:10]}")
    for name, count in blobs.items():
        status, content = copy.call("GET", f"/{copy.name}/load/{name}", headers=BLOB)
        # What it was when the backup began, or something newer.
        expect(status == 200 and content in load.blobs[name][count - 1:], f"blob {name}: {status}, {len(content)} bytes")
    until("all tasks of the restored server", lambda: json.loads(copy.until_answered("GET", f"/jobs/j/taskcounts?{API}"))["taskCounts"]["active"] == 0)
    test.stop(copy)

    # At rest, into a folder, by time.
    backups = test.folder / "backups"
    backups.mkdir()
    test.run("backup", "--data", copy.data, "--to", backups)
    made = list(backups.iterdir())
    expect(len(made) == 1 and made[0].name.startswith("scoria-") and made[0].suffix == ".tar", f"made {made}")
    test.run("restore", made[0], "--data", test.folder / "again")
    diagnosis = json.loads(test.run("doctor", "--data", test.folder / "again", "--json"))
    expect(diagnosis["isSound"] and diagnosis["tasks"] >= len(tasks), f"restored from rest: {diagnosis}")

    # A damaged one leaves nothing.
    with open(made[0], "r+b") as file:
        file.seek(made[0].stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    said = test.run("restore", made[0], "--data", test.folder / "damaged", status=1)
    expect(not (test.folder / "damaged").exists(), f"a damaged backup left a folder: {said}")


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-data-"))
    test = Test(program, folder)
    passed, failed = 0, 0
    try:
        steps = [(f"a folder of version {path.name[:-7]}", lambda path=path: earlier_version(test, path.name[:-7])) for path in sorted(FOLDERS.glob("*.tar.gz"))]
        steps += [("refusals", lambda: refusals(test)), ("backup under load", lambda: backup_under_load(test))]
        for name, step in steps:
            try:
                step()
                passed += 1
            except Exception as error:
                failed += 1
                print(f"FAIL: {name}: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        test.clean()
    print(f"data folder: {passed} passed, {failed} failed")
    if failed:
        print(f"see {folder}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
