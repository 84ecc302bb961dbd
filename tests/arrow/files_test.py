#!/usr/bin/env python3
"""Parquet and Arrow files of pyarrow and DuckDB read by scoria, and scoria's read by both.
usage: tests/arrow/files_test.py SCORIA [unittest's options]"""

import datetime
import decimal
import hashlib
import json
import math

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq

import program
from program import MODEL, ROWS, ProgramTest, cells, scoria

NULLS = pa.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)


def rows_of_model():
    return pa.csv.read_csv(ROWS, convert_options=NULLS)


def write(table, path):
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".arrows":
        with pa.ipc.new_stream(path, table.schema) as out:
            out.write_table(table)
    else:
        with pa.ipc.new_file(path, table.schema) as out:
            out.write_table(table)
    return path


FORMATS = ["rows.parquet", "rows.arrow", "rows.arrows", "rows.feather"]


class Reading(ProgramTest):
    def test_every_format_and_codec_gives_what_the_csv_gives(self):
        table = rows_of_model()
        expected = self.score(ROWS)
        for name in FORMATS:
            self.assertEqual(self.score(write(table, self.folder / name)), expected, name)
        for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
            for version in ["1.0", "2.0"]:
                path = self.folder / f"{codec}{version}.parquet"
                pq.write_table(table, path, compression=codec, data_page_version=version, row_group_size=7)
                self.assertEqual(self.score(path), expected, path)
        for codec in ["lz4", "zstd", "uncompressed"]:
            path = self.folder / f"{codec}.feather"
            pa.feather.write_feather(table, path, compression=codec, chunksize=9)
            self.assertEqual(self.score(path), expected, path)
        for codec in ["snappy", "gzip", "zstd", "lz4", "brotli", "uncompressed"]:
            path = self.folder / f"duck_{codec}.parquet"
            duckdb.sql(f"COPY (SELECT * FROM read_csv('{ROWS}', nullstr='NA')) TO '{path}' "
                       f"(FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE 16)")
            self.assertEqual(self.score(path), expected, path)

    def test_encodings_of_parquet(self):
        table = rows_of_model()
        expected = self.score(ROWS)
        for encoding in ["PLAIN", "BYTE_STREAM_SPLIT"]:
            path = self.folder / f"{encoding}.parquet"
            pq.write_table(table, path, use_dictionary=False, column_encoding={"a": encoding, "b": encoding})
            self.assertEqual(self.score(path), expected, encoding)
        narrow = pa.table({"a": pa.array([1, 2, 3, None, 5]), "b": pa.array([5, 4, 3, 2, 1])})
        text = self.folder / "narrow.csv"
        text.write_text("a,b\n1,5\n2,4\n3,3\nNA,2\n5,1\n")
        for encoding in ["DELTA_BINARY_PACKED", "PLAIN"]:
            path = self.folder / f"narrow{encoding}.parquet"
            pq.write_table(narrow, path, use_dictionary=False, column_encoding={"a": encoding, "b": encoding})
            self.assertEqual(self.score(path), self.score(text), encoding)

    def test_missing_is_not_nan(self):
        # R's gbm sends NA to the missing child and NaN to the right one.
        text = self.folder / "rows.csv"
        text.write_text("a,b\nNA,0.5\nNaN,0.5\n1,NA\n1,NaN\n")
        nan = float("nan")
        table = pa.table({"a": pa.array([None, nan, 1, 1], pa.float64()), "b": pa.array([0.5, 0.5, None, nan])})
        for name in FORMATS:
            path = write(table, self.folder / name)
            self.assertEqual(self.score(path), self.score(text), name)
            kept = [row[:2] for row in cells(self.score(path, "--keep", "a,b"))[1]]
            self.assertEqual(kept, [["NA", "0.5"], ["NaN", "0.5"], ["1", "NA"], ["1", "NaN"]])

    def test_many_batches_keep_the_order_of_rows(self):
        count = 200_000
        table = pa.table({"a": pc.divide(pa.array(range(count)), 1000.0), "b": pa.array([0.5] * count),
                          "id": pa.array(range(count), pa.int32())})
        expected = [str(i) for i in range(count)]
        for name, size in [("small.parquet", 999), ("large.parquet", 150_000)]:
            pq.write_table(table, self.folder / name, row_group_size=size)
            _, rows = cells(self.score(self.folder / name, "--keep", "id"))
            self.assertEqual([row[0] for row in rows], expected, name)
        with pa.ipc.new_file(self.folder / "large.arrow", table.schema) as out:
            out.write_table(table, max_chunksize=150_000)
        _, rows = cells(self.score(self.folder / "large.arrow", "--keep", "id"))
        self.assertEqual([row[0] for row in rows], expected)

    def test_tables_without_rows(self):
        for table in [rows_of_model().slice(0, 0), pa.table({"a": pa.array([], pa.float64()), "b": pa.array([], pa.float64())})]:
            for name in FORMATS:
                out = self.score(write(table, self.folder / name))
                self.assertEqual(out.splitlines(), ["link"], name)
        empty = rows_of_model().schema
        with pq.ParquetWriter(self.folder / "groups.parquet", empty) as out:
            out.write_table(rows_of_model().slice(0, 0))
            out.write_table(rows_of_model().slice(0, 3))
            out.write_table(rows_of_model().slice(0, 0))
        self.assertEqual(self.score(self.folder / "groups.parquet").splitlines(), self.score(ROWS).splitlines()[:4])

    # Each type, its values, and what they are in a table of R's types. None is NA.
    TYPES = [
        (pa.bool_(), [True, None, False], ["TRUE", "NA", "FALSE"]),
        (pa.int8(), [-128, None, 127], ["-128", "NA", "127"]),
        (pa.int16(), [-32768, None, 32767], ["-32768", "NA", "32767"]),
        (pa.int32(), [-2147483647, None, 2147483647], ["-2147483647", "NA", "2147483647"]),
        (pa.int64(), [-(2**53), None, 2**53], ["-9007199254740992", "NA", "9007199254740992"]),
        (pa.uint8(), [0, None, 255], ["0", "NA", "255"]),
        (pa.uint16(), [0, None, 65535], ["0", "NA", "65535"]),
        (pa.uint32(), [0, None, 4294967295], ["0", "NA", "4294967295"]),
        (pa.uint64(), [0, None, 2**53], ["0", "NA", "9007199254740992"]),
        (pa.float16(), [0.5, None, -2.0], ["0.5", "NA", "-2"]),
        (pa.float32(), [0.1, None, math.inf], ["0.10000000149011612", "NA", "Inf"]),
        (pa.float64(), [0.1, None, -math.inf], ["0.1", "NA", "-Inf"]),
        (pa.decimal128(20, 4), [decimal.Decimal("0.3"), None, decimal.Decimal("-12345.6789")], ["0.3", "NA", "-12345.6789"]),
        (pa.string(), ["x", None, "ä,\"é"], ["x", "NA", "ä,\"é"]),
        (pa.large_string(), ["", None, "NA"], ["", "NA", "NA"]),
        (pa.date32(), [datetime.date(2020, 2, 29), None, datetime.date(1969, 12, 31)], ["2020-02-29", "NA", "1969-12-31"]),
        (pa.timestamp("us"), [datetime.datetime(2020, 1, 5, 10, 0, 0), None, datetime.datetime(1969, 12, 31, 23, 59, 59, 500000)],
         ["2020-01-05 10:00:00", "NA", "1969-12-31 23:59:59.5"]),
        (pa.timestamp("ms", tz="Europe/Berlin"), [datetime.datetime(2020, 1, 5, 10, tzinfo=datetime.timezone.utc), None, None],
         ["2020-01-05 10:00:00Z", "NA", "NA"]),
        (pa.time64("us"), [datetime.time(10, 30), None, datetime.time(0, 0, 1, 250000)], ["10:30:00", "NA", "00:00:01.25"]),
        (pa.dictionary(pa.int8(), pa.string()), ["b", None, "a"], ["b", "NA", "a"]),
    ]

    def test_types_become_r_types(self):
        for number, (kind, values, expected) in enumerate(self.TYPES):
            table = pa.table({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0], "x": pa.array(values, kind)})
            for name in ["rows.parquet", "rows.arrow", "rows.arrows"]:
                path = write(table, self.folder / f"{number}{name}")
                _, rows = cells(self.score(path, "--keep", "x"))
                self.assertEqual([row[0] for row in rows], expected, f"{kind} in {name}")

    def test_types_of_arrow_only(self):
        for kind, values, expected in [
                (pa.string_view(), ["short", None, "longer than twelve bytes"], ["short", "NA", "longer than twelve bytes"]),
                (pa.date64(), [datetime.date(2020, 2, 29), None, None], ["2020-02-29", "NA", "NA"]),
                (pa.dictionary(pa.uint16(), pa.large_string(), ordered=True), ["lo", "hi", None], ["lo", "hi", "NA"])]:
            table = pa.table({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0], "x": pa.array(values, kind)})
            _, rows = cells(self.score(write(table, self.folder / "rows.arrow"), "--keep", "x"))
            self.assertEqual([row[0] for row in rows], expected, kind)

    def test_types_of_duckdb(self):
        path = self.folder / "duck.parquet"
        duckdb.sql("COPY (SELECT 1.0::DOUBLE a, 2.0::DOUBLE b, 7::HUGEINT::BIGINT i, 'x'::VARCHAR t, DATE '2024-02-29' d, "
                   "TIMESTAMP '2024-02-29 12:30:00.125' ts, 12.34::DECIMAL(9,2) dec, TRUE l, 'lo'::ENUM('lo','hi') e, "
                   f"3::UTINYINT u UNION ALL SELECT 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) TO '{path}'")
        _, rows = cells(self.score(path, "--keep", "i,t,d,ts,dec,l,e,u"))
        self.assertEqual(rows[0][:8], ["7", "x", "2024-02-29", "2024-02-29 12:30:00.125", "12.34", "TRUE", "lo", "3"])
        self.assertEqual(rows[1][:8], ["NA"] * 8)

    def test_what_a_table_cannot_hold_is_refused_by_column_and_row(self):
        two = pa.array([1.0, 2.0])
        for kind, values, expected in [
                (pa.int64(), [1, 2**53 + 1], "row 2, column 'x'"),
                (pa.uint64(), [1, 2**64 - 1], "row 2, column 'x'"),
                (pa.int32(), [-(2**31), 1], "row 1, column 'x'"),
                (pa.list_(pa.int32()), [[1], [2]], "column 'x'"),
                (pa.struct([("y", pa.int32())]), [{"y": 1}, {"y": 2}], "column 'x'"),
                (pa.binary(), [b"a", b"b"], "column 'x'")]:
            path = write(pa.table({"a": two, "b": two, "x": pa.array(values, kind)}), self.folder / "rows.parquet")
            self.refused(expected, path, "--keep", "x")
            # A column that nobody wants may hold anything.
            self.assertEqual(len(self.score(path).splitlines()), 3)
        self.refused("lacks column 'b'", write(pa.table({"a": two}), self.folder / "rows.parquet"))
        self.refused("no column 'y'", write(pa.table({"a": two, "b": two}), self.folder / "rows.arrow"), "--keep", "y")
        self.refused("'b'", write(pa.table({"a": two, "b": ["x", "y"]}), self.folder / "rows.parquet"))

    def test_only_wanted_columns_are_read(self):
        table = rows_of_model().append_column("x", pa.array(["only once"] * len(rows_of_model())))
        path = self.folder / "rows.parquet"
        pq.write_table(table, path, compression="none", use_dictionary=False)
        place = pq.ParquetFile(path).metadata.row_group(0).column(2)
        damaged = bytearray(path.read_bytes())
        damaged[place.data_page_offset:place.data_page_offset + 8] = b"\xff" * 8
        path.write_bytes(damaged)
        self.assertEqual(self.score(path), self.score(ROWS))
        self.refused("rows.parquet", path, "--keep", "x")


