#!/usr/bin/env python3
"""Scripts in pools of warm workers beside plumber, and beside Flask with gunicorn: the same predict, the same requests, sides in turn, answers checked first.

usage: bench/serve_scripts.py [--server SCORIA] [--rounds N] [--seconds S] [--python PYTHON] [--flask FOLDER]
Needs wrk, and R with plumber, randomForest, MASS and jsonlite. The Python part needs a python3 with scikit-learn and pandas (--python), and a folder with
flask and gunicorn (--flask, from pip install --target FOLDER flask gunicorn); without them it is left out, and that is said.
CPU per request is that of server and workers together, from /proc.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import paired
from serve import CACHE, PLUMBER, ROOT
from served import TICK, free_port, post, tree

SCORE_R = "suppressMessages(library(randomForest))\nscore <- function(df, model) predict(model, df)\n"
PLUMB_R = ('suppressMessages(library(randomForest))\n#* @post /score\n#* @serializer json list(digits = NA)\nfunction(df) predict(model, df)\n')
PREDICT_PY = "def predict(df, model):\n    return model.predict(df)\n"
MAKE_PY = """
import joblib, json, pandas, sys
from sklearn.ensemble import RandomForestRegressor
frame = pandas.read_csv(sys.argv[1])
x, y = frame.drop(columns=["medv"]), frame["medv"]
model = RandomForestRegressor(100, max_features=4, min_samples_leaf=5, random_state=1).fit(x, y)
joblib.dump(model, sys.argv[2])
json.dump({"df": json.loads(x.head(1).to_json(orient="records"))}, open(sys.argv[3], "w"))
json.dump(model.predict(x.head(1)).tolist(), open(sys.argv[4], "w"))
"""
FLASK_PY = """
import joblib, os, pandas
from flask import Flask, jsonify, request
app, model = Flask(__name__), joblib.load(os.environ["MODEL"])
@app.route("/score", methods=["POST"])
def score():
    return jsonify(model.predict(pandas.DataFrame(request.get_json()["df"])).tolist())
"""


def cpu_seconds(pids):
    total = 0
    for one in pids:
        try:
            fields = open(f"/proc/{one}/stat").read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass  # it was replaced meanwhile
    return total / TICK


def workers_of(server):
    """The process of `scoria workers` that the server's program started, with its templates and workers: the same for all sides, and idle but for one."""
    pids = []
    for one in os.listdir("/proc"):
        if one.isdigit():
            try:
                words = open(f"/proc/{one}/cmdline").read().split("\0")
                if words[1:3] == ["workers", "serve"] and os.readlink(f"/proc/{one}/exe") == os.path.realpath(server):
                    pids += tree(int(one))
            except OSError:
                pass  # it ended meanwhile
    return pids


class Side:
    def __init__(self, name, command, body, expected, most=0.0, environment=None, cwd=None):
        self.name, self.command, self.body, self.expected, self.most = name, command, body, expected, most
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/score"
        self.rate, self.cpu, self.p50, self.p99 = [], [], [], []
        words = [one.replace("PORT", str(self.port)) for one in command]
        self.errors = tempfile.TemporaryFile()
        begin = time.monotonic()
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=self.errors, env=environment, cwd=cwd)
        while True:
            try:
                self.first = post(self.url, open(body, "rb").read())
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - begin > 60:
                    self.errors.seek(0)
                    sys.exit(f"{name} did not start: {self.errors.read().decode()}")
                time.sleep(0.005)
        self.cold = time.monotonic() - begin

    def check(self):
        got = post(self.url, open(self.body, "rb").read())
        if len(got) != len(self.expected) or any(abs(float(a) - b) > self.most * abs(b) for a, b in zip(got, self.expected)):
            sys.exit(f"{self.name} answers {got} instead of {self.expected}")

    def pids(self):
        own = self.command[1] == "serve"
        return set(tree(self.process.pid)) | set(workers_of(self.command[0]) if own else [])

    def load(self, connections, seconds):
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(f'wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"; wrk.body = io.open("{self.body}"):read("*a")\n')
            script.flush()
            pids = self.pids()
            before = cpu_seconds(pids)
            ran = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", script.name, self.url], capture_output=True, text=True)
            used = cpu_seconds(pids) - before
        count = re.search(r"(\d+) requests in", ran.stdout)
        if not count or "Non-2xx" in ran.stdout:
            sys.exit(f"{self.name}: {ran.stdout}{ran.stderr}")
        unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}

        def percentile(which):
            value, of = re.search(which + r"%\s+([\d.]+)(us|ms|s)", ran.stdout).groups()
            return float(value) * unit[of]

        self.cpu.append(1e6 * used / int(count.group(1)))
        self.rate.append(float(re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout).group(1)))
        self.p50.append(percentile("50"))
        self.p99.append(percentile("99"))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def compare(sides, connections, options):
    for side in sides:
        side.rate, side.cpu, side.p50, side.p99 = [], [], [], []
        side.check()
    for _ in range(options.rounds):
        for side in sides:
            side.load(connections, options.seconds)
    base = sides[0]
    print(f"\none row a request, {connections} connections, {options.rounds} rounds of {options.seconds} s, medians")
    for side in sides:
        rate, cpu = statistics.median(side.rate), statistics.median(side.cpu)
        print(f"  {side.name:44} {rate:9.0f} req/s [{min(side.rate):.0f}..{max(side.rate):.0f}]  {cpu:7.0f} us CPU  "
              f"p50 {statistics.median(side.p50):7.2f} ms  p99 {statistics.median(side.p99):7.2f} ms  "
              f"{rate / statistics.median(base.rate):6.2f}x, CPU {statistics.median(base.cpu) / max(cpu, 1):6.2f}x")


