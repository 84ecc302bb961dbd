"""Python as a template: started once with what takes long to import, then forked for each script and each worker (worker/shim.h).

   python template.py SHIM FD MODULE,...                        forks on orders that come through the socket FD
   python template.py SHIM become FILE|-m MODULE|-c CODE ...    is that script at once, with the same environment around it
"""
import builtins
import ctypes
import gc
import os
import pickle
import struct
import sys
import types

MODE_SCRIPT, MODE_WORKER = 1, 2
CALL_RESET, SERVICE, REQUEST, TEMPLATE, VALUE, FAILED, DONE = 2, 3, 4, 5, 16, 17, 18
MOST_IN_STREAM = 1 << 20


def limit_cores():
    """os.cpu_count() sees the task's slots."""
    cores = os.environ.get("SCORIA_CPUS", "")
    if cores.isdigit():
        os.cpu_count = lambda: int(cores)
        if hasattr(os, "process_cpu_count"):
            os.process_cpu_count = os.cpu_count


def take_environment(shim):
    index, wanted = 0, {}
    while True:
        setting = shim.scoria_setting(index)
        if setting is None:
            break
        name, _, value = setting.partition(b"=")
        wanted[name] = value
        index += 1
    for name in list(os.environb):
        if name not in wanted:
            del os.environb[name]
    for name, value in wanted.items():
        if os.environb.get(name) != value:
            os.environb[name] = value


def words_of(shim):
    words, index = [], 0
    while (word := shim.scoria_word(index)) is not None:
        words.append(os.fsdecode(word))
        index += 1
    return words


