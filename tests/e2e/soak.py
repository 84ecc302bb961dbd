#!/usr/bin/env python3
"""A night's load: many tasks through four local nodes, with schedules, an autoscale pool and blob traffic; memory and latencies must stay flat, and nothing may be left.

usage: tests/e2e/soak.py SCORIA [--minutes 60] [--tasks 100000] [--report build/soak.svg] [--folder DIR]

What is checked:
  - every task ran exactly once, by what tasks wrote, and ended well, by what its job counts; outputs are there, with their bytes
  - schedules ran once a minute; the autoscale pool went from nothing to its nodes and back for each burst
  - finished jobs went by retention
  - between the second fifth and the last: memory grows by at most a tenth and 4 MB, file descriptors and threads by 8; the middle latency by at most
    half and 2 ms, the 99th percentile at most doubles, and 20 ms
  - when all is over there are no processes and files of tasks, no more open files than before, and `scoria doctor` finds nothing
"""
import argparse
import collections
import json
import os
import pathlib
import random
import statistics
import tempfile
import threading
import time

from cluster import API, IMAGE, Cluster, conclude, until
from soak_report import picture

NODES, SLOTS, JOB_TASKS, RETENTION_MINUTES = 4, 4, 1000, 10
BURST, BURST_EVERY = 12, 240  # tasks of the autoscale pool; seconds
CONFIG = f"overcommit: 16\nretention:\n  jobs: PT{RETENTION_MINUTES}M\n"


class Timings:
    """How long requests took, by kind."""

    def __init__(self):
        self.lock, self.found = threading.Lock(), collections.defaultdict(list)

    def measure(self, kind, what):
        began = time.monotonic()
        answer = what()
        with self.lock:
            self.found[kind].append(1000 * (time.monotonic() - began))
        return answer

    def take(self):
        with self.lock:
            found, self.found = self.found, collections.defaultdict(list)
        return {kind: (statistics.median(times), sorted(times)[min(len(times) - 1, int(0.99 * len(times)))]) for kind, times in found.items()}


