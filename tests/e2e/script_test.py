#!/usr/bin/env python3
"""Scripts behind a URL: a plumber file answers as plumber itself does; what loops, crashes or grows costs its own request alone.

usage: script_test.py SCORIA WORK_FOLDER. Ends with 77 where R or plumber is missing."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
API = os.path.join(HERE, "../serve/api.R")
PROGRAM = os.path.abspath(sys.argv[1])
failures = []


def check(ok, what):
    print(("ok    " if ok else "FAIL  ") + what)
    if not ok:
        failures.append(what)


def has_r(*packages):
    if shutil.which("Rscript") is None:
        return False
    code = "1;" + "".join(f"library({one});" for one in packages)
    return subprocess.run(["Rscript", "-e", code], capture_output=True).returncode == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, method, path, body=None, headers=None, timeout=30):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        return reply.status, sorted((k.lower(), v) for k, v in reply.getheaders() if k.lower() not in ("date", "connection")), reply.read()
    finally:
        connection.close()


class Server:
    """`scoria serve` of a script; a context that ends it."""

    def __init__(self, script, *options):
        self.process = subprocess.Popen([PROGRAM, "serve", script, "--http", "127.0.0.1:0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.error = "" if line else self.process.stderr.read()
        self.port = int(line.rsplit(":", 1)[1]) if line else None
        if line:
            self.log = []
            threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()

    def __enter__(self):
        if self.port is None:
            sys.exit(f"FAIL  the server did not start: {self.error}")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def metric(self, name):
        text = ask(self.port, "GET", "/metrics")[2].decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def plumber_identity():
    port = free_port()
    real = subprocess.Popen(["Rscript", "-e", f"pr <- plumber::plumb('{API}'); pr$setDocs(FALSE); pr$run(port = {port})"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                ask(port, "GET", "/unboxed")
                break
            except OSError:
                time.sleep(0.05)
        js = {"Content-Type": "application/json"}
        requests = [("GET", "/echo?a=3&b=x%20y", None, {"X-One": "1"}), ("POST", "/echo?a=3", '{"b":[1,2]}', js), ("POST", "/echo", "a=5&b=6", {"Content-Type": "application/x-www-form-urlencoded"}),
                    ("POST", "/echo", '{"b":"no type"}', {}), ("POST", "/sum", '{"df":[{"a":1.1,"b":"x"},{"a":2,"b":"y"}]}', js), ("POST", "/sum", "{bad", js), ("POST", "/sum", '{"other":1}', js),
                    ("GET", "/typed/41/true", None, {}), ("GET", "/typed/x/true", None, {}), ("GET", "/name/J%C3%B6rg", None, {}), ("GET", "/unboxed", None, {}), ("GET", "/digits", None, {}),
                    ("GET", "/html", None, {}), ("GET", "/csv", None, {}), ("GET", "/text", None, {}), ("GET", "/png", None, {}), ("GET", "/error", None, {}), ("GET", "/status", None, {}),
                    ("GET", "/nothing", None, {}), ("GET", "/cookie", None, {"Cookie": "a=b; c=d%20e"}), ("GET", "/open", None, {"X-Deny": "yes"}), ("GET", "/unboxed", None, {"X-Deny": "yes"}),
                    ("PUT", "/thing", "", {}), ("DELETE", "/thing", None, {}), ("POST", "/thing", "", {}), ("GET", "/thing", None, {}), ("GET", "/nowhere", None, {}), ("GET", "/", None, {}),
                    ("GET", "/factor", None, {}), ("GET", "/response", None, {}), ("POST", "/upload", b"\x00\x01\xff", {"Content-Type": "application/octet-stream"}), ("GET", "/later", None, {}),
                    ("PATCH", "/echo", "{}", js), ("GET", "/echo/", None, {}), ("GET", "/echo?a=1&a=2", None, {})]
        with Server(API, "--workers", "1") as ours:
            statuses = {}
            for request in requests:
                expected, got = ask(port, *request), ask(ours.port, *request)
                statuses[expected[0]] = statuses.get(expected[0], 0) + 1
                check(expected == got, f"{request[0]} {request[1]} as plumber answers it" + ("" if expected == got else f": {got} instead of {expected}"))
            check(statuses.get(200, 0) > 15 and len(statuses) >= 6, f"plumber itself answers as it should: {statuses}")
    finally:
        real.kill()
        real.wait()


def containment():
    with Server(API, "--workers", "2", "--timeout", "10") as ours:
        stuck = []
        begin = time.monotonic()
        asker = threading.Thread(target=lambda: stuck.append((ask(ours.port, "GET", "/spin", headers={"X-Request-Timeout-Ms": "1500"})[0], time.monotonic() - begin)))
        asker.start()
        time.sleep(0.2)
        answers = [ask(ours.port, "GET", "/unboxed")[0] for _ in range(50)]
        check(answers == [200] * 50 and time.monotonic() - begin < 1.5, "while one worker loops the other answers")
        asker.join()
        check(stuck[0][0] == 504 and 1.4 < stuck[0][1] < 1.7, f"a loop is ended at its deadline with 504: {stuck}")
        for path, name in (("/crash", "a killed worker"), ("/quit", "quit()")):
            status, _, body = ask(ours.port, "GET", path)
            check(status == 502 and json.loads(body)["errors"][0]["code"] == "worker_died", f"{name} is one failed request: {status} {body}")
            check([ask(ours.port, "GET", "/unboxed")[0] for _ in range(10)] == [200] * 10, f"after {name} others are answered")
        poison = "{" + ",".join(f'"k{i}":1' for i in range(200_000)) + "}"
        begin = time.monotonic()
        status = ask(ours.port, "POST", "/df", poison, {"Content-Type": "application/json"})[0]
        check(status == 413 and time.monotonic() - begin < 0.5, f"200,000 names are refused at once: {status}")
        check(ours.metric("serve_worker_restarts_total") == 3, "three workers were replaced")


def recycling():
    with Server(API, "--workers", "1", "--worker-growth-mb", "100") as ours:
        answers = [ask(ours.port, "GET", "/grow") for _ in range(40)]
        pids = {body for _, _, body in answers}
        check(all(status == 200 for status, _, _ in answers) and len(pids) >= 2, f"a worker that grows is replaced without a failed request: {len(pids)} workers")
    with Server(API, "--workers", "1", "--worker-calls", "5") as ours:
        pids = [ask(ours.port, "GET", "/pid")[2] for _ in range(15)]
        check(len(set(pids)) == 3, "a worker is replaced after its calls")


def overload():
    with Server(API, "--workers", "1", "--queue", "2", "--timeout", "2") as ours:
        statuses = []
        askers = [threading.Thread(target=lambda: statuses.append(ask(ours.port, "GET", "/loop")[0])) for _ in range(6)]
        for one in askers:
            one.start()
            time.sleep(0.05)
        for one in askers:
            one.join()
        check(sorted(statuses) == [503] * 3 + [504] * 3, f"what the queue cannot hold is refused, what waits too long dropped: {sorted(statuses)}")
    with Server(API, "--workers", "1:3", "--worker-idle", "0.5") as ours:
        askers = [threading.Thread(target=lambda: ask(ours.port, "GET", "/loop", headers={"X-Request-Timeout-Ms": "5000"})) for _ in range(3)]
        for one in askers:
            one.start()
        busy = 'serve_workers{service="api",version="1",runtime="r",state="busy"'
        until = time.monotonic() + 4.5
        while ours.metric(busy) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        check(ours.metric(busy) == 3, "a pool grows when requests wait")
        for one in askers:
            one.join()
        until = time.monotonic() + 10
        while ours.metric("serve_workers{") > 1 and time.monotonic() < until:
            time.sleep(0.1)
        check(ours.metric("serve_workers{") == 1, "and shrinks when it is idle")


def r_functions(folder):
    def write(name, text):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
        return os.path.join(folder, name)

    sample = write("sample.csv", "x,g\n1,a\n2,b\n")
    with Server(write("f.R", "#* @rowwise\nscore <- function(df) { if (any(df$x < 0)) stop('negative x'); 2 * df$x }\n"), "--workers", "1", "--sample", sample) as ours:
        answers = {}

        def one(i):
            answers[i] = ask(ours.port, "POST", "/score", json.dumps({"df": [{"x": i if i != 33 else -1, "g": "a", "other": "q"}]}))

        askers = [threading.Thread(target=one, args=(i,)) for i in range(64)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        check(all(answers[i][2] == f"[{2 * i}]".encode() for i in range(64) if i != 33), "rows of many callers get their own answers")
        check(answers[33][0] == 500 and b"negative x" in answers[33][2], f"a poisonous row fails alone: {answers[33]}")
        check(ask(ours.port, "POST", "/score", '{"df":[{"g":"a"}]}')[0] == 400, "a missing column is refused before R")
    with Server(write("g.R", "predict_rows <- function(df) data.frame(n = nchar(df$t), up = toupper(df$t), ok = df$b)\n"), "--workers", "1") as ours:
        got = ask(ours.port, "POST", "/score", '[{"t":"a\u00fcb","b":true},{"t":"xyz1","b":null}]'.encode())[2].decode()
        check(json.loads(got) == [{"n": 3, "up": "A\u00dcB", "ok": True}, {"n": 4, "up": "XYZ1", "ok": "NA"}], f"texts and logicals, columns of a data frame: {got}")
    bad = Server(write("bad.R", "score <- function(df) df$x\ninit <- function() stop('no data base here')\n"))
    check(bad.port is None and "bad.R" in bad.error and "no data base here" in bad.error, f"a script that cannot start says why: {bad.error}")


def python_modules(folder):
    def write(name, text):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
        return os.path.join(folder, name)

    with Server(write("run.py", "import json, os\ndef init():\n    global k\n    k = 3\ndef run(data):\n    return {'sum': k * sum(json.loads(data)['data'])}\n"), "--workers", "1") as ours:
        check(ask(ours.port, "POST", "/", '{"data":[1,2]}')[2] == b'{"sum": 9}', "run(data) answers a body")
        status, _, body = ask(ours.port, "POST", "/", "no JSON")
        check(status == 500 and b"JSONDecodeError" in body, "an exception is named")
    with Server(write("cls.py", "class Model:\n    rowwise = True\n    def load_context(self, context):\n        self.k = 2\n    def predict(self, context, df):\n        return [self.k * one for one in df['x']]\n"), "--workers", "1") as ours:
        check(ask(ours.port, "POST", "/score", '[{"x":1},{"x":2.5}]')[2] == b"[2,5]", "a class with predict answers rows")
    with Server(write("die.py", "import os\ndef predict(df):\n    if df['x'][0] == 1:\n        os._exit(4)\n    return df['x']\n"), "--workers", "1") as ours:
        check(ask(ours.port, "POST", "/score", '[{"x":1}]')[0] == 502 and ask(ours.port, "POST", "/score", '[{"x":2}]')[2] == b"[2]", "a module that ends costs its request alone")


def main():
    with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:
        python_modules(folder)
        if not has_r():
            print("no R here: its tests are skipped")
            sys.exit(1 if failures else 77)
        r_functions(folder)
        if not has_r("plumber"):
            print("no plumber here: its tests are skipped (Debian: r-cran-plumber)")
            sys.exit(1 if failures else 77)
        plumber_identity()
        containment()
        recycling()
        overload()
    print(f"{len(failures)} failed" if failures else "all passed")
    sys.exit(1 if failures else 0)


main()
