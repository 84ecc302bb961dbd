#!/usr/bin/env python3
"""Sixteen inputs that the plumber of a reference service answers wrongly or with a bare 500: here each with the right status, and why, to be read by programs.

usage: serve_inputs_test.py SCORIA FOLDER
R's predict() of a forest refuses an infinite number.
The same table for a model that is read natively, an R function of it, and (what a router of R's never sees) a plumber file. Numbers are R's own, asked at once.
Without R and randomForest the native part alone runs, and it ends with 77.
"""
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection

from cluster import Steps, conclude

PROGRAM, FOLDER = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve() / "serve_inputs"
MODELS = pathlib.Path(__file__).resolve().parent.parent / "serve"
JSON = "application/json"
step = Steps()
with open(MODELS / "rows.csv") as rows_file, open(MODELS / "expected.csv") as expected_file:
    row = {name: value == "TRUE" if name == "lift" else value if name == "heating" else float(value) for name, value in next(csv.DictReader(rows_file)).items()}
    number = float(next(csv.DictReader(expected_file))["forest"])


def text(changed=None, **more):
    """The row's JSON; `changed`: names with the words that stand for their values."""
    words = {name: json.dumps(value) for name, value in {**row, **more}.items()}
    words.update(changed or {})
    return "{" + ",".join(f'"{name}":{word}' for name, word in words.items() if word) + "}"


def df(changed=None, **more):
    return '{"df":[' + text(changed, **more) + "]}"


def keys(count):
    return df(**{f"k{i}": 1 for i in range(count)})


def has_r(*packages):
    return shutil.which("Rscript") is not None and subprocess.run(["Rscript", "-e", "1;" + "".join(f"library({one});" for one in packages)], capture_output=True).returncode == 0


def cases(infinite, nested=("wrong_type", "row 1")):
    """What is sent, its Content-Type, the status, and then the prediction or the code of the mistake with a part of its message."""
    return [
        ("a column that is missing", df({"age": ""}), JSON, 400, ("missing_column", "'age'")),
        ("NaN for a number", df({"age": "NaN"}), JSON, 200, ["NA"]),
        ("Infinity for a number", df({"age": "Infinity"}), JSON, *infinite),
        ("1e999", df({"age": "1e999"}), JSON, 400, ("out_of_range", "1e999")),
        ("malformed JSON", '{"df":[{"age":1', JSON, 400, ("bad_json", "JSON")),
        ("no row", '{"df":[]}', JSON, 400, ("bad_request", "no row")),
        ("no df", '{"frame":1}', JSON, 400, ("bad_request", '"df"')),
        ("a Content-Type that is none of ours", df(), "text/xml", 415, ("bad_request", "text/csv")),
        ("no Content-Type", df(), None, 200, [number]),
        ("100,000 levels of nesting", '{"df":' + "[" * 100_000 + "]" * 100_000 + "}", JSON, 400, nested),
        ("null", df({"age": "null"}), JSON, 200, ["NA"]),
        ('"NA"', df({"age": '"NA"'}), JSON, 200, ["NA"]),
        ("a number in a text", df({"age": f'"{row["age"]}"'}), JSON, 200, [number]),
        ("columns", '{"df":' + json.dumps({name: [value, value] for name, value in row.items()}) + "}", JSON, 200, [number, number]),
        ("1,000 names more", keys(1_000), JSON, 200, [number]),
        ("200,000 names", keys(200_000), JSON, 413, ("too_many_columns", "10000")),
        ("10,000 rows", '{"df":[' + ",".join([text()] * 10_000) + "]}", JSON, 200, [number] * 10_000),
    ]


class Server:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, "serve", *arguments, "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().strip().rpartition(":")[2])

    def ask(self, method, path, body=None, kind=None):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        begin = time.monotonic()
        connection.request(method, path, body, {"Content-Type": kind} if kind else {})
        reply = connection.getresponse()
        said = reply.read()
        connection.close()
        return reply.status, reply.getheader("Content-Type"), said, time.monotonic() - begin

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def is_explained(reply, status, code, part):
    got, kind, said, _ = reply
    if got != status or kind != "application/problem+json":
        return False
    problem = json.loads(said)
    first = problem["errors"][0]
    return problem["status"] == status and first["code"] == code and part in first["message"] and bool(problem["detail"])


def rows_part(kind, server, infinite):
    for name, body, content_type, status, wanted in cases(infinite):
        reply = server.ask("POST", "/score", body, content_type)
        if isinstance(wanted, tuple):
            step(f"{kind}: {name} is {status} {wanted[0]}", is_explained(reply, status, *wanted), (reply[0], reply[2][:300]))
        else:
            step(f"{kind}: {name} is answered as R does", reply[0] == status and json.loads(reply[2]) == wanted, (reply[0], reply[2][:300], wanted[:2]))
    wrong = server.ask("GET", "/score")
    step(f"{kind}: GET of what is POST is 405", is_explained(wrong, 405, "bad_request", "POST"), wrong)
    step(f"{kind}: a path that is not there is 404", is_explained(server.ask("GET", "/nothing"), 404, "not_found", ""), "")


def plumber_part(server):
    """What R must not see; the rest is plumber's own answer (script_test.py compares these with plumber's)."""
    for name, body, content_type, status, wanted in cases((0, ()), ("bad_json", "64 levels")):
        if name in ("100,000 levels of nesting", "200,000 names"):
            reply = server.ask("POST", "/score", body, content_type)
            step(f"plumber file: {name} is {status} {wanted[0]} at once", is_explained(reply, status, *wanted) and reply[3] < 1, reply)
    for name, body, content_type, status, wanted in cases((0, ())):
        if name in ("columns", "1,000 names more", "10,000 rows"):
            reply = server.ask("POST", "/score", body, content_type)
            got = json.loads(reply[2]) if reply[0] == 200 else []
            is_same = len(got) == len(wanted) and all(abs(one - other) <= 1e-14 * abs(other) for one, other in zip(got, wanted))  # jsonlite's 15 digits
            step(f"plumber file: {name} is answered as R does", is_same, (reply[0], reply[2][:200]))


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
(FOLDER / "run").mkdir(mode=0o700)
os.environ["XDG_RUNTIME_DIR"] = str(FOLDER / "run")  # a host of workers of its own
is_there = has_r("randomForest")
with Server(f"forest={MODELS / 'forest.rds'}") as server:
    rows_part("native", server, (400, ("refused_by_model", "")))
if is_there:
    (FOLDER / "score.R").write_text("library(randomForest)\nscore <- function(df, model) predict(model, df)\n")
    (FOLDER / "plumber.R").write_text("library(randomForest)\n#* @post /score\n#* @serializer json list(digits = NA)\nfunction(df) {\n"
                                      "  df$heating <- factor(df$heating, model$forest$xlevels$heating)\n  predict(model, df)\n}\n")
    with Server(f"f={FOLDER / 'score.R'}", "--model", str(MODELS / "forest.rds"), "--workers", "1") as server:
        rows_part("R function", server, (500, ("script_error", "NA/NaN/Inf")))
    if has_r("plumber"):
        with Server(f"p={FOLDER / 'plumber.R'}", "--model", str(MODELS / "forest.rds"), "--workers", "1") as server:
            plumber_part(server)
    subprocess.run([PROGRAM, "workers", "stop"], capture_output=True)
elif not step.failed:
    print("skipped, as there is no R with randomForest: an R function, a plumber file")
    sys.exit(77)
conclude("serve_inputs", step.passed, step.failed, FOLDER)
