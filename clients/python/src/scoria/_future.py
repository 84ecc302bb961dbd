"""What both executors' futures have in common: cancel() also ends a call that runs."""

from __future__ import annotations

import concurrent.futures
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Wakeable(Protocol):
    """An executor, as its futures see it."""

    def _wake(self) -> None: ...


class CallFuture(concurrent.futures.Future[_T]):
    """A Future whose cancel() ends the call also when it runs."""

    def __init__(self, executor: Wakeable) -> None:
        super().__init__()
        self._executor, self._is_running = executor, False

    def running(self) -> bool:
        return self._is_running and not self.done()

    def cancel(self) -> bool:
        # It stays pending until its result is there, so that a running one can be cancelled; the executor's thread tells waiters.
        is_cancelled = super().cancel()
        if is_cancelled:
            self._executor._wake()
        return is_cancelled
