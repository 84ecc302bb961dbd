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
            logged(ours, "simpleError")
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
    with Server(write("count.R", "#* @rowwise\nscore <- function(df) sum(df$x)\n"), "--workers", "1") as ours:
        status, _, body = ask(ours.port, "POST", "/score", '[{"x":1},{"x":2}]')
        check(status == 500 and b"1 value for 2 rows" in body, f"a row-wise function that answers too little is told both counts: {status} {body}")
        check(ask(ours.port, "POST", "/score", '[{"x":1}]')[2] == b"[1]", "and one value for one row is good")
    with Server(write("says.R", "print('at its start')\nscore <- function(df) { print('by print'); message('by message'); warning('by warning'); df$x }\n"), "--workers", "1") as ours:
        ask(ours.port, "POST", "/score", '[{"x":1}]')
        logged(ours, "at its start", "by print", "by message", "by warning")
    with_factor(folder, write)
    bad = Server(write("bad.R", "score <- function(df) df$x\ninit <- function() stop('no data base here')\n"))
    check(bad.port is None and "bad.R" in bad.error and "no data base here" in bad.error, f"a script that cannot start says why: {bad.error}")


def logged(ours, *words):
    until = time.monotonic() + 5
    while not all(word in "".join(ours.log) for word in words) and time.monotonic() < until:
        time.sleep(0.05)
    check(all(word in "".join(ours.log) for word in words), f"standard error of `scoria serve` has {', '.join(words)}: {ours.log}")


def with_factor(folder, write):
    """A sample shows texts where the model has a factor, and not all of its levels."""
    if not has_r("randomForest", "MASS", "jsonlite"):
        print("no randomForest here: its test is skipped")
        return
    model, rows = os.path.join(folder, "forest.rds"), os.path.join(folder, "three.json")
    code = f"""library(randomForest); set.seed(1); b <- MASS::Boston; b$chas <- factor(b$chas); m <- randomForest(medv ~ ., b, ntree = 5); saveRDS(m, '{model}')
three <- b[1:3, -14]; three$chas <- as.character(three$chas); writeLines(jsonlite::toJSON(three, digits = NA), '{rows}'); cat(format(unname(predict(m, b[1:3, ])), digits = 17))"""
    wanted = [float(one) for one in subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout.split("\n")[-1].split()]
    script = write("forest.R", "library(randomForest)\nscore <- function(df, model) predict(model, df)\n")
    with Server(script, "--workers", "1", "--model", model, "--sample", rows) as ours:
        got = ask(ours.port, "POST", "/score", open(rows).read())
        check(got[0] == 200 and json.loads(got[2]) == wanted, f"what a model knows of its columns goes before what a sample shows: {got[2]}, {wanted}")


LOADED = '''cat("x\\n", file = "FOLDER/loaded", append = TRUE)
Sys.setenv(SET_AT_LOAD = "yes")
MORE
score <- function(df) {
  file <- tempfile()
  writeLines("x", file)
  data.frame(pid = Sys.getpid(), random = runif(1), env = Sys.getenv("SET_AT_LOAD"), temporary = file.exists(file) && grepl(Sys.getenv("TMPDIR"), file, fixed = TRUE))
}
'''
LOADED_PY = '''import os, tempfile, threading
open("FOLDER/loaded", "a").write("x\\n")
os.environ["SET_AT_LOAD"] = "yes"
import random
tempfile.gettempdir()
MORE
def predict(df):
    return {"pid": [os.getpid()], "random": [random.random()], "env": [os.environ["SET_AT_LOAD"]], "temporary": [tempfile.gettempdir() == os.environ["TMPDIR"] and os.path.isdir(tempfile.gettempdir())]}
'''


def listed():
    return json.loads(subprocess.run([PROGRAM, "workers", "list", "--json"], capture_output=True, text=True, check=True).stdout)


