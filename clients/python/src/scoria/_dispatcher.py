"""A LocalExecutor's calls and the workers that they go to.

Threads: any may add calls and wake; one of its own does all the rest, and runs the callbacks of futures.
"""

from __future__ import annotations

import os
import selectors
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional

from ._answers import Call, caused, outcome_of
from ._workers import FAILED, Control, Frame, Payload, Worker, WorkersGone
from .errors import ScoriaError, WorkerError

_QUICK = 0.01  # seconds: a call of a function that takes less is sent while another is in work, which hides its way
_MOST_UNREADY = 5  # workers in a row that end before they are ready, until calls fail for it
_LEASE_AGAIN = 1.0  # seconds until workers are asked for again, where some are left


@dataclass(frozen=True)
class Plan:
    """Which workers, and what makes one ready: the bytes of a call, made when it is leased."""

    template: Mapping[str, Any]
    limits: Mapping[str, Any]
    count: int
    max_result: int
    make_ready: Callable[[], bytes]


class Dispatcher:
    """Hands out calls in order; a worker that ends takes one call with it, and is replaced when there is another."""

    def __init__(self, plan: Plan, name: str) -> None:
        self._plan, self._name = plan, name
        self._control: Optional[Control] = Control()  # the thread's own, as what comes last here
        self._lock = threading.Lock()  # guards what follows; nothing foreign is called while it is held
        self._waiting: deque[Call] = deque()
        self._open: set[Call] = set()
        self._is_awake = self._is_shut = self._has_cancelled = self._cancels_waiting = False
        self._bell = os.pipe()
        for end in self._bell:
            os.set_blocking(end, False)
        self.thread: Optional[threading.Thread] = None
        self._workers: list[Worker] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell[0], selectors.EVENT_READ)
        self._seconds: dict[str, float] = {}  # that calls of a function have taken lately
        self._lease_at = 0.0
        self._unready = 0
        _all.add(self)
        try:
            self._control.prepare(plan.template)
        except ScoriaError:
            pass  # the first lease says it

    # ---- what callers do -------------------------------------------------------------------------------------------------------

    def add(self, call: Call, is_late: bool = False) -> None:
        """`is_late`: also after shut(). Raises RuntimeError."""
        with self._lock:
            if self._is_shut and (not is_late or self._cancels_waiting):
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self.thread is None:
                self.thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                self.thread.start()
            self._waiting.append(call)
            self._open.add(call)
        self.wake()

    def wake(self) -> None:
        with self._lock:
            if not self._is_awake and self._bell[1] >= 0:
                self._is_awake = True
                os.write(self._bell[1], b"!")

    def note_cancelled(self) -> None:
        with self._lock:
            self._has_cancelled = True
        self.wake()

    def shut(self, cancel: bool) -> None:
        """`cancel`: calls that wait are not made; those that run are waited for."""
        with self._lock:
            self._is_shut = True
            self._cancels_waiting = self._cancels_waiting or cancel
            is_idle = self.thread is None
        if is_idle:
            self._close()
        self.wake()

    def abandon(self) -> None:
        """In a forked child: workers end with the parent's connection, which this process must not hold open."""
        for worker in list(self._workers):
            worker.close()
        if self._control is not None:
            self._control.close()

    # ---- its thread ------------------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while True:
            try:
                self._turn()
            except Exception as error:  # no future may be left waiting for a thread that has ended
                self._start_over(error)
            with self._lock:
                if self._is_shut and not self._open:
                    break
        self._close()

    def _turn(self) -> None:
        events = self._selector.select(self._pause())
        with self._lock:
            if self._is_awake:
                self._is_awake = False
                os.read(self._bell[0], 16)
        for key, mask in events:
            if key.data is None:
                continue
            if isinstance(key.data, Control):
                self._lose_control(key.data)
            elif key.data in self._workers:
                if mask & selectors.EVENT_WRITE:
                    self._flush(key.data)
                if mask & selectors.EVENT_READ:
                    self._take(key.data, has_ended=key.fd == key.data.process)
        self._end_cancelled()
        self._end_late()
        self._retire_orphans()
        self._hand_out()

    def _pause(self) -> Optional[float]:
        """Seconds until something is to be done unasked."""
        moments = [worker.since + worker.calls[0].timeout for worker in self._workers if worker.calls and worker.calls[0].timeout is not None]
        if self._waiting and len(self._workers) < self._plan.count:
            moments.append(self._lease_at)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    # ---- out -------------------------------------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        while self._waiting:
            worker = min((worker for worker in self._workers if worker.is_ready and not worker.control.is_closed), key=lambda worker: len(worker.calls), default=None)
            wanted = min(self._plan.count - len(self._workers), len(self._waiting) - sum(not worker.is_ready for worker in self._workers))
            if (worker is None or worker.calls) and wanted > 0 and time.monotonic() >= self._lease_at:
                self._lease(wanted)
                continue
            if worker is None:
                return
            call = self._waiting[0]
            # Behind one that may take long a call could wait for ever, though another worker is free.
            if worker.calls and (len(worker.calls) > 1 or not self._is_quick(call) or not self._is_quick(worker.calls[0])):
                return
            self._waiting.popleft()  # only this thread takes
            if call.is_cancelled:
                self._finish(call)
            else:
                self._send(worker, call)

    def _is_quick(self, call: Call) -> bool:
        return self._seconds.get(call.kind, 1.0) < _QUICK

    def _send(self, worker: Worker, call: Call) -> None:
        if not worker.calls:
            worker.since = time.monotonic()
            if call.future is not None:
                call.future._is_running = True
        worker.calls.append(call)
        worker.send(call.payload)
        if worker.has_more:
            self._selector.modify(worker.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, worker)

    def _flush(self, worker: Worker) -> None:
        worker.flush()
        if not worker.has_more:
            self._selector.modify(worker.socket, selectors.EVENT_READ, worker)

    def _lease(self, count: int) -> None:
        try:
            workers = self._leased(count)
        except (ScoriaError, OSError) as error:
            self._lease_at = time.monotonic() + _LEASE_AGAIN
            if not self._workers:
                self._lease_at = 0.0
                self._fail_waiting(f"no worker could be started: {error}", error)
            return
        for worker in workers:
            self._workers.append(worker)
            self._selector.register(worker.socket, selectors.EVENT_READ, worker)
            if worker.process >= 0:
                self._selector.register(worker.process, selectors.EVENT_READ, worker)
            self._send(worker, Call("getting ready", "", Payload(self._plan.make_ready()), None))

    def _leased(self, count: int) -> list[Worker]:
        for is_second in (False, True):
            try:
                if self._control is None:
                    self._control = Control()
                control = self._control
                workers = control.lease(self._plan.template, count, self._plan.limits)
                if not workers:
                    raise ScoriaError("`scoria workers` leased none")
                if control.fileno() not in self._selector.get_map():
                    self._selector.register(control, selectors.EVENT_READ, control)
                return workers
            except WorkersGone:  # it has ended: another one is started
                if self._control is not None:
                    self._lose_control(self._control)
                if is_second:
                    raise
        raise AssertionError

    # ---- in --------------------------------------------------------------------------------------------------------------------

    def _take(self, worker: Worker, has_ended: bool = False) -> None:
        """What a worker has answered; where it is gone, its first call goes with it, and the others to the next."""
        for frame in worker.read(self._plan.max_result):
            self._answered(worker, frame)
        if worker.is_last:
            self._retire(worker)
        elif worker.is_at_end or has_ended:
            victim = worker.calls.popleft() if worker.calls else None
            self._retire(worker)
            if victim is not None:
                self._lost(victim, worker)

    def _answered(self, worker: Worker, frame: Frame) -> None:
        if not worker.calls:
            return
        call: Call = worker.calls.popleft()
        now = time.monotonic()
        if call.future is not None and not call.is_chunk:
            last = now - worker.since
            if len(self._seconds) > 1000:
                self._seconds.clear()
            self._seconds[call.kind] = max(last, (self._seconds.get(call.kind, last) + last) / 2)
        worker.since = now
        if worker.calls and worker.calls[0].future is not None:
            worker.calls[0].future._is_running = True
        if call.future is None:
            self._made_ready(worker, frame)
        else:
            self._finish(call, *outcome_of(call, worker, frame, self._plan.max_result))
        call.payload.close()

    def _made_ready(self, worker: Worker, frame: Frame) -> None:
        if frame.kind == FAILED and isinstance(frame.content, dict):
            self._put_aside(worker, f"{frame.content['type']}: {frame.content['message']}")
        else:
            worker.is_ready, self._unready = True, 0

    def _put_aside(self, worker: Worker, why: str) -> None:
        """One that ended before it was ready, and so before a call: the next may have more luck."""
        worker.is_last = True
        self._unready += 1
        if self._unready >= _MOST_UNREADY:
            self._unready = 0
            self._fail_waiting(f"worker {worker.id} of node {worker.node} could not take a call: {why}", None)

    # ---- ends ------------------------------------------------------------------------------------------------------------------

    def _end_cancelled(self) -> None:
        if self._cancels_waiting:
            for call in list(self._waiting):  # by this thread, which alone hands out: none begins meanwhile, and dies for it
                if call.future is not None:
                    call.future.cancel()
        cancelled = []
        with self._lock:
            if self._has_cancelled:
                self._has_cancelled = False
                cancelled = [call for call in self._waiting if call.is_cancelled]
                self._waiting = deque(call for call in self._waiting if not call.is_cancelled)
        for call in cancelled:
            self._finish(call)
        for worker in list(self._workers):
            if worker.calls and worker.calls[0].is_cancelled:
                self._put_down(worker, "")

    def _end_late(self) -> None:
        now = time.monotonic()
        for worker in list(self._workers):
            timeout = worker.calls[0].timeout if worker.calls else None
            if timeout is not None and now >= worker.since + timeout:
                self._put_down(worker, f"it took longer than its {timeout:g} s and was killed")

    def _put_down(self, worker: Worker, why: str) -> None:
        """Kills a worker for its first call, and for no other: what it has answered by now counts."""
        victim = worker.calls[0]
        worker.stop()
        self._take(worker)
        if worker not in self._workers:
            return
        if not worker.calls or worker.calls[0] is not victim:
            return worker.resume()
        worker.calls.popleft()
        self._retire(worker)
        self._lost(victim, worker, why)

    def _retire(self, worker: Worker) -> None:
        """A worker that is to end or has ended; its calls were not begun, and wait again."""
        if worker.process >= 0:
            self._selector.unregister(worker.process)
        self._selector.unregister(worker.socket)
        self._workers.remove(worker)
        with self._lock:
            self._waiting.extendleft(reversed([call for call in worker.calls if call.future is not None]))
        worker.calls.clear()
        worker.end = self._end_of(worker)
        worker.close()

    def _retire_orphans(self) -> None:
        """Workers of a `scoria workers` that has ended are about to, too: whoever gets no answer any more must get no call."""
        for worker in [worker for worker in self._workers if worker.control.is_closed and not worker.calls]:
            self._retire(worker)

    def _end_of(self, worker: Worker) -> Mapping[str, Any]:
        """Ends what is left of its process, and asks how it ended."""
        if not worker.is_at_end and not worker.control.is_closed:
            try:
                worker.control.kill(worker)  # and what it started
            except WorkersGone:
                self._lose_control(worker.control)
            except ScoriaError:
                pass  # it has ended by itself
        worker.kill()  # one that closed its stream may live on
        if not worker.control.is_closed:
            try:
                return worker.control.ended(worker)
            except WorkersGone:
                self._lose_control(worker.control)
            except ScoriaError as error:
                return {"reason": f"it ended ({error})"}
        return {"reason": "it ended, and `scoria workers`, which would know how, has ended too"}

    def _lost(self, call: Call, worker: Worker, why: str = "") -> None:
        output = str(worker.end.get("output") or "").strip()
        what = why or str(worker.end.get("reason"))
        said = f"; it wrote last:\n{output}" if output else ""
        if call.future is None:
            self._put_aside(worker, what + said)
        else:
            self._finish(call, None, WorkerError(f"{call.name} on worker {worker.id} of node {worker.node}: {what}{said}", call.name, worker.id, worker.node, output))

    def _finish(self, call: Call, value: Any = None, error: Optional[BaseException] = None) -> None:
        with self._lock:
            self._open.discard(call)
        call.payload.close()
        future = call.future
        if future is None or not future.set_running_or_notify_cancel():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)

    def _fail_waiting(self, what: str, cause: Optional[BaseException]) -> None:
        with self._lock:
            calls = list(self._waiting)
            self._waiting.clear()
        for call in calls:
            self._finish(call, None, caused(WorkerError(f"{call.name}: {what}", call.name), cause))

    def _lose_control(self, control: Control) -> None:
        """Workers that are still there may answer; others will come from a new `scoria workers`."""
        if control.fileno() in self._selector.get_map():
            self._selector.unregister(control)
        control.close()
        if control is self._control:
            self._control = None

    def _start_over(self, error: Exception) -> None:
        """After what should not have been: all calls fail with it, and the next find other workers."""
        for worker in list(self._workers):
            with self._lock:
                self._waiting.extend(call for call in worker.calls if call.future is not None)
            worker.calls.clear()
        self._end_workers()
        self._fail_waiting(f"{type(error).__name__}: {error}", error)

    def _end_workers(self) -> None:
        for worker in self._workers:
            worker.kill()
            if worker.process >= 0:
                self._selector.unregister(worker.process)
            self._selector.unregister(worker.socket)
            worker.close()
        self._workers.clear()
        if self._control is not None:
            self._lose_control(self._control)

    def _close(self) -> None:
        if self._bell[0] < 0:
            return
        self._end_workers()
        self._selector.close()
        with self._lock:
            for end in self._bell:
                os.close(end)
            self._bell = (-1, -1)


_all: weakref.WeakSet[Dispatcher] = weakref.WeakSet()


def _abandon_all() -> None:
    for dispatcher in list(_all):
        dispatcher.abandon()


os.register_at_fork(after_in_child=_abandon_all)
