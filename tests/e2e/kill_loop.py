#!/usr/bin/env python3
"""kill -9 of the server, of node agents, or of both, again and again under load; then everything that was acknowledged must be there.

usage: tests/e2e/kill_loop.py SCORIA [--rounds 30] [--seed N] [--folder DIR]

What is checked from outside, by what clients saw and by what tasks themselves wrote down:
  - every task whose addition was acknowledged (or found to exist on a retry) is completed, with exit code 0
  - every task ran exactly once: keepers outlive server and agents, so that no running task is lost or started again
  - every task's output is in the store once, written by the attempt that counted
  - nothing is left behind: no task process, no second server's mess in the data folder
"""
import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

API = "api-version=2022-10-01.16.0"
TASK = "sh -c 'echo $$ $AZ_BATCH_TASK_ATTEMPT >> {runs}/$AZ_BATCH_TASK_ID; sleep {seconds}; echo $AZ_BATCH_TASK_ID > out.txt'"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    def __init__(self, program, folder, config="overcommit: 8\n"):
        self.program, self.folder, self.data = program, folder, folder / "data"
        self.runs = folder / "runs"
        self.runs.mkdir()
        (folder / "server.yaml").write_text(config)
        self.server = None
        self.ports = [free_port(), free_port()]
        self.start()
        end = time.monotonic() + 30
        while not (self.data / "server.json").exists() and time.monotonic() < end:
            time.sleep(0.02)
        account = json.loads(subprocess.run([program, "account", "show", "--data", self.data, "--json"], check=True, capture_output=True).stdout)
        self.name, self.key, self.blob_url = account["accountName"], base64.b64decode(account["accountKey"]), account["blobUrl"]

    def start(self):
        log = open(self.folder / "server.log", "a")
        # The same ports each time, as tasks know the storage's address.
        self.server = subprocess.Popen([self.program, "server", "--data", self.data, "--http", f"127.0.0.1:{self.ports[0]}",
                                        "--https", f"127.0.0.1:{self.ports[1]}",
                                        "--config", self.folder / "server.yaml"], stdout=log, stderr=log)

    def address(self):
        running = json.loads((self.data / "server.json").read_text())
        if running["pid"] != self.server.pid:
            raise OSError("the server is starting")
        url = urllib.parse.urlsplit(running["httpUrl"])
        return url.hostname, url.port

    def call(self, method, path, body=None, headers=None):
        """Status and body of one signed request; OSError where no answer came."""
        blob = path.startswith(f"/{self.name}/")
        headers = dict(headers or {})
        headers["x-ms-date" if blob else "ocp-date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        data = json.dumps(body).encode() if body is not None else None
        if data:
            headers["Content-Type"] = "application/json; odata=minimalmetadata"
        size = str(len(data)) if data else "0" if method != "GET" else ""
        if size:
            headers["Content-Length"] = size
        low = {k.lower(): v for k, v in headers.items()}
        target, _, query = path.partition("?")
        lines = [method, "", "", "" if blob and size == "0" else size, "", low.get("content-type", ""), "", "", "", "", "", ""]
        lines += [f"{k}:{low[k]}" for k in sorted(low) if k.startswith(("x-ms-", "ocp-"))]
        lines.append("/" + self.name + target)
        lines += sorted(f"{urllib.parse.unquote(k)}:{urllib.parse.unquote(v)}" for k, _, v in (q.partition("=") for q in query.split("&") if q))
        headers["Authorization"] = "SharedKey " + self.name + ":" + base64.b64encode(hmac.new(self.key, "\n".join(lines).encode(), hashlib.sha256).digest()).decode()
        try:
            connection = http.client.HTTPConnection(*self.address(), timeout=30)
            connection.request(method, path, body=data, headers=headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (http.client.HTTPException, ValueError, KeyError) as error:
            raise OSError(str(error)) from error

    def until_answered(self, method, path, body=None, accept=(), seconds=60):
        """Asks again until there is an answer. Codes of `accept` are as good as success: the first try may have arrived."""
        end = time.monotonic() + seconds
        while True:
            try:
                status, content = self.call(method, path, body)
                if status < 300 or any(code.encode() in content for code in accept):
                    return content
                if status < 500:
                    raise RuntimeError(f"{method} {path}: {status} {content[:300]}")
            except OSError:
                pass
            if time.monotonic() > end:
                raise TimeoutError(f"{method} {path} was not answered in {seconds} s")
            time.sleep(0.02)

    def processes(self, word):
        """Processes of this cluster's program whose arguments begin with `word`."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if len(arguments) > 1 and arguments[1] == word.encode() and str(self.folder).encode() in b"\0".join(arguments):
                found.append(int(entry.name))
        return found


def add_tasks(cluster, stop, acknowledged, random_, problems):
    number = 0
    while not stop.is_set():
        batch = []
        for _ in range(random_.choice([1, 1, 5, 20])):
            number += 1
            seconds = random_.choice([0, 0, 0, 0, 0, 0, 0.05, 0.1, 0.2, 1.2])
            command = TASK.format(runs=cluster.runs, seconds=seconds)
            url = f"{cluster.blob_url.rstrip('/')}/results?{cluster.sas}"
            batch.append({"id": f"t{number}", "commandLine": command, "outputFiles": [
                {"filePattern": "out.txt", "destination": {"container": {"containerUrl": url, "path": f"r/t{number}"}},
                 "uploadOptions": {"uploadCondition": "taskcompletion"}}]})
        try:
            if len(batch) == 1:
                cluster.until_answered("POST", f"/jobs/j/tasks?{API}", batch[0], accept=["TaskExists"])
                acknowledged.add(batch[0]["id"])
            else:
                answer = json.loads(cluster.until_answered("POST", f"/jobs/j/addtaskcollection?{API}", {"value": batch}))
                for one in answer["value"]:
                    if one["status"].lower() == "success" or one["error"]["code"] == "TaskExists":
                        acknowledged.add(one["taskId"])
                    else:
                        problems.append(f"{one['taskId']} was refused: {one['error']}")
        except (RuntimeError, TimeoutError) as error:
            problems.append(str(error))
            return
        time.sleep(random_.uniform(0, 0.1))


def kill(cluster, random_):
    what = random_.choice(["server", "agent", "both"])
    if what in ("agent", "both"):
        for pid in cluster.processes("agent"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    if what in ("server", "both"):
        cluster.server.kill()
        cluster.server.wait()
        time.sleep(random_.uniform(0, 0.3))
        cluster.start()
    return what


def all_tasks(cluster):
    tasks, link = {}, f"/jobs/j/tasks?{API}&$select=id,state,executionInfo"
    while link:
        page = json.loads(cluster.until_answered("GET", link))
        for task in page["value"]:
            if task["id"] in tasks:
                raise AssertionError(f"task {task['id']} is listed twice")
            tasks[task["id"]] = task
        link = page.get("odata.nextLink")
        link = link[link.index("/jobs"):] if link else None
    return tasks


def audit(cluster, acknowledged):
    problems = []
    tasks = all_tasks(cluster)
    for name in sorted(acknowledged - set(tasks)):
        problems.append(f"{name} was acknowledged and is lost")
    for name, task in sorted(tasks.items()):
        if task["state"] != "completed" or task["executionInfo"].get("result") != "success":
            problems.append(f"{name}: {task['state']} {task['executionInfo']}")
        runs = (cluster.runs / name).read_text().splitlines() if (cluster.runs / name).exists() else []
        if len(runs) != 1:
            problems.append(f"{name} ran {len(runs)} times: {runs}")
        status, content = cluster.call("GET", f"/{cluster.name}/results/r/{name}", headers={"x-ms-version": "2021-12-02"})
        if status != 200 or content.decode() != name + "\n":
            problems.append(f"{name}: its output is {status} {content[:100]}")
    return problems, tasks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--folder")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    random_ = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scoria-kill-", dir=options.folder))
    cluster = Cluster(str(pathlib.Path(options.program).resolve()), folder)
    image = {"imageReference": {"publisher": "p", "offer": "o", "sku": "s"}, "nodeAgentSKUId": "n"}
    cluster.until_answered("POST", f"/pools?{API}", {"id": "p", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 2, "taskSlotsPerNode": 2,
                                                     "virtualMachineConfiguration": image})
    cluster.until_answered("POST", f"/jobs?{API}", {"id": "j", "poolInfo": {"poolId": "p"}})
    made = subprocess.run([cluster.program, "blob", "create-container", "results", "--data", cluster.data], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    url = subprocess.run([cluster.program, "blob", "url", "results", "--permissions", "rwl", "--data", cluster.data], check=True, capture_output=True, text=True).stdout
    cluster.sas = url.strip().split("?")[1]
    stop, acknowledged, problems = threading.Event(), set(), []
    adder = threading.Thread(target=add_tasks, args=(cluster, stop, acknowledged, random.Random(options.seed + 1), problems))
    adder.start()
    counts = {"server": 0, "agent": 0, "both": 0}
    try:
        for _ in range(options.rounds):
            time.sleep(random_.uniform(0.05, 1.0))
            counts[kill(cluster, random_)] += 1
            if problems:
                break
        stop.set()
        adder.join()
        end = time.monotonic() + 200 + options.rounds
        while time.monotonic() < end:
            task_counts = json.loads(cluster.until_answered("GET", f"/jobs/j/taskcounts?{API}"))["taskCounts"]
            if task_counts["active"] + task_counts["running"] == 0:
                break
            time.sleep(0.2)
        found, tasks = audit(cluster, acknowledged)
        problems += found
        cluster.until_answered("DELETE", f"/pools/p?{API}")
        end = time.monotonic() + 30
        while cluster.processes("agent") + cluster.processes("keeper") and time.monotonic() < end:
            time.sleep(0.1)
        for word in ("agent", "keeper"):
            if cluster.processes(word):
                problems.append(f"processes left behind: {word} {cluster.processes(word)}")
    finally:
        stop.set()
        cluster.server.terminate()
        cluster.server.wait(30)
        for pid in cluster.processes("agent") + cluster.processes("keeper") + cluster.processes("warm-scorer"):
            os.kill(pid, signal.SIGKILL)
    kills = ", ".join(f"{n} x {what}" for what, n in counts.items())
    print(f"{options.rounds} rounds ({kills}): {len(tasks)} tasks, {len(acknowledged)} acknowledged")
    for problem in problems[:20]:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{len(problems)} problems; seed {options.seed}; see {folder}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)
    print("kill loop: 1 passed, 0 failed")


if __name__ == "__main__":
    main()
