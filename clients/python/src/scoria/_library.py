"""libscoria.so by ctypes: where it is found, and the functions of src/capi/scoria.h.

Threads: what is loaded never changes; ctypes lets other Python threads run during a call.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
from typing import Any, NoReturn, Optional

from .errors import LibraryError, ModelError, ModelNotFoundError

ABI_VERSION = 1
NAME = f"libscoria.so.{ABI_VERSION}"
_Pointer = ctypes.c_void_p


class OpenOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("object", ctypes.c_char_p), ("max_bytes", ctypes.c_uint64), ("threads", ctypes.c_uint32)]


class Request(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("types", ctypes.POINTER(ctypes.c_char_p)),
        ("type_count", ctypes.c_size_t),
        ("parameter_names", ctypes.POINTER(ctypes.c_char_p)),
        ("parameter_values", ctypes.POINTER(ctypes.c_char_p)),
        ("parameter_count", ctypes.c_size_t),
        ("first_row", ctypes.c_uint64),
    ]


def _places() -> list[str]:
    """Where the library may be, first choice first. A name without a slash is left to the system's loader."""
    chosen = os.environ.get("SCORIA_LIBRARY")
    if chosen:
        return [chosen]  # a wrong choice is an error, not a reason to take another
    places = [NAME]
    program = shutil.which("scoria")
    if program:
        folder = os.path.dirname(os.path.realpath(program))
        above = os.path.dirname(folder)
        # Beside it; as `make install` puts it; as the build folder has it.
        places += [os.path.join(at, NAME) for at in (folder, os.path.join(above, "lib"), os.path.join(above, "lib64"), os.path.join(above, "capi"))]
    return places


def _declare(library: ctypes.CDLL) -> None:
    pointer_to = ctypes.POINTER(_Pointer)
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "scoria_version": (ctypes.c_char_p, []),
        "scoria_code_name": (ctypes.c_char_p, [ctypes.c_int]),
        "scoria_error_message": (ctypes.c_char_p, [_Pointer]),
        "scoria_error_free": (None, [_Pointer]),
        "scoria_model_open_file": (ctypes.c_int, [ctypes.c_char_p, ctypes.POINTER(OpenOptions), pointer_to, pointer_to]),
        "scoria_model_open_bytes": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(OpenOptions), pointer_to, pointer_to]),
        "scoria_model_describe": (ctypes.c_char_p, [_Pointer]),
        "scoria_model_free": (None, [_Pointer]),
        "scoria_notes_count": (ctypes.c_size_t, [_Pointer]),
        "scoria_notes_text": (ctypes.c_char_p, [_Pointer, ctypes.c_size_t]),
        "scoria_notes_free": (None, [_Pointer]),
        "scoria_model_score": (ctypes.c_int, [_Pointer, ctypes.POINTER(Request), _Pointer, _Pointer, _Pointer, _Pointer, pointer_to, pointer_to]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


@functools.lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    """The library, loaded once. Raises LibraryError naming every place that was looked at."""
    problems = []
    for place in _places():
        try:
            loaded = ctypes.CDLL(place)
            loaded.scoria_abi_version.restype = ctypes.c_int32
            abi = loaded.scoria_abi_version()
        except (OSError, AttributeError) as error:
            problems.append(f"  {place}: {error}")
            continue
        if abi != ABI_VERSION:
            problems.append(f"  {place}: has ABI version {abi}, this package speaks {ABI_VERSION}")
            continue
        _declare(loaded)
        return loaded
    raise LibraryError(
        "libscoria.so cannot be loaded. Set SCORIA_LIBRARY to its path, or install it where the system's loader looks "
        "(`make install`, then ldconfig). Looked at:\n" + "\n".join(problems)
    )


def raise_error(code: int, error: ctypes.c_void_p) -> NoReturn:
    """Raises what the library says, and frees it."""
    loaded = library()
    message: Optional[bytes] = loaded.scoria_error_message(error)
    loaded.scoria_error_free(error)
    name: str = loaded.scoria_code_name(code).decode()
    text = message.decode("utf-8", "replace") if message else name
    raise (ModelNotFoundError if name == "not_found" else ModelError)(text, name)
