"""A server with the processes around it, for tests that kill them and look at what is left. Not a test by itself."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse

API = "api-version=2022-10-01.16.0"
STORAGE = {"x-ms-version": "2021-12-02"}
IMAGE = {"imageReference": {"publisher": "p", "offer": "o", "sku": "s"}, "nodeAgentSKUId": "n"}


def free_port(address="127.0.0.1"):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def conclude(name, passed, failed, folder, hint=""):
    """The last line of a test, and its exit; the folder stays where something is to be looked at."""
    print(f"{name}: {passed} passed, {failed} failed")
    if failed:
        print(f"see {folder}{hint}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


class Steps:
    """Counts what a test claims, and says each."""

    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, what, condition, detail=""):
        self.passed, self.failed = self.passed + bool(condition), self.failed + (not condition)
        print(("  ok      " if condition else "  FAILED  ") + what + ("" if condition else f": {detail}"), flush=True)


def until(what, condition, seconds=60):
    """What `condition` answers, once that is something."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)
    return found


class Cluster:
    def __init__(self, program, folder, config="overcommit: 8\n", within=(), environment=None):
        """`within`: a command that runs the server, such as one that enters a network; `environment`: the server's, beside this process's."""
        self.program, self.folder, self.data = str(program), folder, folder / "data"
        self.runs = folder / "runs"
        self.runs.mkdir()
        (folder / "server.yaml").write_text(config)
        self.within, self.environment, self.server = list(within), environment, None
        self.ports = [free_port(), free_port()]
        self.start()
        until("the server's first start", lambda: (self.data / "server.json").exists(), 30)
        account = json.loads(self.command("account", "show", "--json").stdout)
        self.name, self.key, self.blob_url = account["accountName"], base64.b64decode(account["accountKey"]), account["blobUrl"]

    def start(self):
        # The same ports each time, as tasks know the storage's address.
        with open(self.folder / "server.log", "a") as log:
            self.server = subprocess.Popen(self.server_command(), stdout=log, stderr=log, env=dict(os.environ, **(self.environment or {})))

    def server_command(self):
        return [*self.within, self.program, "server", "--data", self.data, "--http", f"127.0.0.1:{self.ports[0]}", "--https", f"127.0.0.1:{self.ports[1]}",
                "--config", self.folder / "server.yaml"]

    def command(self, *arguments):
        done = subprocess.run([self.program, *arguments, "--data", self.data], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"scoria {' '.join(arguments)}: {done.stderr}")
        return done

    def make_container(self, name):
        """A new container; returns what has to stand behind its blobs' addresses."""
        self.command("blob", "create-container", name)
        return self.command("blob", "url", name, "--permissions", "rwl").stdout.strip().split("?")[1]

    def address(self):
        running = json.loads((self.data / "server.json").read_text())
        if running["pid"] != self.server.pid:
            raise OSError("the server is starting")
        url = urllib.parse.urlsplit(running["httpUrl"])
        return url.hostname, url.port

    def call(self, method, path, body=None, headers=None):
        """Status and body of one signed request; OSError where no answer came. `body`: what becomes JSON, or bytes."""
        blob = path.startswith(f"/{self.name}/")
        headers = dict(STORAGE if blob else {}, **(headers or {}))
        headers["x-ms-date" if blob else "ocp-date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        if data and not blob:
            headers["Content-Type"] = "application/json; odata=minimalmetadata"
        size = str(len(data)) if data else "0" if method != "GET" else ""
        if size:
            headers["Content-Length"] = size
        low = {k.lower(): v for k, v in headers.items()}
        target, _, query = path.partition("?")
        lines = [method, "", "", "" if blob and size == "0" else size, "", low.get("content-type", ""), "", "", "", "", "", ""]
        lines += [f"{k}:{low[k]}" for k in sorted(low) if k.startswith(("x-ms-", "ocp-"))]
        lines.append("/" + self.name + target)
        lines += sorted(f"{urllib.parse.unquote(k)}:{urllib.parse.unquote(v)}" for k, _, v in (q.partition("=") for q in query.split("&") if q))
        headers["Authorization"] = "SharedKey " + self.name + ":" + base64.b64encode(hmac.new(self.key, "\n".join(lines).encode(), hashlib.sha256).digest()).decode()
        try:
            connection = http.client.HTTPConnection(*self.address(), timeout=30)
            connection.request(method, path, body=data, headers=headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (http.client.HTTPException, ValueError, KeyError) as error:
            raise OSError(str(error)) from error

    def until_answered(self, method, path, body=None, accept=(), seconds=60, headers=None):
        """Asks again until there is an answer. Codes of `accept` are as good as success: the first try may have arrived."""
        end = time.monotonic() + seconds
        last = "no answer"
        while True:
            try:
                status, content = self.call(method, path, body, headers)
                if status < 300 or any(code.encode() in content for code in accept):
                    return content
                last = f"{status} {content[:300]}"
                if status < 500:
                    raise RuntimeError(f"{method} {path}: {last}")
            except OSError:
                pass
            if time.monotonic() > end:
                raise TimeoutError(f"{method} {path} did not succeed in {seconds} s: {last}")
            time.sleep(0.02)

    def get(self, path):
        return json.loads(self.until_answered("GET", f"{path}{'&' if '?' in path else '?'}{API}"))

    def post(self, path, body, accept=()):
        return self.until_answered("POST", f"{path}?{API}", body, accept)

    def blob(self, path):
        """Status and content of a blob, once there is an answer."""
        while True:
            try:
                status, content = self.call("GET", f"/{self.name}/{path}")
                if status < 500:
                    return status, content
            except OSError:
                pass
            time.sleep(0.05)

    def processes(self, word):
        """Processes of this cluster's program whose arguments begin with `word`, and their arguments."""
        found, parents = {}, {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
                if len(arguments) > 1 and arguments[1] == word.encode() and str(self.folder).encode() in b"\0".join(arguments):
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    found[int(entry.name)] = b" ".join(arguments).decode()
            except OSError:
                continue
        # A child that has not become its program yet still looks like its parent: it is a task, or the like.
        return {pid: arguments for pid, arguments in found.items() if parents[pid] not in found}

    def task_processes(self):
        """What tasks left, by the folder in its environment."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and f"AZ_BATCH_NODE_ROOT_DIR={self.folder}".encode() in (entry / "environ").read_bytes():
                    found.append(f"{entry.name} {(entry / 'cmdline').read_bytes()}")
            except OSError:
                continue
        return found

    def log_lines(self, *words):
        return [line for line in (self.folder / "server.log").read_text(errors="replace").splitlines() if all(word in line for word in words)]

    def end(self):
        self.server.terminate()
        self.server.wait(30)
        for word in ("agent", "keeper", "warm-scorer"):
            for pid in self.processes(word):
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
