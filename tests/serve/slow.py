"""slowhttptest's four ways to hold connections, plain and by TLS: others are answered meanwhile, and the slow ones are let go."""

import base64
import os
import re
import socket
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

from served import done, step, url

SECURE = os.environ["SCORIA_SERVE_SECURE_URL"]
TLS = ssl.create_default_context(cafile=os.environ["SCORIA_SERVE_CA"])
CONNECTIONS = 200
# Heads have 15 s, bodies and answers 10 s and then a KiB a second; some seconds until sweep and tool have seen it.
PATIENCE = 25
WAYS = {
    "heads that do not end": ["-H", "-i", "2", "-u", "/livez"],
    "bodies that drip": ["-B", "-i", "2", "-x", "5", "-s", "40000", "-t", "POST", "-u", "/score"],
    "ranges that overlap": ["-R", "-t", "HEAD", "-a", "5", "-b", "2000", "-u", "/livez"],
    "answers that are not taken": ["-X", "-n", "5", "-z", "5", "-w", "1", "-y", "2", "-k", "3", "-u", "/openapi.json"],
}


def held(server):
    """Connections that the server has; its own ends alone, as the tool's are of the same machine."""
    port = urllib.parse.urlsplit(server).port
    listed = subprocess.run(["ss", "-Htn", "state", "established", f"( sport = :{port} )"], capture_output=True, text=True, check=True).stdout
    return len(listed.splitlines())


def answer_time(server):
    begin = time.monotonic()
    with urllib.request.urlopen(server + "/livez", timeout=5, context=TLS if server == SECURE else None) as reply:
        assert reply.read() == b"ok\n"
    return time.monotonic() - begin


for server in (url, SECURE):
    scheme = server.partition(":")[0]
    for way, words in WAYS.items():

        @step(f"{scheme}: {way}")
        def _():
            words_here = [*words[:-1], server + words[-1]]
            tool = subprocess.Popen(["slowhttptest", "-c", str(CONNECTIONS), "-r", str(CONNECTIONS), "-l", str(PATIENCE), "-p", "3", *words_here],
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ, LC_ALL="C"))
            try:
                most, slowest, end = 0, 0.0, time.monotonic() + PATIENCE
                while tool.poll() is None and time.monotonic() < end:
                    most, slowest = max(most, held(server)), max(slowest, answer_time(server))
                    if most >= CONNECTIONS and held(server) == 0:
                        break
                    time.sleep(0.2)
                assert held(server) == 0, f"{held(server)} of {most} are held after {PATIENCE} s"
                assert slowest < 1, f"another waited {slowest:.2f} s for its answer"
            finally:
                tool.kill()
                said = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", tool.communicate()[0])
            assert "service available:   NO" not in said, said[-2000:]


@step("https: a megabyte of answers that is not taken")
def _():
    # slowhttptest has no credentials, so that what it leaves by TLS is small.
    place = urllib.parse.urlsplit(SECURE)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # as small as the kernel has: what lies in there counts as taken
    raw.connect((place.hostname, place.port))
    with TLS.wrap_socket(raw, server_hostname=place.hostname) as client:
        word = base64.b64encode(f"{os.environ['SCORIA_SERVE_USER']}:{os.environ['SCORIA_SERVE_PASSWORD']}".encode()).decode()
        client.sendall(f"GET /openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {word}\r\n\r\n".encode() * 100)
        client.settimeout(10)
        assert client.recv(12) == b"HTTP/1.1 200"
        begin = time.monotonic()
        while held(SECURE) > 0:
            assert time.monotonic() - begin < PATIENCE, "it is still held"
            time.sleep(0.2)
        assert time.monotonic() - begin > 5, "it was not given the time that the documentation names"


done()
