"""What a task that has ended says of its call: a value, the call's own exception, or why there is neither."""

from __future__ import annotations

import pickle
import signal
from typing import Any, Callable, Optional, TypeVar

from .client import Client, Document
from .errors import RemoteTraceback, ResultError, ScoriaError, ServiceError, TaskError

_Kind = TypeVar("_Kind", bound=TaskError)
_TAIL = 2000  # characters of stderr that an error shows


def settle(client: Client, job: str, task: Document, python: str) -> tuple[Any, Optional[BaseException]]:
    """The call's result, or its exception. Raises what may pass: ConnectError, and a ServiceError of the server's own trouble."""
    try:
        data = client.blobs.get(job, f"results/{task['id']}")
    except ServiceError as error:
        if error.status != 404:
            raise
        return None, _without_result(client, job, task, python)
    try:
        kind, content, text = pickle.loads(data)
        value = pickle.loads(content) if content else None
    except Exception as error:
        trouble = _error(ResultError, job, task, f"its {'result' if data else 'empty result'} cannot be unpickled here: {type(error).__name__}: {error}")
        trouble.__cause__ = error
        return None, trouble
    if kind == "value":
        return value, None
    if kind in ("failed", "unpicklable"):
        return None, _error(TaskError if kind == "failed" else ResultError, job, task, text)
    return None, raised(value, text, lambda what: _error(ResultError, job, task, what))


def raised(value: Any, text: str, error: Callable[[str], ResultError]) -> BaseException:
    """The exception of a call, with its traceback there; or, where it cannot be pickled, the ResultError of what its last line says."""
    exception: BaseException
    if isinstance(value, BaseException):
        exception = value
    else:
        exception = error("it raised what cannot be pickled: " + (text.strip().splitlines() or ["nothing"])[-1])
    exception.__cause__ = RemoteTraceback(text)
    return exception


def raised_in_chunk(content: bytes, text: str, error: Callable[[str], ResultError]) -> BaseException:
    """The same from what run_chunk has of it."""
    try:
        value = pickle.loads(content) if content else None
    except Exception as trouble:
        unreadable = error(f"the exception that it raised cannot be unpickled here: {type(trouble).__name__}: {trouble}")
        unreadable.__cause__ = RemoteTraceback(text)
        return unreadable
    return raised(value, text, error)


def _error(kind: type[_Kind], job: str, task: Document, what: str) -> _Kind:
    node = task.get("nodeInfo", {}).get("nodeId")
    exit_code = task.get("executionInfo", {}).get("exitCode")
    return kind(f"task {task['id']} of job {job} on {'node ' + node if node else 'no node'}: {what}", job, task["id"], node, exit_code)


def _without_result(client: Client, job: str, task: Document, python: str) -> TaskError:
    info = task.get("executionInfo", {})
    failure, exit_code = info.get("failureInfo") or {}, info.get("exitCode")
    if failure.get("code") == "CommandProgramNotFound":
        return _error(TaskError, job, task, f"there is no '{python}': Executor(python=...) says what Python is called there")
    if exit_code is not None and exit_code != 0:
        number = -exit_code if exit_code < 0 else exit_code - 128
        try:
            what = f"was killed by {signal.Signals(number).name}"
            if number == signal.SIGKILL:
                what += " (by hand, or because memory ran out)"
        except ValueError:
            what = f"ended with exit code {exit_code} before the call was through"
        return _error(TaskError, job, task, what + _stderr(client, job, task))
    said = failure.get("message") or "it ended and left no result"
    details = "".join(f" ({value.get('name')}: {value.get('value')})" for value in failure.get("details") or ())
    return _error(TaskError, job, task, f"{failure['code'] + ': ' if failure.get('code') else ''}{said}{details}")


def _stderr(client: Client, job: str, task: Document) -> str:
    try:
        text = client.tasks.read_file(job, task["id"], "stderr.txt").decode("utf-8", "replace").strip()
    except ScoriaError:  # its node may be gone, and the file with it
        return ""
    return f"; its stderr ends with:\n{text[-_TAIL:]}" if text else ""