class Writing(ProgramTest):
    def table_of(self, path):
        if path.suffix == ".parquet":
            return pq.read_table(path)
        if path.suffix == ".arrows":
            return pa.ipc.open_stream(path).read_all()
        return pa.ipc.open_file(path).read_all()

    def test_pyarrow_and_duckdb_read_what_the_csv_says(self):
        levels = pa.DictionaryArray.from_arrays([0, 1, None, 0], ["lo", "hi"], ordered=True)
        table = pa.table({"a": [1.5, None, float("nan"), -0.25], "b": [1, 2, 3, 4], "t": ["x", None, "", "NA"], "l": [True, None, False, True],
                          "f": levels})
        rows = write(table, self.folder / "rows.parquet")
        _, expected = cells(self.score(rows))
        for name in ["out.parquet", "out.arrow", "out.arrows", "out.feather"]:
            path = self.folder / name
            self.assertEqual(self.score(rows, "--keep", "a,b,t,l,f", "-o", path), "")
            out = self.table_of(path)
            self.assertEqual(out.column_names, ["a", "b", "t", "l", "f", "link"])
            self.assertEqual(out["link"].to_pylist(), [float(row[0]) for row in expected], name)
            self.assertEqual(out["t"].to_pylist(), ["x", None, "", "NA"])
            self.assertEqual(out["l"].to_pylist(), [True, None, False, True])
            self.assertEqual(out["f"].to_pylist(), ["lo", "hi", None, "lo"])
            self.assertTrue(out.schema.field("f").type.ordered, name)
            self.assertEqual([str(v) for v in out["a"].to_pylist()], ["1.5", "None", "nan", "-0.25"])
        found = duckdb.sql(f"SELECT link, t, l, f::VARCHAR, a FROM '{self.folder / 'out.parquet'}'").fetchall()
        self.assertEqual([row[0] for row in found], [float(row[0]) for row in expected])
        self.assertEqual([row[1:4] for row in found], [("x", True, "lo"), (None, None, "hi"), ("", False, None), ("NA", True, "lo")])
        self.assertEqual([str(row[4]) for row in found], ["1.5", "None", "nan", "-0.25"])

    def test_levels_may_grow_from_batch_to_batch(self):
        # Each row group has a dictionary of its own.
        count = 3 * 65_536
        words = [f"w{i // 20_000}" for i in range(count)]
        table = pa.table({"a": [1.0] * count, "b": [1.0] * count, "f": pa.array(words).dictionary_encode()})
        path = self.folder / "rows.parquet"
        pq.write_table(table, path, row_group_size=30_000)
        for name in ["out.parquet", "out.arrow", "out.arrows"]:
            self.assertEqual(self.score(path, "--keep", "f", "-o", self.folder / name), "")
            self.assertEqual(self.table_of(self.folder / name)["f"].to_pylist(), words, name)

    def test_an_output_without_rows_has_its_columns(self):
        path = write(rows_of_model().slice(0, 0), self.folder / "rows.parquet")
        for name in ["out.parquet", "out.arrow", "out.arrows"]:
            self.score(path, "-o", self.folder / name)
            out = self.table_of(self.folder / name)
            self.assertEqual((out.num_rows, out.column_names), (0, ["link"]), name)

    def test_an_output_says_where_it_came_from(self):
        path = self.folder / "out.parquet"
        self.score(ROWS, "--type", "response", "-o", path)
        for metadata in [pq.read_metadata(path).metadata, pq.read_schema(path).metadata]:
            said = json.loads(metadata[b"scoria"])
            self.assertEqual(said["format"], "scoria-score/1")
            self.assertEqual(said["model"]["sha256"], hashlib.sha256(MODEL.read_bytes()).hexdigest())
            self.assertEqual((said["input"], said["types"]), (str(ROWS), ["response"]))
            self.assertIn("--type response", said["command"])
        code, out, _ = scoria("inspect", path)
        self.assertEqual(code, 0)
        self.assertIn(str(MODEL), out)

    def test_a_failed_run_leaves_nothing(self):
        bad = self.folder / "bad.csv"
        bad.write_text("a,b\n" + "1,2\n" * 200_000 + "1,x\n")
        for name in ["out.parquet", "out.arrow", "out.csv"]:
            self.refused("bad.csv", bad, "-o", self.folder / name)
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["bad.csv"])

    def test_without_the_module_the_command_that_makes_it_is_named(self):
        nowhere = {"SCORIA_ARROW": "/nowhere/libscoria_arrow.so"}
        for name in FORMATS:
            self.refused("make arrow", write(rows_of_model(), self.folder / name), env=nowhere)
        self.refused("make arrow", ROWS, "-o", self.folder / "out.parquet", env=nowhere)
        self.refused("make arrow", "s3://bucket/rows.csv", env=nowhere)
        self.assertEqual(self.score(ROWS, env=nowhere), self.score(ROWS))


if __name__ == "__main__":
    program.main()