def parent_rows(ours):
    answers = []
    for _ in range(40):
        status, _, body = ask(ours.port, "POST", "/score", '{"df": [{"x": 1}]}', {"Content-Type": "application/json"})
        answers.append(json.loads(body)[0] if status == 200 else {"pid": status})
    return answers


def shared_start(folder):
    def serve(name, text, more, *options, workers=3):
        path = os.path.join(folder, name)
        open(path, "w").write(text.replace("MORE", more).replace("FOLDER", folder))
        if os.path.exists(folder + "/loaded"):
            os.remove(folder + "/loaded")
        sample = os.path.join(folder, "sample.csv")
        open(sample, "w").write("x\n1\n")
        return Server(path, "--workers", str(workers), "--sample", sample, *options)

    def loads():
        return len(open(folder + "/loaded").read().split())

    kinds = (("shared.R", LOADED, 'con <- file("FOLDER/log", "w")'), ("shared.py", LOADED_PY, "threading.Thread(target=threading.Event().wait, daemon=True).start()"))
    for name, text, unforkable in kinds:
        with serve(name, text, "") as ours:
            check(loads() == 1, f"{name}: three workers, loaded once, not {loads()} times")
            templates = [one["pid"] for one in listed()["templates"] if "worker" in one]
            workers = [one["pid"] for one in listed()["workers"]]
            answers = parent_rows(ours)
            check(all(one.get("pid") in workers for one in answers), f"{name}: the workers answer, not their template")
            check(all(one.get("env") == "yes" and one.get("temporary") is True for one in answers), f"{name}: what it set stays, its temporary folder is its own")
            with open(f"/proc/{workers[-1]}/smaps_rollup") as file:
                own = {line.split(":")[0]: int(line.split()[1]) for line in file if line.split()[-1] == "kB"}
            check(own["Private_Dirty"] < own["Rss"] / 2, f"{name}: a worker shares most of its memory: {own['Private_Dirty']} of {own['Rss']} kB are its own")
            for one in workers:
                os.kill(one, signal.SIGKILL)
            time.sleep(0.3)  # one that is killed while it has a request is another story
            answers = parent_rows(ours)
            check(loads() == 1 and not {one["pid"] for one in answers} & set(workers), f"{name}: their successors are forks")
            for one in templates + [one["pid"] for one in listed()["workers"]]:
                os.kill(one, signal.SIGKILL)
            time.sleep(0.3)  # one that is killed while it has a request is another story
            answers = parent_rows(ours)
            check(loads() == 2 and all("env" in one for one in answers), f"{name}: a killed template is loaded anew: {loads()}, {answers[:2]}")
        with serve(name, text, "", "--load-in-each-worker", workers=2) as ours:
            check(loads() == 2, f"{name}: --load-in-each-worker loads in each, {loads()} times")
        with serve(name, text, unforkable, workers=2) as ours:
            answers = parent_rows(ours)
            check(loads() == 2 and all("env" in one for one in answers), f"{name}: what a fork would break is loaded in each: {loads()} times")
    numbers = set()
    with serve("random.R", LOADED, "x <- runif(1)") as ours:
        for one in parent_rows(ours) + parent_rows(ours):
            numbers.add(one["random"])
    check(len(numbers) == 80, f"forks draw random numbers of their own: {len(numbers)} of 80 differ")


CONFINED = '''import os, resource, socket
def predict(df):
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    opened = sorted(os.readlink("/proc/self/fd/" + one) for one in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + one))
    try:
        socket.create_connection(("127.0.0.1", PORT), 2).close()
        network = True
    except OSError:
        network = False
    return {"no_new_privs": [status["NoNewPrivs"].strip() == "1"], "capabilities": [int(status["CapEff"], 16) & ~0xf], "core": [resource.getrlimit(resource.RLIMIT_CORE)[1]],
            "network": [network], "secret": ["/etc/passwd" in opened]}
'''


