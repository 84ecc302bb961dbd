"""MLflow's own client of a scoring server, and the bodies that its data converters write."""

import json
import urllib.error
import urllib.request

import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

from served import done, records, same, step, url

host, port = url.removeprefix("http://").split(":")
frame = pd.DataFrame(records)


@step("the client waits for the server and scores a data frame")
def _():
    client = ScoringServerClient(host, int(port))
    client.wait_server_ready(timeout=10)
    same(client.invoke(frame).get_predictions()[0].tolist(), "forest")


def invoke(body, kind="application/json"):
    request = urllib.request.Request(url + "/invocations", body.encode(), {"Content-Type": kind})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["predictions"]


@step("every documented body is read")
def _():
    for body in (
        {"dataframe_split": json.loads(frame.to_json(orient="split"))},
        {"dataframe_records": json.loads(frame.to_json(orient="records"))},
        {"instances": records},
        {"instances": frame.values.tolist()},
        {"inputs": frame.to_dict(orient="list")},
    ):
        same(invoke(json.dumps(body)), "forest")
    same(invoke(frame.to_csv(index=False), "text/csv"), "forest")
    same(invoke(frame.to_csv(), "text/csv"), "forest")


@step("the body of before 2.0 is refused with the names of the new ones")
def _():
    try:
        invoke(frame.to_json(orient="split"))
    except urllib.error.HTTPError as refused:
        told = json.load(refused)
        assert refused.code == 400 and told["error_code"] == "BAD_REQUEST" and "dataframe_split" in told["message"], told
    else:
        raise AssertionError("was answered")


done()
