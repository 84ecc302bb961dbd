"""What the Python tests share: the account from the environment, named steps, waiting."""

import json
import os
import sys
import time
import traceback

account = json.loads(os.environ["SCORIA_TEST_ACCOUNT"])
_passed = 0
_failed = 0


def step(name):
    """Runs the function it decorates at once, and says how it went."""

    def run(body):
        global _passed, _failed
        try:
            body()
            _passed += 1
            print(f"ok    {name}", flush=True)
        except Exception:  # a step's end, whatever it was
            _failed += 1
            print(f"FAIL  {name}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        return body

    return run


def until(what, seconds, condition):
    """The first true value of condition(), asked ten times a second."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.1)


def done():
    print(f"{_passed} steps passed")
    sys.exit(1 if _failed or not _passed else 0)
