"""Every recorded request of real clients (tests/data/captures), signed anew and sent in order; then what those clients read of the answers.

Bodies of scripts that were not recorded are stand-ins, and so are Rscript, wget, docker and blobxfer, which the recorded command lines start.
"""

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import pathlib
import re
import ssl
import time
import urllib.parse

from check import account, done, step, until

CAPTURES = pathlib.Path(__file__).resolve().parent.parent / "data" / "captures"
NAME, KEY = account["accountName"], base64.b64decode(account["accountKey"])
BATCH = urllib.parse.urlsplit(account["batchUrl"])
# As rAzureBatch names it: the account is part of the host.
BLOB = urllib.parse.urlsplit(f"https://{NAME}.blob.localhost:{urllib.parse.urlsplit(account['blobUrl']).port}")

PATH_STYLE = f"localhost:{BLOB.port}"


def mac(text):
    return base64.b64encode(hmac.new(KEY, text.encode(), hashlib.sha256).digest()).decode()


def container_sas(container, permissions):
    """The 13-line form of 2016-05-31 that rAzureBatch makes."""
    now = datetime.datetime.now(datetime.timezone.utc)
    start = (now - datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (now + datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = "\n".join([permissions, start, end, f"/blob/{NAME}/{container}", "", "", "", "2016-05-31", "", "", "", "", ""])
    quote = lambda value: urllib.parse.quote(value, safe="")
    return f"sv=2016-05-31&sr=c&st={quote(start)}&se={quote(end)}&sp={permissions}&sig={quote(mac(text))}"


def ours(text):
    """A recorded text with this server's host and account, and signatures that hold here."""
    def url(match):
        return f"https://{BLOB.netloc}/{match[1]}{match[2]}?{container_sas(match[1], match[3])}"

    text = re.sub(r"https://acct\.blob\.localhost:9922/([^/?\"]+)([^?\"]*)\?sv=[^\"]*?&sp=(\w+)&sig=[^\"&\\]+", url, text)
    return re.sub(r"blobxfer acct ", f"blobxfer {NAME} ", text)


def sign(service, method, target, headers, length):
    path, _, query = target.partition("?")
    low = {k.lower(): v for k, v in headers.items()}
    get = lambda name: low.get(name, "")
    size = str(length) if length is not None else ""
    if service == "blob" and size == "0":
        size = ""
    lines = [method, get("content-encoding"), get("content-language"), size, get("content-md5"), get("content-type"), get("date"),
             get("if-modified-since"), get("if-match"), get("if-none-match"), get("if-unmodified-since"), get("range")]
    prefix = "ocp-" if service == "batch" else "x-ms-"
    lines += [f"{name}:{low[name]}" for name in sorted(low) if name.startswith(prefix)]
    resource = f"/{NAME}{path}"
    end = "\n"
    pairs = [part.partition("=") for part in query.split("&") if part]
    for name, value in sorted((urllib.parse.unquote(n), urllib.parse.unquote(v)) for n, _, v in pairs):
        resource += end + (name.lower() if service == "blob" else name) + ":" + value
    return f"SharedKey {NAME}:{mac(end.join(lines + [resource]))}"


def send(service, method, target, headers=None, body=None, host=BLOB.netloc):
    headers = dict(headers or {})
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    headers["ocp-date" if service == "batch" else "x-ms-date"] = now
    length = None
    if body is not None or method in ("PUT", "POST", "DELETE", "PATCH"):
        length = len(body or b"")
        headers["Content-Length"] = str(length)
    if "sig=" not in target:
        headers["Authorization"] = sign(service, method, target, headers, length)
    if service == "batch":
        connection = http.client.HTTPConnection(BATCH.hostname, BATCH.port, timeout=60)
    else:
        # *.localhost is this machine, whether or not the resolver knows it.
        context = ssl.create_default_context(cafile=account["caFile"])
        context.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", BLOB.port, context=context, timeout=60)
        headers["Host"] = host
    connection.request(method, target, body=body, headers=headers)
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    return reply.status, dict(reply.getheaders()), data


BODIES = {"worker.R": b"worker", "merger.R": b"merger"}


def content(request):
    if "body" in request:
        return ours(json.dumps(request["body"])).encode()
    if "text" in request:
        return request["text"].encode()
    name = request["target"].split("?")[0].rsplit("/", 1)[-1]
    if request.get("bytes"):
        return BODIES.get(name, b"x").ljust(request["bytes"], b".")
    return None


# What each kind of request is answered with, and what its client reads of the answer.
EXPECTED = [
    ("POST", r"/pools\?", 201), ("POST", r"/jobs\?", 201), ("POST", r"/jobs/[^/]+/tasks\?", 201), ("POST", r"/jobschedules\?", 201),
    ("POST", r"/jobs/[^/]+/addtaskcollection", 200), ("POST", r"/jobs/[^/]+/terminate", 202), ("PATCH", r"/(jobs|pools)/", 200),
    ("POST", r"/pools/[^/]+/(enable|disable|evaluate)autoscale", 200), ("POST", r"/pools/[^/]+/(resize|stopresize)", 202),
    ("DELETE", r"/(jobs|pools)/", 202), ("GET", r"/", 200),
]
EMPTY = {201, 202}


def expected_status(request):
    for method, pattern, status in EXPECTED:
        if request["method"] == method and re.match(pattern, request["target"]):
            return status
    return None


def check_fields(request, body):
    """The fields that the client takes from this answer."""
    path = request["target"].split("?")[0]
    version = re.search(r"api-version=(\d{4}-\d\d-\d\d)", request["target"])[1]
    wanted = []
    if re.fullmatch(r"/pools/[^/]+", path):
        wanted = ["id", "state", "targetDedicatedNodes", "targetLowPriorityNodes", "currentDedicatedNodes",
                  "maxTasksPerNode" if version < "2020-09-01" else "taskSlotsPerNode"]
        assert "resizeErrors" not in body, body["resizeErrors"]
    elif path.endswith("/taskcounts"):
        counts = body if version < "2020-09-01" else body["taskCounts"]
        for name in ("active", "running", "completed", "succeeded", "failed"):
            assert isinstance(counts[name], int), counts
        if version <= "2018-03-01":
            assert body["validationStatus"].lower() == "validated", body
    elif re.fullmatch(r"/jobs/[^/]+", path):
        wanted = ["id", "state", "poolInfo", "metadata"]
    elif path in ("/jobs", "/pools") or path.endswith(("/tasks", "/nodes", "/jobpreparationandreleasetaskstatus", "/files")):
        assert isinstance(body["value"], list) and "odata.metadata" in body, body
        select = re.search(r"select=([^&]+)", request["target"])
        for item in body["value"]:
            if select:
                extra = set(item) - {part.strip() for part in urllib.parse.unquote(select[1]).split(",")}
                assert not extra, f"not selected: {extra}"
            elif path.endswith("/nodes"):
                assert item["id"] and item["state"], item
    elif "/tasks/" in path and not "/files" in path:
        wanted = ["id", "state", "executionInfo", "commandLine"]
    if "$select" not in request["target"] and "%24select" not in request["target"]:
        for name in wanted:
            assert name in body, f"'{name}' is missing in {body}"


def wait_for_idle_node(pool):
    def ready():
        _, _, data = send("batch", "GET", f"/pools/{pool}/nodes?api-version=2018-12-01.8.0")
        return [n for n in json.loads(data)["value"] if n["state"] in ("idle", "running")]
    until(f"a node of {pool}", 30, ready)


def wait_for_task(job, task):
    def ready():
        status, _, data = send("batch", "GET", f"/jobs/{job}/tasks/{task}?api-version=2018-12-01.8.0")
        return status == 200 and json.loads(data).get("state") == "completed"
    until(f"task {task} of {job}", 60, ready)


def replay(name):
    nodes, chunks = {}, {}
    for request in map(json.loads, open(CAPTURES / name, encoding="utf-8")):
        service, method, target = request["service"], request["method"], request["target"]
        if "skiptoken" in target:
            continue  # a token of the recording's server; pages are followed in follow_pages
        made = re.match(r"/jobs/([^/?]+)", target)
        # The client waited here until its tasks were done.
        if made and method == "PATCH":
            chunks[made[1]] = "merge"
        if "/results/" in target or re.search(r"/logs/|/files/", target):
            job = target.split("/")[1] if service == "blob" else made[1] if made else None
            if job in chunks:
                wait_for_task(job, "merge" if "merge" in target else "1")
        if "/nodes/" in target:
            pool = target.split("/")[2]
            # MAX_CPU has no sample yet, so that its formula cannot say anything: one node, that there is a file to read.
            body = json.dumps({"autoScaleFormula": "$TargetDedicatedNodes=1;"}).encode()
            assert send("batch", "POST", f"/pools/{pool}/enableautoscale?api-version=2018-12-01.8.0", {"Content-Type": "application/json"}, body)[0] == 200
            wait_for_idle_node(pool)
            _, _, data = send("batch", "GET", f"/pools/{pool}/nodes?api-version=2018-12-01.8.0")
            target = re.sub(r"/nodes/[^/]+", "/nodes/" + json.loads(data)["value"][0]["id"], target)
        if service == "blob" and "sig=" in target:
            path, _, query = target.partition("?")
            permissions = re.search(r"sp=(\w+)", query)[1]
            target = path + "?" + container_sas(path.split("/")[1], permissions)
        headers = dict(request.get("headers", {}))
        if "contentType" in request:
            headers["Content-Type"] = request["contentType"]
        status, reply, data = send(service, method, target, headers, content(request))
        shown = f"{method} {target[:120]} -> {status} {data[:300]}"
        if service == "batch":
            wanted = expected_status(request)
            if method == "POST" and target.startswith("/pools?") and status == 409:
                assert json.loads(data)["code"] == "PoolExists", shown  # the recording makes one twice
                continue
            if "/terminate" in target and status == 409 or method == "PATCH" and status == 409:
                assert json.loads(data)["code"] in ("JobCompleted", "JobTerminating", "JobBeingTerminated"), shown
                continue
            assert status == wanted, shown
            if wanted in EMPTY:
                assert data == b"", shown
            if method == "GET" and not "/files/" in target:
                check_fields(request, json.loads(data))
        else:
            assert status < 300, shown
            if "comp=list" in target and target.startswith("/?"):
                text = data.decode()
                assert text.count("<PublicAccess") == text.count("<Container>"), text
        nodes[target] = status
    return nodes


@step("doAzureParallel 0.8.0: a cluster, three foreach loops, lists, files")
def _():
    replay("doazureparallel-0.8.0.jsonl")


@step("doAzureParallel 0.8.0 with packages and a loop that stops")
def _():
    replay("doazureparallel-packages.jsonl")


@step("doAzureParallel 0.7.2 on api-version 2018-03-01.6.1")
def _():
    replay("doazureparallel-0.7.2.jsonl")


@step("the next page is where rAzureBatch cuts it out: api-version first, $skiptoken second")
def _():
    body = json.dumps({"id": "pages", "poolInfo": {"poolId": "pool3"}}).encode()
    headers = {"Content-Type": "application/json;odata=minimalmetadata"}
    assert send("batch", "POST", "/jobs?api-version=2018-12-01.8.0", headers, body)[0] == 201
    for i in range(5):
        task = json.dumps({"id": str(i), "commandLine": "true"}).encode()
        assert send("batch", "POST", "/jobs/pages/tasks?api-version=2018-12-01.8.0", headers, task)[0] == 201
    target, ids = "/jobs/pages/tasks?api-version=2018-12-01.8.0&maxresults=2", []
    while target:
        status, _, data = send("batch", "GET", target)
        assert status == 200, data
        page = json.loads(data)
        assert len(page["value"]) <= 2
        ids += [task["id"] for task in page["value"]]
        target = None
        if "odata.nextLink" in page:
            link = page["odata.nextLink"]
            assert re.match(r".*\?api-version=2018-12-01\.8\.0&\$skiptoken=[\w-]+", link), link
            # What rAzureBatch does: split on &, cut a fixed prefix off the second part, ask again with that alone.
            token = link.split("&")[1][len("$skiptoken="):]
            target = f"/jobs/pages/tasks?api-version=2018-12-01.8.0&%24skiptoken={urllib.parse.quote(token)}&maxresults=2"
    assert sorted(ids) == ["0", "1", "2", "3", "4"], ids
    # The SDKs refuse more than a hundred by themselves, so this is asked without one.
    many = json.dumps({"value": [{"id": f"m{i}", "commandLine": "true"} for i in range(101)]}).encode()
    status, _, data = send("batch", "POST", "/jobs/pages/addtaskcollection?api-version=2018-12-01.8.0", headers, many)
    assert status == 400, (status, data)
    assert send("batch", "DELETE", "/jobs/pages?api-version=2018-12-01.8.0")[0] == 202


@step("@azure/batch 10.2.0's requests, byte for byte on the path")
def _():
    seen = {}
    for request in map(json.loads, open(CAPTURES / "azure-batch-js-10.2.0.jsonl", encoding="utf-8")):
        target = request["target"]
        if "skiptoken" in target:
            continue
        headers = {name.title(): value for name, value in request["headers"].items() if name != "if-match"}
        status, _, data = send("batch", request["method"], target, headers, content(request))
        seen.setdefault(request["step"], []).append(status)
    assert seen["pool.add"] == [201] and seen["pool.exists"] == [404] and seen["pool.get404"] == [404], seen
    assert seen["pool.get"] == [200] and seen["pool.list"] == [200], seen
    assert seen["pool.patch"] == [200], seen
    assert seen["job.add"] == [201] and seen["job.counts"] == [200], seen
    assert seen["schedule.add"] == [201] and seen["acct.images"] == [200] and seen["acct.counts"] == [200], seen
    for codes in seen.values():
        assert all(code < 500 for code in codes), seen


@step("@azure/storage-blob 12.32.0's requests")
def _():
    for request in map(json.loads, open(CAPTURES / "storage-blob-js-12.32.0.jsonl", encoding="utf-8")):
        # The recording's container "c" is shorter than containers may be.
        target = re.sub(r"^/acct/c(?=[/?])", f"/{NAME}/con", request["target"])
        headers = {k: v for k, v in request["headers"].items() if k != "accept"}
        body = request.get("text")
        body = str(request["body"]).encode() if "body" in request else body.encode() if body is not None else None
        if "x-ms-copy-source" in headers:
            headers["x-ms-copy-source"] = f"{account['batchUrl'].rstrip('/')}/{NAME}/con/dir/a%20b.txt"
        if target.endswith("/con/a") and request["method"] in ("GET", "HEAD") and not getattr(send, "made", False):
            assert send("blob", "PUT", target, {"x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob"}, b"hello", PATH_STYLE)[0] == 201
            send.made = True
        status, _, data = send("blob", request["method"], target, headers, body, PATH_STYLE)
        assert status < 300 or request["step"] in ("copy", "begincopy"), f"{request['step']}: {status} {data[:300]}"


done()
