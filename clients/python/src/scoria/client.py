"""The server's REST API: Azure Batch's pools, nodes, jobs and tasks, and blob storage.

    client = scoria.Client()                      # the server on this machine
    client.jobs.add({"id": "night", "poolInfo": {"poolId": "local"}})
    client.tasks.add("night", {"id": "hello", "commandLine": "echo hello"})
    client.tasks.wait("night")
    print(client.tasks.read_file("night", "hello", "stdout.txt").decode())

Documents are Azure Batch's, as dicts: docs/batch-api.md. Every call may raise ServiceError (the server refused) and ConnectError.
Threads: any number may use one Client.
"""

from __future__ import annotations

import json
import time
import urllib.parse
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Sequence, TypeVar

from ._account import Path, find_account
from ._connection import Connection, Reply
from .blobs import Blobs
from .errors import ServiceError

API_VERSION = "2022-10-01.16.0"
Document = dict[str, Any]
_T = TypeVar("_T")
Query = Mapping[str, Optional[str]]
Documents = list[Document]  # a name of its own: classes below have a method `list`
_MOST_TASKS = 100  # that one addtaskcollection takes
_QUICKEST, _SLOWEST = 0.05, 2.0  # seconds between questions of wait()


def _quoted(*parts: str) -> str:
    return "".join("/" + urllib.parse.quote(part, safe="") for part in parts)


class _Api:
    """Requests of the batch API."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, method: str, path: str, body: Optional[Mapping[str, Any]] = None, *, query: Optional[Query] = None, headers: Optional[Mapping[str, str]] = None) -> Reply:
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        target = path + "?" + urllib.parse.urlencode({"api-version": API_VERSION, **asked}, quote_via=urllib.parse.quote)
        sent = dict(headers or {})
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json; odata=minimalmetadata"
        return self._connection.request(method, target, sent, data)

    def pages(self, path: str, query: Query) -> Iterator[Document]:
        """The items of a list, page by page as they are wanted."""
        token: Optional[str] = None
        while True:
            page = self.send("GET", path, query={**query, "$skiptoken": token}).json()
            yield from page.get("value", ())
            following = page.get("odata.nextLink")
            if not following:
                return
            token = urllib.parse.parse_qs(urllib.parse.urlsplit(following).query)["$skiptoken"][0]


def _until(condition: Callable[[], Optional[_T]], timeout: Optional[float], what: str) -> _T:
    """What `condition` answers once that is something; asked ever more seldom. Raises TimeoutError saying `what` did not happen."""
    end = None if timeout is None else time.monotonic() + timeout
    pause = _QUICKEST
    while not (found := condition()):
        if end is not None and time.monotonic() + pause > end:
            raise TimeoutError(f"{what} within {timeout:g} s")
        time.sleep(pause)
        pause = min(pause * 1.5, _SLOWEST)
    return found


class Pools:
    """Pools of nodes."""

    def __init__(self, api: _Api) -> None:
        self._api = api

    def add(self, pool: Mapping[str, Any]) -> None:
        self._api.send("POST", "/pools", pool)

    def get(self, pool: str, select: Optional[str] = None) -> Document:
        return self._api.send("GET", _quoted("pools", pool), query={"$select": select}).json()

    def list(self, filter: Optional[str] = None, select: Optional[str] = None) -> Iterator[Document]:
        return self._api.pages("/pools", {"$filter": filter, "$select": select})

    def delete(self, pool: str) -> None:
        self._api.send("DELETE", _quoted("pools", pool))

    def resize(self, pool: str, dedicated: int, low_priority: int = 0) -> None:
        self._api.send("POST", _quoted("pools", pool, "resize"), {"targetDedicatedNodes": dedicated, "targetLowPriorityNodes": low_priority})

    def remove_nodes(self, pool: str, nodes: Sequence[str], option: str = "requeue") -> None:
        """Takes nodes away; `option` says what becomes of what runs there: requeue, terminate, taskcompletion."""
        self._api.send("POST", _quoted("pools", pool, "removenodes"), {"nodeList": [*nodes], "nodeDeallocationOption": option})

    def nodes(self, pool: str, filter: Optional[str] = None, select: Optional[str] = None) -> Iterator[Document]:
        return self._api.pages(_quoted("pools", pool, "nodes"), {"$filter": filter, "$select": select})

    def wait(self, pool: str, timeout: Optional[float] = None) -> Document:
        """The pool once its allocation is steady. Raises TimeoutError."""

        def is_steady() -> Optional[Document]:
            document = self.get(pool)
            return document if document["allocationState"] == "steady" else None

        return _until(is_steady, timeout, f"pool '{pool}' did not become steady")


class Jobs:
    """Jobs: tasks that run on one pool."""

    def __init__(self, api: _Api) -> None:
        self._api = api

    def add(self, job: Mapping[str, Any]) -> None:
        self._api.send("POST", "/jobs", job)

    def get(self, job: str, select: Optional[str] = None) -> Document:
        return self._api.send("GET", _quoted("jobs", job), query={"$select": select}).json()

    def list(self, filter: Optional[str] = None, select: Optional[str] = None) -> Iterator[Document]:
        return self._api.pages("/jobs", {"$filter": filter, "$select": select})

    def delete(self, job: str) -> None:
        self._api.send("DELETE", _quoted("jobs", job))

    def terminate(self, job: str, reason: Optional[str] = None) -> None:
        self._api.send("POST", _quoted("jobs", job, "terminate"), {"terminateReason": reason} if reason else {})

    def disable(self, job: str, tasks: str = "requeue") -> None:
        """Nothing more of it starts; what runs is requeued, terminated, or waited for ("wait")."""
        self._api.send("POST", _quoted("jobs", job, "disable"), {"disableTasks": tasks})

    def enable(self, job: str) -> None:
        self._api.send("POST", _quoted("jobs", job, "enable"), {})

    def task_counts(self, job: str) -> Document:
        return self._api.send("GET", _quoted("jobs", job, "taskcounts")).json()

    def wait(self, job: str, timeout: Optional[float] = None) -> Document:
        """The job once it is completed. Raises TimeoutError."""

        def is_completed() -> Optional[Document]:
            document = self.get(job)
            return document if document["state"] == "completed" else None

        return _until(is_completed, timeout, f"job '{job}' did not complete")


class Tasks:
    """Tasks of jobs, and their files."""

    def __init__(self, api: _Api) -> None:
        self._api = api

    def add(self, job: str, task: Mapping[str, Any]) -> None:
        self._api.send("POST", _quoted("jobs", job, "tasks"), task)

    def add_collection(self, job: str, tasks: Iterable[Mapping[str, Any]]) -> Documents:
        """Adds any number of tasks, 100 a request; returns each one's {"taskId", "status", "error"?}: one that is wrong stops no other."""
        results: Documents = []
        waiting = [*tasks]
        for begin in range(0, len(waiting), _MOST_TASKS):
            body = {"value": waiting[begin : begin + _MOST_TASKS]}
            results += self._api.send("POST", _quoted("jobs", job, "addtaskcollection"), body).json()["value"]
        return results

    def get(self, job: str, task: str, select: Optional[str] = None) -> Document:
        return self._api.send("GET", _quoted("jobs", job, "tasks", task), query={"$select": select}).json()

    def list(self, job: str, filter: Optional[str] = None, select: Optional[str] = None) -> Iterator[Document]:
        return self._api.pages(_quoted("jobs", job, "tasks"), {"$filter": filter, "$select": select})

    def delete(self, job: str, task: str) -> None:
        self._api.send("DELETE", _quoted("jobs", job, "tasks", task))

    def terminate(self, job: str, task: str) -> None:
        self._api.send("POST", _quoted("jobs", job, "tasks", task, "terminate"), {})

    def files(self, job: str, task: str, recursive: bool = True) -> Iterator[Document]:
        """Files in the task's folder on its node: {"name", "isDirectory", "properties"}."""
        return self._api.pages(_quoted("jobs", job, "tasks", task, "files"), {"recursive": "true" if recursive else "false"})

    def read_file(self, job: str, task: str, path: str, offset: int = 0) -> bytes:
        """A file's bytes from `offset`; none where the file ends before it."""
        headers = {"ocp-range": f"bytes={offset}-"} if offset else {}
        try:
            return self._api.send("GET", _quoted("jobs", job, "tasks", task, "files") + "/" + urllib.parse.quote(path), headers=headers).body
        except ServiceError as error:
            if error.status == 416:
                return b""
            raise

    def wait(self, job: str, tasks: Optional[Sequence[str]] = None, timeout: Optional[float] = None) -> Documents:
        """The tasks, or all of the job's, once they are completed. Raises TimeoutError."""
        if tasks is None:

            def is_all_done() -> bool:
                counts = self._api.send("GET", _quoted("jobs", job, "taskcounts")).json()["taskCounts"]
                return bool(counts["active"] + counts["running"] == 0)

            _until(is_all_done, timeout, f"tasks of job '{job}' did not complete")
            return [*self.list(job)]
        found: dict[str, Document] = {}

        def are_completed() -> bool:
            for task in tasks:
                if task in found:
                    continue
                document = self.get(job, task)
                if document["state"] != "completed":
                    return False
                found[task] = document
            return True

        _until(are_completed, timeout, f"tasks {', '.join(tasks[:8])} of job '{job}' did not complete")
        return [found[task] for task in tasks]


