"""concurrent.futures on a pool: each call is a task.

    with scoria.Executor(pool="night") as executor:
        print(list(executor.map(simulate, range(100))))

An executor has one job and one container of its own, which are gone after shutdown(). Results and exceptions are unpickled here: use pools whose
nodes you trust.

Threads: any number may submit; one thread of the executor's own adds tasks, asks for what has ended, and completes futures.
"""

from __future__ import annotations

import atexit
import base64
import calendar
import itertools
import logging
import os
import shlex
import threading
import time
import uuid
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, TypeVar

from . import _calls
from ._future import CallFuture
from ._mapping import MappingExecutor, Outcome, Pace, Row
from ._outcome import raised_in_chunk, settle
from .client import Client, Document
from .errors import ConnectError, ResultError, ServiceError, TaskError

_T = TypeVar("_T")
_log = logging.getLogger("scoria")

_INLINE_BYTES = 12 << 10  # a call up to this size travels within its task: 100 of them stay below the server's 4 MiB
_MOST_TASKS = 100
_QUICKEST, _SLOWEST = 0.01, 0.5  # seconds between questions about what has ended
_OVERLAP = 5.0  # seconds that questions reach back behind the newest answer: times of one list are not in order
_SWEEP = 30.0  # seconds between questions about all tasks
_FAREWELL = 30.0  # seconds that a server may be away when a program ends: it should end too
_LINK_SECONDS = 30 * 86400  # for which nodes may use the container


class TaskFuture(CallFuture[_T]):
    """A Future whose task can be looked at: `job_id`, `task_id`. cancel() ends the task also when it runs."""

    def __init__(self, executor: Executor, task_id: str) -> None:
        super().__init__(executor)
        self.job_id, self.task_id = executor.job_id, task_id