def r_part(options, folder):
    def write(name, text):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
        return os.path.join(folder, name)

    body = os.path.join(CACHE, "serve_1.json")
    expected = [float(line) for line in open(os.path.join(CACHE, "serve_forest_all.txt"))][:1]
    model = os.path.join(CACHE, "serve_forest.rds")
    rows = json.load(open(body))["df"]
    for row in rows:
        row.pop("medv", None)
    sample = write("sample.json", json.dumps(rows))
    server = [options.server, "serve", "--http", "127.0.0.1:PORT"]
    score, plumb = write("score.R", SCORE_R), write("plumb.R", PLUMB_R)
    common = ["--model", model, "--workers", "1"]
    started = subprocess.run(["Rscript", "-e", f"""suppressMessages(library(randomForest)); m <- readRDS("{model}"); d <- jsonlite::fromJSON("{body}")$df
        for (i in 1:200) predict(m, d); t <- replicate(500, system.time(predict(m, d), gcFirst = FALSE)[3]); s <- Sys.time(); for (i in 1:2000) predict(m, d)
        cat(1e6 * as.numeric(Sys.time() - s, units = "secs") / 2000)"""], capture_output=True, text=True, check=True)
    print(f"predict() of one row within R: {float(started.stdout):.0f} us")
    sides = [Side("plumber, one process", PLUMBER + ["PORT", "serve_forest.rds"], body, expected, 1e-14),
             Side("the same plumber file, one warm worker", server + [plumb] + common, body, expected, 1e-14),
             Side("R function, one warm worker", server + [score, "--sample", sample] + common, body, expected),
             Side("R function, row-wise, one warm worker", server + [score, "--sample", sample, "--rowwise"] + common, body, expected)]
    try:
        for connections in (1, 16, 64):
            compare(sides, connections, options)
    finally:
        for side in sides:
            side.stop()


def python_part(options, folder):
    paths = [os.path.join(folder, name) for name in ("boston.csv", "model.joblib", "body.json", "expected.json", "predict.py", "flask_app.py", "sample.json")]
    csv, model, body, expected_file, predict, flask, sample = paths
    subprocess.run(["Rscript", "-e", f'write.csv(MASS::Boston, "{csv}", row.names = FALSE)'], check=True)
    subprocess.run([options.python, "-c", MAKE_PY, csv, model, body, expected_file], check=True)
    open(predict, "w").write(PREDICT_PY)
    open(flask, "w").write(FLASK_PY)
    json.dump(json.load(open(body))["df"], open(sample, "w"))
    expected = json.load(open(expected_file))
    environment = {**os.environ, "MODEL": model, "PYTHONPATH": options.flask, "OMP_NUM_THREADS": "1"}
    common = [options.server, "serve", "--http", "127.0.0.1:PORT", predict, "--program", options.python, "--model", model, "--sample", sample, "--packages", "sklearn,joblib", "--workers", "1"]
    sides = [Side("Flask + gunicorn, one worker", [options.python, "-m", "gunicorn", "-w", "1", "-b", "127.0.0.1:PORT", "flask_app:app"], body, expected, 0.0, environment, folder),
             Side("predict(df), one warm worker", common, body, expected),
             Side("predict(df), row-wise, one warm worker", common + ["--rowwise"], body, expected)]
    try:
        for connections in (16, 64):
            compare(sides, connections, options)
    finally:
        for side in sides:
            side.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=os.path.join(ROOT, "build/scoria"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--python", default=os.path.join(ROOT, "build/sklearn-venv/bin/python"))
    parser.add_argument("--flask", default="")
    options = parser.parse_args()
    # Servers are started in a folder of their own.
    options.server, options.python, options.flask = (os.path.abspath(one) if one else one for one in (options.server, options.python, options.flask))
    os.makedirs(CACHE, exist_ok=True)
    if not os.path.exists(os.path.join(CACHE, "serve_10.txt")):
        subprocess.run(PLUMBER + ["make"], check=True)
    print(paired.machine())
    with tempfile.TemporaryDirectory() as folder:
        r_part(options, folder)
        if options.flask and os.path.exists(options.python):
            python_part(options, folder)
        else:
            print("\nPython is left out: --flask FOLDER and --python PYTHON say where flask, gunicorn and scikit-learn are")


if __name__ == "__main__":
    main()
