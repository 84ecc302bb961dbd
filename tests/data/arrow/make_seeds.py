#!/usr/bin/env python3
"""Writes the small Parquet and Arrow files beside it, which src/arrowio/arrowio_test.cc reads whole, and damages. By pyarrow 26.0.1:
build/arrow-venv/bin/python tests/data/arrow/make_seeds.py"""

import datetime
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
DAYS = [datetime.date(2020, 2, 29), None, datetime.date(1969, 12, 31), datetime.date(2026, 11, 20)]
TABLE = pa.table({
    "real": pa.array([0.5, None, float("nan"), -1e300]),
    "whole": pa.array([1, None, -3, 4], pa.int32()),
    "wide": pa.array([1, None, 2**53, -4], pa.int64()),
    "small": pa.array([1, None, 255, 4], pa.uint8()),
    "single": pa.array([0.25, None, 3, 4], pa.float32()),
    "is": pa.array([True, None, False, True]),
    "text": pa.array(["a", None, "", "äöü and more than twelve bytes"]),
    "level": pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 0], pa.int8()), pa.array(["lo", "hi"]), ordered=True),
    "day": pa.array(DAYS, pa.date32()),
    "time": pa.array([datetime.datetime(2020, 1, 5, 10), None, None, datetime.datetime(2021, 1, 1)], pa.timestamp("us")),
    "exact": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-0.01"), decimal.Decimal("3.00")], pa.decimal128(9, 2)),
})

pq.write_table(TABLE, HERE / "snappy.parquet", row_group_size=2)
pq.write_table(TABLE, HERE / "plain.parquet", compression="none", use_dictionary=False, data_page_version="2.0")
pq.write_table(TABLE, HERE / "zstd.parquet", compression="zstd", write_page_checksum=True)
with pa.ipc.new_file(HERE / "file.arrow", TABLE.schema) as out:
    out.write_table(TABLE, max_chunksize=3)
with pa.ipc.new_stream(HERE / "stream.arrows", TABLE.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as out:
    out.write_table(TABLE)
