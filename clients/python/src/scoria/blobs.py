"""Blob storage of a server: files in containers (docs/blob-api.md)."""

from __future__ import annotations

import base64
import os
import tempfile
import urllib.parse
import xml.etree.ElementTree
from typing import IO, Iterator, NamedTuple, Optional, Union

from ._connection import BLOB_VERSION, Connection, Reply, shared_access
from .errors import ServiceError

_BLOCK_BYTES = 32 << 20


class Blob(NamedTuple):
    """A stored file: its name, and its size in bytes."""

    name: str
    size: int


class Blobs:
    """Containers and the blobs in them. Threads: any number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _send(
        self, method: str, container: str, blob: str = "", body: bytes = b"", *, query: Optional[dict[str, str]] = None, headers: Optional[dict[str, str]] = None, sink: Optional[IO[bytes]] = None
    ) -> Reply:
        target = f"/{self._connection.account.name}/{container}" + (f"/{urllib.parse.quote(blob)}" if blob else "")
        if query:
            target += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
        return self._connection.request(method, target, {"x-ms-version": BLOB_VERSION, **(headers or {})}, body, sink)

    def create_container(self, container: str, exist_ok: bool = False) -> None:
        try:
            self._send("PUT", container, query={"restype": "container"})
        except ServiceError as error:
            if not (exist_ok and error.code == "ContainerAlreadyExists"):
                raise

    def delete_container(self, container: str) -> None:
        """Deletes it with all that is in it."""
        self._send("DELETE", container, query={"restype": "container"})

    def containers(self, prefix: str = "") -> Iterator[str]:
        """Names of containers."""
        for element in self._pages("", "Container", {"prefix": prefix}):
            yield element.findtext("Name") or ""

    def list(self, container: str, prefix: str = "") -> Iterator[Blob]:
        """The blobs whose names begin with `prefix`, in the order of their names' bytes."""
        for element in self._pages(container, "Blob", {"restype": "container", "prefix": prefix}):
            yield Blob(element.findtext("Name") or "", int(element.findtext("Properties/Content-Length") or 0))

    def _pages(self, container: str, tag: str, query: dict[str, str]) -> Iterator[xml.etree.ElementTree.Element]:
        marker = ""
        while True:
            asked = {**query, "comp": "list", **({"marker": marker} if marker else {})}
            page = xml.etree.ElementTree.fromstring(self._send("GET", container, query=asked).body)
            yield from page.iter(tag)
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return

    def put(self, container: str, blob: str, content: Union[bytes, str, os.PathLike[str]], overwrite: bool = True) -> None:
        """Stores bytes, or the file at a path. It appears under its name when all of it is on disk.

        raises  ServiceError BlobAlreadyExists, where it is there and `overwrite` is false
        """
        condition = {} if overwrite else {"If-None-Match": "*"}
        if isinstance(content, bytes):
            self._send("PUT", container, blob, content, headers={"x-ms-blob-type": "BlockBlob", **condition})
            return
        with open(content, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= _BLOCK_BYTES:
                self._send("PUT", container, blob, file.read(), headers={"x-ms-blob-type": "BlockBlob", **condition})
                return
            ids: list[str] = []
            while block := file.read(_BLOCK_BYTES):
                ids.append(base64.b64encode(b"%09d" % len(ids)).decode())
                self._send("PUT", container, blob, block, query={"comp": "block", "blockid": ids[-1]})
            named = "".join(f"<Latest>{block_id}</Latest>" for block_id in ids)
            text = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{named}</BlockList>'
            self._send("PUT", container, blob, text.encode(), headers={"Content-Type": "text/xml", **condition}, query={"comp": "blocklist"})

    def get(self, container: str, blob: str) -> bytes:
        return self._send("GET", container, blob).body

    def download(self, container: str, blob: str, path: Union[str, os.PathLike[str]]) -> None:
        """Into a file, which appears when all is there."""
        folder, name = os.path.split(os.path.abspath(path))
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}.", delete=False) as file:
            try:
                self._send("GET", container, blob, sink=file)
                file.close()
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise

    def exists(self, container: str, blob: str) -> bool:
        try:
            self._send("HEAD", container, blob)
            return True
        except ServiceError as error:
            if error.status == 404:
                return False
            raise

    def delete(self, container: str, blob: str) -> None:
        self._send("DELETE", container, blob)

    def url(self, container: str, blob: str = "", permissions: str = "r", seconds: float = 7 * 86400) -> str:
        """A URL by which a blob, or a whole container, may be used without the key for so long; the way in for resource and output files.

        permissions  letters in this order: r read, a add, c create, w write, d delete, l list
        """
        account = self._connection.account
        place = f"{account.blob_url}/{container}" + (f"/{urllib.parse.quote(blob)}" if blob else "")
        return f"{place}?{shared_access(account, container, blob, permissions, seconds)}"
