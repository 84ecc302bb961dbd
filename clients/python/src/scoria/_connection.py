"""Signed requests to a server, over connections that stay open: one for each thread.

Source: Azure's Shared Key and service SAS (docs.microsoft.com: "Authorize with Shared Key", "Create a service SAS").
"""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import http.client
import json
import os
import select
import shutil
import ssl
import threading
import time
import urllib.parse
import xml.etree.ElementTree
from typing import IO, Any, Mapping, Optional

from ._account import Account
from .errors import ConnectError, ServiceError

BLOB_VERSION = "2021-12-02"
_SAS_VERSION = "2020-10-02"
_SIGNED = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
           "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")  # fmt: skip


class Reply:
    """What the server answered. `headers` have lower-case names."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> dict[str, Any]:
        return json.loads(self.body or b"{}")  # type: ignore[no-any-return]


def _hmac(key: bytes, text: str) -> str:
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def authorization(account: Account, method: str, target: str, headers: Mapping[str, str]) -> str:
    """The Authorization header of a request with `headers`."""
    low = {name.lower(): value.strip() for name, value in headers.items()}
    path, _, query = target.partition("?")
    of_service = sorted(name for name in low if name.startswith(("x-ms-", "ocp-")))
    length = low.get("content-length", "")
    if "x-ms-date" in low and length == "0":  # storage signs a zero as nothing
        low["content-length"] = ""
    lines = [method, *(low.get(name, "") for name in _SIGNED), *(f"{name}:{low[name]}" for name in of_service), f"/{account.name}{path}"]
    values: dict[str, list[str]] = {}
    for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
        values.setdefault(name.lower(), []).append(value)
    lines += [f"{name}:{','.join(sorted(values[name]))}" for name in sorted(values)]
    return f"SharedKey {account.name}:{_hmac(account.key, chr(10).join(lines))}"


def shared_access(account: Account, container: str, blob: str, permissions: str, seconds: float) -> str:
    """The query of a URL by which `permissions` ("r", "rwl", ...) are had without the key, for so long; `blob` "": for the whole container."""
    now = time.time()
    # The clocks of nodes may be off by as much as the server allows.
    start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (now - 900, now + seconds))
    resource, kind = f"/blob/{account.name}/{container}", "c"
    if blob:
        resource, kind = f"{resource}/{blob}", "b"
    signed = [permissions, start, end, resource, "", "", "", _SAS_VERSION, kind, "", "", "", "", "", "", ""]
    # 2020-10-02 signs: sp st se resource si sip spr sv sr snapshot, then five response headers.
    text = "\n".join(signed[:15])
    query = {"sv": _SAS_VERSION, "sr": kind, "st": start, "se": end, "sp": permissions, "sig": _hmac(account.key, text)}
    return urllib.parse.urlencode(query, quote_via=urllib.parse.quote)


def _refusal(method: str, target: str, reply: Reply) -> ServiceError:
    """What an error's body says: JSON of the batch API, XML of the blob API."""
    code, words = reply.headers.get("x-ms-error-code", ""), ""
    try:
        document = json.loads(reply.body)
        code = document.get("code", code)
        words = document["message"]["value"].split("\nRequestId")[0]
        words += "".join(f" ({value['key']}: {value['value']})" for value in document.get("values", ()))
    except (ValueError, KeyError, TypeError, AttributeError):
        try:
            words = (xml.etree.ElementTree.fromstring(reply.body).findtext("Message") or "").split("\n")[0]
        except xml.etree.ElementTree.ParseError:
            pass
    return ServiceError(reply.status, code, words or f"{method} {target.partition('?')[0]} was answered with status {reply.status}")


class _Held:
    """A thread's connection. It is closed when the thread ends, or whoever asks does."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection, self._process = connection, os.getpid()

    def __del__(self) -> None:
        self.connection.close()

    def is_usable(self) -> bool:
        socket = self.connection.sock
        # What can be read between two requests is the server's good-bye.
        return self._process == os.getpid() and socket is not None and not select.select([socket], [], [], 0)[0]


class Connection:
    """Requests of one account. Threads: any number; each has a connection of its own."""

    def __init__(self, account: Account, timeout: float) -> None:
        self.account, self._timeout = account, timeout
        url = urllib.parse.urlsplit(account.url)
        self._host, self._port, self._is_secure, self._prefix = url.hostname or "", url.port, url.scheme == "https", url.path.rstrip("/")
        self._tls = ssl.create_default_context(cafile=account.ca_file) if self._is_secure else None
        self._of_thread = threading.local()

    def _open(self) -> http.client.HTTPConnection:
        """This thread's connection; a new one where the server has closed it, or this is a child of the process that opened it."""
        held: Optional[_Held] = getattr(self._of_thread, "held", None)
        if held is not None and held.is_usable():
            return held.connection
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        if self._tls is not None:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
        self._of_thread.held = _Held(connection)
        return connection

    def close(self) -> None:
        """Closes the calling thread's connection."""
        self._of_thread.held = None

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"", sink: Optional[IO[bytes]] = None) -> Reply:
        """Signs, sends, and reads the answer; into `sink`, if it is one of success.

        raises  ServiceError: a status other than 2xx; ConnectError: no answer
        """
        sent = dict(headers)
        if body or method in ("PUT", "POST"):
            sent["Content-Length"] = str(len(body))
        sent["x-ms-date" if "x-ms-version" in headers else "ocp-date"] = email.utils.formatdate(usegmt=True)
        sent["Authorization"] = authorization(self.account, method, target, sent)
        connection = self._open()
        try:
            connection.request(method, self._prefix + target, body=body or None, headers=sent)
            response = connection.getresponse()
            if sink is not None and 200 <= response.status < 300:
                shutil.copyfileobj(response, sink, 1 << 20)
            reply = Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectError(f"no answer from the server at {self.account.url} to {method} {target.partition('?')[0]}: {error or type(error).__name__}") from error
        if not 200 <= reply.status < 300:
            raise _refusal(method, target, reply)
        return reply
