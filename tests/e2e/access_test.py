#!/usr/bin/env python3
"""Users, keys, TLS and roles from outside: `scoria serve --access` and `scoria server`, with curl and Python's ssl as peers.

usage: access_test.py SCORIA FOLDER
"""
import csv
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

from cluster import Steps, conclude, until

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FOLDER = pathlib.Path(sys.argv[2]).resolve() / "access"
ACCESS = FOLDER / "users"
MODELS = pathlib.Path(__file__).resolve().parent.parent / "serve"
step = Steps()


def scoria(*words, given=None):
    return subprocess.run([PROGRAM, *map(str, words)], input=given, text=True, capture_output=True, timeout=60)


def curl(url, *options):
    """Status and body."""
    run = subprocess.run(["curl", "-sS", "--noproxy", "*", "-w", "\n%{http_code}", *map(str, options), url], capture_output=True, text=True, timeout=60)
    body, _, code = run.stdout.rpartition("\n")
    return int(code or 0), body


def make_certificate(name):
    """A pair of PEM files as certbot puts them: both renamed into place."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", FOLDER / "next.key", "-out", FOLDER / "next.pem"], check=True, capture_output=True)
    os.rename(FOLDER / "next.pem", FOLDER / "fullchain.pem")
    os.rename(FOLDER / "next.key", FOLDER / "privkey.pem")
    return (FOLDER / "fullchain.pem").read_text()


def served_certificate(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
        return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True)).strip()


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
with open(MODELS / "rows.csv") as file:
    row = {name: text == "TRUE" if name == "lift" else text if name == "heating" else float(text) for name, text in next(csv.DictReader(file)).items()}
BODY = json.dumps({"df": [row]})
processes = []


def start(*words, lines):
    process = subprocess.Popen([PROGRAM, *map(str, words)], stdout=subprocess.PIPE, stderr=open(FOLDER / "log", "a"), text=True)
    processes.append(process)
    return process, [process.stdout.readline().strip() for _ in range(lines)]


try:
    for words in (["--http", "0.0.0.0:0"], ["--https", "0.0.0.0:0"], ["--https", "127.0.0.1:0"], ["--http", "0.0.0.0:0", "--behind-proxy"],
                  ["--certificate", "x"], ["--http", "none"]):
        refused = scoria("serve", MODELS / "forest.rds", *words)
        step(f"serve {' '.join(words)} is refused", refused.returncode == 1 and refused.stderr.startswith("scoria serve: --"), refused.stderr)
    for address in ("8080", "nohost.invalid:1"):
        refused = scoria("serve", MODELS / "forest.rds", "--http", address)
        step(f"--http {address} is told from an address that others reach", refused.returncode == 1 and "must be HOST:PORT" in refused.stderr, refused.stderr)
    refused = scoria("serve", MODELS / "forest.rds", "--version-name", "a/b", "--http", "127.0.0.1:0")
    step("a version's name that no path has is refused", refused.returncode == 1 and "--version-name 'a/b'" in refused.stderr, refused.stderr)
    for words in (["user", "list"], ["user", "remove", "ann"], ["key", "list"], ["access", "rotate-key"]):
        refused = scoria(*words, "--access", FOLDER / "typo")
        step(f"{' '.join(words)} of no folder is refused", refused.returncode == 1 and "typo" in refused.stderr, refused.stderr)
    refused = scoria("serve", MODELS / "forest.rds", "--http", "127.0.0.1:0", "--access", FOLDER / "typo")
    step("and serves none, and none makes it", refused.returncode == 1 and "typo" in refused.stderr and not (FOLDER / "typo").exists(), refused.stderr)
    (FOLDER / "nobody").mkdir(mode=0o700)
    empty, _ = start("serve", MODELS / "forest.rds", "--http", "127.0.0.1:0", "--access", FOLDER / "nobody", "--mask", "lift,nosuch", lines=1)
    said = (FOLDER / "log").read_text()
    step("a folder of nobody is warned of", "has no user, no key and no identity provider" in said, said)
    step("so is a mask of no column", "--mask nosuch" in said and "--mask lift" not in said, said)
    empty.terminate()
    refused = scoria("serve", MODELS / "forest.rds", "--http", "0.0.0.0:0", "--access", ACCESS)
    step("users alone do not open plain HTTP to others", refused.returncode == 1 and "TLS" in refused.stderr, refused.stderr)

    step("a user is added", scoria("user", "add", "ann", "--role", "scorer", "--access", ACCESS, "--password-stdin", given="correct horse\n").returncode == 0)
    step("twice is refused", scoria("user", "add", "ann", "--role", "scorer", "--access", ACCESS, "--password-stdin", given="correct horse\n").returncode == 1)
    short = scoria("user", "add", "eve", "--role", "scorer", "--access", ACCESS, "--password-stdin", given="x\n")
    step("a password of one character is refused", short.returncode == 1 and "8 characters" in short.stderr, short.stderr)
    step("no role is refused", scoria("user", "add", "eve", "--access", ACCESS, "--password-stdin", given="correct horse\n").returncode == 1)
    past = scoria("key", "create", "old", "--role", "scorer", "--expires", "2020-01-01T00:00:00Z", "--access", ACCESS)
    step("a key that has expired is not made", past.returncode == 1 and not past.stdout and "2020" in past.stderr, past.stderr)
    key = scoria("key", "create", "shop", "--grant", "scorer@linear", "--access", ACCESS).stdout.strip()
    first = make_certificate("first")
    serve, urls = start("serve", f"forest={MODELS / 'forest.rds'}", f"linear={MODELS / 'linear.rds'}", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0",
                        "--certificate", FOLDER / "fullchain.pem", "--key", FOLDER / "privkey.pem", "--access", ACCESS, lines=2)
    http, https = urls
    port = int(https.rpartition(":")[2])
    https = f"https://localhost:{port}"
    tls = ["--resolve", f"localhost:{port}:127.0.0.1", "--cacert", FOLDER / "fullchain.pem"]
    step("a password over TLS scores", curl(f"{https}/score", *tls, "-u", "ann:correct horse", "-d", BODY)[0] == 200)
    step("none does not", curl(f"{https}/score", *tls, "-d", BODY)[0] == 401)
    step("a key scores what it is granted", curl(f"{http}/services/linear/score", "-H", f"X-API-Key: {key}", "-d", BODY)[0] == 200)
    step("and nothing else", curl(f"{http}/services/forest/score", "-H", f"X-API-Key: {key}", "-d", BODY)[0] == 403)
    code, body = curl(f"{http}/openapi.json", "-H", f"X-API-Key: {key}")
    step("it reads the document of that alone", code == 200 and list(json.loads(body)["paths"]) == ["/services/linear/score"], body)
    code, body = curl(f"{http}/", "-H", f"X-API-Key: {key}")
    step("and the page of that alone", code == 200 and "services/linear/score" in body and "services/forest/score" not in body, body)
    code, body = curl(f"{https}/openapi.json", *tls, "-u", "ann:correct horse")
    step("who scores all reads the document of all", code == 200 and set(json.loads(body)["paths"]) == {"/score", "/services/forest/score", "/services/linear/score"}, body)
    other = scoria("key", "create", "other", "--grant", "scorer@nothing", "--access", ACCESS).stdout.strip()
    until("the new key", lambda: curl(f"{http}/openapi.json", "-H", f"X-API-Key: {other}")[0] != 401, 10)
    step("who may score none is refused", curl(f"{http}/openapi.json", "-H", f"X-API-Key: {other}")[0] == 403)
    code, body = curl(f"{http}/login", "-d", '{"username":"ann","password":"correct horse"}')
    tokens = json.loads(body)
    step("a login answers as ML Server's", code == 200 and set(tokens) == {"token_type", "access_token", "expires_in", "expires_on", "refresh_token"}, body)
    token = ["-H", f"Authorization: Bearer {tokens['access_token']}"]
    step("its token scores", curl(f"{http}/score", *token, "-d", BODY)[0] == 200)
    step("health is open, metrics are not", (curl(f"{http}/readyz")[0], curl(f"{http}/metrics")[0]) == (200, 401))
    big = "x" * 200_000
    (FOLDER / "big").write_text(big)
    step("a large body of nobody's is refused unread", curl(f"{http}/score", "-d", f"@{FOLDER / 'big'}")[0] == 401)

    step("its certificate is the one given", served_certificate(port) == first.strip())
    second = make_certificate("second")
    until("the renewed certificate", lambda: served_certificate(port) == second.strip(), 10)
    step("a renewed certificate is served", True)
    (FOLDER / "privkey.pem").write_text("no key")
    until("what it says of a broken one", lambda: "the old certificate stays in use" in (FOLDER / "log").read_text(), 10)
    step("one that does not fit leaves the old one", served_certificate(port) == second.strip())
    make_certificate("third")
    serve.send_signal(signal.SIGHUP)
    until("the third", lambda: served_certificate(port) == (FOLDER / "fullchain.pem").read_text().strip(), 10)
    step("SIGHUP reads it again", serve.poll() is None)

    scoria("user", "remove", "ann", "--access", ACCESS)
    until("the user's end", lambda: curl(f"{http}/score", *token, "-d", BODY)[0] == 401, 2)
    step("a removed user's token is refused", True)
    scoria("key", "revoke", key.split("_")[1], "--access", ACCESS)
    until("the key's end", lambda: curl(f"{http}/services/linear/score", "-H", f"X-API-Key: {key}", "-d", BODY)[0] == 401, 2)
    step("a revoked key is refused", True)
    audit = [json.loads(line)["event"] for line in (ACCESS / "audit.log").read_text().splitlines()]
    step("the audit log tells it all", {"user_added", "key_created", "login", "user_removed", "key_revoked"} <= set(audit), audit)
    serve.terminate()
    step("it ends as it should", serve.wait(30) == 0)

    data = FOLDER / "data"
    server, _ = start("server", "--data", data, "--http", "127.0.0.1:0", "--https", "none", lines=0)
    until("the server", lambda: (data / "server.json").exists() and scoria("user", "list", "--data", data).returncode == 0, 30)
    url = json.loads((data / "server.json").read_text())["httpUrl"]
    for name, role in (("own", "owner"), ("con", "contributor"), ("rea", "reader"), ("sco", "scorer")):
        added = scoria("user", "add", name, "--role", role, "--data", data, "--password-stdin", given=f"pw of {name}\n")
        step(f"{role} is added by REST", added.returncode == 0, added.stderr)
    pools, version = f"{url}/pools", "?api-version=2018-12-01.8.0"
    for name, reads, changes, administers, lists, puts in (("own", 200, 404, 200, 200, 201), ("con", 200, 404, 403, 200, 201), ("rea", 200, 403, 403, 200, 403),
                                                           ("sco", 403, 403, 403, 403, 403)):
        code, body = curl(f"{url}/login", "-d", json.dumps({"username": name, "password": f"pw of {name}"}))
        token = ["-H", f"Authorization: Bearer {json.loads(body).get('access_token')}"]
        got = (curl(pools + version, *token)[0], curl(f"{pools}/none{version}", "-X", "DELETE", *token)[0], curl(f"{url}/scoria/v1/users", *token)[0],
               curl(f"{url}/scoria?comp=list", *token)[0], curl(f"{url}/scoria/c{name}?restype=container", "-X", "PUT", "-d", "", *token)[0])
        step(f"{name} may what the role says", got == (reads, changes, administers, lists, puts), got)
        step(f"{name} with a password, too", curl(pools + version, "-u", f"{name}:pw of {name}")[0] == reads)
        code, body = curl(f"{url}/subscriptions/x/resourceGroups/scoria/providers/Microsoft.Batch/batchAccounts/scoria/listKeys?api-version=1", "-X", "POST", "-d", "", *token)
        step(f"{name} and the account's key", (code == 403) == (name != "own"), (code, body))
    blobs = f"{url}/scoria"
    step("a password puts and gets a blob", (curl(f"{blobs}/cown/b", "-X", "PUT", "-H", "x-ms-blob-type: BlockBlob", "-d", "hello", "-u", "own:pw of own")[0],
                                             curl(f"{blobs}/cown/b", "-u", "rea:pw of rea")) == (201, (200, "hello")))
    step("a reader's password puts none", curl(f"{blobs}/cown/c", "-X", "PUT", "-H", "x-ms-blob-type: BlockBlob", "-d", "x", "-u", "rea:pw of rea")[0] == 403)
    step("a wrong one puts none", curl(f"{blobs}/cown/c", "-X", "PUT", "-H", "x-ms-blob-type: BlockBlob", "-d", "x", "-u", "own:no")[0] == 403)

    key = scoria("key", "create", "ci", "--grant", "contributor@linear", "--data", data).stdout.strip()
    environment = dict(os.environ, SCORIA_SERVER=url, SCORIA_TOKEN=key)

    def by_key(*words):
        return subprocess.run([PROGRAM, "service", *map(str, words)], env=environment, text=True, capture_output=True, timeout=60)

    for number in ("1", "2"):
        deployed = by_key("deploy", "linear", MODELS / "linear.rds")
        step(f"a grant of one service deploys version {number}", deployed.returncode == 0, deployed.stderr)
    step("weighs its versions", by_key("traffic", "linear", "1=50", "2=50").returncode == 0)
    step("goes back", by_key("rollback", "linear").returncode == 0)
    other = by_key("deploy", "forest", MODELS / "forest.rds")
    step("and deploys no other", other.returncode == 1 and "does not allow" in other.stderr, other.stderr)
    (FOLDER / "score.R").write_text("score <- function(df) system('id')\n")
    script = by_key("deploy", "linear", "--script", FOLDER / "score.R")
    step("nor a script", script.returncode == 1 and "own user" in script.stderr, script.stderr)
    step("deletes a version", by_key("delete", "linear", "--version-name", "1").returncode == 0)
    audit = [json.loads(line) for line in (data / "access" / "audit.log").read_text().splitlines()]
    told = [(line["event"], line["outcome"] == "done") for line in audit if line["event"].startswith("service_")]
    step("the audit log tells it all, with what was refused", told == [("service_deployed", True), ("service_deployed", True), ("service_traffic", True), ("service_rolled_back", True),
                                                                       ("service_deployed", False), ("service_version_deleted", True)], told)

    code, body = curl(f"{url}/login", "-d", json.dumps({"username": "own", "password": "pw of own"}))
    ended = json.loads(body)
    curl(f"{url}/login/refreshToken?refreshToken={ended['refresh_token']}", "-X", "DELETE")
    saved = scoria("backup", "--data", data, "--to", FOLDER / "backup.tar")
    step("a backup is taken", saved.returncode == 0, saved.stderr)
    step("a wrong password is refused", curl(pools + version, "-u", "own:no")[0] in (401, 403))
    step("nobody is", curl(pools + version)[0] in (401, 403))
    server.terminate()
    server.wait(30)

    back = FOLDER / "back"
    restored = scoria("restore", FOLDER / "backup.tar", "--data", back)
    step("it is restored", restored.returncode == 0, restored.stderr)
    fourth = make_certificate("fourth")
    server, _ = start("server", "--data", back, "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--certificate", FOLDER / "fullchain.pem", "--key", FOLDER / "privkey.pem",
                      "--behind-proxy", "--requests-per-second", "0.01", "--burst", "5", lines=0)
    until("the restored server", lambda: (back / "server.json").exists() and scoria("user", "list", "--data", back).returncode == 0, 30)
    where = json.loads((back / "server.json").read_text())
    url, port = where["httpUrl"], int(where["httpsUrl"].rpartition(":")[2])
    code, body = curl(f"{url}/login", "-d", json.dumps({"username": "rea", "password": "pw of rea"}))
    step("a user logs in after it", code == 200, body)
    token = ["-H", f"Authorization: Bearer {json.loads(body)['access_token']}"]
    step("a login that was ended stays so", curl(pools.replace(pools.split('/pools')[0], url) + version, "-H", f"Authorization: Bearer {ended['access_token']}")[0] == 403)
    step("the services are there", "linear" in curl(f"{url}/scoria/v1/services", *token)[1])
    codes = [curl(f"{url}/pools{version}", *token)[0] for _ in range(5)]
    step("rates hold", codes == [200] * 4 + [429], codes)
    far = ["-H", "X-Forwarded-For: 192.0.2.7"]
    step("a password by a proxy without TLS is refused", curl(f"{url}/pools{version}", *far, "-u", "con:pw of con")[0] == 403)
    step("by one with TLS it is taken", curl(f"{url}/pools{version}", *far, "-H", "X-Forwarded-Proto: https", "-u", "con:pw of con")[0] == 200)
    step("metrics are not open through a proxy", (curl(f"{url}/metrics")[0], curl(f"{url}/metrics", *far)[0]) == (200, 403))
    step("the server's certificate is the one given", served_certificate(port) == fourth.strip())
    fifth = make_certificate("fifth")
    until("the renewed certificate", lambda: served_certificate(port) == fifth.strip(), 10)
    step("a renewed one is served by it", True)
    server.send_signal(signal.SIGHUP)
    time.sleep(1)
    step("SIGHUP does not end it", server.poll() is None)
finally:
    for process in processes:
        process.kill()
conclude("access_test", step.passed, step.failed, FOLDER)
