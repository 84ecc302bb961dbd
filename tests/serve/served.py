"""What the parts share: the server's address, the rows with what R predicts of them, and named steps."""

import csv
import json
import os
import pathlib
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
url = os.environ["SCORIA_SERVE_URL"]
_failed = 0


def _value(name, text):
    return text == "TRUE" if name == "lift" else text if name == "heating" else float(text)


with open(HERE / "rows.csv") as file:
    records = [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]
with open(HERE / "expected.csv") as file:
    _expected = list(csv.DictReader(file))


def expected(service):
    return [float(row[service]) for row in _expected]


def same(got, service):
    """lm adds up in another order than R: 1e-12 of the value, as the golden cases allow."""
    wanted = expected(service)
    assert len(got) == len(wanted), (len(got), len(wanted))
    for one, other in zip(got, wanted):
        assert abs(one - other) <= 1e-12 * abs(other), json.dumps([one, other])


def step(name):
    """Runs the function it decorates at once, and says how it went."""

    def run(body):
        global _failed
        try:
            body()
            print(f"ok    {name}", flush=True)
        except Exception:  # a step's end, whatever it was
            _failed += 1
            print(f"FAIL  {name}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        return body

    return run


def done():
    sys.exit(1 if _failed else 0)
