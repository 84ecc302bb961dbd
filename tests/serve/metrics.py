"""promtool and prometheus-client on /metrics of `scoria serve` with a native model, a script of R, logs and drift, and of `scoria server` with a service."""

import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from served import HERE, done, records, step

PROGRAM = os.environ["SCORIA_SERVE_PROGRAM"]
BODY = json.dumps({"df": records}).encode()


def ask(url, body=None, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json", **headers}), timeout=30) as reply:
        return reply.read().decode()


def families_of(text):
    """What both say of it; a family in two pieces would be two of one name."""
    ran = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert ran.returncode == 0 and not ran.stderr, ran.stdout + ran.stderr
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), names
    for family in families:
        assert family.documentation, f"{family.name} has no HELP"
        assert family.type != "unknown", f"{family.name} has no TYPE"
        labelled = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
        assert len(labelled) == len(set(labelled)), f"{family.name} says something twice"
        for sample in family.samples:
            if family.type in ("counter", "histogram"):
                assert sample.value >= 0, sample
    return {family.name: family for family in families}


with tempfile.TemporaryDirectory() as made:
    folder = pathlib.Path(made)
    environment = dict(os.environ, XDG_RUNTIME_DIR=made)

    @step("scoria serve: a model, a script, an access log, a payload log and drift")
    def _():
        (folder / "twice.R").write_text("#* @rowwise\nscore <- function(df) df$x * 2\n")
        (folder / "sample.json").write_text('[{"x": 1.5}]')
        services = ["forest=" + str(HERE / "forest.rds")]
        if has_r := shutil.which("Rscript") is not None:
            services += ["twice=" + str(folder / "twice.R"), "--sample", str(folder / "sample.json"), "--workers", "1"]
        server = subprocess.Popen([PROGRAM, "serve", *services, "--http", "127.0.0.1:0", "--access-log", folder / "access.log", "--payload-log",
                                   folder / "payload.log", "--sample-rate", "1", "--drift", "10"], stdout=subprocess.PIPE, text=True)
        try:
            ready, _, _ = select.select([server.stdout], [], [], 60)
            assert ready, "it did not start"
            url = server.stdout.readline().strip()
            families_of(ask(url + "/metrics"))  # before the first request, too
            for _ in range(4):
                ask(url + "/services/forest/score", BODY)
            if has_r:
                assert json.loads(ask(url + "/services/twice/score", b'{"df":[{"x":21}]}')) == [42]
            try:
                ask(url + "/services/forest/score", b"{}")
            except urllib.error.HTTPError as refused:
                assert refused.code == 400
            families = families_of(ask(url + "/metrics"))
            for name in ("serve_requests", "serve_request_duration_seconds", "serve_rows", "serve_model_info", "serve_log_dropped", "serve_feature_psi",
                         *(["serve_workers", "serve_queue_depth", "serve_compute_duration_seconds", "serve_worker_rss_bytes"] if has_r else [])):
                assert families[name].samples, name
        finally:
            server.terminate()
            server.wait(30)

    @step("scoria server: tasks' metrics and a service's")
    def _():
        data = folder / "data"

        def scoria(*words):
            return subprocess.run([PROGRAM, *map(str, words), "--data", data], capture_output=True, text=True, timeout=120, env=environment)

        server = subprocess.Popen([PROGRAM, "server", "--data", data, "--http", "127.0.0.1:0", "--https", "none"], stdout=subprocess.DEVNULL,
                                  stderr=open(folder / "server.log", "w"), env=environment)
        try:
            end = time.monotonic() + 60
            while scoria("pool", "list").returncode != 0:
                assert server.poll() is None and time.monotonic() < end, (folder / "server.log").read_text()[-2000:]
                time.sleep(0.1)
            url = json.loads((data / "server.json").read_text())["httpUrl"]
            deployed = scoria("service", "deploy", "forest", HERE / "forest.rds")
            assert deployed.returncode == 0, deployed.stderr
            key = {"X-API-Key": json.loads(scoria("key", "create", "tester", "--role", "reader", "--json").stdout)["key"]}
            end = time.monotonic() + 10
            while True:  # a key is known within a second
                try:
                    ask(url + "/services/forest/score", BODY, **key)
                    break
                except urllib.error.HTTPError as refused:
                    assert refused.code == 401 and time.monotonic() < end, refused
                    time.sleep(0.1)
            families = families_of(ask(url + "/metrics", **key))
            assert families["serve_requests"].samples, families.keys()
            assert any(name.startswith("scoria_") for name in families), families.keys()
        finally:
            server.terminate()
            server.wait(60)


done()
