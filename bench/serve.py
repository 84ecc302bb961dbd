#!/usr/bin/env python3
"""`scoria serve` beside plumber: one randomForest of R, the same requests, both in turn. Answers are checked against R's predict() first.

usage: bench/serve.py [--scoria PROGRAM] [--rounds N] [--seconds S] [--threads N]
Needs wrk, and R with plumber, randomForest, MASS and jsonlite (Debian: wrk r-cran-plumber r-cran-randomforest r-cran-mass).
CPU per request is that of the server's whole process tree, from /proc, over the requests that wrk counted; it is what to compare on a
machine that others use, too.
"""
import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import paired

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(ROOT, "build/bench-data")
PLUMBER = ["Rscript", os.path.join(ROOT, "bench/serve_plumber.R"), CACHE]
TICK = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and all below it."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                children.setdefault(int(open(f"/proc/{name}/stat").read().rpartition(")")[2].split()[1]), []).append(int(name))
            except OSError:
                pass  # it ended meanwhile
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def cpu_seconds(pid):
    total = 0
    for one in tree(pid):
        fields = open(f"/proc/{one}/stat").read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(url, body):
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


class Server:
    def __init__(self, name, command, port):
        self.name, self.url = name, f"http://127.0.0.1:{port}/score"
        self.cpu, self.rate, self.p50, self.p99 = [], [], [], []
        begin = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        body = open(os.path.join(CACHE, "serve_1.json"), "rb").read()
        while True:
            try:
                post(self.url, body)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - begin > 60:
                    sys.exit(f"{name} did not start: {' '.join(command)}")
                time.sleep(0.002)
        self.cold = time.monotonic() - begin

    def check(self, rows):
        body = open(os.path.join(CACHE, f"serve_{rows}.json"), "rb").read()
        expected = [float(line) for line in open(os.path.join(CACHE, f"serve_{rows}.txt"))]
        got = post(self.url, body)
        # jsonlite writes 15 digits at most; ours must be the same double.
        most = 1e-14 if self.name == "plumber" else 0
        if len(got) != rows or any(abs(float(one) - other) > most * abs(other) for one, other in zip(got, expected)):
            sys.exit(f"{self.name} answers {got}, R predicts {expected}")

    def load(self, script, connections, seconds):
        before = cpu_seconds(self.process.pid)
        ran = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", script, self.url], capture_output=True, text=True)
        used = cpu_seconds(self.process.pid) - before
        text = ran.stdout
        count = re.search(r"(\d+) requests in", text)
        if not count or "Non-2xx" in text or "Socket errors" in text:
            sys.exit(f"{self.name}: {text}{ran.stderr}")
        unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}

        def percentile(which):
            value, of = re.search(which + r"%\s+([\d.]+)(us|ms|s)", text).groups()
            return float(value) * unit[of]

        self.cpu.append(1e6 * used / int(count.group(1)))
        self.rate.append(float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)))
        self.p50.append(percentile("50"))
        self.p99.append(percentile("99"))

    def memory_mb(self):
        total = 0
        for one in tree(self.process.pid):
            total += int(re.search(r"Pss:\s+(\d+)", open(f"/proc/{one}/smaps_rollup").read()).group(1))
        return total / 1024


def compare(title, plumber, ours, script, connections, options):
    for server in (plumber, ours):
        server.cpu, server.rate, server.p50, server.p99 = [], [], [], []
    for _ in range(options.rounds):
        for server in (plumber, ours):
            server.load(script, connections, options.seconds)
    for unit, figure, is_rate in (("CPU us per request", "cpu", False), ("p50 ms", "p50", False), ("p99 ms", "p99", False),
                                  ("us per request, seen", "rate", True)):
        sides = []
        for server in (plumber, ours):
            side = paired.Side(server.name, None)
            side.figures = [1e6 / value for value in server.rate] if is_rate else getattr(server, figure)
            sides.append(side)
        paired.report(title, unit, sides[0], sides[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scoria", default=os.path.join(ROOT, "build/release/src/bin/scoria"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    os.makedirs(CACHE, exist_ok=True)
    if not os.path.exists(os.path.join(CACHE, "serve_10.txt")):
        subprocess.run(PLUMBER + ["make"], check=True)
    print(paired.machine())
    ports = free_port(), free_port()
    servers = []
    try:
        servers.append(Server("plumber", PLUMBER + [str(ports[0])], ports[0]))
        servers.append(Server("scoria serve", [options.scoria, "serve", os.path.join(CACHE, "serve.rds"), "--http", f"127.0.0.1:{ports[1]}",
                                               "--threads", str(options.threads)], ports[1]))
        for rows in (1, 10):
            for server in servers:
                server.check(rows)
            with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
                script.write(f'wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"; '
                             f'wrk.body = io.open("{os.path.join(CACHE, f"serve_{rows}.json")}"):read("*a")\n')
                script.flush()
                for connections in (16, 1) if rows == 1 else (16,):
                    compare(f"{rows} row(s), {connections} connection(s), {options.seconds} s a round, answers equal R's", *servers, script.name,
                            connections, options)
        for server in servers:
            print(f"{server.name}: {1e3 * server.cold:.0f} ms from its start to the first answer, {server.memory_mb():.0f} MB (PSS)")
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait()


if __name__ == "__main__":
    main()
