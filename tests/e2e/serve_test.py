#!/usr/bin/env python3
"""`scoria serve` with its file changing under it: models swapped while clients ask, files that are no models, and its end while requests run.

usage: serve_test.py SCORIA FOLDER [--swaps N]
"""
import csv
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

from cluster import Steps, conclude, until

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FOLDER = pathlib.Path(sys.argv[2]).resolve() / "serve"
SWAPS = int(sys.argv[sys.argv.index("--swaps") + 1]) if "--swaps" in sys.argv else 8
MODELS = pathlib.Path(__file__).resolve().parent.parent / "serve"
step = Steps()


def put(name):
    """As deployment does it: whole, under another name, then in place."""
    shutil.copy(MODELS / name, FOLDER / "next")
    os.rename(FOLDER / "next", FOLDER / "model.rds")


class Client(threading.Thread):
    """Asks over one connection until it is told to stop, and counts answers by what they say."""

    def __init__(self, port, body):
        super().__init__()
        self.port, self.body, self.answers, self.troubles, self.is_told = port, body, {}, [], False

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.is_told:
            try:
                connection.request("POST", "/score", self.body, {"Content-Type": "application/json"})
                reply = connection.getresponse()
                said = reply.read()
                if reply.status != 200:
                    self.troubles.append(f"{reply.status} {said[:200]}")
                self.answers[said] = self.answers.get(said, 0) + 1
                if reply.will_close:
                    break
            except (OSError, http.client.HTTPException) as error:
                self.troubles.append(repr(error))
                break


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
put("forest.rds")
log = open(FOLDER / "log", "w+")
server = subprocess.Popen([PROGRAM, "serve", f"house={FOLDER / 'model.rds'}", "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log, text=True)
try:
    port = int(server.stdout.readline().strip().rpartition(":")[2])
    with open(MODELS / "rows.csv") as file:
        row = next(csv.DictReader(file))
    body = json.dumps({"df": [{name: float(value) if value.replace(".", "").replace("-", "").isdigit() else value for name, value in row.items()}]})

    def answer():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", "/score", body)
        reply = connection.getresponse()
        return reply.status, reply.read()

    forest = answer()
    step("a model answers", forest[0] == 200, forest)
    clients = [Client(port, body) for _ in range(4)]
    for client in clients:
        client.start()
    seen = {forest[1]}
    for number in range(SWAPS):
        put("linear.rds" if number % 2 == 0 else "forest.rds")
        until("the new model", lambda: (answer()[1] == forest[1]) == (number % 2 == 1), 10)
        seen.add(answer()[1])
    step(f"{SWAPS} swaps while four clients ask, each seen within seconds", len(seen) == 2, seen)
    (FOLDER / "model.rds").write_bytes(b"no model at all")
    until("what it says of that", lambda: "keeps its model" in (FOLDER / "log").read_text(), 10)
    step("a file that is no model leaves the old one in place", answer()[1] in seen)
    (FOLDER / "model.rds").unlink()
    time.sleep(1)
    step("so does none", answer()[1] in seen)
    for client in clients:
        client.is_told = True
    for client in clients:
        client.join()
    troubles = [trouble for client in clients for trouble in client.troubles]
    others = {said for client in clients for said in client.answers} - seen
    asked = sum(sum(client.answers.values()) for client in clients)
    step(f"none of {asked} requests failed, or got an answer of neither model", not troubles and not others, (troubles[:3], list(others)[:2]))
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/metrics")
    counted = [float(line.rpartition(" ")[2]) for line in connection.getresponse().read().decode().splitlines() if line.startswith("serve_requests_total") and 'code="200"' in line]
    step("requests are counted on through swaps", sum(counted) >= asked, (counted, asked))
    connection.close()

    clients = [Client(port, body) for _ in range(4)]
    for client in clients:
        client.start()
    time.sleep(0.5)
    server.send_signal(signal.SIGTERM)
    code = server.wait(30)
    for client in clients:
        client.join()
    troubles = [trouble for client in clients for trouble in client.troubles if "RemoteDisconnected" not in trouble and "ConnectionRefused" not in trouble]
    step("it ends when it is told to, and answers what it had accepted", code == 0 and not troubles, (code, troubles[:3]))
finally:
    server.kill()
conclude("serve_test", step.passed, step.failed, FOLDER)