class Executor(MappingExecutor):
    """Runs calls on the nodes of a pool.

    pool         its id
    client       the server; None: Client()
    python       a Python there that each call starts; None: a copy of the node's python3 that is warm. With cloudpickle it must be of the same minor
                 version as this one
    preload      modules that the warm one has imported
    slots        of a node that each call takes
    environment  of the calls; a value "secret:NAME" is resolved on the node
    patience     seconds without an answer from the server after which calls fail
    raises       ServiceError PoolNotFound
    """

    _pace = Pace(quick=0.2, slow=2.0)  # a task takes tens of milliseconds more than its calls

    def __init__(
        self,
        pool: str,
        client: Optional[Client] = None,
        *,
        python: Optional[str] = None,
        preload: Iterable[str] = (),
        slots: int = 1,
        environment: Optional[Mapping[str, str]] = None,
        patience: float = 300.0,
    ) -> None:
        if python is not None and preload:
            raise ValueError("preload is of the warm python3: with python= each call starts its own")
        self.client = client if client is not None else Client()
        self.pool, self.python = pool, python
        self._command = shlex.quote(python) if python is not None else _warm(preload)
        self.job_id = f"scoria-python-{uuid.uuid4().hex[:20]}"
        self._slots, self._environment, self._patience = slots, dict(environment or {}), patience
        self.client.pools.get(pool, select="id")
        self._process = os.getpid()
        self._ids = itertools.count(1)
        self._changed = threading.Condition()  # guards what follows; nothing foreign is called while it is held
        self._waiting: list[tuple[TaskFuture[Any], Document]] = []  # for the next addtaskcollection
        self._open: dict[str, TaskFuture[Any]] = {}  # by task id: without a result yet
        self._is_awake = self._is_shut = False
        self._thread: Optional[threading.Thread] = None
        self._storage_lock = threading.Lock()  # guards what follows; before _changed
        self._stored: set[str] = set()
        self._has_job = self._may_have_left = False
        self._newest = ""  # the latest end of a task that was seen

    @property
    def workers(self) -> int:
        """How many calls the pool's nodes run at once, 1 where it has no node yet."""
        document = self.client.pools.get(self.pool)
        nodes = sum(max(int(document.get(f"{kind}{which}Nodes", 0)) for kind in ("current", "target")) for which in ("Dedicated", "LowPriority"))
        return max(1, nodes * (int(document.get("taskSlotsPerNode", 1)) // self._slots))

    # ---- what callers do ---------------------------------------------------------------------------------------------------------

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> TaskFuture[_T]:
        """A future of fn(*args, **kwargs) on a node.

        Its exception is the call's own, with the remote traceback as __cause__; or a TaskError that names task and node, where the call was
        killed or never ran; or a ResultError.
        raises  TypeError: it cannot be pickled. RuntimeError: after shutdown(). ServiceError, ConnectError
        """
        future: TaskFuture[_T] = self._add((fn, args, kwargs))
        return future

    def _submit_chunk(self, fn: Callable[..., _T], rows: Sequence[Row], is_first: bool) -> TaskFuture[Outcome[_T]]:
        future: TaskFuture[Outcome[_T]] = self._add((fn, list(rows)), is_late=not is_first)
        return future

    def _exception_of(self, future: Any, content: bytes, text: str) -> BaseException:
        return raised_in_chunk(content, text, lambda what: ResultError(f"task {future.task_id} of job {future.job_id}: {what}", future.job_id, future.task_id))

    def _add(self, content: tuple[Any, ...], is_late: bool = False) -> TaskFuture[Any]:
        if os.getpid() != self._process:
            raise RuntimeError("an Executor belongs to the process that made it: make another one in a child")
        call = _calls.pack(content)
        task_id = f"{next(self._ids):08d}"
        document = self._task(task_id, call, is_late)
        future: TaskFuture[Any] = TaskFuture(self, task_id)
        with self._changed:
            if self._is_shut and not is_late:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=self.job_id, daemon=True)
                self._thread.start()
                atexit.register(self.shutdown)
            self._waiting.append((future, document))
            self._open[task_id] = future
        self._wake()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """No more calls. When all are done (or, with cancel_futures, ended), the job and the container are deleted."""
        if os.getpid() != self._process:
            return  # a child that ends takes nothing of its parent's away
        with self._changed:
            self._is_shut = True
            futures = list(self._open.values()) if cancel_futures else []
        for future in futures:
            future.cancel()
        self._wake()
        if self._thread is not None and wait and self._thread is not threading.current_thread():
            self._thread.join()
        if self._thread is None or not self._thread.is_alive():
            atexit.unregister(self.shutdown)
            self._remove()  # where storing for a first call failed, there is a container and no thread

    # ---- what a call becomes -----------------------------------------------------------------------------------------------------

    def _store(self, blobs: Mapping[str, bytes], is_late: bool) -> None:
        """Blobs in the executor's container, each once."""
        with self._storage_lock:
            if self._is_shut and not is_late:  # what is stored now would be left over
                raise RuntimeError("cannot schedule new futures after shutdown")
            if not self._has_job:
                self._may_have_left = True  # from now on: an answer may be lost on its way
                self.client.blobs.create_container(self.job_id, exist_ok=True)
                settings = [{"name": name, "value": value} for name, value in self._environment.items()]
                job = {"id": self.job_id, "poolInfo": {"poolId": self.pool}, "commonEnvironmentSettings": settings}
                try:
                    self.client.jobs.add(job)
                except ServiceError as error:
                    if error.code != "JobExists":  # a first try arrived
                        raise
                self._has_job = True
            for name, data in blobs.items():
                if name not in self._stored:
                    self.client.blobs.put(self.job_id, name, data)
                    self._stored.add(name)

    def _task(self, task_id: str, call: _calls.Call, is_late: bool) -> Document:
        runner, content = _calls.runner()
        blobs = {runner: content, **call.objects}
        packages = dict(_calls.archive(package) for package in _calls.SHIPPED if call.needs(package))
        blobs.update(packages)
        environment = {"SCORIA_PACKAGES": ":".join(packages)}
        if call.is_by_value:
            environment["SCORIA_PYTHON"] = _calls.python_version()
        placed = {name: name for name in blobs}
        if len(call.data) <= _INLINE_BYTES:
            environment["SCORIA_CALL"] = base64.b64encode(call.data).decode()
        else:
            name = _calls.name_of(call.data, "call")
            blobs[name], placed[name] = call.data, "scoria_call"
        self._store(blobs, is_late)
        return {
            "id": task_id,
            "commandLine": f"{self._command} {runner}",
            "requiredSlots": self._slots,
            "resourceFiles": [{"httpUrl": self.client.blobs.url(self.job_id, blob, "r", _LINK_SECONDS), "filePath": path} for blob, path in placed.items()],
            "environmentSettings": [{"name": name, "value": value} for name, value in environment.items()],
            "outputFiles": [
                {
                    "filePattern": "scoria_result",
                    "destination": {"container": {"containerUrl": self.client.blobs.url(self.job_id, "", "rcw", _LINK_SECONDS), "path": f"results/{task_id}"}},
                    "uploadOptions": {"uploadCondition": "taskcompletion"},
                }
            ],
        }

    # ---- the executor's thread ---------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        with self._changed:
            self._is_awake = True
            self._changed.notify_all()

    def _serve(self) -> None:
        pause, last_sweep = _QUICKEST, time.monotonic()
        trouble_since: Optional[float] = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_awake, pause if self._open else None)
                pause = _QUICKEST if self._is_awake else min(pause * 1.5, _SLOWEST)
                self._is_awake = False
            try:
                self._end_cancelled()
                self._add_waiting()
                is_sweep = time.monotonic() - last_sweep > _SWEEP
                if is_sweep:
                    last_sweep = time.monotonic()
                if self._collect(is_sweep):
                    pause = _QUICKEST
                trouble_since = None
            except Exception as error:  # no future may be left waiting for a thread that has ended
                trouble_since = trouble_since or time.monotonic()
                if not _may_pass(error) or time.monotonic() - trouble_since > self._patience:
                    self._fail_all(error)
                    trouble_since = None
                pause = _SLOWEST
            with self._changed:
                if self._is_shut and not self._open:
                    break
        self._remove()
        self.client.close()

    def _end_cancelled(self) -> None:
        with self._changed:
            cancelled = {task_id for task_id, future in self._open.items() if future.cancelled()}
            unsent = {future.task_id for future, _ in self._waiting}
            self._waiting = [pair for pair in self._waiting if pair[0].task_id not in cancelled]
        for task_id in sorted(cancelled):
            if task_id not in unsent:
                _unless_gone(lambda: self.client.tasks.terminate(self.job_id, task_id))
            self._settled(task_id).set_running_or_notify_cancel()

    def _add_waiting(self) -> None:
        while True:
            with self._changed:
                batch = self._waiting[:_MOST_TASKS]
            if not batch:
                return
            answers = self.client.tasks.add_collection(self.job_id, [document for _, document in batch])
            with self._changed:  # only now: where no answer came they are added again, and TaskExists says that they had arrived
                del self._waiting[: len(batch)]
            for answer in answers:
                error = answer.get("error") or {}
                if answer["status"].lower() != "success" and error.get("code") != "TaskExists":
                    words = error.get("message", {}).get("value", "the task was refused").split("\nRequestId")[0]
                    details = "".join(f" ({value['key']}: {value['value']})" for value in error.get("values") or ())
                    self._finish(answer["taskId"], error=ServiceError(400, error.get("code", ""), f"task {answer['taskId']}: {words}{details}"))

    def _collect(self, is_sweep: bool) -> bool:
        """Completes the futures of tasks that have ended; whether there were some."""
        with self._changed:
            if not self._open:
                return False
        ended = "state eq 'completed'"
        if self._newest and not is_sweep:
            ended += f" and stateTransitionTime ge DateTime'{self._newest}'"
        tasks = list(self.client.tasks.list(self.job_id, filter=f"({ended}) or state eq 'running'", select="id,state,stateTransitionTime,executionInfo,nodeInfo"))
        has_news = False
        newest = self._newest
        for task in tasks:
            with self._changed:
                future = self._open.get(task["id"])
            if task["state"] == "running":
                if future is not None:
                    future._is_running = True
                continue
            newest = max(newest, _earlier(task["stateTransitionTime"], _OVERLAP))
            if future is not None and not future.cancelled():
                has_news = True
                value, error = settle(self.client, self.job_id, task, self.python or "python3")
                self._finish(task["id"], value, error)
        self._newest = newest
        return has_news

    def _settled(self, task_id: str) -> TaskFuture[Any]:
        with self._changed:
            return self._open.pop(task_id)

    def _finish(self, task_id: str, value: Any = None, error: Optional[BaseException] = None) -> None:
        future = self._settled(task_id)
        if not future.set_running_or_notify_cancel():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)

    def _fail_all(self, error: BaseException) -> None:
        with self._changed:
            self._waiting.clear()
            failed = list(self._open)
        for task_id in failed:
            trouble = TaskError(f"task {task_id} of job {self.job_id}: {error}", self.job_id, task_id)
            trouble.__cause__ = error
            self._finish(task_id, error=trouble)

    def _remove(self) -> None:
        """Deletes the job and the container, once."""
        with self._storage_lock:
            if not self._may_have_left:
                return
            self._may_have_left = False
            end = time.monotonic() + min(self._patience, _FAREWELL)
            for step in (lambda: self.client.jobs.delete(self.job_id), lambda: self.client.blobs.delete_container(self.job_id)):
                self._remove_by(step, end)

    def _remove_by(self, step: Callable[[], None], end: float) -> None:
        while True:
            try:
                return _unless_gone(step)
            except (ConnectError, ServiceError) as error:
                if not _may_pass(error) or time.monotonic() > end:
                    # Said and not thrown: whoever shuts down has all results.
                    return _log.warning("executor of job %s may have left something behind: %s", self.job_id, error)
            time.sleep(_SLOWEST)


def _warm(preload: Iterable[str]) -> str:
    modules = ",".join(_calls.module_names(preload))
    return f"scoria call-py --preload {shlex.quote(modules)}" if modules else "scoria call-py"


def _may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed later: nobody answers, or a server that has trouble of its own, such as one that starts."""
    return isinstance(error, ConnectError) or (isinstance(error, ServiceError) and error.status >= 500)


def _unless_gone(step: Callable[[], None]) -> None:
    """What is to end may have ended, or be ending, already."""
    try:
        step()
    except ServiceError as error:
        if error.status not in (404, 409):
            raise


def _earlier(moment: str, seconds: float) -> str:
    """A time of the server's, "2026-11-29T12:00:00.1234567Z", so many seconds before; without its fraction."""
    at = time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(calendar.timegm(at) - seconds))
