"""HTTP's and JSON's corners by TLS with a password: each is answered as said here, and the server goes on."""

import base64
import gzip
import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import urllib.parse

from served import done, expected, records, step

place = urllib.parse.urlsplit(os.environ["SCORIA_SERVE_SECURE_URL"])
TLS = ssl.create_default_context(cafile=os.environ["SCORIA_SERVE_CA"])
WORD = os.environ["SCORIA_SERVE_USER"] + ":" + os.environ["SCORIA_SERVE_PASSWORD"]
HEAD = f"Host: x\r\nAuthorization: Basic {base64.b64encode(WORD.encode()).decode()}\r\nContent-Type: application/json\r\n"
ROW, NUMBER = records[0], expected("forest")[0]
ONE = json.dumps({"df": [ROW]})
LATIN = "latin1"  # a byte for each character


def talk(sent, replies=1):
    """Statuses and bodies of so many replies, and whether the connection ended then."""
    with TLS.wrap_socket(socket.create_connection((place.hostname, place.port), 20), server_hostname=place.hostname) as client:
        client.settimeout(20)
        try:
            client.sendall(sent.encode(LATIN) if isinstance(sent, str) else sent)
        except OSError:
            pass  # refused in the middle
        got, received, has_ended = [], b"", False
        while not has_ended and len(got) < replies:
            head, end, rest = received.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            size = int(length[1]) if length else 0
            if end and (len(rest) >= size or head.startswith(b"HTTP/1.1 100")):
                got.append((int(head[9:12]), rest[:size].decode()))
                received = rest[size:]
                continue
            piece = client.recv(1 << 16)
            received, has_ended = received + piece, not piece
        client.settimeout(0.3)
        try:
            has_ended = has_ended or client.recv(1) == b""
        except TimeoutError:
            pass
        return got, has_ended


def post(body=ONE, head=HEAD, more="", line="POST /score HTTP/1.1", length=True):
    return f"{line}\r\n{head}{more}" + (f"Content-Length: {len(body)}\r\n" if length else "") + "\r\n" + body


def chunk(text, size=None):
    return f"{len(text) if size is None else size:x}\r\n{text}\r\n" if not isinstance(size, str) else f"{size}\r\n{text}\r\n"


def chunked(*chunks, more=""):
    return f"POST /score HTTP/1.1\r\n{HEAD}{more}Transfer-Encoding: chunked\r\n\r\n" + "".join(chunks)


def fields(count):
    """So many header fields in all."""
    return post(more="".join(f"X-{i}: a\r\n" for i in range(count - HEAD.count("\r\n") - 1)))


