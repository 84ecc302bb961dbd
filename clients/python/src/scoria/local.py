"""concurrent.futures on this machine's warm workers, without a server.

    with scoria.LocalExecutor(workers=2, preload=["sklearn"]) as executor:
        print(list(executor.map(simulate, range(1000))))

Workers are forks of a Python that has imported `preload` once and that `scoria workers` keeps between programs. They have this program's environment,
folder and sys.path as these were when the worker came.

Threads: any number may submit; one thread of the executor's own speaks with the workers and completes futures.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import itertools
import numbers
import operator
import os
import pickle
import sys
import threading
import uuid
import weakref
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, TypeVar

from . import _calls, _runner
from ._answers import Call
from ._dispatcher import Dispatcher, Plan
from ._future import CallFuture
from ._mapping import MappingExecutor, Outcome, Pace, Row
from ._outcome import raised_in_chunk
from ._workers import SHARED_BYTES, Payload, memfd
from .errors import ResultError

_T = TypeVar("_T")

# What an interpreter and its libraries read when they start: a template serves who agrees on these. The rest is set in each worker.
_AT_START = ("HOME", "LANG", "LANGUAGE", "PATH", "TZ", "VIRTUAL_ENV")
_AT_START_BEGINNINGS = ("BLAS_", "CONDA", "GOTO_", "LC_", "LD_", "MALLOC_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON")

_MAKE_READY = """
import os, sys
sys.path[:] = path
os.environ.clear()
os.environ.update(environment)
try:
    os.chdir(folder)
except OSError:
    pass
