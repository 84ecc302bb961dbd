"""Which server, and with whose key: found as the `scoria` program finds them (src/cli/client/connection.h)."""

from __future__ import annotations

import base64
import binascii
import json
import os
import pathlib
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Union

from .errors import ScoriaError

Path = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class Account:
    """A server's addresses, and its account's name and key. `blob_url` is how nodes reach its storage."""

    name: str
    key: bytes = field(repr=False)
    url: str
    blob_url: str
    ca_file: Optional[str] = None


def _account(document: Mapping[str, Any], url: str, blob_url: str, ca_file: str, what: str) -> Account:
    name = str(document.get("accountName") or "")
    try:
        key = base64.b64decode(str(document.get("accountKey") or ""), validate=True)
    except (binascii.Error, ValueError):
        raise ScoriaError(f"{what}: the account's key is not base64") from None
    url = url.rstrip("/")
    if not name or not key or not url.startswith(("http://", "https://")):
        missing = "its account's name" if not name else "its account's key" if not key else "an address that begins with http:// or https://"
        raise ScoriaError(f"{what}: {missing} is missing: `scoria account show --json` prints all that is needed")
    # The storage has the server's own address in path style too; what nodes know it by comes from the server.
    return Account(name, key, url, (blob_url or f"{url}/{name}").rstrip("/"), ca_file or None)


def _read(path: pathlib.Path, what: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        raise ScoriaError(f"{what}: there is no '{path}'") from None
    except (OSError, ValueError) as error:
        raise ScoriaError(f"{what}: cannot read '{path}': {error if isinstance(error, OSError) else 'it is no JSON'}") from None
    if not isinstance(document, dict):
        raise ScoriaError(f"{what}: '{path}' holds no JSON object")
    return document


def _of_data(folder: Path) -> Account:
    place = pathlib.Path(folder)
    if not (place / "account.json").exists():
        raise ScoriaError(
            f"there is no server's data in '{place}': start one with `scoria server`, or say which with Client(URL, account=..., key=...), "
            "Client(profile=NAME) or Client(data=FOLDER)"
        )
    if not (place / "server.json").exists():
        raise ScoriaError(f"no server has run on '{place}' yet: start it with `scoria server --data {place}`")
    running = _read(place / "server.json", "server")
    url = str(running.get("httpUrl") or running.get("httpsUrl") or "")
    return _account(_read(place / "account.json", "account"), url, str(running.get("blobUrl") or ""), str(place / "tls" / "ca.pem"), f"data folder '{place}'")


def _of_profile(profile: Path) -> Account:
    path = pathlib.Path(profile)
    if os.sep not in str(profile):
        config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
        path = pathlib.Path(config, "scoria", "profiles", f"{profile}.json")
    document = _read(path, f"profile '{profile}'")
    return _account(document, str(document.get("batchUrl") or ""), str(document.get("blobUrl") or ""), str(document.get("caFile") or ""), f"profile '{profile}'")


def _of_url(url: str, name: Optional[str], key: Optional[str], ca_file: Optional[Path]) -> Account:
    name, key = name or os.environ.get("SCORIA_ACCOUNT"), key or os.environ.get("SCORIA_KEY")
    if not name or not key:
        raise ScoriaError(f"server '{url}': its account is not known: give account= and key=, or set SCORIA_ACCOUNT and SCORIA_KEY, or use profile=")
    return _account({"accountName": name, "accountKey": key}, url, "", os.fspath(ca_file or os.environ.get("SCORIA_CA_FILE") or ""), f"server '{url}'")


def find_account(server: Optional[str], profile: Optional[Path], data: Optional[Path], name: Optional[str], key: Optional[str], ca_file: Optional[Path]) -> Account:
    """The account that arguments, else SCORIA_SERVER, SCORIA_PROFILE, SCORIA_DATA, else the server's default folder name."""
    if server:
        return _of_url(server, name, key, ca_file)
    if profile:
        return _of_profile(profile)
    if data:
        return _of_data(data)
    environment = os.environ
    if environment.get("SCORIA_SERVER"):
        return _of_url(environment["SCORIA_SERVER"], name, key, ca_file)
    if environment.get("SCORIA_PROFILE"):
        return _of_profile(environment["SCORIA_PROFILE"])
    base = environment.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return _of_data(environment.get("SCORIA_DATA") or os.path.join(base, "scoria"))
