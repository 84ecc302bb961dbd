#!/usr/bin/env python3
"""`scoria serve` under pressure: poisonous requests, floods of logins, five times the load it can take, swaps, restarts, renewed certificates and killed workers.

usage: serve_pressure.py SCORIA FOLDER [--seconds S] [--swaps N] [--strict] [PART...]
       parts: poison_native poison_pool logins overload swaps restart certificate killed
--strict holds it to the goals, for a machine that does nothing else: shares of 95 %, a p99 of 503 below 10 ms; without, a machine's other work may cost some.
Every answer is compared with R's: the forest's bit for bit; the linear model's to 1e-12 once, then byte for byte. Ends with 77 where there is no R.
"""
import argparse
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection

from cluster import Steps, conclude, free_port, until
from serve_load import Load, request
from serve_proxy import Proxy

MODELS = pathlib.Path(__file__).resolve().parent.parent / "serve"
parser = argparse.ArgumentParser(usage=__doc__.replace("%", "%%"))
parser.add_argument("program", type=lambda word: pathlib.Path(word).resolve())
parser.add_argument("folder", type=lambda word: pathlib.Path(word).resolve() / "serve_pressure")
parser.add_argument("parts", nargs="*")
parser.add_argument("--seconds", type=float, default=2.0)
parser.add_argument("--swaps", type=int, default=60)
parser.add_argument("--strict", action="store_true")
options = parser.parse_intermixed_args()
FOLDER, SECONDS = options.folder, options.seconds
SHARE, QUICK_503_S, QUICK_4XX_S = (0.95, 0.010, 0.050) if options.strict else (0.8, 0.1, 0.5)
step = Steps()
# R sleeps for its ten milliseconds, so that a pool's capacity is its workers', and not what this machine's cores have left.
SCORE_R = """
score <- function(df) {
  if (df$x[1] == -1) return(as.numeric(Sys.getpid()))
  if (df$x[1] == -2) repeat {}
  Sys.sleep(0.01)
  sqrt(df$x)
}
"""
ROOT_2 = b"[1.4142135623730951]"  # R's sqrt(2), all digits


def note(what):
    print(f"          {what}", flush=True)


