#!/usr/bin/env python3
"""`scoria serve` beside others that score the same models of R at a URL: plumber, Node with ONNX Runtime, and nginx that scores nothing.
The same requests, all in turn; answers are checked against R's predict() first, ours to the bit on all 506 rows.

usage: bench/serve.py [--scoria PROGRAM] [--rounds N] [--seconds S] [--threads N] [--only CASE,...] [--list]
Needs wrk, nginx, npm, and R with plumber, randomForest, MASS and jsonlite (Debian: wrk nginx-light npm r-cran-plumber r-cran-randomforest
r-cran-mass python3-venv). ONNX Runtime (npm) and the Python package onnx are installed into build/. Models and bodies: bench/serve_plumber.R.
"""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import paired
import served

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(ROOT, "build/bench-data")
PLUMBER = ["Rscript", os.path.join(ROOT, "bench/serve_plumber.R"), CACHE]
NODE_FOLDER = os.path.join(ROOT, "build/serve-node")
ONNX_VENV = os.path.join(ROOT, "build/onnx-venv")
ONNX_RUNTIME, ONNX = "onnxruntime-node@1.20.1", "onnx==1.23.2"
# plumber's jsonlite writes 15 digits at most. ONNX trees have single precision: a value on a threshold may take the other way, so a few rows are off.
PLUMBER_ERROR, FLOAT_ERROR = 1e-14, 1e-1
# A row: the model, rows in a request, connections, and whom it is measured with beside us.
CASES = {"forest_1": ("forest", 1, 16, ("plumber", "node", "nginx")), "forest_1_alone": ("forest", 1, 1, ("plumber", "node")),
         "forest_10": ("forest", 10, 16, ("plumber", "node")), "forest_100": ("forest", 100, 16, ("plumber", "node")),
         "linear_1": ("linear", 1, 16, ("plumber", "nginx")),
         # Ours thrice: with the access log and a token to check in each request, the same by TLS, and bare; Node without and with both.
         "forest_1_full": ("forest", 1, 16, ("plumber", "node", "node_full", "full", "tls"))}
USER, PASSWORD = "bench", "only for this measurement"


def path(name):
    return os.path.join(CACHE, name)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(" ".join(command) + " failed: " + done.stderr[-2000:])


def prepare():
    os.makedirs(CACHE, exist_ok=True)
    if not os.path.exists(path("serve_forest.json")):
        run(*PLUMBER, "make")
    if not os.path.exists(os.path.join(NODE_FOLDER, "node_modules/onnxruntime-node")):
        # Its own script would fetch libraries for GPUs.
        run("npm", "install", "--prefix", NODE_FOLDER, "--ignore-scripts", "--no-audit", "--no-fund", ONNX_RUNTIME)
    if not os.path.exists(os.path.join(ONNX_VENV, "bin/python")):
        run("python3", "-m", "venv", ONNX_VENV)
        run(os.path.join(ONNX_VENV, "bin/pip"), "install", "-q", ONNX)
    if not os.path.exists(path("serve_forest.onnx")):
        run(os.path.join(ONNX_VENV, "bin/python"), os.path.join(ROOT, "bench/forest_to_onnx.py"), path("serve_forest.json"), path("serve_forest.onnx"))
    # It answers as long a body as we do, and reads as long a one.
    with open(path("nginx.conf"), "w") as config:
        config.write("daemon off; worker_processes 1; pid {0}/nginx-PORT.pid; error_log /dev/null crit; events {{ worker_connections 256; }}\n"
                     "http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {0}/nginx-body;\n"
                     "  server {{ listen 127.0.0.1:PORT; location = /score {{ default_type application/json; return 200 '[25.630733333333331]'; }} }} }}\n".format(CACHE))


def make_user(scoria):
    folder = path("access")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    add = [scoria, "user", "add", USER, "--role", "scorer", "--access", folder, "--password-stdin"]
    if not os.path.exists(os.path.join(folder, "users.json")):
        run(*add, input=PASSWORD + "\n")


def body(rows):
    return open(path(f"serve_{rows}.json"), "rb").read()


