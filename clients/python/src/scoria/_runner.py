"""Runs one call of a scoria.Executor on a node. Sent there as a file of its own: standard library only, Python 3.6 and later.
Workers of a scoria.LocalExecutor import it for run_chunk().

In the task's folder:  scoria_call or SCORIA_CALL (base64)  the call: pickle of (function, args, kwargs) or (function, [args, ...])
                       object files                         what of it was too large, each a pickle by itself
                       scoria_result                        what is left behind: pickle of (kind, bytes, text)
kind  "value" (bytes: the pickle of the result, or of what run_chunk gave for several; text: the traceback, where one of these raised), "raised" (bytes: the exception's, empty where it has none; text: the traceback),
      "unpicklable" (text: why its result cannot be sent), "failed" (text: why the call was not made)
"""

import binascii
import io
import os
import pickle
import sys
import time

RESULT = "scoria_result"


class _Unpickler(pickle.Unpickler):
    """What is the same object in several places of a call is one here too."""

    objects = {}  # type: dict[str, object]

    def persistent_load(self, name):
        if name not in self.objects:
            with open(name, "rb") as file:
                self.objects[name] = pickle.load(file)
        return self.objects[name]


def _dumps(value):
    try:
        return pickle.dumps(value, protocol=4)
    except Exception:
        try:
            import cloudpickle  # classes and functions made by the call itself
        except ImportError:
            cloudpickle = None
        if cloudpickle is None:
            raise
        return cloudpickle.dumps(value, protocol=4)


def _text(error, skipped):
    """The traceback without so many frames of this file's own. (Its module is imported where it is wanted: most calls end well, and quick.)"""
    import traceback

    frame = error.__traceback__
    for _ in range(skipped):
        frame = frame.tb_next if frame else None
    return "".join(traceback.format_exception(type(error), error, frame))


def _raised(error):
    text = _text(error, 1)
    try:
        data = _dumps(error)
        pickle.loads(data)  # some exceptions are written, and cannot be made again
    except Exception:
        data = b""
    return "raised", data, text


def run_chunk(function, rows, keywords=None):
    """([function(*row) for row in rows] up to the first that raises, what that was or None, the seconds that it took)."""
    values, raised, begin = [], None, time.perf_counter()
    try:
        for row in rows:
            values.append(function(*row, **keywords) if keywords else function(*row))
    except BaseException as error:  # exit() of a call is its exception, not the node's trouble
        raised = _raised(error)[1:]
    return values, raised, time.perf_counter() - begin


_kept = ["", None]  # the last function that run_kept_chunk had: its key, and itself


def run_kept_chunk(path, key, rows):
    """run_chunk_by_value for a large function that calls share: read once from a file of the program that sent it."""
    if _kept[0] != key:
        _kept[:] = "", None  # two need not fit at once
        with open(path, "rb") as file:
            _kept[:] = key, pickle.load(file)
    return run_chunk_by_value(_kept[1], rows)


def run_chunk_by_value(function, rows, keywords=None):
    """The same as a pickle by itself: what a function sent by value gives back may be of classes that came with it."""
    outcome = run_chunk(function, rows, keywords)
    try:
        return _dumps(outcome)
    except Exception as error:
        raise TypeError("its result cannot be sent: %s: %s" % (type(error).__name__, error))


def _run():
    wanted = os.environ.get("SCORIA_PYTHON")
    here = "%d.%d" % sys.version_info[:2]
    if wanted and wanted != here:
        return "failed", b"", (
            "the node's %s is Python %s, and functions sent by value from Python %s do not run there: "
            "Executor(python=...) names another Python of the node" % (sys.executable, here, wanted)
        )
    sys.path[:0] = [name for name in os.environ.get("SCORIA_PACKAGES", "").split(":") if name]
    sys.path.append(os.getcwd())
    try:
        if "SCORIA_CALL" in os.environ:
            data = binascii.a2b_base64(os.environ.pop("SCORIA_CALL"))
        else:
            with open("scoria_call", "rb") as file:
                data = file.read()
        call = _Unpickler(io.BytesIO(data)).load()
    except ImportError as error:
        return "failed", b"", "the call needs a package that the node's %s lacks: %s" % (sys.executable, error)
    except Exception as error:
        return "failed", b"", "the call could not be unpickled:\n" + _text(error, 0)
    try:
        value = call[0](*call[1], **call[2]) if len(call) == 3 else run_chunk(*call)
    except BaseException as error:
        return _raised(error)
    try:
        return "value", _dumps(value), value[1][1] if len(call) == 2 and value[1] else ""
    except Exception as error:
        return "unpicklable", b"", "the result, a %s, cannot be pickled: %s: %s" % (type(value).__name__, type(error).__name__, error)


def main():
    outcome = _run()
    with open(RESULT + ".new", "wb") as file:
        pickle.dump(outcome, file, protocol=4)
    os.replace(RESULT + ".new", RESULT)
    if outcome[2]:
        sys.stderr.write(outcome[2] + "\n")
    sys.stdout.flush()
    # Threads that the call left behind hold up nobody.
    sys.stderr.flush()
    os._exit(1 if outcome[2] else 0)


if __name__ == "__main__":
    main()
