"""Runs one call of a scoria.Executor on a node. Sent there as a file of its own: standard library only, Python 3.6 and later.

In the task's folder:  scoria_call or SCORIA_CALL (base64)  the call: pickle of (function, args, kwargs) or (function, [args, ...])
                       object files                         what of it was too large, each a pickle by itself
                       scoria_result                        what is left behind: pickle of (kind, bytes, text)
kind  "value" (bytes: the result's pickle), "raised" (bytes: the exception's, empty where it has none; text: the traceback),
      "unpicklable" (text: why its result cannot be sent), "failed" (text: why the call was not made)
"""

import binascii
import io
import os
import pickle
import sys

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
        value = call[0](*call[1], **call[2]) if len(call) == 3 else [call[0](*args) for args in call[1]]
    except BaseException as error:  # exit() of a call is its exception, not the node's trouble
        return _raised(error)
    try:
        return "value", _dumps(value), ""
    except Exception as error:
        return "unpicklable", b"", "the result, a %s, cannot be pickled: %s: %s" % (type(value).__name__, type(error).__name__, error)


def main():
    outcome = _run()
    with open(RESULT + ".new", "wb") as file:
        pickle.dump(outcome, file, protocol=4)
    os.replace(RESULT + ".new", RESULT)
    if outcome[0] != "value":
        sys.stderr.write(outcome[2] + "\n")
    sys.stdout.flush()
    # Threads that the call left behind hold up nobody.
    sys.stderr.flush()
    os._exit(0 if outcome[0] == "value" else 1)


main()