def expected(model, rows):
    return [float(line) for line in open(path(f"serve_{model}_all.txt"))][:rows]


class Servers:
    """Started when they are first needed, ended together."""

    def __init__(self, options):
        self.options, self.made = options, {}

    def get(self, who, model):
        key = who, model if who != "nginx" else ""
        if key not in self.made:
            self.made[key] = self.start(who, model)
        return self.made[key]

    def start(self, who, model):
        if who == "plumber":
            return served.Server("plumber", PLUMBER + ["{port}", f"serve_{model}.rds"], body(1), PLUMBER_ERROR)
        if who in ("node", "node_full"):
            environment, headers = {"NODE_PATH": os.path.join(NODE_FOLDER, "node_modules"), "NODE_ENV": "production"}, {}
            if who == "node_full":  # takes tokens of ours
                full = self.get("full", model)
                environment |= {"JWKS_URL": full.url.replace("/score", "/.well-known/jwks.json"), "LOG": path("node.log")}
                headers = full.headers
            return served.Server("node, onnxruntime" + (", token and log" if headers else ""),
                                 ["node", os.path.join(ROOT, "bench/serve_onnx.js"), path("serve_forest.onnx"), "{port}"], body(1), FLOAT_ERROR, environment,
                                 headers=headers)
        if who == "nginx":
            script = 'sed "s/PORT/$1/g" "$0" >"$0.$1" && exec nginx -c "$0.$1"'
            return served.Server("nginx, return 200", ["sh", "-c", script, path("nginx.conf"), "{port}"], body(1))
        if who in ("full", "tls"):
            make_user(self.options.scoria)
            listener = ["--http", "127.0.0.1:{port}"] if who == "full" else ["--http", "none", "--https", "127.0.0.1:{port}"]
            return served.Server("scoria, token and log" + (", TLS" if who == "tls" else ""), [
                self.options.scoria, "serve", path(f"serve_{model}.rds"), *listener, "--certificate-name", "127.0.0.1", "--access", path("access"),
                "--access-log", path(f"{who}.log"), "--threads", str(self.options.threads)], body(1), scheme="https" if who == "tls" else "http",
                login=(USER, PASSWORD))
        return served.Server("scoria serve", [self.options.scoria, "serve", path(f"serve_{model}.rds"), "--http", "127.0.0.1:{port}", "--threads",
                                              str(self.options.threads)], body(1))

    def stop(self):
        for server in self.made.values():
            server.stop()


def check(servers, names, model):
    for rows in (1, 10, 100):
        for name in names:
            if name != "nginx":
                servers.get(name, model).check(body(rows), expected(model, rows))
    for name in names:
        if name != "nginx":
            same, worst = servers.get(name, model).check(body("all"), expected(model, None))
            print(f"  {servers.get(name, model).name:32} {model}: {same} of 506 rows are R's double, the others at most {worst:.2g} off (relative)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scoria", default=os.path.join(ROOT, "build/release/src/bin/scoria"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", help="cases, and start or memory, separated by commas")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    known = list(CASES) + ["start", "memory"]
    chosen = options.only.split(",") if options.only else known
    if options.list or not set(chosen) <= set(known):
        sys.exit("cases: " + " ".join(known))
    prepare()
    print(paired.machine())
    servers = Servers(options)
    try:
        checked = set()
        for case in chosen:
            if case not in CASES:
                continue
            model, rows, connections, peers = CASES[case]
            names = [*peers, "scoria"]
            if not {(name, model) for name in names} <= checked:
                check(servers, names, model)
                checked |= {(name, model) for name in names}
            served.compare(f"{model}, {rows} row(s), {connections} connection(s), {options.seconds} s a round", [servers.get(name, model) for name in names],
                           path(f"serve_{rows}.json"), connections, options.rounds, options.seconds)
        all_of_forest = [servers.get(name, "forest") for name in ("plumber", "node", "scoria")] if {"start", "memory"} & set(chosen) else []
        if "memory" in chosen:
            served.memory(all_of_forest)
        if "start" in chosen:
            served.starts(all_of_forest, options.rounds)
    finally:
        servers.stop()


if __name__ == "__main__":
    main()
