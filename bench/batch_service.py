#!/usr/bin/env python3
"""The batch service: tasks a second beside a C loop of posix_spawn, submission, dependent tasks, blobs, memory, restart. Answers are checked.

usage: bench/batch_service.py [PART ...] [--rounds N] [--program build/release/src/bin/scoria] [--bench build/bench/bench]
PART: tasks submit dependent warm blobs small memory million (default: all but million; small needs build/azurite, see tools/install_azurite)
"""
import argparse
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import paired

ROOT = pathlib.Path(__file__).resolve().parent.parent
API = "api-version=2022-10-01.16.0"


class Server:
    """`scoria server` on a folder of its own, and signed requests to it."""

    def __init__(self, program, folder, config="overcommit: 8\n"):
        self.program, self.data = str(program), pathlib.Path(folder) / "data"
        self.config = pathlib.Path(folder) / "server.yaml"
        self.config.write_text(config)
        self.process = None
        self.start()

    def start(self):
        begin = time.monotonic()
        log = open(self.data.parent / "server.log", "a")
        self.process = subprocess.Popen([self.program, "server", "--data", self.data, "--http", "127.0.0.1:0", "--https", "127.0.0.1:0",
                                         "--config", self.config], stdout=log, stderr=log)
        while True:
            if self.process.poll() is not None or time.monotonic() > begin + 120:
                sys.exit("the server did not start:\n" + (self.data.parent / "server.log").read_text()[-3000:])
            try:
                running = json.loads((self.data / "server.json").read_text())
                if running["pid"] == self.process.pid:
                    url = urllib.parse.urlsplit(running["httpUrl"])
                    self.host, self.port = url.hostname, url.port
                    connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
                    connection.request("GET", "/readyz")
                    if connection.getresponse().status == 200:
                        break
            except (OSError, ValueError, KeyError):
                pass
            time.sleep(0.002)
        self.start_seconds = time.monotonic() - begin
        account = json.loads(subprocess.run([self.program, "account", "show", "--data", self.data, "--json"], check=True, capture_output=True).stdout)
        self.name, self.key, self.account = account["accountName"], base64.b64decode(account["accountKey"]), account
        self.local = threading.local()

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def request(self, method, target, body=None, headers=None, blob=False):
        headers = dict(headers or {})
        prefix = "x-ms-" if blob else "ocp-"
        headers[prefix + "date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        if data is not None and not blob:
            headers["Content-Type"] = "application/json; odata=minimalmetadata"
        size = str(len(data)) if data is not None else "0" if method in ("PUT", "POST", "DELETE", "PATCH") else ""
        if size:
            headers["Content-Length"] = size
        low = {k.lower(): v for k, v in headers.items()}
        lines = [method, "", "", "" if blob and size == "0" else size, "", low.get("content-type", ""), "", "", low.get("if-match", ""), "", "",
                 low.get("range", "")]
        lines += [f"{k}:{low[k]}" for k in sorted(low) if k.startswith(prefix)]
        path, _, query = target.partition("?")
        lines.append("/" + self.name + path)
        lines += sorted(f"{urllib.parse.unquote(k)}:{urllib.parse.unquote(v)}" for k, _, v in (q.partition("=") for q in query.split("&") if q))
        signature = base64.b64encode(hmac.new(self.key, "\n".join(lines).encode(), hashlib.sha256).digest()).decode()
        headers["Authorization"] = f"SharedKey {self.name}:{signature}"
        for attempt in (0, 1):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = self.local.connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
            try:
                connection.request(method, target, body=data, headers=headers)
                reply = connection.getresponse()
                content = reply.read()
                break
            except (OSError, http.client.HTTPException):
                self.local.connection = None
                if attempt:
                    raise
        if reply.status >= 300:
            raise RuntimeError(f"{method} {target}: {reply.status} {content[:500]}")
        return content

    def json(self, method, path, body=None, query=""):
        content = self.request(method, f"{path}?{API}{query}", body)
        return json.loads(content) if content else None

    def pool(self, name, nodes, slots):
        self.json("POST", "/pools", {"id": name, "vmSize": "standard_a1_v2", "targetDedicatedNodes": nodes, "taskSlotsPerNode": slots,
                                     "virtualMachineConfiguration": {"imageReference": {"publisher": "p", "offer": "o", "sku": "s"}, "nodeAgentSKUId": "n"}})
        while sum(n["state"] == "idle" for n in self.json("GET", f"/pools/{name}/nodes")["value"]) < nodes:
            time.sleep(0.02)

    def job(self, name, pool, **more):
        self.json("POST", "/jobs", {"id": name, "poolInfo": {"poolId": pool}, **more})

    def add(self, job, tasks):
        for at in range(0, len(tasks), 100):
            answer = self.json("POST", f"/jobs/{job}/addtaskcollection", {"value": tasks[at:at + 100]})
            assert all(one["status"].lower() == "success" for one in answer["value"]), answer["value"][:2]

    def wait(self, job, count, pause=0.02):
        while True:
            counts = self.json("GET", f"/jobs/{job}/taskcounts")["taskCounts"]
            if counts["completed"] >= count:
                assert counts["failed"] == 0, counts
                return
            time.sleep(pause)

    def tasks(self, job, select="&$select=id,executionInfo"):
        items, link = [], f"/jobs/{job}/tasks?{API}{select}"
        while link:
            page = json.loads(self.request("GET", link))
            items += page["value"]
            link = page.get("odata.nextLink")
            link = link[link.index("/jobs"):] if link else None
        return items

    def memory(self):
        """Resident megabytes of the server's process."""
        return next(int(line.split()[1]) for line in open(f"/proc/{self.process.pid}/status") if line.startswith("VmRSS")) / 1024


def seconds_of(text):
    return datetime.datetime.strptime(text[:26] + "Z", "%Y-%m-%dT%H:%M:%S.%fZ").timestamp()


def tasks(server, options):
    """`true` as a durable task with its own logs, 2 slots, beside posix_spawn with the same files.

    Neither side deletes anything before both are done: for half a minute after files were deleted ext4 looks long for an inode to give to a new one, which
    would cost each side what the other has left."""
    count = 2000
    server.pool("speed", 1, 2)
    runs = iter(range(10**6))

    def ours():
        job = f"speed{next(runs)}"
        server.job(job, "speed")
        server.json("POST", f"/jobs/{job}/disable", {"disableTasks": "wait"})
        server.add(job, [{"id": f"t{i}", "commandLine": "/bin/true"} for i in range(count)])
        begin = time.monotonic()
        server.json("POST", f"/jobs/{job}/enable")
        server.wait(job, count)
        took = time.monotonic() - begin
        done = server.tasks(job)
        assert len(done) == count and all(t["executionInfo"]["exitCode"] == 0 for t in done)
        return 1e6 * took / count

    def floor():
        folder = tempfile.mkdtemp(dir=server.data.parent)
        result = paired.run_json([os.path.join(options.bench, "spawn_floor"), folder + "/tasks", str(count), "2", "/bin/true"])
        assert result["failed"] == 0 and len(os.listdir(folder + "/tasks")) == count
        return 1e6 * result["seconds"] / count

    baseline, side = paired.Side("posix_spawn loop in C", floor), paired.Side("scoria, durable", ours)
    paired.interleave([baseline, side], options.rounds)
    paired.report(f"{count} tasks of /bin/true, 2 at once, own folder and logs", "us per task", baseline, [side])


def submit(server, options):
    """10,000 tasks as 100 requests of a native loader, until all are acknowledged and durable."""
    figures, runs = [], iter(range(10**6))
    server.pool("empty", 0, 1)
    for _ in range(options.rounds):
        job = f"load{next(runs)}"
        server.job(job, "empty")
        environment = dict(os.environ, SCORIA_KEY=base64.b64encode(server.key).decode())
        result = paired.run_json([os.path.join(options.bench, "task_load"), f"http://{server.host}:{server.port}", server.name, job, "10000", "4", "/bin/true"],
                                 env=environment)
        assert server.json("GET", f"/jobs/{job}/taskcounts")["taskCounts"]["active"] == 10000
        figures.append(1000 * result["seconds"])
        server.json("DELETE", f"/jobs/{job}")
    print(f"submit 10,000 tasks, 100 requests, 4 connections: {statistics.median(figures):.0f} ms [{min(figures):.0f}..{max(figures):.0f}], n={len(figures)}")


def dependent(server, options):
    """How long after its parent's end a dependent task starts."""
    server.pool("chain", 1, 2)
    server.job("chain", "chain", usesTaskDependencies=True)
    count = 300
    chain = [{"id": "0", "commandLine": "/bin/true"}]
    chain += [{"id": str(i), "commandLine": "/bin/true", "dependsOn": {"taskIds": [str(i - 1)]}} for i in range(1, count)]
    server.add("chain", chain)
    server.wait("chain", count)
    times = {int(t["id"]): (seconds_of(t["executionInfo"]["startTime"]), seconds_of(t["executionInfo"]["endTime"])) for t in server.tasks("chain")}
    gaps = sorted(1000 * (times[i][0] - times[i - 1][1]) for i in range(1, count))
    assert gaps[0] >= 0, "a task started before its parent ended"
    print(f"dependent task starts after its parent: p50 {gaps[len(gaps) // 2]:.2f} ms, p99 {gaps[int(len(gaps) * 0.99)]:.2f} ms, n={len(gaps)}")


def warm(server, options):
    """`scoria score` as a task, by a warm scorer."""
    model = ROOT / "examples/retail-forecast/models/gbm_t1_q50.rds"
    sensor = ROOT / "examples/sensor-anomaly"
    command = f"scoria score {sensor}/models/model_1_1 {sensor}/data/readings.csv --features Value -o out.csv"
    assert model.exists()
    count = 500
    server.pool("warm", 1, 2)
    server.job("warm", "warm")
    begin = time.monotonic()
    server.add("warm", [{"id": f"w{i}", "commandLine": command} for i in range(count)])
    server.wait("warm", count)
    print(f"scoria score as a task, warm, 2 slots: {count / (time.monotonic() - begin):.0f} tasks/s")
    begin = time.monotonic()
    for _ in range(20):
        subprocess.run([server.program] + command.split()[1:-2] + ["-o", str(server.data.parent / "out.csv")], check=True)
    print(f"the same as a process, one after the other: {20 / (time.monotonic() - begin):.0f}/s")


def blobs(server, options):
    """A large blob's way in and out, beside cp."""
    size = 512 << 20
    path = server.data.parent / "big"
    path.write_bytes(os.urandom(1 << 20) * (size >> 20))
    rates = {"up": [], "down": [], "cp": []}
    subprocess.run([server.program, "blob", "create-container", "speed", "--data", server.data], check=True, stdout=subprocess.DEVNULL)
    for _ in range(options.rounds):
        begin = time.monotonic()
        subprocess.run([server.program, "blob", "upload", "speed", path, "--data", server.data], check=True, stdout=subprocess.DEVNULL)
        rates["up"].append(size / 1e6 / (time.monotonic() - begin))
        begin = time.monotonic()
        subprocess.run([server.program, "blob", "download", "speed", "big", "--to", server.data.parent / "back", "--data", server.data], check=True,
                       stdout=subprocess.DEVNULL)
        rates["down"].append(size / 1e6 / (time.monotonic() - begin))
        assert subprocess.run(["cmp", path, server.data.parent / "back/big"]).returncode == 0
        begin = time.monotonic()
        subprocess.run(["cp", path, server.data.parent / "copy"], check=True)
        subprocess.run(["sync", server.data.parent / "copy"], check=True)
        rates["cp"].append(size / 1e6 / (time.monotonic() - begin))
    print("blob of 512 MiB, MB/s: " + ", ".join(f"{name} {statistics.median(values):.0f} [{min(values):.0f}..{max(values):.0f}]" for name, values in rates.items()))


def small(server, options):
    """Small blobs, put and read back one after the other on one connection, beside Azurite."""
    azurite = ROOT / "build/azurite/node_modules/.bin/azurite-blob"
    count, body, version = 1000, b"x" * 1024, {"x-ms-version": "2021-12-02"}

    def put(target):
        begin = time.monotonic()
        for i in range(count):
            target.request("PUT", f"/{target.name}/small/b{i}", body, {**version, "x-ms-blob-type": "BlockBlob"}, blob=True)
        return 1e6 * (time.monotonic() - begin) / count

    def get(target):
        begin = time.monotonic()
        for i in range(count):
            assert target.request("GET", f"/{target.name}/small/b{i}", None, dict(version), blob=True) == body
        return 1e6 * (time.monotonic() - begin) / count

    server.request("PUT", f"/{server.name}/small?restype=container", None, dict(version), blob=True)
    peer, process, folder = None, None, tempfile.mkdtemp()
    if azurite.exists():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        peer = object.__new__(Server)
        peer.name = "devstoreaccount1"
        peer.key = base64.b64decode("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")
        peer.host, peer.port, peer.local = "127.0.0.1", port, threading.local()
        process = subprocess.Popen([azurite, "--location", folder, "--blobPort", str(port), "--silent", "--skipApiVersionCheck", "--disableTelemetry"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200 if peer else 0):
            try:
                peer.request("PUT", f"/{peer.name}/small?restype=container", None, dict(version), blob=True)
                break
            except OSError:
                time.sleep(0.1)
        for what, act in (("put", put), ("read", get)):
            ours = paired.Side("scoria", lambda: act(server))
            if peer is None:
                paired.interleave([ours], options.rounds)
                print(f"small blobs of 1 KiB, {what}: {ours.spread()} us each (no Azurite in build/azurite to compare with)")
                continue
            baseline = paired.Side("Azurite", lambda: act(peer))
            paired.interleave([baseline, ours], options.rounds)
            paired.report(f"{count} blobs of 1 KiB, {what} one after the other", "us each", baseline, [ours])
    finally:
        if process:
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def memory(server, options):
    print(f"server: {server.memory():.0f} MB after the parts above; first start took {1000 * server.start_seconds:.0f} ms")


def million(server, options):
    """A million finished tasks: copies of one that really ran, put into the store; then restart, memory and lists."""
    server.pool("million", 1, 2)
    server.job("million", "million")
    server.add("million", [{"id": "0", "commandLine": "/bin/true"}])
    server.wait("million", 1)
    server.stop()
    database = sqlite3.connect(next(server.data.glob("state/state.sqlite")))
    columns = [row[1] for row in database.execute("pragma table_info(tasks)")]
    row = dict(zip(columns, database.execute(f"select {','.join(columns)} from tasks where id='0' order by job desc").fetchone()))
    with database:
        database.executemany(f"insert into tasks({','.join(columns)}) values({','.join('?' * len(columns))})",
                             ([{**row, "key": row["key"] + i, "id": f"x{i}"}[c] for c in columns] for i in range(1, 10**6)))
    database.close()
    server.start()
    print(f"restart with 1,000,000 finished tasks: {1000 * server.start_seconds:.0f} ms, {server.memory():.0f} MB")
    begin = time.monotonic()
    page = server.json("GET", "/jobs/million/tasks", query="&maxresults=1000")
    assert len(page["value"]) == 1000
    print(f"a page of 1,000 of them: {1000 * (time.monotonic() - begin):.0f} ms")
    begin = time.monotonic()
    found = server.json("GET", "/jobs/million/tasks", query="&maxresults=10&$filter=state%20eq%20'active'")
    assert found["value"] == []
    print(f"a filter by state that finds none of them: {1000 * (time.monotonic() - begin):.0f} ms")


PARTS = {f.__name__: f for f in (tasks, submit, dependent, warm, blobs, small, memory, million)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--program", default=str(ROOT / "build/bench/src/bin/scoria"))
    parser.add_argument("--bench", default=str(ROOT / "build/bench/bench"))
    options = parser.parse_args()
    wanted = options.parts or [name for name in PARTS if name != "million"]
    for name in wanted:
        if name not in PARTS:
            sys.exit(f"no part '{name}'; there are: {' '.join(PARTS)}")
    print(paired.machine())
    folder = tempfile.mkdtemp(prefix="scoria-bench-", dir=ROOT / "build")
    server = Server(options.program, folder)
    try:
        print(f"idle server: {server.memory():.0f} MB")
        for name in wanted:
            PARTS[name](server, options)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
