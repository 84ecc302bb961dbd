"""Rows as people have them (numpy, pandas, dicts of lists) as columns in Arrow's layout; no copy where the layout is one already."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import numpy as np

from ._arrow import Column

_FORMATS = {"i1": "c", "u1": "C", "i2": "s", "u2": "S", "i4": "i", "u4": "I", "i8": "l", "u8": "L", "f2": "e", "f4": "f", "f8": "g"}
_BLOCK_ROWS = 1024
_NUMBERS = (int, float, np.number, np.bool_)


def columns_of(rows: Any, features: Sequence[str], family: str) -> tuple[list[tuple[str, Column]], int]:
    """Named columns of `rows` and their number of rows.

    rows      pandas DataFrame; dict of equally long lists or arrays; array (n_rows, n_features), ordered as `features`
    raises    ValueError: shape; TypeError: a column of a type that no model has
    """
    if isinstance(rows, dict):
        named = [(str(name), np.asarray(values) if isinstance(values, np.ndarray) else _listed(values)) for name, values in rows.items()]
    elif hasattr(rows, "columns") and hasattr(rows, "iloc"):  # a DataFrame; pandas itself need not be imported
        named = [(str(name), rows.iloc[:, i]) for i, name in enumerate(rows.columns)]
    else:
        matrix = _matrix(rows, features, family)
        named = [(name, matrix[:, i]) for i, name in enumerate(features)]
    columns = [(name, _column(name, values)) for name, values in named]
    lengths = {column.length for _, column in columns}
    if len(lengths) > 1:
        raise ValueError("columns have different numbers of rows: " + ", ".join(f"{name}: {column.length}" for name, column in columns[:8]))
    return columns, lengths.pop() if lengths else 0


def _listed(values: Any) -> np.ndarray:
    """A list as an array that keeps None and never turns numbers beside texts into texts."""
    array = np.asarray(values)
    return array if array.dtype.kind in "biufM" else np.array(values, dtype=object)


def _matrix(rows: Any, features: Sequence[str], family: str) -> np.ndarray:
    array: np.ndarray = np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)  # toarray: scipy's sparse ones
    if array.ndim != 2:
        raise ValueError(f"Expected 2D array (n_rows, n_features), got {array.ndim}D array instead: reshape(-1, 1) makes one feature of it, reshape(1, -1) one row")
    if array.shape[1] != len(features):
        shown = ", ".join(features[:12]) + (", ..." if len(features) > 12 else "")
        raise ValueError(f"X has {array.shape[1]} features, but {family} is expecting {len(features)} features as input: {shown}")
    return array if array.flags.f_contiguous else _by_columns(array)


def _by_columns(array: np.ndarray) -> np.ndarray:
    """A copy whose columns are contiguous; block by block, so that what is read and written stays in the cache."""
    turned = np.empty(array.shape[::-1], array.dtype)
    for begin in range(0, len(array), _BLOCK_ROWS):
        turned[:, begin : begin + _BLOCK_ROWS] = array[begin : begin + _BLOCK_ROWS].T
    return np.transpose(turned)


def _column(name: str, values: Any) -> Column:
    kind = type(getattr(values, "dtype", None)).__name__
    if kind == "CategoricalDtype":
        return _factor(name, values)
    numpy_dtype = getattr(values.dtype, "numpy_dtype", None)
    if numpy_dtype is not None and np.dtype(numpy_dtype).kind in "biuf":  # pandas' Int64, Float64, boolean
        missing = np.asarray(values.isna())
        return _numbers(name, np.asarray(values.to_numpy(dtype=numpy_dtype, na_value=0)), missing)
    array = np.asarray(values) if isinstance(values.dtype, np.dtype) else np.asarray(values.to_numpy(dtype=object))
    if array.ndim != 1:
        raise ValueError(f"column '{name}' has {array.ndim} dimensions, must have one")
    if array.dtype.kind in "OU":
        return _objects(name, array)
    return _numbers(name, array, None)


def _mask(missing: Optional[np.ndarray]) -> Optional[np.ndarray]:
    if missing is None or not missing.any():
        return None
    return np.packbits(~missing, bitorder="little")


def _numbers(name: str, array: np.ndarray, missing: Optional[np.ndarray]) -> Column:
    dtype = array.dtype
    if dtype.kind == "M":
        missing = np.isnat(array)
        return Column("tsu:", len(array), [_mask(missing), np.ascontiguousarray(array.astype("M8[us]").view(np.int64))])
    if dtype.kind == "b":
        return Column("b", len(array), [_mask(missing), np.packbits(array, bitorder="little")])
    code = f"{dtype.kind}{dtype.itemsize}"
    if code not in _FORMATS:
        raise TypeError(f"column '{name}' has dtype {dtype}: a model takes numbers of up to 64 bits, truth values, texts, categories and times")
    return Column(_FORMATS[code], len(array), [_mask(missing), np.ascontiguousarray(array, dtype.newbyteorder("="))])


def _is_missing(value: Any) -> bool:
    # pandas.NA is equal to nothing, and its comparison is no truth value.
    return value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)


def _objects(name: str, array: np.ndarray) -> Column:
    """Python objects: all texts, or all numbers, but for missing ones."""
    values = array.tolist()
    missing = np.fromiter((_is_missing(value) for value in values), bool, len(values))
    known = [value for value, gone in zip(values, missing) if not gone]
    if all(isinstance(value, str) for value in known) and (known or not values):
        return _texts(["" if gone else value for value, gone in zip(values, missing)], missing)
    if known and all(isinstance(value, (bool, np.bool_)) for value in known):
        return _numbers(name, np.array([not gone and bool(value) for value, gone in zip(values, missing)]), missing)
    if all(isinstance(value, _NUMBERS) for value in known):
        # NaN is a value, None is missing: what was NaN stays it.
        none = np.fromiter((gone and not isinstance(value, float) for value, gone in zip(values, missing)), bool, len(values))
        return _numbers(name, np.array([np.nan if gone else float(value) for value, gone in zip(values, missing)]), none)
    wanted = str if isinstance(known[0], str) else _NUMBERS
    row, odd = next((i, value) for i, value in enumerate(values) if not missing[i] and not isinstance(value, wanted))
    raise TypeError(f"column '{name}' has a {type(odd).__name__} in row {row + 1}: it must hold texts only, or numbers only")


def _texts(values: Sequence[str], missing: Optional[np.ndarray] = None) -> Column:
    encoded = [value.encode() for value in values]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    data = np.frombuffer(b"".join(encoded) or b"\0", np.uint8)
    return Column("U", len(encoded), [_mask(missing), offsets, data])


def _factor(name: str, values: Any) -> Column:
    categories, codes = values.cat.categories, np.asarray(values.cat.codes)
    levels = _column(name, categories)
    return Column("i", len(codes), [_mask(codes < 0), np.maximum(codes, 0).astype(np.int32)], levels, bool(values.cat.ordered))


def no_rows(features: Sequence[tuple[str, str]]) -> list[tuple[str, Column]]:
    """The model's columns, (name, type), without a row: what its answers look like."""
    return [(name, _texts([]) if kind in ("factor", "ordered") else _numbers(name, np.empty(0), None)) for name, kind in features]
