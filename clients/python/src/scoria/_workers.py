"""Warm workers of this machine, leased from `scoria workers` (docs/formats/worker.md): the control connection, and a worker's stream.

Threads: one object, one thread at a time.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import pickle
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Mapping, Optional

from .errors import ScoriaError

_START_SECONDS = 60.0  # for `scoria workers start`
_ANSWER_SECONDS = 300.0  # for an answer: a lease waits while a template loads its packages
_FRAME_LIMIT = 1 << 20  # of a control frame
SHARED_BYTES = 1 << 20  # payloads from here on go through a memfd
_HEAD = struct.Struct("<IIQ")
_READ_BYTES = 64 << 10
_STOP_SECONDS = 0.2

CALL, VALUE, FAILED = 1, 16, 17
_SHARED, LAST = 1, 2


class WorkersGone(ScoriaError):
    """`scoria workers` ended, or does not answer."""


def _program() -> str:
    chosen = os.environ.get("SCORIA_PROGRAM")
    found = chosen or shutil.which("scoria")
    if not found:
        raise ScoriaError("warm workers need the `scoria` program: put it into a folder of PATH, or its path into SCORIA_PROGRAM")
    return found


def _start() -> str:
    """Starts `scoria workers` where there is none; its socket's path."""
    program = _program()
    try:
        done = subprocess.run([program, "workers", "start"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_START_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScoriaError(f"`{program} workers start`: {error}") from None
    try:
        return str(json.loads(done.stdout)["socket"])
    except (ValueError, KeyError, TypeError):
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise WorkersGone(f"`{program} workers start` ended with status {done.returncode} and named no socket: {said or 'it said nothing'}") from None


def _connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_ANSWER_SECONDS)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise WorkersGone(f"`scoria workers` does not answer at {path}: {error}") from None
    return connection


class Control:
    """The control connection. All workers that are leased over it end with it."""

    def __init__(self) -> None:
        for pause in (0.1, 0.5, 1.0, 2.0, None):  # one that was about to leave may be in the way
            try:
                self._socket = _connect(_start())
                break
            except WorkersGone:
                if pause is None:
                    raise
                time.sleep(pause)
        self.is_closed = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()
        self.is_closed = True

    def prepare(self, template: Mapping[str, Any]) -> None:
        self._ask({"op": "prepare", "template": template})

    def lease(self, template: Mapping[str, Any], count: int, limits: Mapping[str, Any]) -> list[Worker]:
        answer, descriptors = self._ask({"op": "lease", "template": template, "count": count, "limits": limits})
        node = str(answer.get("node") or socket.gethostname())
        return [Worker(self, one["id"], one["pid"], node, fd) for one, fd in zip(answer["workers"], descriptors)]

    def kill(self, worker: Worker) -> None:
        self._ask({"op": "kill", "id": worker.id})

    def ended(self, worker: Worker) -> dict[str, Any]:
        """How it ended: reason and output."""
        return self._ask({"op": "ended", "id": worker.id})[0]

    def _ask(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], list[int]]:
        text = json.dumps(request).encode()
        if len(text) > _FRAME_LIMIT:
            raise ScoriaError(f"a request to `scoria workers` has {len(text):,} bytes, at most {_FRAME_LIMIT:,} are allowed: its environment is too large")
        descriptors: list[int] = []
        try:
            self._socket.sendall(struct.pack("<I", len(text)) + text)
            size = struct.unpack("<I", self._read(4, descriptors))[0]
            answer = json.loads(self._read(size, descriptors))
        except (OSError, ValueError) as error:
            for fd in descriptors:
                os.close(fd)
            raise WorkersGone(f"`scoria workers` does not answer: {error or type(error).__name__}") from None
        if "error" in answer:
            raise ScoriaError(str(answer["error"].get("message") or answer["error"]))
        return answer, descriptors

    def _read(self, size: int, descriptors: list[int]) -> bytes:
        parts = []
        while size > 0:
            data, fds, _, _ = socket.recv_fds(self._socket, size, 253, socket.MSG_CMSG_CLOEXEC)
            descriptors += fds
            if not data:
                raise OSError(errno.ECONNRESET, "it ended")
            parts.append(data)
            size -= len(data)
        return b"".join(parts)