def reseed():
    """Generators that a preloaded module seeded when it was imported: no two children may draw the same."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def run_script(words):
    """As `python FILE ARGUMENT...`, `-m MODULE` or `-c CODE` would; returns the exit code."""
    main = types.ModuleType("__main__")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    sys.orig_argv = [sys.executable, *words]
    try:
        if words[0] == "-m" and len(words) > 1:
            import runpy

            sys.path.insert(0, os.getcwd())
            sys.argv = words[1:]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
            return 0
        if words[0] == "-c" and len(words) > 1:
            sys.argv = ["-c", *words[2:]]
            sys.path.insert(0, "")
            code = compile(words[1], "<string>", "exec")
        else:
            path = os.path.abspath(words[0])
            try:
                with open(path, "rb") as file:
                    source = file.read()
            except OSError as error:
                print(f"{sys.executable}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
                return 2
            sys.argv = words
            sys.path.insert(0, os.path.dirname(path))
            from importlib.machinery import SourceFileLoader

            main.__loader__ = SourceFileLoader("__main__", path)
            main.__file__ = path
            main.__cached__ = None
            code = compile(source, path, "exec")
        exec(code, main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__.tb_next if error.__traceback__ is not None else None  # without this frame
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        if isinstance(error, KeyboardInterrupt):  # python ends by the signal itself, too
            import signal

            sys.stdout.flush()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        return 1
    return 0


def read_members(data):
    """Names with bytes, as docs/formats/worker.md says of services."""
    (count,), at, members = struct.unpack_from("<I", data), 4, {}
    for _ in range(count):
        name_size, size = struct.unpack_from("<IQ", data, at)
        at += 12
        members[data[at : at + name_size].decode()] = data[at + name_size : at + name_size + size]
        at += name_size + size
    return members


def write_members(members):
    out = [struct.pack("<I", len(members))]
    for name, value in members.items():
        encoded = name.encode()
        out += [struct.pack("<IQ", len(encoded), len(value)), encoded, value]
    return b"".join(out)


class Worker:
    def __init__(self, shim):
        self.shim, self.state = shim, {}
        module = types.ModuleType("scoria_worker", "What calls to a warm worker share until the next reset: `state`, a dict.")
        module.state = self.state
        sys.modules["scoria_worker"] = module
        sys.stdout.reconfigure(line_buffering=True)  # what a crash must not take away
        self.at_first = {"environment": dict(os.environb), "directory": os.getcwd(), "path": list(sys.path)}

    def serve(self):
        kind, size, path = ctypes.c_int(), ctypes.c_double(), ctypes.c_char_p()
        while True:
            self.shim.scoria_receive(ctypes.byref(kind), ctypes.byref(size), ctypes.byref(path))
            if kind.value == 0:
                return
            if kind.value == CALL_RESET:
                self.reset()
                is_last = self.send(DONE, b"")
            elif kind.value == TEMPLATE:
                is_last = self.become_template()
            elif kind.value in (SERVICE, REQUEST):
                is_last = self.serve_service(kind.value, self.payload(path.value, int(size.value)))
            else:
                is_last = self.answer(path.value, int(size.value))
            if is_last:
                return

    def answer(self, path, size):
        import warnings

        noted = []
        try:
            with warnings.catch_warnings(record=True) as caught:
                noted = caught
                function, arguments, keywords = pickle.loads(self.payload(path, size))
                outcome, kind = {"value": function(*arguments, **keywords)}, VALUE
        except SystemExit:
            raise
        except BaseException as error:
            outcome, kind = self.failure(error), FAILED
        said = {"output": self.output(), "warnings": [f"{one.category.__name__}: {one.message}" for one in noted]}
        outcome.update(said)
        try:
            data = pickle.dumps(outcome, protocol=5)
        except BaseException as error:
            if kind == FAILED:
                outcome["error"] = None
            else:
                outcome, kind = {**self.failure(error), **said}, FAILED
                outcome["message"] = f"its result cannot be sent: {outcome['message']}"
                outcome["error"] = None
            data = pickle.dumps(outcome, protocol=5)
        return self.send(kind, data)

    def payload(self, path, size):
        if path:
            with open(path, "rb") as file:
                return file.read()
        buffer = ctypes.create_string_buffer(max(size, 1))
        self.shim.scoria_take(buffer)
        return ctypes.string_at(buffer, size)

    def serve_service(self, kind, payload):
        """A service: code of the client's makes it once, then its function answers each request, bytes in and bytes out."""
        import warnings

        with warnings.catch_warnings(record=True) as noted:
            try:
                if kind == SERVICE:
                    options = {name: value.decode() for name, value in read_members(payload).items()}
                    place = {"__name__": "scoria_service"}
                    exec(compile(options["source"], "scoria_service.py", "exec"), place)
                    self.service = place["open_service"](options, read_members, write_members)
                    outcome, kind = {"value": b""}, VALUE
                else:
                    outcome, kind = {"value": self.service(payload)}, VALUE
            except SystemExit:
                raise
            except BaseException as error:
                failure = self.failure(error)
                outcome, kind = {"message": f"{failure['type']}: {failure['message']}".encode(), "calls": failure["traceback"].encode()}, FAILED
        outcome["output"] = self.output().encode()
        outcome["warnings"] = "".join(f"{one.category.__name__}: {one.message}\n" for one in noted[:50]).encode()
        return self.send(kind, write_members(outcome))

    def become_template(self):
        """From here on this process only forks: what its service has loaded is shared. Returns in the children, and where it cannot be."""
        gc.collect()
        gc.freeze()
        why, mode = ctypes.c_char_p(), ctypes.c_int()
        self.shim.scoria_become_template(ctypes.byref(ctypes.c_char_p(b"")), ctypes.byref(why), ctypes.byref(mode))
        if mode.value == MODE_WORKER:
            os.environ["TMPDIR"] = os.fsdecode(self.shim.scoria_setting(0).partition(b"=")[2])
            if "tempfile" in sys.modules:
                sys.modules["tempfile"].tempdir = None
            reseed()
            return False
        if mode.value == 0:
            return True
        gc.unfreeze()
        return self.send(FAILED, write_members({"message": why.value, "calls": b"", "output": b"", "warnings": b""}))

    @staticmethod
    def failure(error):
        import traceback

        trace = error.__traceback__.tb_next if error.__traceback__ is not None else None  # without our own frame
        lines = traceback.format_exception(type(error), error, trace)
        return {"error": error.with_traceback(None), "type": type(error).__name__, "message": str(error), "traceback": "".join(lines)}

    def output(self):
        sys.stdout.flush()
        sys.stderr.flush()
        size = ctypes.c_double()
        self.shim.scoria_output_size(ctypes.byref(size))
        if size.value == 0:
            return ""
        buffer = ctypes.create_string_buffer(int(size.value))
        self.shim.scoria_output_take(buffer)
        return buffer.raw.decode(errors="replace")

    def send(self, kind, data):
        is_last, code = ctypes.c_int(), ctypes.c_int(kind)
        if len(data) < MOST_IN_STREAM:
            self.shim.scoria_answer(ctypes.byref(code), data, ctypes.byref(ctypes.c_double(len(data))), ctypes.byref(is_last))
            return bool(is_last.value)
        path = ctypes.c_char_p()
        self.shim.scoria_share(ctypes.byref(path))
        with open(path.value, "wb") as file:
            file.write(data)
        self.shim.scoria_answer_shared(ctypes.byref(code), ctypes.byref(is_last))
        return bool(is_last.value)

    def reset(self):
        import random
        import warnings

        self.state.clear()
        main = types.ModuleType("__main__")
        main.__builtins__ = builtins
        sys.modules["__main__"] = main
        os.chdir(self.at_first["directory"])
        sys.path[:] = self.at_first["path"]
        for name in set(os.environb) - set(self.at_first["environment"]):
            del os.environb[name]
        for name, value in self.at_first["environment"].items():
            if os.environb.get(name) != value:
                os.environb[name] = value
        warnings.resetwarnings()
        random.seed()
        reseed()


def main():
    shim = ctypes.PyDLL(sys.argv[1])  # holds the lock, which a fork must not happen without
    for name in ("scoria_word", "scoria_setting"):
        getattr(shim, name).restype = ctypes.c_char_p
    del sys.path[0]  # this file's folder
    no_file = ctypes.c_char_p(b"")
    if sys.argv[2] == "become":
        limit_cores()
        return run_script(sys.argv[3:])
    for name in filter(None, (sys.argv[3] if len(sys.argv) > 3 else "").split(",")):
        try:
            __import__(name)
        except Exception:  # one that is missing is said by the call that needs it
            pass
    gc.collect()
    gc.freeze()  # pages that nobody writes to any more are shared with all children
    mode = ctypes.c_int()
    shim.scoria_template(ctypes.byref(ctypes.c_int(int(sys.argv[2]))), ctypes.byref(no_file), ctypes.byref(mode))
    if mode.value <= 0:
        return -mode.value
    take_environment(shim)
    reseed()
    limit_cores()
    words = words_of(shim)
    if mode.value == MODE_WORKER:
        sys.argv = [""]
        sys.modules["__main__"] = types.ModuleType("__main__")
        sys.modules["__main__"].__builtins__ = builtins
        Worker(shim).serve()
        return 0
    return run_script(words[2:])


sys.exit(main())
