"""A server under wrk's load: started, its answers checked, its CPU time, latency, start and memory measured. For bench/serve.py.

CPU per request is that of the server's whole process tree, from /proc, over the requests that wrk counted; it is what to compare on a
machine that others use, too.
"""
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

import paired

TICK = os.sysconf("SC_CLK_TCK")
FIGURES = (("CPU us per request", "cpu"), ("p50 ms", "p50"), ("p99 ms", "p99"), ("us per request, seen", "seen"))


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


# The certificates of servers that are measured are their own.
UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname, UNVERIFIED.verify_mode = False, ssl.CERT_NONE


def post(url, body, headers=None):
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=10, context=UNVERIFIED if url.startswith("https") else None) as reply:
        return json.load(reply)


class Server:
    """`command` gets the port where it has {port}; the server answers POST /score there. `most`: the relative error that its answers may have.
    `login`: user and password, whose token of POST /login each request then has; `headers`: what it has else."""

    def __init__(self, name, command, probe, most=0.0, environment=None, scheme="http", login=None, headers=None):
        self.name, self.command, self.probe, self.most = name, command, probe, most
        self.scheme, self.login, self.headers = scheme, login, dict(headers or {})
        self.environment = dict(os.environ, **(environment or {}))
        self.cpu, self.p50, self.p99, self.seen, self.cold = [], [], [], [], []
        self.process = None
        self.start()

    def start(self):
        port = free_port()
        self.url = f"{self.scheme}://127.0.0.1:{port}/score"
        command = [part.replace("{port}", str(port)) for part in self.command]
        begin = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment)
        while True:
            try:
                self.log_in()
                post(self.url, self.probe, self.headers)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - begin > 60:
                    sys.exit(f"{self.name} did not start: {' '.join(command)}")
                time.sleep(0.002)
        self.cold.append(time.monotonic() - begin)

    def log_in(self):
        if self.login:
            body = json.dumps(dict(zip(("username", "password"), self.login))).encode()
            self.headers = {"Authorization": "Bearer " + post(self.url.replace("/score", "/login"), body)["access_token"]}

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def check(self, body, expected):
        """Exits where an answer is wrong; else how many are the same doubles, and the largest relative error."""
        got = [float(one) for one in post(self.url, body, self.headers)]
        if len(got) != len(expected):
            sys.exit(f"{self.name} answers {len(got)} rows, not {len(expected)}")
        for row, (one, other) in enumerate(zip(got, expected), 1):
            if abs(one - other) > self.most * abs(other):
                sys.exit(f"{self.name} answers {one} for row {row}, R predicts {other}")
        return sum(one == other for one, other in zip(got, expected)), max(abs(one / other - 1) for one, other in zip(got, expected))

    def load(self, body_file, connections, seconds):
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            for name, value in self.headers.items():
                script.write(f'wrk.headers["{name}"] = "{value}"\n')
            script.write(f'wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"; wrk.body = io.open("{body_file}"):read("*a")\n')
            script.flush()
            before = cpu_seconds(self.process.pid)
            ran = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", script.name, self.url], capture_output=True, text=True)
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
        self.seen.append(1e6 / float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)))
        self.p50.append(percentile("50"))
        self.p99.append(percentile("99"))

    def memory_mb(self):
        total = 0
        for one in tree(self.process.pid):
            total += int(re.search(r"Pss:\s+(\d+)", open(f"/proc/{one}/smaps_rollup").read()).group(1))
        return total / 1024


def compare(title, servers, body_file, connections, rounds, seconds):
    """All of them in turn, `rounds` times; ratios are to the first."""
    for server in servers:
        server.cpu, server.p50, server.p99, server.seen = [], [], [], []
    for _ in range(rounds):
        for server in servers:
            server.load(body_file, connections, seconds)
    for unit, figure in FIGURES:
        sides = []
        for server in servers:
            side = paired.Side(server.name, None)
            side.figures = getattr(server, figure)
            sides.append(side)
        paired.report(title, unit, sides[0], sides[1:])


def starts(servers, rounds):
    """From a process' start to its first answer, in turn."""
    for server in servers:
        server.cold = []
    for _ in range(rounds):
        for server in servers:
            server.stop()
            server.start()
    sides = []
    for server in servers:
        side = paired.Side(server.name, None)
        side.figures = [1e3 * one for one in server.cold]
        sides.append(side)
    paired.report("from start to the first answer", "ms", sides[0], sides[1:])


def memory(servers):
    for server in servers:
        print(f"  {server.name:32} {server.memory_mb():.1f} MB (PSS of all its processes)")