def memfd(data: bytes) -> int:
    """The descriptor of memory that holds them."""
    fd = os.memfd_create("scoria-call", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    return fd


class Payload:
    """A frame's payload on its way out: bytes, or a memfd that holds them."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self.data: Optional[bytes] = data
        self.fd = -1
        if self.size >= SHARED_BYTES:
            self.fd, self.data = memfd(data), None

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
        self.fd, self.data = -1, None


@dataclass
class Frame:
    """An answer. `content` is None where it has more bytes than is allowed."""

    kind: int
    is_last: bool
    size: int
    content: Any


class Worker:
    """A leased worker and its stream, which never blocks."""

    def __init__(self, control: Control, id: str, pid: int, node: str, fd: int) -> None:
        self.control, self.id, self.pid, self.node = control, id, pid, node
        self.socket = socket.socket(fileno=fd)
        self.socket.setblocking(False)
        self.calls: deque[Any] = deque()  # what was sent and has no answer, in order
        self.since = 0.0  # when the first of them began
        self.is_ready = self.is_last = self.is_at_end = False
        self.end: Mapping[str, Any] = {}  # how it ended, once it has
        self._outgoing: deque[tuple[memoryview, int]] = deque()  # bytes, and a descriptor that goes with the first of them
        self._incoming = bytearray()
        self._descriptors: deque[int] = deque()
        try:
            self.process = os.pidfd_open(pid)  # tells its end also where a process that it left behind holds the stream open
        except OSError:
            self.process = -1

    def close(self) -> None:
        self.socket.close()
        for fd in self._descriptors:
            os.close(fd)
        self._descriptors.clear()
        if self.process >= 0:
            os.close(self.process)
        self.process = -1

    # ---- out -------------------------------------------------------------------------------------------------------------------

    def send(self, payload: Payload) -> None:
        if payload.fd >= 0:
            os.lseek(payload.fd, 0, os.SEEK_SET)
            self._outgoing.append((memoryview(_HEAD.pack(CALL, _SHARED, payload.size)), payload.fd))
        else:
            self._outgoing.append((memoryview(_HEAD.pack(CALL, 0, payload.size) + (payload.data or b"")), -1))
        self.flush()

    def flush(self) -> None:
        """Writes what there is place for. A worker that is gone takes nothing: reading tells of it."""
        while self._outgoing:
            view, fd = self._outgoing[0]
            try:
                sent = self.socket.send(view, socket.MSG_NOSIGNAL) if fd < 0 else socket.send_fds(self.socket, [view], [fd], socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return
            except OSError:
                self._outgoing.clear()
                return
            if sent == len(view):
                self._outgoing.popleft()
            else:
                self._outgoing[0] = (view[sent:], -1)

    @property
    def has_more(self) -> bool:
        return bool(self._outgoing)

    # ---- in --------------------------------------------------------------------------------------------------------------------

    def read(self, most: int) -> list[Frame]:
        """All answers that have come whole. Afterwards `is_at_end` says whether it is gone."""
        frames: list[Frame] = []
        while not self.is_at_end:
            try:
                data, fds, _, _ = socket.recv_fds(self.socket, _READ_BYTES, 16, socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                break
            except OSError:
                data, fds = b"", []
            self._descriptors += fds
            self.is_at_end = not data
            self._incoming += data
        while len(self._incoming) >= _HEAD.size:
            kind, flags, size = _HEAD.unpack_from(self._incoming)
            inline = 0 if flags & _SHARED else size
            if len(self._incoming) < _HEAD.size + inline:
                break
            with memoryview(self._incoming) as view:
                content = self._shared(size, most) if flags & _SHARED else loaded(view[_HEAD.size : _HEAD.size + inline]) if size <= most else None
            del self._incoming[: _HEAD.size + inline]
            self.is_last = self.is_last or bool(flags & LAST)
            frames.append(Frame(kind, bool(flags & LAST), size, content))
        return frames

    def _shared(self, size: int, most: int) -> Any:
        fd = self._descriptors.popleft()
        try:
            if size > most:
                return None
            with mmap.mmap(fd, size, access=mmap.ACCESS_READ) as content:
                return loaded(content)
        except (OSError, ValueError) as error:
            return error
        finally:
            os.close(fd)

    # ---- its process -----------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Halts it, so that what it has answered until now is all it has done."""
        self._signal(signal.SIGSTOP)
        end = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < end:
            try:
                with open(f"/proc/{self.pid}/stat", "rb") as file:
                    if file.read().rpartition(b")")[2].split()[0] in (b"T", b"t", b"Z", b"X"):
                        return
            except OSError:
                return
            time.sleep(0.0005)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.process >= 0:  # a number alone might be another process's by now
            try:
                signal.pidfd_send_signal(self.process, number)
            except OSError:
                pass  # it has ended


def loaded(content: Any) -> Any:
    """What was pickled, or the exception that says why it cannot be read here."""
    try:
        return pickle.loads(content)
    except Exception as error:
        return error