def confinement(folder):
    with socket.socket() as listener, open("/etc/passwd") as inherited:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        os.set_inheritable(inherited.fileno(), True)
        path = os.path.join(folder, "confined.py")
        open(path, "w").write(CONFINED.replace("PORT", str(listener.getsockname()[1])))
        for options, network in (((), True), (("--no-network",), False)):
            with Server(path, "--workers", "1", *options) as ours:
                if ours.port is None:
                    check("gives up its network" in ours.error or "let" in ours.error, f"where no process can give up its network, that is said: {ours.error}")
                    continue
                answer = parent_rows(ours)[0]
                check(answer == {"no_new_privs": True, "capabilities": 0, "core": 0, "network": network, "secret": False}, f"a worker has given up what it can {options}: {answer}")


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
    with Server(write("says.py", "import sys\nrowwise = True\ndef predict(df):\n    print('by print')\n    print('by stderr', file=sys.stderr)\n    return [1]\n"), "--workers", "1") as ours:
        status, _, body = ask(ours.port, "POST", "/score", '[{"x":1},{"x":2}]')
        check(status == 500 and b"1 value for 2 rows" in body, f"a row-wise module that answers too little is told both counts: {status} {body}")
        logged(ours, "by print", "by stderr")
    with Server(write("die.py", "import os\ndef predict(df):\n    if df['x'][0] == 1:\n        os._exit(4)\n    return df['x']\n"), "--workers", "1") as ours:
        check(ask(ours.port, "POST", "/score", '[{"x":1}]')[0] == 502 and ask(ours.port, "POST", "/score", '[{"x":2}]')[2] == b"[2]", "a module that ends costs its request alone")


def replaced_and_ended_while_calls_run(folder):
    path = os.path.join(folder, "slow.py")

    def write(version):
        with open(path + ".new", "w") as file:
            file.write(f"import os, time\ndef predict(df):\n    time.sleep(df['s'][0])\n    return {{'version': [{version}], 'pid': [os.getpid()]}}\n")
        os.rename(path + ".new", path)

    def score(ours, seconds):
        try:
            status, _, body = ask(ours.port, "POST", "/score", json.dumps({"df": [{"s": seconds}]}), {"Content-Type": "application/json"})
        except OSError:
            return {"version": "none: the connection was closed"}
        return json.loads(body)[0] if status == 200 else {"version": status, "body": body}

    def meanwhile(ours, seconds):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(score(ours, seconds)))
        thread.start()
        time.sleep(0.3)
        return thread, answers

    def comes(what, seconds):
        end = time.monotonic() + seconds
        while not what() and time.monotonic() < end:
            time.sleep(0.05)
        return what()

    write(1)
    with Server(path, "--workers", "1") as ours:
        first = score(ours, 0)["pid"]
        thread, answers = meanwhile(ours, 4)
        write(2)
        check(comes(lambda: score(ours, 0)["version"] == 2, 10), "a script that is replaced answers while a call of the old one runs")
        check(comes(lambda: thread.join(0.01) or not thread.is_alive(), 10) and answers[0]["version"] == 1, f"the call that runs is answered by its own: {answers}")
        check(comes(lambda: not os.path.exists(f"/proc/{first}"), 10), "and its worker goes with its last call")
        second = score(ours, 0)["pid"]
        thread, answers = meanwhile(ours, 60)
        begin = time.monotonic()
        ours.process.send_signal(signal.SIGTERM)
        check(ours.process.wait(20) == 0 and time.monotonic() - begin < 16, f"a call that outlasts the drain does not hold up the end: {time.monotonic() - begin:.1f} s")
        check(comes(lambda: not os.path.exists(f"/proc/{second}"), 10), "nor does it outlive it")


def main():
    with tempfile.TemporaryDirectory(dir=os.path.abspath(sys.argv[2])) as folder:
        python_modules(folder)
        replaced_and_ended_while_calls_run(folder)
        confinement(folder)
        if not has_r():
            print("no R here: its tests are skipped")
            sys.exit(1 if failures else 77)
        r_functions(folder)
        shared_start(folder)
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
