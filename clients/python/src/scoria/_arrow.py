"""The Arrow C data interface by ctypes: columns of ours as a record batch for the library, and its answer as numpy arrays.

Source: https://arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html, CDataInterface/PyCapsuleInterface.html
"""

from __future__ import annotations

import ctypes
from typing import Any, Iterator, Optional, Sequence, Union

import numpy as np


class ArrowSchema(ctypes.Structure):
    pass


class ArrowArray(ctypes.Structure):
    pass


class ArrowArrayStream(ctypes.Structure):
    pass


_SchemaPointer, _ArrayPointer = ctypes.POINTER(ArrowSchema), ctypes.POINTER(ArrowArray)
_ReleaseSchema = ctypes.CFUNCTYPE(None, _SchemaPointer)
_ReleaseArray = ctypes.CFUNCTYPE(None, _ArrayPointer)
_StreamPointer = ctypes.POINTER(ArrowArrayStream)

ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(_SchemaPointer)),
    ("dictionary", _SchemaPointer),
    ("release", _ReleaseSchema),
    ("private_data", ctypes.c_void_p),
]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(_ArrayPointer)),
    ("dictionary", _ArrayPointer),
    ("release", _ReleaseArray),
    ("private_data", ctypes.c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, _StreamPointer, _SchemaPointer)),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, _StreamPointer, _ArrayPointer)),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, _StreamPointer)),
    ("release", ctypes.CFUNCTYPE(None, _StreamPointer)),
    ("private_data", ctypes.c_void_p),
]

ORDERED, NULLABLE = 1, 2


# What we hand out lives in Python objects for the length of the call; to release it is only to say so.
@_ReleaseSchema  # type: ignore[untyped-decorator]
def _released_schema(schema: Any) -> None:
    schema.contents.release = _ReleaseSchema()


@_ReleaseArray  # type: ignore[untyped-decorator]
def _released_array(array: Any) -> None:
    array.contents.release = _ReleaseArray()


class Column:
    """One column in Arrow's layout: its format string, its buffers (None: no row is missing), and a factor's levels."""

    def __init__(self, format: str, length: int, buffers: Sequence[Optional[np.ndarray]], levels: Optional[Column] = None, ordered: bool = False) -> None:
        self.format, self.length, self.buffers, self.levels, self.ordered = format, length, list(buffers), levels, ordered


class Batch:
    """A record batch of columns by name. `schema` and `array` point into this object, which must outlive the call."""

    def __init__(self, columns: Sequence[tuple[str, Column]], rows: int) -> None:
        self._kept: list[Any] = []
        parts = [self._column(name, column) for name, column in columns]
        schemas = (_SchemaPointer * len(parts))(*[ctypes.pointer(schema) for schema, _ in parts])
        arrays = (_ArrayPointer * len(parts))(*[ctypes.pointer(array) for _, array in parts])
        no_mask = (ctypes.c_void_p * 1)(None)
        self._kept += [parts, schemas, arrays, no_mask]
        self._schema = ArrowSchema(format=b"+s", n_children=len(parts), children=schemas, release=_released_schema)
        self._array = ArrowArray(length=rows, n_buffers=1, n_children=len(parts), buffers=no_mask, children=arrays, release=_released_array)
        self.schema, self.array = ctypes.addressof(self._schema), ctypes.addressof(self._array)

    def _column(self, name: str, column: Column) -> tuple[ArrowSchema, ArrowArray]:
        buffers = (ctypes.c_void_p * len(column.buffers))(*[None if b is None else b.ctypes.data for b in column.buffers])
        self._kept += [column, buffers]
        schema = ArrowSchema(format=column.format.encode(), name=name.encode(), flags=NULLABLE | (ORDERED if column.ordered else 0), release=_released_schema)
        array = ArrowArray(length=column.length, null_count=0 if column.buffers[0] is None else -1, n_buffers=len(buffers), buffers=buffers, release=_released_array)
        if column.levels is not None:
            level_schema, level_array = self._column("", column.levels)
            self._kept += [level_schema, level_array]
            schema.dictionary, array.dictionary = ctypes.pointer(level_schema), ctypes.pointer(level_array)
        return schema, array


class Levels:
    """An answer's factor: `codes` int32 (rows,), -1 where missing; `labels` their texts."""

    def __init__(self, codes: np.ndarray, labels: list[str]) -> None:
        self.codes, self.labels = codes, labels


Answer = Union[np.ndarray, Levels]


