#!/usr/bin/env python3
"""`scoria service`: versions deployed, weighed, rolled back and deleted on a server while clients ask; what must be refused; and what is there after
a restart.

usage: service_test.py SCORIA FOLDER [--switches N]
"""
import csv
import hashlib
import http.client
import http.server
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
FOLDER = pathlib.Path(sys.argv[2]).resolve() / "service"
SWITCHES = int(sys.argv[sys.argv.index("--switches") + 1]) if "--switches" in sys.argv else 40
TREE = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDEN = TREE / "tests/golden/rf_reg_boston"
DATA = FOLDER / "data"
PASSWORD = "a word that only this test knows"
step = Steps()


def scoria(*words, given=None):
    return subprocess.run([PROGRAM, *map(str, words), "--data", DATA], input=given, text=True, capture_output=True, timeout=120)


def start(*options):
    process = subprocess.Popen([PROGRAM, "server", "--data", DATA, "--http", "127.0.0.1:0", "--https", "none", *options],
                               stdout=subprocess.DEVNULL, stderr=open(FOLDER / "server.log", "a"))
    until("the server", lambda: scoria("pool", "list").returncode == 0, 30)
    port = int(json.loads((DATA / "server.json").read_text())["httpUrl"].rpartition(":")[2])
    until("its services", lambda: ask(port, "GET", "/readyz")[0] == 200, 30)
    return process, port


