#!/usr/bin/env python3
"""Workers of a script behind a URL: how long a killed one's successor takes, and what memory each has to itself, at once and after many calls.

usage: bench/script_workers.py [--server SCORIA] [--trees N] [--rounds N] [--calls N] [--python PYTHON] [-- OPTIONS OF scoria serve]
Needs R with randomForest and MASS; plumber for its line; --python with scikit-learn and pandas for Python's. Start: from kill -9 of the only worker to the
answer of a request that was sent at once, less the median of plain requests. Memory: of two workers, from /proc/PID/smaps_rollup, in MB.
"""
import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serve import ROOT
from serve_scripts import MAKE_PY, PREDICT_PY
from served import free_port

MAKE_R = """
suppressMessages(library(randomForest)); set.seed(1)
x <- MASS::Boston
model <- randomForest(medv ~ ., x, ntree = %d)
saveRDS(model, "rf.rds")
writeLines(jsonlite::toJSON(list(df = x[1, -14]), digits = NA), "row.json")
write.csv(x, "boston.csv", row.names = FALSE)
writeLines(format(predict(model, x[1, ]), digits = 15), "answer")
"""
SCORE_R = "suppressMessages(library(randomForest))\nscore <- function(df, model) predict(model, df)\n"
PLUMB_R = ('suppressMessages(library(randomForest))\nmodel <- readRDS("rf.rds")\n#* @post /score\n#* @serializer json list(digits = NA)\n'
           "function(df) unname(predict(model, df))\n")


def workers(server, env):
    listed = json.loads(subprocess.run([server, "workers", "list", "--json"], env=env, capture_output=True, text=True, check=True).stdout)
    return [one["pid"] for one in listed["workers"]]


def memory(pid):
    kb = {}
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            found = re.match(r"(\w+):\s+(\d+) kB", line)
            if found:
                kb[found[1]] = int(found[2])
    return kb["Private_Dirty"] / 1024, kb["Pss"] / 1024, kb["Rss"] / 1024


def ask(url, body, wanted):
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        got = json.load(reply)
    value = got[0] if isinstance(got, list) else got
    if abs(value - wanted) > 1e-9 * abs(wanted):
        sys.exit(f"{url} answers {value}, not {wanted}")


def serve(options, folder, env, script, count, more):
    port = free_port()
    command = [options.server, "serve", script, "--http", f"127.0.0.1:{port}", "--workers", str(count), *more, *options.more]
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=open(f"{folder}/serve.log", "a"))
    for _ in range(600):
        time.sleep(0.05)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2)
            return process, f"http://127.0.0.1:{port}/score"
        except OSError:
            if process.poll() is not None:
                sys.exit(open(f"{folder}/serve.log").read()[-2000:])
    sys.exit(f"{script} does not get ready")


def stop(process, options, env):
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    subprocess.run([options.server, "workers", "stop"], env=env, capture_output=True)
    time.sleep(0.3)


def measure(options, folder, env, name, script, more, row, wanted):
    process, url = serve(options, folder, env, script, 1, more)
    plain, starts = [], []
    for _ in range(20):
        begin = time.perf_counter()
        ask(url, row, wanted)
        plain.append(time.perf_counter() - begin)
    for _ in range(options.rounds):
        served = [pid for pid in workers(options.server, env)]
        os.kill(served[-1], signal.SIGKILL)
        time.sleep(0.05)
        begin = time.perf_counter()
        ask(url, row, wanted)
        starts.append(time.perf_counter() - begin)
    stop(process, options, env)
    process, url = serve(options, folder, env, script, 2, more)
    report = []
    for calls in (0, options.calls):
        for _ in range(calls):
            ask(url, row, wanted)
        pids = [pid for pid in workers(options.server, env)]
        most = max((memory(pid) for pid in pids), key=lambda one: one[0])
        report.append("private dirty {:.1f}, PSS {:.1f}, RSS {:.1f}".format(*most))
    stop(process, options, env)
    own = [1000 * (one - statistics.median(plain)) for one in starts]
    print(f"{name}: start {statistics.median(own):.1f} ms [{min(own):.1f}..{max(own):.1f}], n={len(starts)}; MB: {report[0]}; after {options.calls} calls: {report[1]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=f"{ROOT}/build/scoria")
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--python", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("more", nargs="*")
    options = parser.parse_args()
    options.server, options.python = (os.path.abspath(one) if one else one for one in (options.server, options.python))  # servers are started elsewhere
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "XDG_RUNTIME_DIR": f"{folder}/run"}
        os.mkdir(f"{folder}/run", 0o700)
        subprocess.run(["Rscript", "-e", MAKE_R % options.trees], cwd=folder, check=True)
        row, wanted = open(f"{folder}/row.json", "rb").read(), float(open(f"{folder}/answer").read())
        for name, text in (("score.R", SCORE_R), ("plumber.R", PLUMB_R), ("predict.py", PREDICT_PY)):
            open(f"{folder}/{name}", "w").write(text)
        open(f"{folder}/sample.json", "wb").write(json.dumps(json.loads(row)["df"]).encode())
        print(f"randomForest of {options.trees} trees, {os.path.getsize(folder + '/rf.rds') / 1e6:.1f} MB on disk", flush=True)
        if options.only in ("", "function"):
            measure(options, folder, env, "R function", "score.R", ["--model", "rf.rds", "--sample", "sample.json"], row, wanted)
        if options.only in ("", "plumber"):
            measure(options, folder, env, "plumber file", "plumber.R", [], row, wanted)
        if options.python and options.only in ("", "python"):
            subprocess.run([options.python, "-c", MAKE_PY, "boston.csv", "rf.joblib", "row_py.json", "answer_py.json"], cwd=folder, check=True)
            wanted = json.load(open(f"{folder}/answer_py.json"))[0]
            measure(options, folder, env, "Python predict(df)", "predict.py",
                    ["--model", "rf.joblib", "--sample", "sample.json", "--program", options.python], row, wanted)


main()