class Client:
    """A server. Which, is found as the `scoria` program finds it: the arguments, then SCORIA_SERVER, SCORIA_PROFILE, SCORIA_DATA, then the
    folder that `scoria server` uses by default.

    server    its URL; with `account` and `key` (base64), else SCORIA_ACCOUNT and SCORIA_KEY
    profile   a file that `scoria account show --json` printed: its path, or its name in ~/.config/scoria/profiles
    data      the server's folder on this machine
    ca_file   whom https is believed, with `server`; else SCORIA_CA_FILE, else the system's
    timeout   seconds without a byte from the server
    """

    def __init__(
        self,
        server: Optional[str] = None,
        data: Optional[Path] = None,
        *,
        profile: Optional[Path] = None,
        account: Optional[str] = None,
        key: Optional[str] = None,
        ca_file: Optional[Path] = None,
        timeout: float = 60.0,
    ) -> None:
        self._connection = Connection(find_account(server, profile, data, account, key, ca_file), timeout)
        api = _Api(self._connection)
        self.pools, self.jobs, self.tasks, self.blobs = Pools(api), Jobs(api), Tasks(api), Blobs(self._connection)

    @property
    def url(self) -> str:
        return self._connection.account.url

    def __repr__(self) -> str:
        return f"<scoria.Client {self.url}>"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the calling thread's connection; a later call opens another."""
        self._connection.close()
