#!/usr/bin/env python3
"""kill -9 of the server, of node agents, of keepers, alone and together, again and again under load; then all promises must have been kept.

usage: tests/e2e/kill_loop.py SCORIA [--rounds 30] [--seed N] [--folder DIR] [--node-lost PT10S]

What is checked, by what clients heard and by what tasks themselves wrote down, as the simulator's auditor (src/sim/auditor.h) does it:
  - nothing that was acknowledged is lost: tasks, jobs, blobs added, changed, ended and deleted
  - every task is completed at the end, with the exit code of an attempt that ran to its end
  - its output is there, written by that attempt; what a client once saw of a completed task stays as it was
  - no task ran again without a reason: its keeper was killed, or its node was lost. Those of servers and agents that die run on
  - no task began before what it depends on had ended
  - at no moment more ran on a node than it has slots, and no two attempts of a single-writer task
  - server, agents and keepers died by our hand alone, and nothing is left behind
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

from audit import SLOTS, Audit, Ledger
from cluster import API, IMAGE, Cluster

# The kernel's time since its start, read by the shell itself, orders what tasks of one machine write.
TASK = ("sh -c 'f={runs}/$AZ_BATCH_JOB_ID.$AZ_BATCH_TASK_ID; a=$AZ_BATCH_TASK_ATTEMPT; read t x </proc/uptime; "
        "echo start $a $AZ_BATCH_NODE_ID {slots} $t >> $f; {more} sleep {seconds}; echo $AZ_BATCH_TASK_ID $a > out.txt; "
        "read t x </proc/uptime; echo end $a $AZ_BATCH_NODE_ID {slots} $t >> $f; exit {code}'")
FAIL_ONCE = "if [ ! -e $f.failed ]; then : > $f.failed; exit 5; fi;"
NODES = 2
AGENT_DEATHS, DEATH_WINDOW = 6, 30  # the local pool gives an agent up that ends eight times within 30 s of one server's life


class Client(threading.Thread):
    """Asks for one thing after another; what goes wrong ends it, and is a problem."""

    def __init__(self, cluster, ledger, seed, stop):
        super().__init__()
        self.cluster, self.ledger, self.random, self.stopped = cluster, ledger, random.Random(seed), stop

    def run(self):
        try:
            while not self.stopped.is_set():
                self.step()
        except Exception as error:
            self.ledger.problem(f"{type(self).__name__}: {error!r}")

    def one_task(self, job, name, **expected):
        code, slots = expected.get("code", 0), expected.get("slots", 1)
        command = TASK.format(runs=self.cluster.runs, seconds=expected.get("seconds", 0), code=code, slots=slots, more=FAIL_ONCE if expected.get("retries") else "")
        url = f"{self.cluster.blob_url.rstrip('/')}/results?{self.cluster.sas}"
        task = {"id": name, "commandLine": command, "outputFiles": [
            {"filePattern": "out.txt", "destination": {"container": {"containerUrl": url, "path": f"r/{job}/{name}"}},
             "uploadOptions": {"uploadCondition": "taskcompletion"}}]}
        if slots > 1:
            task["requiredSlots"] = slots
        task["constraints"] = {"maxTaskRetryCount": expected.get("retries", 0), "singleWriter": expected.get("single", False)}
        if expected.get("depends"):
            task["dependsOn"] = {"taskIds": expected["depends"]}
        return task

    def acknowledged(self, job, name, **expected):
        with self.ledger.lock:
            self.ledger.tasks[job, name] = expected
            self.ledger.operations += 1


class Adder(Client):
    """Tasks of one job, alone and in collections."""
    number = 0

    def step(self):
        counts = self.cluster.get("/jobs/j/taskcounts")["taskCounts"]
        if counts["active"] + counts["running"] > 60:
            return time.sleep(0.2)
        batch, expected = [], {}
        for _ in range(self.random.choice([1, 1, 5, 20])):
            self.number += 1
            name = f"t{self.number}"
            one = {"seconds": self.random.choice([0, 0, 0, 0, 0, 0.05, 0.1, 0.2, 1.2]), "code": self.random.choice([0] * 9 + [3]),
                   "slots": self.random.choice([1] * 9 + [2]), "retries": self.random.choice([0] * 14 + [2]),
                   "single": self.random.random() < 0.2}
            if one["retries"]:
                one["code"] = 0
            parents = [n for n in (f"t{self.number - self.random.randint(1, 40)}" for _ in range(self.random.choice([0, 0, 1, 3])))
                       if self.ledger.tasks.get(("j", n), {}).get("code") == 0]
            one["depends"] = sorted(set(parents))
            expected[name] = one
            batch.append(self.one_task("j", name, **one))
        if len(batch) == 1:
            self.cluster.post("/jobs/j/tasks", batch[0], accept=["TaskExists"])
            self.acknowledged("j", batch[0]["id"], **expected[batch[0]["id"]])
        else:
            for one in json.loads(self.cluster.post("/jobs/j/addtaskcollection", {"value": batch}))["value"]:
                if one["status"].lower() == "success" or one["error"]["code"] == "TaskExists":
                    self.acknowledged("j", one["taskId"], **expected[one["taskId"]])
                else:
                    self.ledger.problem(f"{one['taskId']} was refused: {one['error']}")
        time.sleep(self.random.uniform(0, 0.1))


class Meddler(Client):
    """Jobs of its own, with tasks that it ends and deletes; blobs that it writes again and deletes."""
    number = 0

    def ask(self, method, path, body=None, accept=(), headers=None):
        self.cluster.until_answered(method, path, body, accept, headers=headers)
        with self.ledger.lock:
            self.ledger.operations += 1

    def step(self):
        self.number += 1
        job = f"m{self.number}"
        self.ask("POST", f"/jobs?{API}", {"id": job, "priority": 1, "poolInfo": {"poolId": "p"}}, ["JobExists"])
        self.ledger.jobs[job] = 1
        for name in ("kept", "ended", "deleted"):
            self.ask("POST", f"/jobs/{job}/tasks?{API}", self.one_task(job, name, seconds=self.random.choice([0, 0.3])), ["TaskExists"])
            if name != "deleted":
                self.acknowledged(job, name, free=name == "ended")
        self.ask("PATCH", f"/jobs/{job}?{API}", {"priority": 7})
        self.ledger.jobs[job] = 7
        self.ask("POST", f"/jobs/{job}/tasks/ended/terminate?{API}", None, ["TaskCompleted"])
        self.ask("DELETE", f"/jobs/{job}/tasks/deleted?{API}", None, ["TaskNotFound"])
        self.ledger.gone_tasks.add((job, "deleted"))
        blob = {"x-ms-blob-type": "BlockBlob"}
        for name in (f"b{self.number % 20}", f"c{self.number}"):
            self.ledger.blobs.pop(name, None)
            content = f"{name} {self.number} ".encode() * self.random.choice([1, 10, 10_000])
            self.ask("PUT", f"/{self.cluster.name}/results/{name}", content, headers=blob)
            self.ledger.blobs[name] = content
        if self.random.random() < 0.5:
            self.ledger.blobs.pop(name)
            self.ask("DELETE", f"/{self.cluster.name}/results/{name}", None, ["BlobNotFound"])
            self.ledger.blobs[name] = None
        if self.random.random() < 0.5:
            with self.ledger.lock:
                for key in [key for key in self.ledger.tasks if key[0] == job]:
                    del self.ledger.tasks[key]
            del self.ledger.jobs[job]
            self.ask("DELETE", f"/jobs/{job}?{API}", None, ["JobNotFound", "JobBeingDeleted"])
            self.ledger.gone_jobs.add(job)
        time.sleep(self.random.uniform(0, 0.5))


class Watcher(Client):
    """Looks at completed tasks while servers die: what it saw has to be true for ever."""

    def step(self):
        time.sleep(0.05)
        with self.ledger.lock:
            names = [key for key in self.ledger.tasks if key[0] == "j" and key not in self.ledger.seen]
        if not names:
            return
        key = self.random.choice(names)
        task = self.cluster.get(f"/jobs/{key[0]}/tasks/{key[1]}")
        if task["state"] == "completed":
            self.ledger.seen[key] = (task["executionInfo"], self.cluster.blob(f"results/r/{key[0]}/{key[1]}"))


class Killer:
    def __init__(self, cluster, ledger, seed):
        self.cluster, self.ledger, self.random = cluster, ledger, random.Random(seed)
        self.kills = collections.Counter()
        self.rounds = collections.Counter()
        self.agent_deaths = collections.defaultdict(list)  # by node, since this server began
        self.keeper_kills = collections.defaultdict(list)  # by node, at /proc/uptime's time
        self.restarts = []

    @staticmethod
    def node_of(arguments):
        """Both name a file or folder DATA/nodes/.../POOL/NODE..."""
        return next((name for name in reversed(arguments.replace("/", " ").replace(".", " ").split()) if name.startswith("tvm-") or name.startswith("node-")), arguments)

    def kill_processes(self, word, only_one):
        found = list(self.cluster.processes(word).items())
        if only_one and found:
            found = [self.random.choice(found)]
        for pid, arguments in found:
            node = self.node_of(arguments)
            if word == "agent":
                now = time.monotonic()
                deaths = self.agent_deaths[node] = [t for t in self.agent_deaths[node] if now - t < DEATH_WINDOW]
                if len(deaths) >= AGENT_DEATHS:
                    continue
                deaths.append(now)
            if word == "keeper":
                self.keeper_kills[node].append(float(pathlib.Path("/proc/uptime").read_text().split()[0]))
            try:
                os.kill(pid, signal.SIGKILL)
                self.kills[word] += 1
            except ProcessLookupError:
                pass

    def kill_server(self):
        if self.cluster.server.poll() is not None:
            self.ledger.problem(f"the server ended by itself with {self.cluster.server.returncode}")
        self.cluster.server.kill()
        self.cluster.server.wait()
        self.kills["server"] += 1
        self.agent_deaths.clear()

    def round(self):
        what = self.random.choices(["server", "agent", "agents", "server+agents", "keeper", "agents+keepers", "all"], [5, 3, 3, 4, 1, 1, 1])[0]
        self.rounds[what] += 1
        # In any order: who is left may act before it dies, too.
        victims = [word for word in ("agent", "keeper", "server") if word in what or what == "all"]
        self.random.shuffle(victims)
        for victim in victims:
            if victim == "server":
                self.kill_server()
            else:
                self.kill_processes(victim, only_one=what in ("agent", "keeper"))
            if self.random.random() < 0.3:
                time.sleep(self.random.uniform(0, 0.05))
        if "server" in victims:
            time.sleep(self.random.choice([0, self.random.uniform(0, 0.3)]))
            began = time.monotonic()
            self.cluster.start()
            while True:
                try:
                    if self.cluster.call("GET", f"/pools?{API}")[0] == 200:
                        break
                except OSError:
                    pass
                if self.cluster.server.poll() is not None or time.monotonic() - began > 60:
                    raise RuntimeError(f"the server did not start again: {self.cluster.server.poll()}")
                # Some die while they are starting.
                if self.random.random() < 0.002:
                    self.kills["server while it starts"] += 1
                    self.kill_server()
                    self.cluster.start()
                time.sleep(0.01)
            self.restarts.append(time.monotonic() - began)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--folder")
    parser.add_argument("--node-lost", default="PT10S")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-kill-", dir=options.folder))
    began = time.monotonic()
    cluster = Cluster(pathlib.Path(options.program).resolve(), folder, f"overcommit: 8\nlocal_node_lost: {options.node_lost}\n")
    ledger = Ledger()
    killer = Killer(cluster, ledger, options.seed)
    stop = threading.Event()
    clients = [kind(cluster, ledger, options.seed + 1 + n, stop) for n, kind in enumerate((Adder, Meddler, Watcher))]
    try:
        cluster.post("/pools", {"id": "p", "vmSize": "standard_a1_v2", "targetDedicatedNodes": NODES, "taskSlotsPerNode": SLOTS, "virtualMachineConfiguration": IMAGE})
        cluster.post("/jobs", {"id": "j", "poolInfo": {"poolId": "p"}, "usesTaskDependencies": True})
        cluster.sas = cluster.make_container("results")
        for client in clients:
            client.start()
        for number in range(options.rounds):
            time.sleep(killer.random.uniform(0.05, 1.0))
            killer.round()
            if ledger.problems:
                break
            if (number + 1) % 50 == 0:
                print(f"round {number + 1}: {len(ledger.tasks)} tasks, {dict(killer.kills)}, {time.monotonic() - began:.0f} s", flush=True)
        stop.set()
        for client in clients:
            client.join()
        end = time.monotonic() + 120
        jobs = ["j", *ledger.jobs]
        while jobs and time.monotonic() < end:
            counts = cluster.get(f"/jobs/{jobs[-1]}/taskcounts")["taskCounts"]
            if counts["active"] + counts["running"] == 0:
                jobs.pop()
            else:
                time.sleep(0.2)
        audit = Audit(cluster, ledger, killer)
        ledger.problems += audit.run()
        for word in ("server", "agent", "keeper"):
            if options.rounds >= 30 and killer.kills[word] == 0:
                ledger.problem(f"no {word} was killed: this test has not tested it")
        for line in [line for line in cluster.log_lines(" error ") if " agent_given_up " not in line][:10]:
            ledger.problem(f"logged: {line}")
        cluster.until_answered("DELETE", f"/pools/p?{API}")
        end = time.monotonic() + 30
        left = True
        while left and time.monotonic() < end:
            time.sleep(0.1)
            left = [*cluster.processes("agent").values(), *cluster.processes("keeper").values(), *cluster.task_processes()]
        if left:
            ledger.problem(f"processes left behind: {left}")
    finally:
        stop.set()
        cluster.end()
    print(f"{options.rounds} rounds in {time.monotonic() - began:.0f} s: {dict(killer.rounds)}")
    print(f"killed: {dict(killer.kills)}; restarts {sum(killer.restarts) / max(len(killer.restarts), 1):.2f} s, longest {max(killer.restarts, default=0):.2f} s")
    print(f"{len(audit.tasks)} tasks, {ledger.operations} operations acknowledged, {len(ledger.seen)} results watched, "
          f"{audit.again} tasks ran more than once, {len(audit.lost_nodes)} nodes lost")
    for problem in ledger.problems[:20]:
        print(problem, file=sys.stderr)
    if ledger.problems:
        print(f"{len(ledger.problems)} problems; seed {options.seed}; see {folder}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)
    print("kill loop: 1 passed, 0 failed")


if __name__ == "__main__":
    main()