def rows():
    with open(MODELS / "rows.csv") as file:
        return [{name: value == "TRUE" if name == "lift" else value if name == "heating" else float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def of_r(model):
    with open(MODELS / "expected.csv") as file:
        return [float(row[model]) for row in csv.DictReader(file)]


class Server:
    """`scoria serve`; a context that ends it."""

    def __init__(self, *arguments, http="127.0.0.1:0"):
        self.log = open(FOLDER / "log", "a")
        listeners = 2 if "--https" in arguments else 1
        self.process = subprocess.Popen([options.program, "serve", *arguments, "--http", http], stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.ports = [int(self.process.stdout.readline().strip().rpartition(":")[2]) for _ in range(listeners)]
        self.port = self.ports[0]

    def ask(self, body, path="/score", method="POST", headers=None):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        begin = time.monotonic()
        connection.request(method, path, body, headers or {"Content-Type": "application/json"})
        reply = connection.getresponse()
        said = reply.read()
        connection.close()
        return reply.status, said, time.monotonic() - begin

    def resident(self):
        return int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()


def exact_answers(server, path="/score", model="forest"):
    """Requests with the bytes that are right for them, which are R's numbers."""
    made, far = [], 0.0
    for row, value in zip(rows(), of_r(model)):
        body = json.dumps({"df": [row]}).encode()
        status, said, _ = server.ask(body, path)
        got = json.loads(said)[0] if status == 200 else float("nan")
        far = max(far, abs(got - value) / abs(value)) if got == got else float("inf")
        made.append((request(path, body), {said}))
    step(f"{model} answers with R's numbers", far == 0 if model == "forest" else far <= 1e-12, far)
    return made


def pool_request(x, timeout_ms=None):
    headers = [f"X-Request-Timeout-Ms: {timeout_ms}"] if timeout_ms else []
    return request("/score", json.dumps({"df": [{"x": x}]}).encode(), headers=headers)


def pool(*more):
    (FOLDER / "score.R").write_text(SCORE_R)
    (FOLDER / "sample.csv").write_text("x\n1\n")
    return Server(f"pool={FOLDER / 'score.R'}", "--sample", str(FOLDER / "sample.csv"), *more)


KEYS = json.dumps({"df": [{f"k{i}": 1 for i in range(200_000)}]}).encode()


def poison_native():
    with Server(f"forest={MODELS / 'forest.rds'}") as server:
        asked = exact_answers(server)
        peak = Load(server.port, asked, 8).run(SECONDS).good()
        rate = 0.5 * peak  # what both ends can do together, with room for the poison on the same cores
        alone = Load(server.port, asked, 64, rate).run(SECONDS)
        with Load(server.port, asked, 64, rate) as load, Load(server.port, [(request("/score", KEYS), None)], 1, pause=0.1) as poison:
            time.sleep(SECONDS)
            poisoned, tally = poison.end(), load.end()
        took = poisoned.seconds.get(413, [])
        note(f"native: {rate:.0f} requests a second offered; answered alone {alone.good():.0f}, p99 {1e3 * alone.quantile(200, .99):.1f} ms; beside {len(took)} bodies of "
             f"200,000 keys {tally.good():.0f}, p99 {1e3 * tally.quantile(200, .99):.1f} ms; these: median {1e3 * sorted(took)[len(took) // 2]:.1f} ms, most {1e3 * max(took):.1f} ms")
        step("others are answered beside bodies of 200,000 keys, natively", tally.good() >= SHARE * alone.good() and not tally.bad(), tally)
        step("each such body is refused at once", set(poisoned.statuses) == {413} and max(took) <= QUICK_4XX_S, (poisoned, max(took)))


def poison_pool():
    with pool("--workers", "2") as server:
        asked = [(pool_request(2), {ROOT_2})]
        alone = Load(server.port, asked, 8).run(SECONDS)
        with Load(server.port, asked, 8) as load, Load(server.port, [(request("/score", KEYS), None)], 1, pause=0.1) as poison:
            time.sleep(SECONDS)
            poisoned, tally = poison.end(), load.end()
        took = poisoned.seconds.get(413, [])
        note(f"pool of two: alone {alone.good():.0f} a second; beside {len(took)} bodies of 200,000 keys {tally.good():.0f}; these at most {1e3 * max(took):.1f} ms")
        step("others are answered beside bodies of 200,000 keys, by a pool", tally.good() >= SHARE * alone.good() and not tally.bad(), tally)
        step("each such body is refused at once, and R never sees it", set(poisoned.statuses) == {413} and max(took) <= QUICK_4XX_S, (poisoned, max(took)))
        with Load(server.port, [(pool_request(-2, 1000), None)], 1) as poison:
            time.sleep(0.3)
            load = Load(server.port, asked, 8)
            tally = load.run(max(SECONDS, 2.5))
            poisoned = poison.end()
        took = poisoned.seconds[504]
        note(f"pool of two, one worker always in an endless handler: {tally.good():.0f} a second of {alone.good():.0f}, p99 {1e3 * tally.quantile(200, .99):.0f} ms of "
             f"{1e3 * alone.quantile(200, .99):.0f} ms; endless ones answered 504 after {1e3 * min(took):.0f} to {1e3 * max(took):.0f} ms, their deadline 1000 ms")
        step("the other worker's share is served while one is stuck", tally.good() >= SHARE * alone.good() / 2 and not tally.bad(), (alone.good(), str(tally)))
        step("an endless handler ends at its deadline, within a tenth", set(poisoned.statuses) == {504} and min(took) >= 0.9 and max(took) <= (1.1 if options.strict else 1.5), took)


def logins():
    access = FOLDER / "access"
    subprocess.run([options.program, "user", "add", "ann", "--role", "scorer", "--access", access, "--password-stdin"], input="correct horse\n", text=True, check=True,
                   stdout=subprocess.DEVNULL)
    # Each guess from an address and for a user of its own, as by many machines: no lock-out or limit of one address holds these back.
    with Server(f"forest={MODELS / 'forest.rds'}", "--access", access, "--behind-proxy") as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/login", json.dumps({"username": "ann", "password": "correct horse"}), {"X-Forwarded-Proto": "https"})
        token = json.loads(connection.getresponse().read())["access_token"]
        body = json.dumps({"df": rows()[:1]}).encode()
        asked = [(request("/score", body, headers=(f"Authorization: Bearer {token}",)), {json.dumps(of_r("forest")[:1]).encode()})]
        guesses = [(request("/login", json.dumps({"username": f"u{i}", "password": "wrong"}).encode(), headers=(
            "X-Forwarded-Proto: https", f"X-Forwarded-For: 10.0.{i >> 8}.{i & 255}")), None) for i in range(20_000)]
        peak = Load(server.port, asked, 8).run(SECONDS).good()
        rate = 0.5 * peak  # as in poison_native
        alone = Load(server.port, asked, 64, rate).run(SECONDS)
        with Load(server.port, asked, 64, rate) as load, Load(server.port, guesses, 64, pause=0.1) as flood:
            time.sleep(SECONDS)
            tally, flooded = load.end(), flood.end()  # in this order: logins that wait end seconds later
        note(f"{rate:.0f} requests a second with a token offered; answered alone {alone.good():.0f}, p99 {1e3 * alone.quantile(200, .99):.1f} ms; beside {flooded.statuses[401]} wrong passwords "
             f"of 64 connections {tally.good():.0f}, p99 {1e3 * tally.quantile(200, .99):.1f} ms; {flooded.statuses[503]} logins told to come again")
        step("tokens score beside a flood of wrong passwords", tally.good() >= SHARE * alone.good() and not tally.bad(), (alone.good(), str(tally)))
        step("no guess is answered but by 401, 429 or 503", flooded.statuses[401] > 0 and set(flooded.statuses) <= {401, 429, 503} and not flooded.broken, str(flooded))


def overload():
    for deadline_ms in (2000, 300):
        with pool("--workers", "2") as server:
            asked = [(pool_request(2, deadline_ms), {ROOT_2})]
            peak = Load(server.port, asked, 8).run(SECONDS).good()
            tally = Load(server.port, asked, 900, 5 * peak).run(max(2 * SECONDS, 4))
            rest = tally.statuses[503] + tally.statuses[504]
            note(f"five times the load, deadline {deadline_ms} ms: peak {peak:.0f} a second, offered {tally.asked / tally.took:.0f}, good {tally.good(deadline_ms / 1e3):.0f}, "
                 f"p99 of them {1e3 * tally.quantile(200, .99):.0f} ms; {tally.statuses[503]} refused with 503, p50 {1e3 * tally.quantile(503, .5):.2f} ms, p99 {1e3 * tally.quantile(503, .99):.2f} ms; "
                 f"{tally.statuses[504]} of 504")
            step(f"at five times the load, deadline {deadline_ms} ms, the pool does as much as at its peak", tally.good(deadline_ms / 1e3) >= SHARE * peak and not tally.wrong, (peak, str(tally)))
            step("what is accepted is answered by its deadline", tally.quantile(200, .99) <= deadline_ms / 1e3 * (1 if options.strict else 1.2), tally.quantile(200, .99))
            step("the rest is told so, quickly, and when to come again", tally.asked == tally.statuses[200] + rest and not tally.broken and tally.quantile(503, .99) <= QUICK_503_S
                 and not tally.without_retry_after and tally.statuses[503] > tally.statuses[504], (str(tally), tally.quantile(503, .99)))


def swaps():
    services = 20
    names = [f"s{i}" for i in range(services)]

    def put(name, model):
        shutil.copy(MODELS / f"{model}.rds", FOLDER / "next")
        os.rename(FOLDER / "next", FOLDER / f"{name}.rds")

    for name in names:
        put(name, "forest")
    with Server(*(f"{name}={FOLDER / name}.rds" for name in names)) as server:
        forest = exact_answers(server)
        put("s0", "linear")
        body = json.dumps({"df": [rows()[0]]}).encode()
        until("the first swap", lambda: {server.ask(body)[1]} != forest[0][1], 10)
        linear = exact_answers(server, model="linear")
        put("s0", "forest")
        until("the swap back", lambda: {server.ask(body)[1]} == forest[0][1], 10)
        both = [(request(f"/services/{name}/score", json.dumps({"df": [row]}).encode()), forest[i][1] | linear[i][1]) for name in names for i, row in enumerate(rows())]
        sizes, swapped, number = [], 0, 0
        with Load(server.port, both, 8, pause=0.004) as load:
            while swapped < options.swaps:
                model, right = ("linear", linear) if number % 2 == 0 else ("forest", forest)
                for name in names:
                    put(name, model)
                for name in names:
                    until(f"{name}'s new model", lambda: {server.ask(body, f"/services/{name}/score")[1]} == right[0][1], 20)
                swapped, number = swapped + services, number + 1
                if number % 2 == 0:
                    sizes.append(server.resident())
            tally = load.end()
        # The first few, in which the allocator finds its size, are not counted.
        first = sizes[min(len(sizes) // 5, len(sizes) - 1)]
        growth = sizes[-1] / first - 1
        note(f"{swapped} swaps of {services} services, each seen, beside {tally.asked} requests in {tally.took:.0f} s; resident {first / 2**20:.2f} MiB after {len(sizes) // 5 * 2 + 2} rounds, "
             f"{sizes[-1] / 2**20:.2f} MiB at the end ({100 * growth:+.1f} %)")
        step(f"{swapped} swaps, and no request failed or got an answer of neither model", not tally.bad() and not tally.broken, tally)
        step("memory stays", growth <= (0.01 if options.strict else 0.1), sizes)


def restart():
    ports = [free_port(), free_port()]
    servers = [Server(f"forest={MODELS / 'forest.rds'}", http=f"127.0.0.1:{port}") for port in ports]
    try:
        asked = exact_answers(servers[0])
        with Proxy(ports) as proxy:
            peak = Load(proxy.port, asked, 8).run(SECONDS)
            codes = []
            with Load(proxy.port, asked, 64, 0.8 * peak.good()) as load:
                for _ in range(max(3, round(2 * SECONDS))):
                    for i, port in enumerate(ports):
                        codes.append(servers[i].end())
                        servers[i] = Server(f"forest={MODELS / 'forest.rds'}", http=f"127.0.0.1:{port}")
                        time.sleep(0.3)
                tally = load.end()
        note(f"rolling restart: {len(codes)} ends by SIGTERM, {tally.good():.0f} requests a second (80 % of what came through at most), {tally}; p99 {1e3 * tally.quantile(200, .99):.1f} ms")
        step("two servers are restarted in turn, and no request fails", not tally.bad() and not tally.broken and not any(codes), (codes, str(tally)))
    finally:
        for server in servers:
            server.__exit__()


def make_certificate(number):
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-subj", f"/CN=scoria {number}",
                           "-addext", "subjectAltName=DNS:localhost", "-keyout", FOLDER / "next.key", "-out", FOLDER / "next.pem"], capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(made.stderr)
    with open(FOLDER / "trusted.pem", "a") as trusted:
        trusted.write((FOLDER / "next.pem").read_text())
    os.rename(FOLDER / "next.key", FOLDER / "own.key")
    os.rename(FOLDER / "next.pem", FOLDER / "own.pem")


def certificate():
    import ssl
    make_certificate(0)
    renewals = max(3, round(SECONDS))
    with Server(f"forest={MODELS / 'forest.rds'}", "--https", "127.0.0.1:0", "--certificate", str(FOLDER / "own.pem"), "--key", str(FOLDER / "own.key")) as server:
        asked = exact_answers(server)

        def shown():
            return ssl.get_server_certificate(("127.0.0.1", server.ports[1]))

        kept = Load(server.ports[1], asked, 8, tls=str(FOLDER / "trusted.pem"), pause=0.002)
        fresh = threading.Event()
        handshakes, troubles = [0], []

        def newcomers():
            while not fresh.is_set():
                try:
                    context = ssl.create_default_context(cafile=str(FOLDER / "trusted.pem"))
                    import socket
                    with context.wrap_socket(socket.create_connection(("127.0.0.1", server.ports[1])), server_hostname="localhost") as one:
                        one.sendall(asked[0][0])
                        if not one.recv(100).startswith(b"HTTP/1.1 200"):
                            troubles.append("no 200")
                    handshakes[0] += 1
                except OSError as error:
                    troubles.append(repr(error))

        thread = threading.Thread(target=newcomers)
        with kept as load:
            thread.start()
            for number in range(1, renewals + 1):
                before = shown()
                make_certificate(number)
                until("the renewed certificate", lambda: shown() != before, 10)
            fresh.set()
            thread.join()
            tally = load.end()
        note(f"{renewals} renewed certificates, each seen, beside {tally.asked} requests on kept connections and {handshakes[0]} new ones")
        step("certificates are renewed, and no request fails on old connections or new ones", not tally.bad() and not tally.broken and not troubles, (str(tally), troubles[:3]))


def workers():
    listed = json.loads(subprocess.run([options.program, "workers", "list", "--json"], capture_output=True, text=True, check=True).stdout)
    return {one["pid"] for one in listed["workers"]}


def another_host():
    """As after an upgrade: another build, whose host of workers lives beside the first one's."""
    (FOLDER / "next").mkdir()
    shutil.copy(options.program, FOLDER / "next" / "scoria")
    subprocess.run([FOLDER / "next" / "scoria", "workers", "start"], stdout=subprocess.DEVNULL, check=True)


def killed():
    before = workers()
    with pool("--workers", "2") as server:
        ours, kills = set(), 0
        with Load(server.port, [(pool_request(2), {ROOT_2})], 4) as load:
            end = time.monotonic() + max(SECONDS, 3)
            while time.monotonic() < end:
                status, said, _ = server.ask(b'{"df":[{"x":-1}]}')
                if status == 200:
                    ours.add(int(json.loads(said)[0]))
                    try:
                        os.kill(int(json.loads(said)[0]), signal.SIGKILL)
                        kills += 1
                    except ProcessLookupError:
                        pass
                time.sleep(0.1)
            tally = load.end()
        lost = tally.statuses[502]
        note(f"{kills} workers killed, {len(ours)} different ones: {tally.statuses[200]} answered, {lost} of 502")
        step("a worker killed from outside costs the request that it has, and none else", 0 < lost <= kills and tally.bad() == lost and not tally.broken and len(ours) >= kills // 2, (kills, str(tally)))
        another_host()
        os.kill(int(json.loads(server.ask(b'{"df":[{"x":-1}]}')[1])[0]), signal.SIGKILL)
        answers = [server.ask(b'{"df":[{"x":2}]}')[:2] for _ in range(20)]
        step("and the pool is whole again, beside another build's host of workers", answers == [(200, ROOT_2)] * 20, answers)
        step("the server ends by SIGTERM", server.end() == 0)
    until("the workers' end", lambda: not (workers() - before), 10)
    step("no worker is left", not (ours & workers()) and not any(pathlib.Path(f"/proc/{pid}").exists() for pid in ours), ours)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    # A host of workers of its own: others' are nobody's business here.
    (FOLDER / "run").mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(FOLDER / "run")
    chosen = options.parts or ["poison_native", "poison_pool", "logins", "overload", "swaps", "restart", "certificate", "killed"]
    has_r = shutil.which("Rscript") is not None
    skipped = []
    for name in chosen:
        if not has_r and name in ("poison_pool", "overload", "killed"):
            skipped.append(name)
            continue
        print(f"== {name}", flush=True)
        globals()[name]()
    for program in (options.program, FOLDER / "next" / "scoria"):
        if has_r and program.exists():
            subprocess.run([program, "workers", "stop"], capture_output=True)
    if skipped:
        print(f"skipped, as there is no R: {' '.join(skipped)}")
        if not step.failed:
            sys.exit(77)
    conclude("serve_pressure", step.passed, step.failed, FOLDER)


main()
