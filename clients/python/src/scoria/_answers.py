"""A LocalExecutor's call, and what becomes of a worker's answer to it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Mapping, Optional

from ._future import CallFuture
from ._outcome import raised_in_chunk
from ._workers import FAILED, Frame, Payload, Worker, loaded
from .errors import RemoteTraceback, ResultError, WorkerError


@dataclass(eq=False)
class Call:
    """`name` is for people, `kind` the function's name. `is_chunk`: its future has what run_chunk gave. `future` None: what makes a worker ready."""

    name: str
    kind: str
    payload: Payload
    future: Optional[CallFuture[Any]]
    timeout: Optional[float] = None
    is_by_value: bool = False
    is_chunk: bool = False
    function: Any = None  # a KeptFunction, kept until the call has ended

    @property
    def is_cancelled(self) -> bool:
        return self.future is not None and self.future.cancelled()


def outcome_of(call: Call, worker: Worker, frame: Frame, most: int) -> tuple[Any, Optional[BaseException]]:
    """What a call's future gets; shows what it wrote. `most`: bytes that its result may have."""

    def result_error(what: str) -> ResultError:
        return ResultError(f"{call.name} on worker {worker.id} of node {worker.node}: {what}", task=call.name, node=worker.node)

    content = frame.content
    if content is None:
        return None, result_error(f"its result has {frame.size:,} bytes, at most {most:,} are allowed: LocalExecutor(max_result=...)")
    if isinstance(content, BaseException):
        return None, caused(result_error(f"its result cannot be unpickled here: {type(content).__name__}: {content}"), content)
    _show(content)
    if frame.kind == FAILED:
        what = f"{content['type']}: {content['message']}"
        if content["message"].startswith("its result"):
            return None, result_error(content["message"])
        error = WorkerError(f"{call.name} on worker {worker.id} of node {worker.node} could not be made: {what}", call.name, worker.id, worker.node)
        return None, caused(error, RemoteTraceback(content["traceback"]))
    value = loaded(content["value"]) if call.is_by_value else content["value"]
    if isinstance(value, BaseException):
        return None, caused(result_error(f"its result cannot be unpickled here: {type(value).__name__}: {value}"), value)
    if call.is_chunk:
        return value, None
    values, raised, _ = value
    return (None, raised_in_chunk(raised[0], raised[1], result_error)) if raised is not None else (values[0], None)


def caused(error: BaseException, cause: Optional[BaseException]) -> BaseException:
    error.__cause__ = cause
    return error


def _show(content: Mapping[str, Any]) -> None:
    """What a call wrote and warned of, where this process writes."""
    try:
        if content["output"] and sys.stdout is not None:
            sys.stdout.write(content["output"])
            sys.stdout.flush()
        for warning in content["warnings"]:
            if sys.stderr is not None:
                sys.stderr.write(f"{warning}\n")
    except (OSError, ValueError):
        pass  # it is closed