HTTP = [
    # name, what is sent, status, whether the connection ends
    ("a request", post(), 200, False),
    ("both Transfer-Encoding and Content-Length", chunked(chunk(ONE), "0\r\n\r\n", more=f"Content-Length: {len(ONE)}\r\n"), 400, True),
    ("the same the other way round", f"POST /score HTTP/1.1\r\n{HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, True),
    ("two Content-Lengths", post(more="Content-Length: 3\r\n"), 400, True),
    ("the same Content-Length twice", post(more=f"Content-Length: {len(ONE)}\r\n"), 400, True),
    *((f"Content-Length {text!r}", post(more=f"Content-Length: {text}\r\n", length=False), status, True)
      for text, status in (("+5", 400), ("-1", 400), ("0x10", 400), ("1e3", 400), ("5 5", 400), ("", 400), ("9" * 20, 400), (str(2**64 - 1), 413), ("6291457", 413))),
    ("chunks", chunked(*(chunk(letter) for letter in ONE), "0\r\n\r\n"), 200, False),
    ("a chunk of 2^64 - 1", chunked(chunk("x" * 7_000_000, "f" * 16)), 413, True),
    ("a chunk of 2^64", chunked(chunk("x", "1" + "0" * 16)), 400, True),
    ("a chunk of -1", chunked(chunk("x", "-1")), 400, True),
    ("a chunk without a size", chunked(chunk("x", "")), 400, True),
    ("a chunk that is longer than it says", chunked(chunk(ONE, 5)), 400, True),
    ("a chunk's extension of 100 KB", chunked(chunk("x", "1;" + "a" * 100_000)), 400, True),
    ("trailers of 100 KB", chunked(chunk(ONE), "0\r\n" + "X: y\r\n" * 20_000 + "\r\n"), 400, True),
    ("chunks beyond 6 MiB", chunked(*[chunk("x" * 60_000)] * 120), 413, True),
    *((f"Transfer-Encoding {text!r}", f"POST /score HTTP/1.1\r\n{HEAD}Transfer-Encoding: {text}\r\n\r\n0\r\n\r\n", 501, True)
      for text in ("identity", "gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked")),
    ("chunks in HTTP/1.0", chunked(chunk(ONE), "0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0"), 400, True),
    ("a header of 33 KB", post(more="X: " + "a" * 33_000 + "\r\n"), 431, True),
    ("100 header fields", fields(100), 200, False),
    ("101 header fields", fields(101), 431, True),
    ("a path of 40 KB", post(line=f"GET /{'a' * 40_000} HTTP/1.1"), 431, True),
    ("an absolute target", post(line=f"POST https://{place.netloc}/score HTTP/1.1"), 200, False),
    ("an absolute target with a query", post(line="POST https://x/score?no_number=strict HTTP/1.1"), 200, False),
    ("an absolute target without a credential", post(line="POST https://x/score HTTP/1.1", head="Host: x\r\n"), 401, False),
    ("HTTP/1.0", post(line="POST /score HTTP/1.0", head=HEAD.replace("Host: x\r\n", "")), 200, True),
    ("HTTP/1.0 with keep-alive", post(line="POST /score HTTP/1.0", more="Connection: keep-alive\r\n"), 200, False),
    *((version, post(line=f"POST /score {version}"), 505, True) for version in ("HTTP/2.0", "HTTP/1.2", "http/1.1")),
    ("no Host", post(head=HEAD.replace("Host: x\r\n", "")), 400, True),
    ("two Hosts", post(more="Host: y\r\n"), 400, True),
    ("a Host that is none", post(head=HEAD.replace("Host: x", "Host: x y")), 400, True),
    ("two credentials", post(more="Authorization: Bearer x\r\n"), 401, False),
    ("LF alone", post().replace("\r\n", "\n"), 400, True),
    ("CR in a header", post(more="X: a\rb\r\n"), 400, True),
    ("NUL in a header", post(more="X: a\0b\r\n"), 400, True),
    ("a folded header", post(more="X: a\r\n b\r\n"), 400, True),
    ("a space before the colon", post(more="X : a\r\n"), 400, True),
    ("TRACE", post(line="TRACE / HTTP/1.1"), 405, False),
    ("another Expect", post(more="Expect: a miracle\r\n"), 417, True),
]
for name, sent, status, ends in HTTP:

    @step(f"{name}: {status}")
    def _():
        got, has_ended = talk(sent)
        assert got and got[0][0] == status, got
        assert has_ended == ends, f"the connection {'ended' if has_ended else 'stayed'}"
        assert status != 200 or json.loads(got[0][1]) == [NUMBER], got


@step("twenty requests at once are answered in their order")
def _():
    got, has_ended = talk("".join(post(line=f"POST /{'score' if i % 2 else 'nothing'} HTTP/1.1") for i in range(20)), 20)
    assert [status for status, _ in got] == [404, 200] * 10 and not has_ended, got


@step("Expect: 100-continue without a credential is 401 before a byte of the body; with one it is 100")
def _():
    got, has_ended = talk("POST /score HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
    assert got[0][0] == 401 and has_ended, got
    talk(post())  # so that the password is known: to look at it takes as long as a body
    got, _ = talk(post(more="Expect: 100-continue\r\n", body="").replace("Content-Length: 0", f"Content-Length: {len(ONE)}"))
    assert got[0][0] == 100, got


def df(**words):
    """The row with these words for values, or beside them."""
    return '{"df":[{' + ",".join(f'"{name}":{word}' for name, word in {**{name: json.dumps(value) for name, value in ROW.items()}, **words}.items()) + "}]}"


def rows(count):
    return '{"df":[' + ",".join([json.dumps(list(ROW.values()), separators=(",", ":"))] * count) + "]}"


BODIES = [
    # name, body, status, code of the mistake
    ("a column twice", df().replace('"age"', '"age":1,"age"'), 400, "duplicate_key"),
    ("a column twice, once escaped", df().replace('"age"', '"\\u0061ge":1,"age"'), 400, "duplicate_key"),
    ("rows twice", ONE[:-1] + "," + ONE[1:], 400, "bad_request"),
    ("65 levels", '{"df":' + "[" * 64 + "1" + "]" * 64 + "}", 400, "wrong_type"),
    ("100,000 levels without an end", '{"df":' + "[" * 100_000, 400, "bad_json"),
    ("10,000 names", df(**{f"k{i}": "1" for i in range(10_000 - len(ROW))}), 200, None),
    ("10,001 names", df(**{f"k{i}": "1" for i in range(10_001 - len(ROW))}), 413, "too_many_columns"),
    ("100,000 rows", rows(100_000), 200, None),
    ("100,001 rows", rows(100_001), 413, "too_many_rows"),
    ("a text of 1 MiB", df(heating=f'"{"a" * (1 << 20)}"'), 400, "unknown_level"),
    ("a text of a byte more", df(heating=f'"{"a" * (1 << 20)}a"'), 413, "out_of_range"),
    ("1e999", df(area="1e999"), 400, "out_of_range"),
    ('"1e999"', df(area='"1e999"'), 400, "out_of_range"),
    ("400 digits", df(area="1" * 400), 400, "out_of_range"),
    ("Infinity, which R's forest refuses", df(area="Infinity"), 400, "refused_by_model"),
    *((f"the number {word}", df(area=word), 400, None) for word in ("nan", "inf", "01", "1.", ".5", "+1", "0x10", "1_000", '"0x10"', '"1,5"', "[1]", "{}")),
    ("bytes that are no UTF-8", df(heating='"\xff\xfe"'), 400, "bad_json"),
    ("the same in a column that is passed over", df(k='"\xff"'), 400, "bad_json"),
    ("a slash in two bytes", df(k='"\xc0\xaf"'), 400, "bad_json"),
    ("half a surrogate pair", df(heating='"\\ud800"'), 400, "bad_json"),
    ("half a surrogate pair in a name", df(**{"\\udc00": "1"}), 400, "bad_json"),
    ("NUL in a text", df(heating='"a\\u0000b"'), 400, "unknown_level"),
    ("NUL behind the end", ONE + "\0", 400, "bad_json"),
    ("a tab in a text", df(heating='"a\tb"'), 400, "bad_json"),
    ("something behind the end", ONE + ONE, 400, "bad_json"),
    ("a comma too many", ONE[:-1] + ",}", 400, "bad_json"),
    ("a comment", "/* */" + ONE, 400, "bad_json"),
    ("UTF-16", ONE.encode("utf-16").decode(LATIN), 400, "bad_json"),
    ("nothing", "", 400, "bad_request"),
    ("null", "null", 400, "bad_request"),
    ("columns of different lengths", '{"df":{"area":[1,2],"age":[1]}}', 400, "ragged_columns"),
    ("a byte order mark", "\xef\xbb\xbf" + ONE, 200, None),
]
for name, body, status, code in BODIES:

    @step(f"{name}: {status} {code or ''}".rstrip())
    def _():
        [(got, said)], has_ended = talk(post(body))
        assert got == status and not has_ended, (got, said[:300])
        assert len(said) < 4_096 or status == 200, f"{len(said)} bytes tell what is wrong"
        assert status == 200 or code is None or json.loads(said)["errors"][0]["code"] == code, said[:300]


@step("NaN is missing, and a minus zero a number")
def _():
    assert talk(post(df(area="NaN")))[0][0] == (200, '["NA"]')
    assert talk(post(df(area="-0")))[0] == talk(post(df(area="0")))[0]


@step("compressed bodies: too much in them, cut, twice, and as they should be")
def _():
    for body, coding, status in ((b" " * 60_000_000, "gzip", 413), (None, "gzip", 400), (ONE.encode(), "gzip, gzip", 415), (ONE.encode(), "br", 415),
                                 (ONE.encode(), "gzip", 200)):
        packed = gzip.compress(body) if body is not None else gzip.compress(ONE.encode())[:-6]
        got, _ = talk(post(packed.decode(LATIN), more=f"Content-Encoding: {coding}\r\n"))
        assert got[0][0] == status, (coding, status, got)


@step("tensors of absurd sizes")
def _():
    for shape in ("9223372036854775807", "4294967296,4294967296", "-1", "1e3"):
        body = f'{{"inputs":[{{"name":"area","shape":[{shape}],"datatype":"FP64","data":[1]}}]}}'
        got, _ = talk(post(body, line="POST /v2/models/forest/infer HTTP/1.1"))
        assert got[0][0] == 400 and json.loads(got[0][1])["error"], (shape, got)


def curl(*words):
    ran = subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", os.environ["SCORIA_SERVE_CA"], "--config", "-", "-o", "/dev/null", "-w", "%{http_code} %{http_version}",
                          "-H", "Content-Type: application/json", "--max-time", "20", *words], input=f'user = "{WORD}"\n', capture_output=True, text=True)
    return ran.stdout, ran.stderr


@step("curl: its own Expect of large bodies, chunks of standard input, HTTP/1.0, HTTP/2 asked for, TLS 1.2 and 1.3")
def _():
    with tempfile.NamedTemporaryFile("w") as large:
        large.write(rows(60_000))
        large.flush()
        for words, wanted in ((("-d", ONE), "200 1.1"), (("-H", "Expect: 100-continue", "--data-binary", f"@{large.name}"), "200 1.1"),
                              (("-H", "Transfer-Encoding: chunked", "-d", ONE), "200 1.1"), (("-0", "-d", ONE), "200 1.1"), (("--http2", "-d", ONE), "200 1.1"),
                              (("--tls-max", "1.2", "-d", ONE), "200 1.1"), (("--tlsv1.3", "-d", ONE), "200 1.1"), (("--compressed", "-d", ONE), "200 1.1")):
            told = curl(*words, f"https://{place.netloc}/score")
            assert told[0] == wanted, (words[:3], told)


done()