def ask(port, method, path, body=None, headers=None, key=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = {"Content-Type": "application/json", **(headers or {})}
    if key:
        sent["X-API-Key"] = key
    connection.request(method, path, body, sent)
    reply = connection.getresponse()
    return reply.status, reply.read().decode()


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def rows_and_expected(count):
    """Rows of R's own case behind the first, which is missing, and what R predicts."""
    with open(GOLDEN / "input.csv") as rows, open(GOLDEN / "expected.csv") as expected:
        rows, expected = list(csv.DictReader(rows)), list(csv.DictReader(expected))
    chosen = [i for i, row in enumerate(expected) if row["response"] not in ("NA", "NaN")][:count]
    number = {"df": [{name: float(value) for name, value in rows[i].items()} for i in chosen]}
    return json.dumps(number), [float(expected[i]["response"]) for i in chosen]


class Client(threading.Thread):
    def __init__(self, port, body, key):
        super().__init__()
        self.port, self.body, self.key, self.answers, self.troubles, self.is_told = port, body, key, 0, [], False

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.is_told:
            try:
                connection.request("POST", "/services/boston/score", self.body, {"Content-Type": "application/json", "X-API-Key": self.key})
                reply = connection.getresponse()
                said = reply.read()
                self.answers += 1
                if reply.status != 200 or json.loads(said) != expected:
                    self.troubles.append(f"{reply.status} {said[:200]}")
            except (OSError, http.client.HTTPException) as error:
                self.troubles.append(repr(error))
                return


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
os.environ["XDG_RUNTIME_DIR"] = str(FOLDER)
os.environ["SERVER_SECRET"] = "no script's affair"
body, expected = rows_and_expected(5)
(FOLDER / "sample.json").write_text(body)
(FOLDER / "expected.json").write_text(json.dumps(expected))
(FOLDER / "wrong.json").write_text(json.dumps([value + 1 for value in expected]))
server, port = start()
files = None
try:
    made = scoria("key", "create", "tester", "--role", "scorer", "--json")
    key = json.loads(made.stdout)["key"] if made.returncode == 0 else ""
    step("a key is made", bool(key), made.stderr)
    checked = ["--sample", FOLDER / "sample.json", "--expect", FOLDER / "expected.json"]
    deployed = scoria("service", "deploy", "boston", GOLDEN / "model.rds", *checked, "--description", "prices of houses")
    step("a model is deployed after it has answered as R does", deployed.returncode == 0, deployed.stderr)
    step("it answers as R does", ask(port, "POST", "/services/boston/score", body, key=key) == (200, json.dumps(expected, separators=(",", ":"))),
         ask(port, "POST", "/services/boston/score", body, key=key))
    step("what it is for is listed", '"description":"prices of houses"' in scoria("service", "show", "boston", "--json").stdout.replace(": ", ":"))
    step("nobody else is answered", ask(port, "POST", "/services/boston/score", body)[0] == 401)
    step("a key of a scorer does not deploy",
         ask(port, "PUT", "/scoria/v1/services/boston/versions/9", "{}", key=key)[0] in (401, 403))

    refused = scoria("service", "deploy", "boston", GOLDEN / "model.rds", "--sample", FOLDER / "sample.json", "--expect", FOLDER / "wrong.json")
    step("a version that answers otherwise is refused, with the number", refused.returncode != 0 and "the answer[0]" in refused.stderr, refused.stderr)
    (FOLDER / "broken.rds").write_bytes((GOLDEN / "model.rds").read_bytes()[:5000])
    refused = scoria("service", "deploy", "boston", FOLDER / "broken.rds")
    step("half a model is refused", refused.returncode != 0 and "broken.rds" in refused.stderr, refused.stderr)
    refused = scoria("service", "deploy", "boston", GOLDEN / "model.rds", "--version-name", "1")
    step("a version does not change", refused.returncode != 0 and "already" in refused.stderr, refused.stderr)
    shown = json.loads(scoria("service", "show", "boston", "--json").stdout)
    step("what was refused left nothing", [v["version"] for v in shown["versions"]] == ["1"] and len(list((DATA / "services/boston").glob("[0-9]*"))) == 1
         and not list((DATA / "services").glob(".deploying*")), shown)

    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: handler(*a, directory=str(GOLDEN)))
    threading.Thread(target=files.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{files.server_address[1]}/model.rds"
    step("a URL without its sum is refused", "sha256" in scoria("service", "deploy", "boston", url).stderr)
    refused = scoria("service", "deploy", "boston", url + "#sha256=" + "0" * 64)
    step("other bytes than those are refused", refused.returncode != 0 and "SHA-256" in refused.stderr, refused.stderr)
    deployed = scoria("service", "deploy", "boston", url + "#sha256=" + sha256(GOLDEN / "model.rds"), "--weight", 25)
    step("a model comes from a URL, as a canary", deployed.returncode == 0, deployed.stderr)
    shown = json.loads(scoria("service", "show", "boston", "--json").stdout)
    step("the canary has its share", {v["version"]: v["weight"] for v in shown["versions"]} == {"1": 75, "2": 25}, shown)
    versions = [json.loads(ask(port, "POST", "/v2/models/boston/infer",
                               json.dumps({"inputs": [{"name": "X", "shape": [1, 13], "datatype": "FP64", "data": list(range(13))}]}), key=key)[1]).get("model_version")
                for _ in range(400)]
    # Five standard deviations of a binomial with p = 0.25 and n = 400.
    step("and gets about so many requests", abs(versions.count("2") - 100) < 5 * (400 * 0.25 * 0.75) ** 0.5, versions.count("2"))
    pinned = ask(port, "POST", "/services/boston/score", body, {"X-Scoria-Version": "2"}, key)
    step("a version can be asked for", pinned[0] == 200, pinned)
    step("a version with a weight is not deleted", "gets requests" in scoria("service", "delete", "boston", "--version-name", "2").stderr)

    clients = [Client(port, body, key) for _ in range(4)]
    for client in clients:
        client.start()
    begun = time.monotonic()
    failed = [run.stderr for i in range(SWITCHES) if (run := scoria("service", "traffic", "boston", f"{1 + i % 2}=100")).returncode != 0]
    deployed = scoria("service", "deploy", "boston", GOLDEN / "model.rds", *checked)
    back = scoria("service", "rollback", "boston")
    for client in clients:
        client.is_told = True
    for client in clients:
        client.join()
    troubles = [trouble for client in clients for trouble in client.troubles]
    step(f"{SWITCHES} switches, a deployment and a way back under load: no request failed ({sum(c.answers for c in clients)} answered in {time.monotonic() - begun:.1f} s)",
         not troubles and not failed and deployed.returncode == 0 and back.returncode == 0, (troubles[:3], failed[:3], deployed.stderr, back.stderr))

    if shutil.which("Rscript"):
        (FOLDER / "score.R").write_text("score <- function(df) 2 * df$x\n")
        deployed = scoria("service", "deploy", "double", "--script", FOLDER / "score.R", "--row-wise", "--workers", "1")
        answer = ask(port, "POST", "/services/double/score", '{"df":[{"x":1.5},{"x":4}]}', key=key)
        step("an R function is deployed and answers", deployed.returncode == 0 and answer[0] == 200 and json.loads(answer[1]) == [3, 8], (deployed.stderr, answer))
        loads, sample = FOLDER / "loads", FOLDER / "x.json"
        sample.write_text('{"df":[{"x":1}]}')
        (FOLDER / "count.R").write_text(f'cat("x\\n", file = "{loads}", append = TRUE)\nhere <- getwd()\nscore <- function(df) data.frame(is_here = file.exists(file.path(here, "count.R")) && Sys.getenv("SERVER_SECRET") == "" && nzchar(Sys.getenv("PATH")))\n')
        deployed = scoria("service", "deploy", "count", "--script", FOLDER / "count.R", "--workers", "1", "--sample", sample)
        answer = ask(port, "POST", "/services/count/score", '{"df":[{"x":1.5}]}', key=key)
        step("a deployment loads a script once, where it stays, without the server's environment", deployed.returncode == 0 and loads.read_text().split() == ["x"] and json.loads(answer[1]) == [True],
             (deployed.stderr, loads.read_text(), answer))
        scoria("service", "delete", "count")
        (FOLDER / "stop.R").write_text("score <- function(df) stop('no')\nstop('broken at its start')\n")
        refused = scoria("service", "deploy", "double", "--script", FOLDER / "stop.R", "--workers", "1")
        step("a script that cannot start is refused in its own words", "broken at its start" in refused.stderr, refused.stderr)
        (FOLDER / "bad.R").write_text("score <- function(df) stop('not with these rows')\n")
        (FOLDER / "syntax.R").write_text("score <- function(df) {\n")
        for name, words in (("bad.R", "not with these rows"), ("syntax.R", "unexpected end of input")):
            refused = scoria("service", "deploy", "bad", "--script", FOLDER / name, "--sample", sample, "--workers", "1")
            step(f"{name} is at fault, not the server busy", refused.returncode != 0 and words in refused.stderr and "ServerBusy" not in refused.stderr and "503" not in refused.stderr, refused.stderr)
    publisher = json.loads(scoria("key", "create", "publisher", "--role", "contributor", "--json").stdout)["key"]

    def publish(path, code, inputs, outputs, runtime, init="", by=publisher):
        """As a client that is made from ML Server's swagger sends it."""
        request = {"code": code, "initCode": init, "runtimeType": runtime, "description": "published", "operationId": "consume",
                   "inputParameterDefinitions": [{"name": n, "type": t} for n, t in inputs.items()],
                   "outputParameterDefinitions": [{"name": n, "type": t} for n, t in outputs.items()]}
        return ask(port, "POST", f"/services/{path}", json.dumps(request), key=by)

    def parameters(runtime, code):
        """Inputs and outputs of published code are as long as they are, and of their types."""
        inputs = {"x": "numeric", "v": "vector", "i": "integer", "l": "logical", "w": "character"}
        path = f"parameters-{runtime}/1"
        published = publish(path, code, inputs, {"a": "numeric", "b": "vector", "c": "character"}, runtime)
        good = {"x": 1, "v": [1, 2, 3], "i": 2, "l": True, "w": "ü"}
        answer = ask(port, "POST", f"/api/{path}", json.dumps(good), key=key)
        wanted = {"a": [7], "b": [1, 1], "c": ["ü 2 " + ("integer logical" if runtime == "R" else "int bool")]}
        step(f"{runtime}: inputs and outputs have lengths of their own", published[0] == 201 and answer[0] == 200 and json.loads(answer[1])["outputParameters"] == wanted, (published, answer))
        answer = ask(port, "POST", f"/api/{path}", json.dumps({**good, "v": [], "l": None, "other": 1}), key=key)
        step(f"{runtime}: none of a vector, a missing value, and what is no input", answer[0] == 200 and json.loads(answer[1])["outputParameters"] == {"a": [1], "b": [1, 1], "c": ["none"]}, answer)
        for name, value, words in (("x", "a", 'is "a", must be numeric'), ("i", 1.5, "is 1.5, must be integer"), ("l", "maybe", 'is "maybe", must be logical'), ("w", 5, "is 5, must be character"),
                                   ("x", [1, 2], "is an array of 2, must be numeric"), ("v", [1, "a"], "must be vector")):
            refused = ask(port, "POST", f"/api/{path}", json.dumps({**good, name: value}), key=key)
            told = json.loads(refused[1])
            step(f"{runtime}: {name} = {json.dumps(value)} is refused", refused[0] == 400 and told["success"] is False and f"'{name}'" in told["errorMessage"] and words in told["errorMessage"], refused)
        scored = ask(port, "POST", f"/services/{path.split('/')[0]}/score", json.dumps({"df": [good]}), key=key)
        step(f"{runtime}: the page's request is answered", scored[0] == 200 and json.loads(scored[1]) == wanted, scored)
        refused = ask(port, "POST", f"/v2/models/{path.split('/')[0]}/infer", '{"inputs":[]}', key=key)
        step(f"{runtime}: tensors are told the right path", refused[0] == 400 and f"/api/{path}" in refused[1], refused)
        swagger = json.loads(ask(port, "GET", f"/api/{path}/swagger.json", key=key)[1])
        taken, given = swagger["definitions"]["InputParameters"], swagger["definitions"]["WebServiceResult"]["properties"]["outputParameters"]
        step(f"{runtime}: its swagger has inputs, outputs and its description", swagger["info"]["description"] == "published" and {n: p["type"] for n, p in taken["properties"].items()}
             == {"x": "number", "v": "array", "i": "integer", "l": "boolean", "w": "string"} and taken["required"] == list(inputs) and set(given["properties"]) == {"a", "b", "c"}, swagger)
        document = json.loads(ask(port, "GET", "/openapi.json", key=publisher)[1])
        step(f"{runtime}: openapi.json has them", document["components"]["schemas"][f"parameters-{runtime}_row"]["properties"]["v"]["type"] == "array", document["components"]["schemas"].keys())
        shown = json.loads(scoria("service", "show", f"parameters-{runtime}", "--json").stdout)
        listed = json.loads(scoria("service", "list", "--json").stdout)
        listed = listed if isinstance(listed, list) else listed["value"]
        served = json.loads(ask(port, "GET", "/services", key=publisher)[1])
        step(f"{runtime}: descriptions are listed", shown["versions"][0]["description"] == "published" and all([one["description"] for one in all if one["name"] == f"parameters-{runtime}"] == ["published"]
             for all in (listed, served)), (shown, listed, served))

    if shutil.which("Rscript"):
        # The manual transmission of mrsdeploy's documentation.
        init = "carsModel <- glm(formula = am ~ hp + wt, data = mtcars, family = binomial)"
        code = "answer <- (function (hp, wt) \n{\n    newdata <- data.frame(hp = hp, wt = wt)\n    predict(carsModel, newdata, type = \"response\")\n})(hp, wt)"
        published = publish("transmission/v1.0.0", code, {"hp": "numeric", "wt": "numeric"}, {"answer": "numeric"}, "R", init)
        step("R code is published as to ML Server", published == (201, '"/api/transmission/v1.0.0"'), published)
        answer = ask(port, "POST", "/api/transmission/v1.0.0", '{"hp": 120, "wt": 2.8}', key=key)
        wanted = float(subprocess.run(["Rscript", "-e", f"{init}; cat(format(predict(carsModel, data.frame(hp = 120, wt = 2.8), type = 'response'), digits = 17))"],
                                      capture_output=True, text=True).stdout)
        got = json.loads(answer[1])
        step("and answers as R does", answer[0] == 200 and got["success"] and got["outputParameters"] == {"answer": [wanted]}, (answer, wanted))
        published = publish("transmission/v1.0.1", "twice <- x * 2L; word <- paste0(s, '!')", {"x": "integer", "s": "character"}, {"twice": "integer", "word": "character"}, "R")
        answer = ask(port, "POST", "/api/transmission/v1.0.1", '{"x": 4, "s": "a\\"b"}', key=key)
        step("several outputs have their names", published[0] == 201 and json.loads(answer[1])["outputParameters"] == {"twice": [8], "word": ['a"b!']}, (published, answer))
        published = publish("transmission/v1.0.2", "answer <- (", {"x": "numeric"}, {"answer": "numeric"}, "R")
        step("code that is none is refused in R's words", published[0] == 400 and "InvalidInput" in published[1] and "unexpected end of input" in published[1], published)
        missing = ask(port, "POST", "/api/transmission/v1.0.0", '{"hp": 120}', key=key)
        step("a missing input is named", missing[0] == 400 and json.loads(missing[1])["success"] is False and "'wt' is missing: it is numeric" in json.loads(missing[1])["errorMessage"], missing)
        parameters("R", "a <- sum(v) + x; b <- c(x, x); c <- if (is.na(l)) 'none' else paste(w, i, class(i), class(l))")
        published = publish("broken/v1", "answer <- (x +", {"x": "numeric"}, {"answer": "numeric"}, "R")
        step("an operator without its other side, too", published[0] == 400 and "unexpected end of input" in published[1], published)
        step("a scorer does not publish", publish("transmission/v2", code, {"hp": "numeric"}, {"answer": "numeric"}, "R", by=key)[0] == 403)
        step("a version that is there is a conflict", publish("transmission/v1.0.0", code, {"hp": "numeric"}, {"answer": "numeric"}, "R")[0] == 409)
        gone = ask(port, "DELETE", "/services/transmission/v1.0.0", key=publisher)
        step("and is deleted", gone[0] == 200 and ask(port, "POST", "/api/transmission/v1.0.0", '{"hp": 120, "wt": 2.8}', key=key)[0] == 404, gone)
    code = "iris_species = [names[int(sum(flower_data)) % 3]]; most = max(flower_data) * scale"
    published = publish("iris/V1.0", code, {"flower_data": "vector", "scale": "vector"}, {"iris_species": "vector", "most": "numeric"}, "Python",
                        "names = ['setosa', 'versicolor', 'virginica']\nscale = 1")
    step("Python code is published", published[0] == 201, published)
    answer = ask(port, "POST", "/api/iris/V1.0", '{"flower_data": [5.1, 3.5, 1.4], "scale": [1, 1, 1]}', key=key)
    step("what it leaves of other types is said", answer[0] == 500 and "can't multiply" in answer[1], answer)
    parameters("Python", "a = sum(v) + x; b = [x, x]; c = 'none' if l is None else f'{w} {i} {type(i).__name__} {type(l).__name__}'")
    published = publish("iris/V1.1", "iris_species = [names[int(sum(flower_data)) % 3]]", {"flower_data": "vector"}, {"iris_species": "vector"}, "Python",
                        "names = ['setosa', 'versicolor', 'virginica']")
    answer = ask(port, "POST", "/api/iris/V1.1", '{"flower_data": [5.1, 3.5, 1.4]}', key=key)
    step("and answers as Python does", published[0] == 201 and json.loads(answer[1])["outputParameters"] == {"iris_species": [["setosa", "versicolor", "virginica"][int(sum([5.1, 3.5, 1.4])) % 3]]},
         (published, answer))
    sensors = TREE / "examples/sensor-anomaly"
    packed = subprocess.run([PROGRAM, "pack", "models/model_{Device}_{Sensor}", "-o", FOLDER / "sensors.pack"], cwd=sensors, capture_output=True, text=True)
    deployed = scoria("service", "deploy", "sensors", FOLDER / "sensors.pack", "--features", "Value")
    answer = ask(port, "POST", "/services/sensors/score?type=decision", '{"df":[{"Device":"1","Sensor":"1","Value":12.57}]}', key=key)
    # scikit-learn's decision_function: the first row of examples/sensor-anomaly/expected.csv.gz.
    step("a pack is deployed and answers as scikit-learn does",
         deployed.returncode == 0 and answer[0] == 200 and abs(json.loads(answer[1])[0] - 0.5117400250216315) < 1e-12, (packed.stderr, deployed.stderr, answer))

    if shutil.which("Rscript"):
        # Killed while a version is tried in its place: that one never was.
        (FOLDER / "slow.R").write_text("score <- function(df) df$x\nSys.sleep(60)\n")
        waiting = subprocess.Popen([PROGRAM, "service", "deploy", "slow", "--script", FOLDER / "slow.R", "--workers", "1", "--data", DATA], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("its trial", lambda: list((DATA / "services/slow").glob("*/slow.R")), 30)
        step("a version that is tried is not served", ask(port, "POST", "/services/slow/score", '{"df":[{"x":1}]}', key=key)[0] == 404)
        server.kill()
        server.wait()
        waiting.kill()
        server, port = start()
        step("a version that was tried when the server was killed is none", not (DATA / "services/slow").exists()
             and ask(port, "POST", "/services/slow/score", '{"df":[{"x":1}]}', key=key)[0] == 404)
    before = json.loads(scoria("service", "list", "--json").stdout)
    server.send_signal(signal.SIGTERM)
    step("the server ends", server.wait(30) == 0)
    logs = {"access": FOLDER / "access.log", "payload": FOLDER / "payload.log"}
    (FOLDER / "server.yaml").write_text(f"""service_access_log: {logs["access"]}
service_payload_log: {logs["payload"]}
service_sample_rate: 1
service_mask: [crim]
service_drift: 10
""")
    server, port = start("--config", FOLDER / "server.yaml")
    after = json.loads(scoria("service", "list", "--json").stdout)
    plain = lambda all: sorted((v["name"], v["version"], v["weight"], v["sha256"]) for v in (all if isinstance(all, list) else all["value"]))
    step("all versions and weights are there again", plain(before) == plain(after), (before, after))
    step("and answer as R does", json.loads(ask(port, "POST", "/services/boston/score", body, key=key)[1]) == expected)
    step("metrics tell of them", "serve_requests_total{service=\"boston\"" in ask(port, "GET", "/metrics")[1])
    for _ in range(4):
        ask(port, "POST", "/services/boston/score", body, {"X-Request-Id": "one-of-four"}, key)
    until("a line of each", lambda: all(log.exists() and "one-of-four" in log.read_text() for log in logs.values()), 10)
    line = json.loads([line for line in logs["access"].read_text().splitlines() if "one-of-four" in line][-1])
    step("the access log says who asked for what", line["user"].startswith("key:") and (line["service"], line["status"], line["rows"]) == ("boston", 200, 5), line)
    seen = logs["payload"].read_text()
    rows = json.loads(seen.splitlines()[-1])["inputs"]
    step("the payload log has rows without what is masked", len(rows["lstat"]) == 5 and set(rows["crim"]) == {"***"} and key not in seen, seen[:500])
    metrics = ask(port, "GET", "/metrics")[1]
    step("metrics tell how far requests have moved", 'serve_feature_psi{service="boston"' in metrics, metrics[-500:])
    logs["access"].rename(FOLDER / "access.log.1")
    server.send_signal(signal.SIGHUP)
    until("a new file", lambda: logs["access"].exists(), 10)
    step("after logrotate it goes on in a new file", ask(port, "POST", "/services/boston/score", body, key=key)[0] == 200)
    removed = scoria("service", "delete", "boston")
    step("a service is deleted", removed.returncode == 0 and not (DATA / "services/boston").exists(), removed.stderr)
    step("and answers no more", ask(port, "POST", "/services/boston/score", body, key=key)[0] == 404)
finally:
    if files:
        files.shutdown()
    subprocess.run([PROGRAM, "workers", "stop"], capture_output=True)
    server.kill()
conclude("service_test", step.passed, step.failed, FOLDER)
