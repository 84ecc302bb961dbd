"""What kill_loop.py holds against a cluster at the end: what clients were told, and what tasks themselves wrote. The simulator's auditor
(src/sim/auditor.h) asks the same of its worlds. Not a test by itself."""
import collections
import json
import threading

from cluster import API

SLOTS = 2  # of each node


class Ledger:
    """What was acknowledged, and what is expected of it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tasks = {}  # (job, id) -> {"code", "depends", "retries", "free": may end in any way}
        self.gone_tasks, self.jobs, self.gone_jobs = set(), {}, set()
        self.blobs = {}  # name -> bytes, or None: deleted
        self.seen = {}   # (job, id) -> what a client saw of it once it was completed
        self.operations = 0
        self.problems = []

    def problem(self, text):
        with self.lock:
            self.problems.append(text)


class Audit:
    def __init__(self, cluster, ledger, killer):
        self.cluster, self.ledger, self.killer = cluster, ledger, killer
        self.problems, self.again = [], 0
        self.runs = {}  # (job, id) -> {attempt: {"node", "slots", "start", "end"}}
        self.lost_nodes = {word[5:] for line in cluster.log_lines("node_lost") + cluster.log_lines("agent_given_up") for word in line.split() if word.startswith("node=")}

    def run(self):
        self.read_runs()
        self.tasks = {("j", t["id"]): t for t in self.all_tasks("j")}
        for job in self.ledger.jobs:
            if self.cluster.get(f"/jobs/{job}")["priority"] != self.ledger.jobs[job]:
                self.problems.append(f"job {job}: its acknowledged priority {self.ledger.jobs[job]} is lost")
            self.tasks.update({(job, t["id"]): t for t in self.all_tasks(job)})
        for job in self.ledger.gone_jobs:
            if self.cluster.call("GET", f"/jobs/{job}?{API}")[0] != 404:
                self.problems.append(f"job {job} was deleted and is there")
        for key in self.ledger.gone_tasks & set(self.tasks):
            self.problems.append(f"{key} was deleted and is there")
        for key, expected in self.ledger.tasks.items():
            if key not in self.tasks:
                self.problems.append(f"{key} was acknowledged and is lost")
            else:
                self.check_task(key, self.tasks[key], expected)
        for name, content in self.ledger.blobs.items():
            status, found = self.cluster.blob(f"results/{name}")
            if (status, found) != (200, content) if content is not None else status != 404:
                self.problems.append(f"blob {name}: {status} with {len(found)} bytes, expected {content and len(content)}")
        self.check_slots()
        return self.problems

    def all_tasks(self, job):
        found, link = {}, f"/jobs/{job}/tasks?{API}&$select=id,state,executionInfo,nodeInfo"
        while link:
            page = json.loads(self.cluster.until_answered("GET", link))
            for task in page["value"]:
                if task["id"] in found:
                    self.problems.append(f"task {job}/{task['id']} is listed twice")
                found[task["id"]] = task
            link = page.get("odata.nextLink")
            link = link[link.index("/jobs"):] if link else None
        return found.values()

    def read_runs(self):
        for file in self.cluster.runs.iterdir():
            if file.suffix == ".failed":
                continue
            job, _, task = file.name.partition(".")
            runs = self.runs[job, task] = {}
            for line in file.read_text().splitlines():
                what, attempt, node, slots, at = line.split()
                if what in runs.get(attempt, {}):
                    self.problems.append(f"{job}/{task}: attempt {attempt} has two times of its {what}")
                run = runs.setdefault(attempt, {"node": node, "slots": int(slots)})
                run[what] = float(at)

    def check_task(self, key, task, expected):
        name = "/".join(key)
        info = task["executionInfo"]
        if task["state"] != "completed":
            return self.problems.append(f"{name} is {task['state']} at the end")
        runs = self.runs.get(key, {})
        if expected.get("free"):
            return
        if info.get("exitCode") != expected.get("code", 0) or info.get("result") != ("failure" if expected.get("code") else "success"):
            self.problems.append(f"{name} ended with {info}, expected exit code {expected.get('code', 0)}")
        if info.get("retryCount", 0) > (1 if expected.get("retries") else 0):
            self.problems.append(f"{name} used {info['retryCount']} retries")
        self.check_again(name, runs, info.get("retryCount", 0))
        status, content = self.cluster.blob(f"results/r/{name}")
        counted = content.decode(errors="replace").split()
        if status != 200 or counted[:1] != [key[1]] or counted[1] not in runs:
            return self.problems.append(f"{name}: its output is {status} {content[:100]}, its attempts {list(runs)}")
        run = runs[counted[1]]
        if "end" not in run or task["nodeInfo"]["nodeId"] != run["node"]:
            self.problems.append(f"{name}: its result is of {task['nodeInfo']['nodeId']}, its output of attempt {counted[1]}: {run}")
        times = sorted((one["start"], one.get("end", one["start"])) for one in runs.values() if "start" in one)
        if expected.get("single") and any(end > start for (_, end), (start, _) in zip(times, times[1:])):
            self.problems.append(f"{name}: two attempts of a single writer at the same time: {runs}")
        for parent in expected.get("depends", ()):
            ends = [r["end"] for r in self.runs.get(("j", parent), {}).values() if "end" in r]
            for attempt, one in runs.items():
                if "start" in one and (not ends or one["start"] < min(ends)):
                    self.problems.append(f"{name}: attempt {attempt} began at {one['start']}, before {parent} had ended: {ends}")
        if key in self.ledger.seen and self.ledger.seen[key] != (info, (status, content)):
            self.problems.append(f"{name}: a client saw {self.ledger.seen[key]}, and now it is {(info, content)}")

    # A result that was reported costs a retry; everything else that ran again lost its keeper, or its node.
    def check_again(self, name, runs, retries):
        order = sorted(runs.items(), key=lambda one: int(one[0]))
        without_reason = 0
        for attempt, run in order[:-1]:
            kills = self.killer.keeper_kills.get(run["node"], [])
            if run["node"] not in self.lost_nodes and not any(at >= run["start"] - 1 for at in kills):
                without_reason += 1
        if len(order) > 1:
            self.again += 1
        if without_reason > retries:
            self.problems.append(f"{name} ran {len(order)} times, with {retries} retries: {order}")
        if not order:
            self.problems.append(f"{name} never ran")

    def check_slots(self):
        changes = collections.defaultdict(list)
        for key, runs in self.runs.items():
            for attempt, run in runs.items():
                if "start" in run and "end" in run:
                    changes[run["node"]] += [(run["start"], run["slots"], key), (run["end"], -run["slots"], key)]
        for node, all_ in changes.items():
            used = 0
            for at, slots, key in sorted(all_, key=lambda change: change[:2]):
                used += slots
                if used > SLOTS:
                    self.problems.append(f"node {node} ran {used} slots of {SLOTS} at {at}, with {key}")
                    break
