"""A client of `scoria workers` for tests: docs/formats/worker.md with the standard library alone. Not a test by itself."""
import json
import mmap
import os
import pickle
import re
import socket
import struct
import subprocess

CALL, RESET, VALUE, FAILED, DONE = 1, 2, 16, 17, 18
SHARED, LAST = 1, 2


class Refused(Exception):
    """An answer of the host that is an error."""


def take(stream, size):
    data = b""
    while len(data) < size:
        part = stream.recv(size - len(data))
        if not part:
            raise EOFError("the other side is gone")
        data += part
    return data


class Worker:
    def __init__(self, name, pid, stream):
        self.name, self.pid, self.stream = name, pid, stream
        stream.settimeout(60)

    def send(self, kind, payload=b"", shared=False):
        if not shared:
            return self.stream.sendall(struct.pack("<IIQ", kind, 0, len(payload)) + payload)
        memory = os.memfd_create("call")
        os.write(memory, payload)
        socket.send_fds(self.stream, [struct.pack("<IIQ", kind, SHARED, len(payload))], [memory])
        os.close(memory)

    def receive(self):
        """(kind, flags, payload)"""
        try:
            head, files, _, _ = socket.recv_fds(self.stream, 16, 1)
        except ConnectionResetError:
            head = b""
        if not head:
            raise EOFError("the worker is gone")
        head += take(self.stream, 16 - len(head))
        kind, flags, size = struct.unpack("<IIQ", head)
        if not flags & SHARED:
            return kind, flags, take(self.stream, size)
        with open(files[0], "rb") as file, mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) as memory:
            return kind, flags, bytes(memory)

    def call(self, function, *arguments, shared=False, **keywords):
        self.send(CALL, pickle.dumps((function, arguments, keywords), protocol=5), shared)
        kind, flags, payload = self.receive()
        return kind, flags, pickle.loads(payload)


class Host:
    def __init__(self, program, folder):
        """A host of its own in `folder`, beside that of whoever runs the test."""
        self.folder = folder
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=str(folder))
        self.program = str(program)
        self.started = json.loads(self.command("start"))
        self.connect()

    def command(self, *words):
        done = subprocess.run([self.program, "workers", *words], env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def connect(self):
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.settimeout(60)
        self.stream.connect(self.started["socket"])

    def ask(self, op, **fields):
        """(answer, descriptors)"""
        text = json.dumps({"op": op, **fields}).encode()
        self.stream.sendall(struct.pack("<I", len(text)) + text)
        data, files, _, _ = socket.recv_fds(self.stream, 4, 256)
        (size,) = struct.unpack("<I", data + take(self.stream, 4 - len(data)))
        answer = json.loads(take(self.stream, size))
        if "error" in answer:
            raise Refused(answer["error"]["code"] + ": " + answer["error"]["message"])
        return answer, files

    def lease(self, template, count=1, **fields):
        answer, files = self.ask("lease", template=template, count=count, **fields)
        return [Worker(one["id"], one["pid"], socket.socket(fileno=file)) for one, file in zip(answer["workers"], files)]

    def end_of(self, worker):
        return self.ask("ended", id=worker.name)[0]


def r_bytes(*expressions):
    """Each R expression's value as serialize() has it, by R itself."""
    script = "; ".join(f"writeBin(c(serialize({one}, NULL, xdr = FALSE), charToRaw('=====')), to)" for one in expressions)
    done = subprocess.run(["Rscript", "-e", f"to <- file('/dev/stdout', 'wb', raw = TRUE); {script}; close(to)"], capture_output=True, check=True)
    return re.split(b"=====", done.stdout)[:-1]


def r_text(payload, expression):
    """What R says of a payload that is unserialized as `x`."""
    done = subprocess.run(["Rscript", "-e", f"x <- unserialize(readBin(file('stdin', 'rb'), 'raw', 1e8)); cat({expression}, sep = '|')"],
                          input=payload, capture_output=True, check=True)
    return done.stdout.decode()
