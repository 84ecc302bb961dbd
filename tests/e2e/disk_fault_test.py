#!/usr/bin/env python3
"""Disks that fail and that are full, under whole processes: of the server's state, its blobs, a node's folders, a keeper's spool.

usage: tests/e2e/disk_fault_test.py SCORIA DISK_FAULTS.so [--only NAME] [--times N] [--folder DIR]

DISK_FAULTS.so is tests/e2e/disk_faults.cc. What is checked:
  - a state that cannot be made durable ends the server with 74; the next one has all that was acknowledged
  - a full disk of the state: new work is refused and told why, what runs goes on, and everything goes on once there is room
  - blobs are whole or absent, and what was there stays; tasks whose outputs cannot be kept say so, or are kept later
  - a node whose disk fails: its tasks fail or run again with an error that says why, nothing hangs, nothing is counted twice
"""
import argparse
import errno
import json
import mmap
import os
import pathlib
import struct
import tempfile
import time
import traceback

from cluster import API, IMAGE, Cluster, conclude, until

WRITE, SYNC, TRUNCATE, CREATE, RENAME = 1, 2, 4, 8, 16
RULE = struct.Struct("<IiiiIi488s")
BLOB = {"x-ms-blob-type": "BlockBlob"}
TASK = "sh -c 'echo start $AZ_BATCH_TASK_ATTEMPT >> {runs}/$AZ_BATCH_TASK_ID; sleep {seconds}; echo end $AZ_BATCH_TASK_ATTEMPT >> {runs}/$AZ_BATCH_TASK_ID; echo $AZ_BATCH_TASK_ID $AZ_BATCH_TASK_ATTEMPT > out.txt'"