"""


class LocalFuture(CallFuture[_T]):
    """A Future of a LocalExecutor: `call` is its name in messages. cancel() ends the call also when it runs, and its worker with it."""

    def __init__(self, executor: LocalExecutor, call: str) -> None:
        super().__init__(executor)
        self.call = call


class KeptFunction:
    """A function of many bytes, such as one that closes over data: pickled once for all chunks of a map, read once by each worker."""

    def __init__(self, function: Any, data: bytes) -> None:
        self.name, self.key = _calls.name_of_function(function), uuid.uuid4().hex
        fd = memfd(data)
        self.path = f"/proc/{os.getpid()}/fd/{fd}"
        weakref.finalize(self, os.close, fd)


def _state_of(modules: Iterable[str]) -> str:
    """Changes when modules are installed anew or edited: then a template that has loaded the old ones is not the one that is meant."""
    times = []
    for name in sorted({name.partition(".")[0] for name in modules}):
        try:
            origin = getattr(importlib.util.find_spec(name), "origin", None)
        except (ImportError, ValueError):
            origin = None
        if origin is None or not os.path.exists(origin):
            continue
        files = [origin]
        if os.path.basename(origin) == "__init__.py" and "-packages" not in origin:  # what pip installs is written as a whole
            files = [os.path.join(folder, file) for folder, _, names in os.walk(os.path.dirname(origin)) for file in names if file.endswith(".py")]
        times += [f"{file} {os.stat(file).st_mtime_ns}" for file in sorted(files)]
    return hashlib.sha256("\n".join(times).encode()).hexdigest()[:16]


def _count(name: str, value: Any) -> int:
    try:
        count = operator.index(int(value) if isinstance(value, float) and value.is_integer() else value)  # 2e9 is one, and so are numpy's
    except TypeError:
        raise TypeError(f"{name} is {value!r}, must be a whole number") from None
    if count < 1:
        raise ValueError(f"{name} is {count}, must be at least 1")
    return count


class LocalExecutor(MappingExecutor):
    """Runs calls on warm Python workers of this machine.

    workers      how many; None: as many as there are cores for this process
    preload      modules that the workers' template imports once
    timeout      seconds that a call may take; then its worker is killed, and its future has a WorkerError
    memory       bytes that a worker may allocate; beyond, the call has a MemoryError
    max_result   bytes of a result; a larger one is a ResultError
    environment  of the calls, beside this process's own
    raises       ScoriaError: no `scoria` program, or it starts no workers
    """

    def __init__(
        self,
        workers: Optional[int] = None,
        *,
        preload: Iterable[str] = (),
        timeout: Optional[float] = None,
        memory: Optional[int] = None,
        max_result: int = 1 << 30,
        environment: Optional[Mapping[str, str]] = None,
    ) -> None:
        if timeout is not None and not isinstance(timeout, numbers.Real):
            raise TypeError(f"timeout is {timeout!r}, must be a number of seconds")
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout is {timeout}, must be more than 0 seconds")
        memory = None if memory is None else _count("memory", memory)
        max_result = _count("max_result", max_result)
        preload = _calls.module_names(preload)
        self._workers = _count("workers", workers) if workers is not None else len(os.sched_getaffinity(0))
        self._timeout, self._environment = timeout, dict(environment or {})
        # A chunk that is late or crashes takes its other calls with it: where that is to be expected, each goes alone.
        self._pace = Pace(quick=0.005, slow=0.2, most=None if timeout is None else 1)
        self._process = os.getpid()
        self._ids = itertools.count(1)
        modules = [name for name in _calls.SHIPPED if name != "cloudpickle" or _calls.has_cloudpickle()]
        settings: dict[str, str] = {**os.environ, **self._environment}
        places = [os.path.abspath(place) for place in settings.get("PYTHONPATH", "").split(os.pathsep) if place]  # relative is so to this folder
        own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        if "-packages" not in own and own not in places:
            places.insert(0, own)  # a template would find another one of this package, or none
        if places:
            settings["PYTHONPATH"] = os.pathsep.join(places)
        modules = list(dict.fromkeys([*modules, *preload]))
        environment = {name: value for name, value in settings.items() if name in _AT_START or name.startswith(_AT_START_BEGINNINGS)}
        environment["SCORIA_PRELOAD_STATE"] = _state_of(modules)
        template = {"runtime": "python", "program": os.path.abspath(sys.executable), "preload": modules, "environment": environment}
        limits = {} if memory is None else {"memory_bytes": memory}
        self._dispatcher = Dispatcher(Plan(template, limits, self._workers, max_result, self._make_ready), "scoria-local")
        atexit.register(self.shutdown)

    @property
    def workers(self) -> int:
        return self._workers

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> LocalFuture[_T]:
        """A future of fn(*args, **kwargs) in a worker.

        Its exception is the call's own, with the traceback there as __cause__; or a WorkerError that names call and worker, and says how that ended; or a
        ResultError.
        raises  TypeError: it cannot be pickled. RuntimeError: after shutdown()
        """
        future: LocalFuture[_T] = self._add(fn, [args], kwargs, "", is_chunk=False)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """No more calls. When all are done (with cancel_futures, those that run; the others are cancelled), the workers end."""
        if os.getpid() != self._process:
            return  # a child that ends takes nothing of its parent's away
        atexit.unregister(self.shutdown)
        self._dispatcher.shut(cancel_futures)
        thread = self._dispatcher.thread
        if thread is not None and wait and thread is not threading.current_thread():
            thread.join()

    # ---- what map() and futures want ---------------------------------------------------------------------------------------------

    def _submit_chunk(self, fn: Callable[..., _T], rows: Sequence[Row], is_first: bool) -> LocalFuture[Outcome[_T]]:
        future: LocalFuture[Outcome[_T]] = self._add(fn, list(rows), None, f", {len(rows)} calls" if len(rows) > 1 else "", is_chunk=True, is_late=not is_first)
        return future

    def _once(self, fn: Callable[..., _T]) -> Any:
        data = _calls.pack_here(fn, fn)
        return fn if len(data) < SHARED_BYTES else KeptFunction(fn, data)

    def _exception_of(self, future: Any, content: bytes, text: str) -> BaseException:
        return raised_in_chunk(content, text, lambda what: ResultError(f"{future.call}: {what}", task=future.call))

    def _wake(self) -> None:
        self._dispatcher.note_cancelled()  # what futures wake it for

    # ---- what a call becomes -----------------------------------------------------------------------------------------------------

    def _add(self, fn: Any, rows: list[Row], keywords: Any, more: str, is_chunk: bool, is_late: bool = False) -> LocalFuture[Any]:
        if os.getpid() != self._process:
            raise RuntimeError("a LocalExecutor belongs to the process that made it: make another one in a child")
        is_kept = isinstance(fn, KeptFunction)
        # Known for sure when it is pickled; a guess that is right saves doing so twice.
        is_by_value = is_kept or _calls.is_probably_by_value(fn)
        data = self._pickled(fn, rows, keywords, is_by_value)
        if not is_by_value and b"cloudpickle" in data:
            is_by_value = True
            data = self._pickled(fn, rows, keywords, is_by_value)
        function = fn.name if is_kept else _calls.name_of_function(fn)
        name = f"call {next(self._ids)} ({function}{more})"
        kind = "" if is_chunk else function
        future: LocalFuture[Any] = LocalFuture(self, name)
        timeout = None if self._timeout is None else self._timeout * len(rows)
        self._dispatcher.add(Call(name, kind, Payload(data), future, timeout, is_by_value, is_chunk, fn if is_kept else None), is_late)
        return future

    @staticmethod
    def _pickled(fn: Any, rows: list[Row], keywords: Any, is_by_value: bool) -> bytes:
        if isinstance(fn, KeptFunction):
            return _calls.pack_here(_runner.run_kept_chunk, (_runner.run_kept_chunk, (fn.path, fn.key, rows), {}))
        return _calls.pack_here(fn, (_runner.run_chunk_by_value if is_by_value else _runner.run_chunk, (fn, rows, keywords), {}))

    def _make_ready(self) -> bytes:
        # A call by text, since a worker may find this package only after it.
        try:
            folder = os.getcwd()
        except OSError:  # it was removed
            folder = os.sep
        state = {"path": list(sys.path), "environment": {**os.environ, **self._environment}, "folder": folder}
        return pickle.dumps((exec, (_MAKE_READY, state), {}))