class Soak:
    def __init__(self, options, folder):
        self.options, self.cluster, self.timings = options, Cluster(pathlib.Path(options.program).resolve(), folder, CONFIG), Timings()
        self.stopped, self.failed, self.passed, self.samples = threading.Event(), [], 0, []
        self.jobs, self.outputs, self.bursts, self.scaled = {}, {}, 0, []  # jobs: name -> when it was seen complete
        self.check_lock = threading.Lock()

    def check(self, what, holds, found=""):
        with self.check_lock:
            self.passed += bool(holds)
            if not holds:
                self.failed.append(what)
            print(f"{'ok   ' if holds else 'FAIL '} {what}{'' if holds else f': {found}'}", flush=True)

    # What clients do, each in a thread of its own.

    def add_tasks(self):
        """All tasks in jobs of a thousand, a hundred a request, evenly over the time."""
        began, added = time.monotonic(), 0
        while added < self.options.tasks and not self.stopped.is_set():
            job = f"load{added // JOB_TASKS}"
            if added % JOB_TASKS == 0:
                self.cluster.post("/jobs", {"id": job, "poolInfo": {"poolId": "p"}})
            count = min(100, self.options.tasks - added, JOB_TASKS - added % JOB_TASKS)
            tasks = [self.task(job, f"t{n}", n % 20 == 0) for n in range(added, added + count)]
            answers = json.loads(self.timings.measure("add 100 tasks", lambda: self.cluster.post(f"/jobs/{job}/addtaskcollection", {"value": tasks})))["value"]
            refused = [answer for answer in answers if answer["status"].lower() != "success"]
            if refused:
                raise RuntimeError(f"refused: {refused[:3]}")
            added += count
            if added % JOB_TASKS == 0 or added == self.options.tasks:
                self.cluster.until_answered("PATCH", f"/jobs/{job}?{API}", {"onAllTasksComplete": "terminatejob"})
                self.jobs[job] = None
            self.stopped.wait(max(0.0, began + added / self.options.tasks * 60 * self.options.minutes - time.monotonic()))

    def task(self, job, name, has_output):
        task = {"id": name, "commandLine": f"sh -c 'echo {name} >> {self.cluster.runs}/{job}; echo {name} of {job} > out.txt'"}
        if has_output:
            url = f"{self.cluster.blob_url.rstrip('/')}/results?{self.sas}"
            task["outputFiles"] = [{"filePattern": "out.txt", "destination": {"container": {"containerUrl": url, "path": f"{job}/{name}"}},
                                    "uploadOptions": {"uploadCondition": "taskcompletion"}}]
            self.outputs[f"{job}/{name}"] = f"{name} of {job}\n".encode()
        return task

    def watch_jobs(self):
        self.stopped.wait(1)
        for job in [job for job, ended in self.jobs.items() if not ended]:
            if self.cluster.get(f"/jobs/{job}")["state"] != "completed":
                continue
            counts = self.cluster.get(f"/jobs/{job}/taskcounts")["taskCounts"]
            expected = min(JOB_TASKS, self.options.tasks - int(job[4:]) * JOB_TASKS)
            if counts["succeeded"] != expected or counts["failed"]:
                raise RuntimeError(f"{job}: {counts} instead of {expected} that succeeded")
            ran = (self.cluster.runs / job).read_text().split()
            if len(ran) != expected or len(set(ran)) != expected:
                raise RuntimeError(f"{job}: {len(ran)} runs of {len(set(ran))} tasks instead of {expected}")
            self.jobs[job] = time.monotonic()

    def probe_tasks(self):
        """A task from its request to its end, before all others."""
        name = f"probe{time.monotonic_ns()}"

        def whole():
            self.cluster.post("/jobs/probes/tasks", {"id": name, "commandLine": "/bin/true"})
            while self.cluster.get(f"/jobs/probes/tasks/{name}")["state"] != "completed":
                time.sleep(0.005)
        self.timings.measure("a task, request to end", whole)
        self.timings.measure("list 100 tasks", lambda: self.cluster.get("/jobs/probes/tasks?maxresults=100"))
        self.cluster.until_answered("DELETE", f"/jobs/probes/tasks/{name}?{API}", None, ["TaskNotFound"])
        self.stopped.wait(0.3)

    def move_blobs(self):
        size = random.choice([1 << 10, 64 << 10, 64 << 10, 64 << 10, 1 << 20])
        path, content = f"/{self.cluster.name}/blobs/b{random.randrange(200)}", os.urandom(size)
        put = lambda: self.cluster.until_answered("PUT", path, content, headers={"x-ms-blob-type": "BlockBlob"})
        get = lambda: self.cluster.until_answered("GET", path)
        if size == 64 << 10:
            self.timings.measure("put 64 KiB", put)
            found = self.timings.measure("get 64 KiB", get)
        else:
            put()
            found = get()
        if found != content:
            raise RuntimeError(f"{path}: {len(found)} bytes that are not those written")
        if random.random() < 0.2:
            self.cluster.until_answered("DELETE", path, None, ["BlobNotFound"])
        self.stopped.wait(0.1)

    def burst(self):
        """Work for the autoscale pool, which has no nodes; and then has none again."""
        self.bursts += 1
        job = f"burst{self.bursts}"
        self.cluster.post("/jobs", {"id": job, "poolInfo": {"poolId": "auto"}})
        self.cluster.post(f"/jobs/{job}/addtaskcollection", {"value": [{"id": f"t{n}", "commandLine": "sleep 2"} for n in range(BURST)]})
        until("a burst's end", lambda: self.cluster.get(f"/jobs/{job}/taskcounts")["taskCounts"]["succeeded"] == BURST, 120)
        most = self.cluster.get("/pools/auto")["currentDedicatedNodes"]
        self.cluster.until_answered("DELETE", f"/jobs/{job}?{API}", None, ["JobNotFound"])
        until("the autoscale pool to be empty", lambda: self.cluster.get("/pools/auto")["currentDedicatedNodes"] == 0, 200)
        self.scaled.append(most)
        self.stopped.wait(max(1.0, BURST_EVERY - 100))

    # What is seen of it.

    def sample(self):
        groups = {"server": [self.cluster.server.pid], "agents": [*self.cluster.processes("agent")], "keepers": [*self.cluster.processes("keeper")]}
        sample = {"latency": self.timings.take(), "counts": {name: len(found) for name, found in groups.items()}}
        for name, processes in groups.items():
            memory = files = threads = 0
            for pid in processes:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                memory += int(status.partition("VmRSS:")[2].split()[0]) / 1024
                threads += int(status.partition("Threads:")[2].split()[0])
                files += len(os.listdir(f"/proc/{pid}/fd"))
            sample[name] = {"memory": memory, "files": files, "threads": threads}
        return sample

    def look(self):
        """Once a minute, when the autoscale pool is at rest: its nodes are no growth."""
        while not self.stopped.wait(60 if self.options.minutes > 10 else 10):
            try:
                sample = self.sample()
            except (OSError, IndexError):  # a process that just ended
                continue
            if sample["counts"]["agents"] == NODES:
                self.samples.append(sample)
            probe = sample["latency"].get("a task, request to end", (0, 0))
            print(f"{len([job for job, end in self.jobs.items() if end])} jobs done; server {sample['server']['memory']:.1f} MB, {sample['server']['files']} files; "
                  f"agents {sample['agents']['memory']:.1f} MB; keepers {sample['keepers']['memory']:.1f} MB; a task {probe[0]:.0f} ms, p99 {probe[1]:.0f}", flush=True)

    def check_flat(self):
        fifth = len(self.samples) // 5
        if fifth < 1:
            return self.check("there are samples enough to tell", False, len(self.samples))
        early, late = self.samples[fifth:2 * fifth], self.samples[-fifth:]
        middle = lambda samples, get: statistics.median(get(sample) for sample in samples)
        for name in ("server", "agents", "keepers"):
            for what, most in (("memory", lambda x: 1.1 * x + 4), ("files", lambda x: x + 8), ("threads", lambda x: x + 8)):
                before, after = (middle(part, lambda sample: sample[name][what]) for part in (early, late))
                self.check(f"{name}: {what} {before:.1f} -> {after:.1f}", after <= most(before), f"at most {most(before):.1f}")
        for kind in sorted(set.intersection(*(set(sample["latency"]) for sample in early + late))):
            for n, (word, most) in enumerate((("p50", lambda x: 1.5 * x + 2), ("p99", lambda x: 2 * x + 20))):
                before, after = (middle(part, lambda sample: sample["latency"][kind][n]) for part in (early, late))
                self.check(f"{kind}: {word} {before:.1f} -> {after:.1f} ms", after <= most(before), f"at most {most(before):.1f}")

    def run(self):
        cluster = self.cluster
        node = {"vmSize": "standard_a1_v2", "taskSlotsPerNode": SLOTS, "virtualMachineConfiguration": IMAGE}
        cluster.post("/pools", {"id": "p", "targetDedicatedNodes": NODES, **node})
        cluster.command("pool", "create", "auto", "--min", "0", "--max", "2", "--idle", "PT30S", "--slots", "2")
        cluster.post("/jobs", {"id": "probes", "priority": 500, "poolInfo": {"poolId": "p"}})
        self.sas = cluster.make_container("results")
        cluster.command("blob", "create-container", "blobs")
        until("four nodes", lambda: len([n for n in cluster.get("/pools/p/nodes")["value"] if n["state"] == "idle"]) == NODES)
        began = time.time()
        for name, schedule in (("every", {"recurrenceInterval": "PT1M"}), ("cron", {"cron": "* * * * *"})):
            cluster.post("/jobschedules", {"id": name, "schedule": schedule, "jobSpecification": {"poolInfo": {"poolId": "p"}, "jobManagerTask": {
                "id": "m", "commandLine": f"sh -c 'echo $AZ_BATCH_JOB_ID >> {cluster.runs}/schedule.{name}'"}}})

        def again(step):
            try:
                while not self.stopped.is_set():
                    step()
            except Exception as error:  # whatever it is, it is what this test looks for
                self.check(f"{step.__name__} goes on", False, repr(error))
                self.stopped.set()

        def add_all():
            self.add_tasks()
            until("all jobs to end", lambda: self.stopped.is_set() or all(self.jobs.values()), 300)
            self.stopped.set()
        threads = [threading.Thread(target=again, args=[step]) for step in (add_all, self.watch_jobs, self.probe_tasks, self.move_blobs, self.burst, self.look)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        minutes = (time.time() - began) / 60
        for name in ("every", "cron"):
            cluster.until_answered("DELETE", f"/jobschedules/{name}?{API}")
            ran = (cluster.runs / f"schedule.{name}").read_text().split()
            self.check(f"schedule {name}: {len(ran)} jobs in {minutes:.1f} minutes, each once", len(set(ran)) == len(ran) and abs(len(ran) - minutes) <= 1.5, ran[-3:])
        self.check(f"{self.options.tasks} tasks ran once each", all(self.jobs.values()) and sum(
            len((cluster.runs / job).read_text().split()) for job in self.jobs) == self.options.tasks, self.jobs)
        self.check(f"the autoscale pool went up to {self.scaled} nodes and back", self.scaled and all(nodes > 0 for nodes in self.scaled), self.scaled)
        wrong = [name for name, content in self.outputs.items() if cluster.blob(f"results/{name}") != (200, content)]
        self.check(f"{len(self.outputs)} outputs are there", not wrong, wrong[:5])
        old = [job for job, ended in self.jobs.items() if ended and ended < time.monotonic() - 60 * (RETENTION_MINUTES + 3)]
        kept = [job for job in old if cluster.call("GET", f"/jobs/{job}?{API}")[0] != 404]
        self.check(f"{len(old)} jobs went by retention", not kept, kept[:5])
        self.check_flat()
        self.check_left()

    def check_empty(self, what, left):
        """`left`: a pattern of files below the data folder, or what lists what is left; it has a minute to go."""
        def look():
            try:
                return left() if callable(left) else [str(path) for path in self.cluster.data.glob(left)]
            except FileNotFoundError:  # it went while it was looked at
                return ["something that is going"]

        try:
            until(what, lambda: not look())
        except TimeoutError:
            pass
        found = look()
        self.check(what, not found, found[:3])

    def check_left(self):
        cluster = self.cluster
        errors = cluster.log_lines(" error ")
        self.check("the server logged no error", not errors, errors[:3])
        for job in cluster.get("/jobs?maxresults=1000")["value"]:
            cluster.until_answered("DELETE", f"/jobs/{job['id']}?{API}", None, ["JobNotFound", "JobBeingDeleted"])
        until("jobs to be gone", lambda: not cluster.get("/jobs")["value"])
        # (The empty folder of a schedule stays.)
        self.check_empty("nodes keep no file of a job", "nodes/*/*/workitems/**/*.*")
        for pool in ("p", "auto"):
            cluster.until_answered("DELETE", f"/pools/{pool}?{API}")
        left = lambda: [*cluster.processes("agent").values(), *cluster.processes("keeper").values(), *cluster.task_processes()]
        self.check_empty("no process is left", left)
        self.check_empty("folders of nodes that are gone are gone", "trash/*")
        files = [os.readlink(path) for path in pathlib.Path(f"/proc/{cluster.server.pid}/fd").iterdir() if path.is_symlink()]
        strange = [name for name in files if "/nodes/" in name or "(deleted)" in name]
        sockets = [name for name in files if name.startswith("socket:")]
        self.check(f"the server has {len(files)} files open, {len(sockets)} sockets", not strange and len(sockets) < 20, files)
        cluster.server.terminate()
        self.check("it stops cleanly", cluster.server.wait(60) == 0, cluster.server.returncode)
        doctor = cluster.command("doctor").stdout
        self.check("scoria doctor finds nothing", "leftover" not in doctor, doctor)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--report")
    parser.add_argument("--folder")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-soak-", dir=options.folder))
    soak = Soak(options, folder)
    try:
        soak.run()
    finally:
        soak.stopped.set()
        soak.cluster.end()
        if options.report and soak.samples:
            pathlib.Path(options.report).write_text(picture(soak.samples, options))
            print(f"picture: {options.report}")
    conclude("soak", soak.passed, len(soak.failed), folder)


if __name__ == "__main__":
    main()