class Received:
    """Two structures for the library to fill; released when the block is left."""

    def __init__(self) -> None:
        self._schema, self._array = ArrowSchema(), ArrowArray()
        self.schema, self.array = ctypes.addressof(self._schema), ctypes.addressof(self._array)

    def __enter__(self) -> Received:
        return self

    def __exit__(self, *_: object) -> None:
        for part in (self._array, self._schema):
            if part.release:
                part.release(ctypes.byref(part))

    def columns(self) -> dict[str, Answer]:
        """Copies of all columns, by name. A number that is missing is NaN, a text None."""
        found = {}
        for i in range(self._array.n_children):
            schema, array = self._schema.children[i].contents, self._array.children[i].contents
            found[schema.name.decode()] = _read(schema, array)
        return found


def _buffer(array: Any, index: int, dtype: Any, count: int) -> np.ndarray:
    """A view of `count` values; they belong to the answer."""
    if count == 0:
        return np.empty(0, dtype)
    size = count * np.dtype(dtype).itemsize
    return np.frombuffer((ctypes.c_char * size).from_address(array.buffers[index]), dtype)


def _missing(array: Any) -> Optional[np.ndarray]:
    """Which rows are null; None where none is."""
    if array.null_count == 0 or not array.buffers[0]:
        return None
    bits = np.unpackbits(_buffer(array, 0, np.uint8, (array.length + 7) // 8), count=array.length, bitorder="little")
    missing = bits == 0
    return missing if missing.any() else None


def _read(schema: Any, array: Any) -> Answer:
    kind, rows, missing = schema.format.decode(), array.length, _missing(array)
    if schema.dictionary:
        codes = _buffer(array, 1, np.int32, rows).copy()
        if missing is not None:
            codes[missing] = -1
        return Levels(codes, [str(label) for label in _texts(array.dictionary.contents)])
    if kind == "U":
        texts = np.array(_texts(array), dtype=object)
        if missing is not None:
            texts[missing] = None
        return texts
    if kind == "b":
        values = np.unpackbits(_buffer(array, 1, np.uint8, (rows + 7) // 8), count=rows, bitorder="little").astype(bool)
    else:
        values = _buffer(array, 1, {"g": np.float64, "i": np.int32}[kind], rows).copy()
    if missing is not None:
        values = values.astype(np.float64)
        values[missing] = np.nan
    return values


def _texts(array: Any) -> list[str]:
    offsets = _buffer(array, 1, np.int64, array.length + 1)
    if array.length == 0 or offsets[-1] == 0:
        return [""] * array.length
    data = _buffer(array, 2, np.uint8, int(offsets[-1])).tobytes()
    return [data[begin:end].decode() for begin, end in zip(offsets[:-1], offsets[1:])]


class Lent:
    """Structures of somebody else's, which go over to the library with the call."""

    def __init__(self, schema: int, array: int, rows: int, owner: Any) -> None:
        self.schema, self.array, self.rows, self._owner = schema, array, rows, owner


_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def batches(rows: Any) -> Optional[Iterator[Lent]]:
    """The record batches of an Arrow table, batch or reader (pyarrow, polars, DuckDB, nanoarrow); None where `rows` is none."""
    if hasattr(rows, "__arrow_c_array__"):
        schema, array = rows.__arrow_c_array__()
        at = _capsule_pointer(array, b"arrow_array")
        length = ArrowArray.from_address(at).length
        return iter([Lent(_capsule_pointer(schema, b"arrow_schema"), at, length, (schema, array))])
    if hasattr(rows, "__arrow_c_stream__"):
        return _stream(rows.__arrow_c_stream__())
    return None


def _stream(capsule: Any) -> Iterator[Lent]:
    stream = ArrowArrayStream.from_address(_capsule_pointer(capsule, b"arrow_array_stream"))
    while True:
        schema, array = ArrowSchema(), ArrowArray()
        for step, place in ((stream.get_schema, schema), (stream.get_next, array)):
            if step(ctypes.byref(stream), ctypes.byref(place)) != 0:
                reason = stream.get_last_error(ctypes.byref(stream)) or b"no reason given"
                raise ValueError(f"the Arrow stream ended with an error: {reason.decode('utf-8', 'replace')}")
        if not array.release:  # the end
            schema.release(ctypes.byref(schema))
            return
        yield Lent(ctypes.addressof(schema), ctypes.addressof(array), array.length, (schema, array, capsule))
