"""map() of both executors: chunks that grow where calls are quick, results in order.

A chunk is submitted when another ends, so that its size follows what calls have taken so far: slow calls stay alone, of quick ones there are as many in
a chunk as make its way worth while. What a call raises comes after the results of those before it, whatever the chunks.
"""

from __future__ import annotations

import concurrent.futures
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Generic, Iterable, Iterator, Optional, Sequence, TypeVar

_T = TypeVar("_T")
Row = tuple[Any, ...]
Outcome = tuple[list[_T], Optional[tuple[bytes, str]], float]  # as _runner.run_chunk gives it


@dataclass(frozen=True)
class Pace:
    """The seconds that a chunk should take at least, where there are calls enough, and at most, where a call takes less."""

    quick: float
    slow: float
    most: Optional[int] = None  # calls of a chunk


class MappingExecutor(concurrent.futures.Executor):
    """An Executor whose map() finds its chunks by itself."""

    _pace: Pace

    @property
    def workers(self) -> int:
        """How many calls run at once."""
        raise NotImplementedError

    def _submit_chunk(self, fn: Callable[..., _T], rows: Sequence[Row], is_first: bool) -> concurrent.futures.Future[Outcome[_T]]:
        """_runner.run_chunk(fn, rows), there. Also after shutdown(), unless it is a map's first: the others belong to what was taken before."""
        raise NotImplementedError

    def _once(self, fn: Callable[..., _T]) -> Any:
        """What _submit_chunk gets in place of fn for all chunks of a map."""
        return fn

    def _exception_of(self, future: concurrent.futures.Future[Any], content: bytes, text: str) -> BaseException:
        """The exception that a call of a chunk raised, from what run_chunk says of it."""
        raise NotImplementedError

    def map(
        self, fn: Callable[..., _T], *iterables: Iterable[Any], timeout: Optional[float] = None, chunksize: Optional[int] = None, **options: Any
    ) -> Iterator[_T]:
        """Like map(fn, *iterables). Quick calls share a trip, slow ones go alone; or `chunksize` of them are one trip. TimeoutError after `timeout` seconds."""
        if chunksize is not None and chunksize < 1:
            raise ValueError(f"chunksize is {chunksize}, must be at least 1")
        if options:  # buffersize of Python 3.14: one call at a time
            return super().map(fn, *iterables, timeout=timeout, **options)
        end = None if timeout is None else time.monotonic() + timeout
        running = _Map(self, fn, list(zip(*iterables)), chunksize)
        running.begin()
        return running.results(end)


class _Map(Generic[_T]):
    """One map() under way. Threads: the caller's begin() and results(); the executor's, which tells of ended chunks."""

    def __init__(self, executor: MappingExecutor, fn: Callable[..., _T], rows: list[Row], chunksize: Optional[int]) -> None:
        self._executor, self._fn, self._rows, self._chunksize = executor, executor._once(fn), rows, chunksize
        self._workers = executor.workers if rows and chunksize is None else 1
        self._order = threading.Lock()  # held from taking rows to adding their future, so that both have one order; before _lock
        self._lock = threading.Condition()  # guards what follows
        self._next = 0  # the first row that is in no chunk
        self._futures: list[concurrent.futures.Future[Outcome[_T]]] = []
        self._per_call: Optional[float] = None  # seconds

    def begin(self) -> None:
        """The first chunks; all of them where their size is given. Raises what submit() raises."""
        while self._next < len(self._rows) and (self._chunksize is not None or len(self._futures) < 2 * self._workers):
            self._submit(is_first=not self._futures)

    def results(self, end: Optional[float]) -> Iterator[_T]:
        index = 0
        try:
            while True:
                with self._lock:
                    # A chunk's waiters hear of its end before the executor's thread submits the next.
                    self._lock.wait_for(lambda: index < len(self._futures) or self._next >= len(self._rows), None if end is None else end - time.monotonic())
                    if index >= len(self._futures):
                        if self._next >= len(self._rows):
                            return
                        raise concurrent.futures.TimeoutError()
                    future = self._futures[index]
                values, raised, _ = future.result(None if end is None else end - time.monotonic())
                values.reverse()
                while values:  # so that what a caller is through with is freed
                    yield values.pop()
                if raised is not None:
                    raise self._executor._exception_of(future, *raised)
                index += 1
        finally:
            self._end()

    def _end(self) -> None:
        """Nobody wants the rest."""
        self._stop()
        with self._lock:
            futures = list(self._futures)
        for future in futures:
            future.cancel()

    def _stop(self) -> None:
        with self._lock:
            self._next = len(self._rows)
            self._lock.notify_all()

    def _size(self) -> int:
        left = len(self._rows) - self._next
        if self._chunksize is not None:
            return min(self._chunksize, left)
        if self._per_call is None:
            return 1
        pace = self._executor._pace
        size = min(max(left / (2 * self._workers), pace.quick / self._per_call), pace.slow / self._per_call, pace.most or left, left)
        return max(1, int(size))

    def _submit(self, is_first: bool = False) -> None:
        with self._order:
            with self._lock:
                if self._next >= len(self._rows):
                    return
                size = self._size()
                rows = self._rows[self._next : self._next + size]
                self._rows[self._next : self._next + size] = [()] * size  # as results are: freed once they are on their way
                self._next += size
            try:
                future = self._executor._submit_chunk(self._fn, rows, is_first)
            except Exception as error:
                if is_first:
                    raise
                future = concurrent.futures.Future()  # told where its turn comes
                future.set_exception(error)
            with self._lock:
                self._futures.append(future)
                self._lock.notify_all()
        if self._chunksize is None:
            future.add_done_callback(self._ended)

    def _ended(self, future: concurrent.futures.Future[Outcome[_T]]) -> None:
        if future.cancelled():  # by shutdown(), too, which lets those go on that run
            return self._stop()
        if future.exception() is None:
            values, _, seconds = future.result()
            last = seconds / max(1, len(values))
            with self._lock:
                # Slower calls count at once; after a first call that had to import things, quick ones do soon.
                self._per_call = max(last, ((self._per_call or last) + last) / 2, 1e-9)
        self._submit()
