"""Calls as bytes: functions by value where cloudpickle is installed, large arguments apart from the rest, under the hash of what they are."""

from __future__ import annotations

import functools
import hashlib
import importlib
import io
import os
import pathlib
import pickle
import sys
import zipfile
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from .errors import ScoriaError

try:
    import cloudpickle
except ImportError:
    cloudpickle = None

# What is larger is stored once for all calls that use it.
LARGE_BYTES = 64 << 10
_PROTOCOL = 4  # what Python 3.6 on a node reads


def _dumps(value: Any) -> bytes:
    dumps = cloudpickle.dumps if cloudpickle is not None else pickle.dumps
    data: bytes = dumps(value, protocol=_PROTOCOL)
    return data


def _is_large(value: Any) -> bool:
    if isinstance(value, (bytes, bytearray, str)):
        return len(value) > LARGE_BYTES
    # An array's own size; subclasses and views are arrays of their own. Data frames are made of arrays.
    return type(value).__module__ == "numpy" and type(value).__name__ == "ndarray" and value.nbytes > LARGE_BYTES


def module_names(preload: Any) -> list[str]:
    """Raises TypeError: one text would be as many modules as it has letters."""
    names = None if isinstance(preload, (str, bytes)) else list(preload)
    if names is None or not all(isinstance(name, str) for name in names):
        raise TypeError(f'preload is {preload!r}, must be a list of module names, such as ["json"]')
    return names


@dataclass
class Call:
    """A pickled call, and the large objects that it names: {blob name: pickle}."""

    data: bytes = b""
    objects: dict[str, bytes] = field(default_factory=dict)

    def needs(self, package: str) -> bool:
        """Whether it may import a package; by name, which errs on the safe side."""
        return any(package.encode() in part for part in (self.data, *self.objects.values()))

    @property
    def is_by_value(self) -> bool:
        """Whether it holds functions or classes themselves: those want this minor version of Python."""
        return self.needs("cloudpickle")


def name_of(data: bytes, kind: str) -> str:
    return f"{kind}-{hashlib.sha256(data).hexdigest()[:40]}"


def pack(content: tuple[Any, ...]) -> Call:
    """(function, args, kwargs), or (function, [args, ...]), as bytes for a node.

    raises  TypeError: something in it cannot be pickled; ScoriaError: a function that a node cannot import
    """
    call, known = Call(), {}

    class Pickler(_base()):  # type: ignore[misc]
        def persistent_id(self, value: Any) -> Optional[str]:
            if not _is_large(value):
                return None
            if id(value) not in known:  # `content` keeps it alive, and so its id its own
                data = _dumps(value)
                known[id(value)] = name_of(data, "object")
                call.objects[known[id(value)]] = data
            return known[id(value)]

    call.data = _pickled(Pickler, content, content[0], _PROTOCOL)
    return call


def pack_here(function: Callable[..., Any], content: Any) -> bytes:
    """A call of it, or itself, as bytes for this machine's workers, which have the same Python. Raises as pack()."""
    return _pickled(_base(), content, function, pickle.HIGHEST_PROTOCOL)


def _base() -> Any:
    return cloudpickle.Pickler if cloudpickle is not None else pickle.Pickler


def _pickled(pickler: Any, content: Any, function: Callable[..., Any], protocol: int) -> bytes:
    if cloudpickle is None and getattr(function, "__module__", None) == "__main__":
        raise ScoriaError(f"{function!r} is defined in __main__, which workers cannot import: install cloudpickle here, or put it into a module that they have")
    buffer = io.BytesIO()
    try:
        pickler(buffer, protocol=protocol).dump(content)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise TypeError(f"the call of {name_of_function(function)!r} cannot be pickled: {error}") from error
    return buffer.getvalue()


def is_probably_by_value(function: Callable[..., Any]) -> bool:
    """Whether cloudpickle sends a function itself: those of __main__, lambdas and inner ones."""
    return has_cloudpickle() and (getattr(function, "__module__", None) == "__main__" or "<" in name_of_function(function))


def has_cloudpickle() -> bool:
    return cloudpickle is not None


def name_of_function(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)


@functools.lru_cache(maxsize=None)
def runner() -> tuple[str, bytes]:
    """The file that runs calls on nodes, and its blob's name."""
    content = pathlib.Path(__file__).with_name("_runner.py").read_bytes()
    return name_of(content, "runner") + ".py", content


# What calls may hold and nodes need not have: cloudpickle's own classes, and ours (an exception, a warning's class in a filter).
SHIPPED = ("cloudpickle", "scoria")


@functools.lru_cache(maxsize=None)
def archive(package: str) -> tuple[str, bytes]:
    """A package as it is installed here, as a zip that Python imports from, and its blob's name."""
    place = importlib.import_module(package).__file__ or ""
    content = _zip_of(pathlib.Path(place).parent)
    return name_of(content, package) + ".zip", content


def _zip_of(package: pathlib.Path) -> bytes:
    """A package's modules; the same bytes whenever they are the same."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.rglob("*.py")):
            entry = zipfile.ZipInfo(os.path.join(package.name, path.relative_to(package)), (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()



def python_version() -> str:
    return "%d.%d" % sys.version_info[:2]