class Faults:
    """The rules that disk_faults.cc follows."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(RULE.size * 8))
        with open(path, "r+b") as file:
            self.rules = mmap.mmap(file.fileno(), 0)

    def begin(self, calls, error, path, skip=0, fail=-1, short_of=0, number=0):
        at = RULE.size * number
        self.rules[at:at + RULE.size] = RULE.pack(0, error, skip, fail, 0, short_of, str(path).encode())
        self.rules[at:at + 4] = struct.pack("<I", calls)

    def end(self):
        for number in range(8):
            self.rules[RULE.size * number:RULE.size * number + 4] = bytes(4)

    def hits(self, number=0):
        return RULE.unpack_from(self.rules, RULE.size * number)[4]


class Test:
    def __init__(self, program, shim, folder, times):
        self.failed, self.passed, self.number, self.times = [], 0, 0, times
        self.faults = Faults(folder / "faults")
        self.cluster = Cluster(program, folder, "overcommit: 8\nlocal_node_lost: PT5S\n",
                               environment={"LD_PRELOAD": str(shim), "SCORIA_DISK_FAULTS": str(self.faults.path)})
        self.cluster.post("/pools", {"id": "p", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 1, "taskSlotsPerNode": 4, "virtualMachineConfiguration": IMAGE})
        self.cluster.post("/jobs", {"id": "j", "poolInfo": {"poolId": "p"}})
        self.sas = self.cluster.make_container("results")
        self.state, self.blobs = self.cluster.data / "state", self.cluster.data / "blobs"
        until("a node", lambda: [n["state"] for n in self.cluster.get("/pools/p/nodes")["value"]] == ["idle"])
        self.root = next(path for path in (self.cluster.data / "nodes/p").iterdir() if path.is_dir() and path.suffix != ".private")
        self.private = pathlib.Path(f"{self.root}.private")

    def check(self, claim, holds, seen=""):
        if holds:
            self.passed += 1
        else:
            self.failed.append(claim)
        print(f"{'ok   ' if holds else 'FAIL '} {claim}{'' if holds else f': {seen}'}", flush=True)

    def body(self, seconds=0.0, outputs=False, resource=None, retries=0):
        self.number += 1
        task = {"id": f"t{self.number}", "commandLine": TASK.format(runs=self.cluster.runs, seconds=seconds), "constraints": {"maxTaskRetryCount": retries}}
        if outputs:
            url = f"{self.cluster.blob_url.rstrip('/')}/results?{self.sas}"
            task["outputFiles"] = [{"filePattern": "out.txt", "destination": {"container": {"containerUrl": url, "path": f"r/{task['id']}"}},
                                    "uploadOptions": {"uploadCondition": "taskcompletion"}}]
        if resource:
            task["resourceFiles"] = [{"httpUrl": f"{self.cluster.blob_url.rstrip('/')}/results/{resource}?{self.sas}", "filePath": "in.bin"}]
        return task

    def add(self, **more):
        task = self.body(**more)
        self.cluster.post("/jobs/j/tasks", task, accept=["TaskExists"])
        return task["id"]

    def task(self, name):
        return self.cluster.get(f"/jobs/j/tasks/{name}")

    def end_of(self, name, seconds=60):
        return until(f"{name} to end", lambda: (task := self.task(name))["state"] == "completed" and task["executionInfo"], seconds)

    def runs(self, name):
        file = self.cluster.runs / name
        return file.read_text().split("\n")[:-1] if file.exists() else []

    def is_whole(self, name, outputs=False):
        """It succeeded, ran once, and its output is there."""
        info = self.end_of(name)
        starts = [line for line in self.runs(name) if line.startswith("start")]
        blob = self.cluster.blob(f"results/r/{name}") if outputs else None
        is_right = info.get("result") == "success" and len(starts) == 1 and (not outputs or (blob[0] == 200 and blob[1].split()[0].decode() == name))
        return is_right or print("      ", name, info, starts, blob) or False

    def put(self, name, content):
        try:
            return self.cluster.call("PUT", f"/{self.cluster.name}/results/{name}", content, BLOB)
        except OSError as error:
            return 0, str(error).encode()

    def works_again(self, what):
        self.faults.end()
        names = [self.add(outputs=True) for _ in range(3)]
        self.check(f"{what}: works again", all([self.is_whole(name, outputs=True) for name in names]))

    # --- the server's state

    def state_broken(self):
        for what, calls, skip in [("fsync", SYNC, skip) for skip in range(self.times)] + [("write", WRITE, 0), ("write", WRITE, 2)]:
            before = [self.add(outputs=True, seconds=0.5) for _ in range(3)]
            self.faults.begin(calls, errno.EIO, self.state, skip=skip, fail=1)
            acknowledged, refused = [], []
            end = time.monotonic() + 20
            while self.cluster.server.poll() is None and time.monotonic() < end:
                task = self.body()
                try:
                    status, content = self.cluster.call("POST", f"/jobs/j/tasks?{API}", task)
                    (acknowledged if status == 201 else refused).append(task["id"])
                except OSError:
                    break
            code = self.cluster.server.wait(10)
            name = f"state: {what} {skip + 1} fails with EIO"
            self.check(f"{name}: the server ends with 74", code == 74 and self.faults.hits() == 1, f"{code}, {self.faults.hits()} hits")
            self.check(f"{name}: it says why", bool(self.cluster.log_lines(" error ", "commit_failed")))
            self.faults.end()
            self.cluster.start()
            tasks = {task["id"] for task in self.cluster.get("/jobs/j/tasks?maxresults=1000")["value"]}
            self.check(f"{name}: the next one has all that was acknowledged ({len(before) + len(acknowledged)})", set(before + acknowledged) <= tasks,
                       set(before + acknowledged) - tasks)
            self.check(f"{name}: all of it ends, once", all([self.is_whole(one, one in before) for one in before + acknowledged]))
        self.works_again("state that failed")

    def state_not_opened(self):
        for what, calls, error in (("fsync", SYNC, errno.EIO), ("write", WRITE, errno.EIO), ("write", WRITE, errno.ENOSPC), ("new files", CREATE, errno.ENOSPC)):
            self.cluster.server.terminate()
            self.cluster.server.wait(30)
            log = len(self.cluster.log_lines(""))
            self.faults.begin(calls, error, self.state)
            self.cluster.start()
            name = f"start: {what} of the state: {errno.errorcode[error]}"
            try:
                # One that only cannot write may as well begin, and refuse.
                started = until("an end or a start", lambda: self.cluster.server.poll() is not None or "server_ready" in "\n".join(self.cluster.log_lines("")[log:]), 20)
            except TimeoutError:
                started = False
            code = self.cluster.server.poll()
            said = self.cluster.log_lines("")[log:]
            self.check(f"{name}: ends and says why, or serves what it has ({code})", started and (code is None or (code not in (0, -6, -11) and any(str(self.state) in line for line in said))), (code, said))
            self.faults.end()
            if code is None:
                self.cluster.server.kill()
                self.cluster.server.wait()
            self.cluster.start()
        self.works_again("start")

    def state_full(self):
        running = [self.add(outputs=True, seconds=2) for _ in range(3)]
        until("them to run", lambda: all(self.runs(name) for name in running))
        self.faults.begin(WRITE | TRUNCATE | CREATE, errno.ENOSPC, self.state)
        refused = []
        for _ in range(3):
            task = self.body()
            status, content = self.cluster.call("POST", f"/jobs/j/tasks?{API}", task)
            refused.append(task["id"])
            self.check(f"full state: a new task is refused with 503 and why ({status})", status == 503 and b"disk is full" in content, content)
        status, content = self.cluster.call("POST", f"/jobs?{API}", {"id": "full", "poolInfo": {"poolId": "p"}})
        self.check(f"full state: a new job, too ({status})", status == 503 and b"disk is full" in content, content)
        self.check("full state: reading goes on", self.task(running[0])["id"] == running[0])
        until("them to end", lambda: all(len(self.runs(name)) == 2 for name in running), 30)
        self.check("full state: the server lives", self.cluster.server.poll() is None)
        self.faults.end()
        self.check("room again: what ran has its result, once", all([self.is_whole(name, outputs=True) for name in running]))
        missing = [self.cluster.call("GET", f"/jobs/j/tasks/{name}?{API}")[0] for name in refused]
        # The first was applied when its write met the full disk: it was not acknowledged, and may be there.
        self.check("room again: what was refused is not there", missing[1:] == [404] * 2, missing)
        until("new work to be taken", lambda: self.cluster.call("POST", f"/jobs/j/tasks?{API}", self.body())[0] == 201, 20)
        self.works_again("room again")

    def state_full_and_killed(self):
        """Full, and then the server dies: nothing of what was told is lost."""
        running = [self.add(outputs=True, seconds=1.5) for _ in range(3)]
        until("them to run", lambda: all(self.runs(name) for name in running))
        self.faults.begin(WRITE | TRUNCATE | CREATE, errno.ENOSPC, self.state)
        until("them to end", lambda: all(len(self.runs(name)) == 2 for name in running), 30)
        time.sleep(0.5)
        self.cluster.server.kill()
        self.cluster.server.wait()
        self.faults.end()
        self.cluster.start()
        self.check("full, killed, room again: what ran has its result, once", all([self.is_whole(name, outputs=True) for name in running]))
        self.works_again("full and killed")

    # --- blobs

    def blobs_broken(self):
        big = os.urandom(3_000_000)
        for what, calls, error in (("write", WRITE, errno.ENOSPC), ("write", WRITE, errno.EIO), ("fsync", SYNC, errno.EIO), ("new files", CREATE, errno.ENOSPC),
                                   ("rename", RENAME, errno.ENOSPC)):
            name = f"blobs: {what}: {errno.errorcode[error]}"
            self.check(f"{name}: before it", self.put("old", b"as it was")[0] == 201 and self.put("gone", b"x")[0] == 201)
            self.faults.begin(calls, error, self.blobs)
            answers = [self.put("old", b"another"), self.put("new", big), self.put("small", b"1")]
            hits = self.faults.hits()
            has_ended = self.cluster.server.poll()
            self.faults.end()
            if hits == 0:
                self.check(f"{name}: it makes no such call", all(status == 201 for status, _ in answers))
                continue
            wanted = (507,) if error == errno.ENOSPC else (500, 503, 0)
            self.check(f"{name}: refused ({', '.join(str(status) for status, _ in answers)})", all(status in wanted for status, _ in answers if status != 201) and
                       any(status != 201 for status, _ in answers), [(status, content[:200]) for status, content in answers])
            if has_ended is not None or self.cluster.server.poll() is not None:
                self.check(f"{name}: the server ends with 74", calls == SYNC and self.cluster.server.wait(10) == 74, self.cluster.server.returncode)
                self.cluster.start()
            for key, put, old in zip(("old", "new", "small"), answers, ((200, b"as it was"), None, None)):
                status, content = self.cluster.blob(f"results/{key}")
                new = {"old": b"another", "new": big, "small": b"1"}[key]
                allowed = [(200, new)] if put[0] == 201 else [old or "absent", (200, new)] if put[0] == 0 else [old or "absent"]
                found = "absent" if status == 404 else (status, content)
                self.check(f"{name}: '{key}' is whole, or as before", found in allowed, (status, len(content), put[0]))
                self.cluster.call("DELETE", f"/{self.cluster.name}/results/{key}")
            self.check(f"{name}: another start says the same", self.restarted_blob(b"gone") == (200, b"x"))
        self.works_again("blobs")

    def restarted_blob(self, name):
        self.cluster.server.kill()
        self.cluster.server.wait()
        self.cluster.start()
        return self.cluster.blob(f"results/{name.decode()}")

    def outputs_full(self):
        for error in (errno.ENOSPC, errno.EIO):
            self.faults.begin(WRITE | SYNC, error, self.blobs)
            names = [self.add(outputs=True) for _ in range(2)]
            until("the tasks to run", lambda: all(len(self.runs(name)) == 2 for name in names), 30)
            time.sleep(2)
            self.faults.end()
            if self.cluster.server.poll() is not None:
                self.cluster.start()
            name = f"outputs: {errno.errorcode[error]} for two seconds"
            for one in names:
                info = self.end_of(one)
                status, content = self.cluster.blob(f"results/r/{one}")
                counted = info.get("result") == "success" and status == 200 and content.split()[0].decode() == one
                failed = info.get("result") == "failure" and info["failureInfo"]["code"] and status == 404
                self.check(f"{name}: there, or the task says that it is not ({info.get('failureInfo', {}).get('code', 'success')})", counted or failed, (info, status, content))
                self.check(f"{name}: the task ran once", len(self.runs(one)) == 2, self.runs(one))
        self.works_again("outputs")

    # --- the node

    def node_root_broken(self):
        self.put("input", os.urandom(200_000))
        for what, calls, error in (("new files", CREATE, errno.ENOSPC), ("new files", CREATE, errno.EIO), ("write", WRITE, errno.ENOSPC), ("write", WRITE, errno.EIO)):
            name = f"node: {what}: {errno.errorcode[error]}"
            self.cluster.call("PUT", f"/{self.cluster.name}/results/input", os.urandom(200_000), BLOB)  # else it is in the node's cache
            for path in (self.root, self.private):
                self.faults.begin(calls, error, path, number=0 if path == self.root else 1)
            tasks = [self.add(resource="input"), self.add(), self.add(retries=1)]
            time.sleep(1.5)
            hits = self.faults.hits(0) + self.faults.hits(1)
            self.faults.end()
            self.check(f"{name}: it was met ({hits})", hits > 0)
            for one in tasks:
                info = self.end_of(one)
                starts = [line for line in self.runs(one) if line.startswith("start")]
                failure = info.get("failureInfo") or {}
                self.check(f"{name}: {one} ends: {failure.get('code', 'success')}: {failure.get('message', '')[:90]}",
                           (info.get("result") == "success" and len(starts) >= 1) or (failure.get("code") and failure.get("message")), (info, starts))
                self.check(f"{name}: {one} is counted once", len(starts) <= 1 + info.get("retryCount", 0) + info.get("requeueCount", 0), (starts, info))
        self.works_again("node")

    def spool_broken(self):
        spool = self.private / "keeper.spool"
        for error, fail, kills in ((errno.ENOSPC, -1, False), (errno.EIO, -1, False), (errno.EIO, 1, False), (errno.ENOSPC, -1, True)):
            name = f"spool: {errno.errorcode[error]} {'once' if fail == 1 else 'for a while'}{', the keeper dies' if kills else ''}"
            held = [self.add(seconds=1.5, outputs=True) for _ in range(2)]
            until("them to run", lambda: all(self.runs(one) for one in held))
            self.faults.begin(WRITE | TRUNCATE, error, spool, fail=fail)
            begun = [self.add(outputs=True), self.add(retries=1, outputs=True)]
            time.sleep(2)
            hits = self.faults.hits()
            if kills:
                for pid in self.cluster.processes("keeper"):
                    os.kill(pid, 9)
                time.sleep(0.5)
            self.faults.end()
            self.check(f"{name}: it was met ({hits})", hits > 0)
            for one in held + begun:
                info = self.end_of(one)
                lines = self.runs(one)
                failure = info.get("failureInfo") or {}
                self.check(f"{name}: {one} ends, counted once: {failure.get('code', 'success')} {failure.get('message', '')[:80]}",
                           (info.get("result") == "success" and len([line for line in lines if line.startswith("end")]) >= 1 and self.cluster.blob(f"results/r/{one}")[0] == 200)
                           or (failure.get("code") and failure.get("message")), (info, lines))
                starts = len([line for line in lines if line.startswith("start")])
                most = 1 + info.get("retryCount", 0) + (1 if kills else info.get("requeueCount", 0))
                self.check(f"{name}: {one} ran {starts} times", starts <= most, (lines, info))
        # Half a record must not hide what comes behind it.
        self.faults.begin(WRITE, errno.ENOSPC, spool, skip=1, fail=1, short_of=9)
        torn, behind = self.add(), self.add(seconds=1)
        until("one to run", lambda: self.runs(behind) or self.runs(torn))
        for pid in self.cluster.processes("keeper"):
            os.kill(pid, 9)
        infos = [self.end_of(one) for one in (torn, behind)]
        logs = "".join(path.read_text(errors="replace") for path in self.private.glob("*.log"))
        self.check(f"spool: half a record is cut off ({self.faults.hits()})", self.faults.hits() == 1 and "keeper_spool_corrupt" not in logs, logs[-500:])
        self.check("spool: half a record: every task ends, and says why", all(info.get("result") == "success" or info["failureInfo"]["code"] == "DiskFull" for info in infos), infos)
        self.works_again("spool")

    def nothing_is_left(self):
        self.cluster.until_answered("DELETE", f"/pools/p?{API}")
        left = True
        end = time.monotonic() + 20
        while left and time.monotonic() < end:
            time.sleep(0.1)
            left = [*self.cluster.processes("agent").values(), *self.cluster.processes("keeper").values(), *self.cluster.task_processes()]
        self.check("no process is left behind", not left, left)
        bugs = self.cluster.log_lines(" error bug ") + self.cluster.log_lines("handler_failed")
        self.check("the server met no bug of its own", not bugs, bugs[:3])


SCENES = ["state_broken", "state_not_opened", "state_full", "state_full_and_killed", "blobs_broken", "outputs_full", "node_root_broken", "spool_broken", "nothing_is_left"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("--only", choices=SCENES)
    parser.add_argument("--times", type=int, default=3, help="the first so many fsyncs fail in turn")
    parser.add_argument("--folder")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-disk-", dir=options.folder))
    test = Test(pathlib.Path(options.program).resolve(), pathlib.Path(options.shim).resolve(), folder, options.times)
    try:
        for scene in [options.only] if options.only else SCENES:
            began = time.monotonic()
            try:
                getattr(test, scene)()
            except (TimeoutError, RuntimeError, OSError, AssertionError, json.JSONDecodeError) as error:
                test.check(f"{scene}: {error}", False, traceback.format_exc(limit=-2))
                test.faults.end()
                if test.cluster.server.poll() is not None:
                    test.cluster.start()
            print(f"      {scene}: {time.monotonic() - began:.1f} s", flush=True)
    finally:
        test.faults.end()
        test.cluster.end()
    conclude("disk faults", test.passed, len(test.failed), folder)


if __name__ == "__main__":
    main()
