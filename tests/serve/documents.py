"""The documents: validators of OpenAPI and Prometheus' own parser read them, and schemathesis makes requests from them."""

import json
import os
import subprocess
import sys
import urllib.request

from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from served import done, step, url


def get(path):
    with urllib.request.urlopen(url + path) as reply:
        return reply.read().decode()


@step("/openapi.json is OpenAPI 3.0")
def _():
    OpenAPIV30SpecValidator(json.loads(get("/openapi.json"))).validate()


@step("swagger.json of each service is Swagger 2.0")
def _():
    for service in ("forest", "linear"):
        OpenAPIV2SpecValidator(json.loads(get(f"/api/{service}/1/swagger.json"))).validate()


def schemathesis(*options):
    tool = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    ran = subprocess.run([tool, "run", url + "/openapi.json", "--max-examples", "40", "--seed", "1", "--generation-database", "none", *options],
                         capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


@step("schemathesis finds no answer that the document does not describe")
def _():
    schemathesis("--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance")


@step("schemathesis finds no rows by the document that are refused")
def _():
    # Of lm alone the query has parameters, whose values a document cannot tell.
    schemathesis("--checks", "positive_data_acceptance", "--include-path", "/services/forest/score")


@step("/metrics is what Prometheus reads, each family in one piece")
def _():
    text = get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names)), names
    seen = []
    for line in text.splitlines():
        family = next((name for name in sorted(names, key=len, reverse=True) if line.startswith(name)), None)
        if family and (not seen or seen[-1] != family):
            seen.append(family)
    assert len(seen) == len(set(seen)), seen
    answered = {(s.labels["service"], s.labels["protocol"], s.labels["code"]): s.value for s in families["serve_requests"].samples}
    assert answered[("forest", "plumber", "200")] > 0, answered
    assert len(families["serve_model_info"].samples) == 2
    for sample in families["serve_inflight"].samples:
        assert sample.value == 0, sample


done()
