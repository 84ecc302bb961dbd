#!/usr/bin/env python3
"""Plans over Parquet and Arrow, and plans whose rows pass by in batches.
usage: tests/arrow/runs_test.py SCORIA [unittest's options]"""

import hashlib
import json
import random

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import program
from program import MODEL, ProgramTest, scoria

PLAN = """name: test
input: {{rows: {rows}}}
features:
  from: [rows]
  {order}mutate: {{a: x / 2, b: "ifelse(is.na(y), 0.25, y)"}}
  filter: x > -3
models: {{file: "{model}", column: link, then: prediction * 2}}
columns: [id, word]
output: {output}
"""


class Runs(ProgramTest):
    def rows(self, count):
        source = random.Random(3)
        return pa.table({"id": pa.array(range(count), pa.int64()), "x": [source.gauss(0, 2) for _ in range(count)],
                         "y": [source.gauss(0, 2) if source.random() < 0.9 else None for _ in range(count)],
                         "word": pa.array([f"w{i % 7}" for i in range(count)]).dictionary_encode()})

    def run_plan(self, rows, output, order="", expect=0, **options):
        plan = self.folder / "plan.yaml"
        plan.write_text(PLAN.format(rows=rows, output=output, order=order, model=MODEL))
        code, out, err = scoria("run", plan, *options.get("arguments", []))
        self.assertEqual(code, expect, out + err)
        return err

    def test_every_pair_of_formats_gives_the_same_rows(self):
        rows = self.rows(150_000)
        pa.csv.write_csv(rows, self.folder / "rows.csv")
        pq.write_table(rows, self.folder / "rows.parquet", row_group_size=40_000)
        with pa.ipc.new_file(self.folder / "rows.arrow", rows.schema) as out:
            out.write_table(rows.unify_dictionaries())
        self.run_plan("rows.csv", "expected.csv")
        expected = (self.folder / "expected.csv").read_bytes()
        for source in ["rows.parquet", "rows.arrow"]:
            # In batches, and with all rows at once: the rows are in the order of id already.
            for order in ["", "arrange: id\n  "]:
                self.run_plan(source, "out.csv", order)
                self.assertEqual((self.folder / "out.csv").read_bytes(), expected, (source, order))
        read = pa.csv.read_csv(self.folder / "expected.csv")
        for name in ["out.parquet", "out.arrow", "out.arrows"]:
            self.run_plan("rows.parquet", name)
            path = self.folder / name
            table = pq.read_table(path) if name.endswith("parquet") else (
                pa.ipc.open_file(path) if name.endswith("arrow") else pa.ipc.open_stream(path)).read_all()
            self.assertEqual(table["link"].to_pylist(), read["link"].to_pylist(), name)
            self.assertEqual(table["word"].to_pylist(), read["word"].to_pylist(), name)

    def test_provenance_is_beside_and_inside(self):
        pq.write_table(self.rows(50), self.folder / "rows.parquet")
        self.run_plan("rows.parquet", "out.parquet")
        beside = json.loads((self.folder / "out.parquet.run.json").read_text())
        inside = json.loads(pq.read_metadata(self.folder / "out.parquet").metadata[b"scoria"])
        digest = {name: hashlib.sha256((self.folder / name).read_bytes()).hexdigest() for name in ["rows.parquet", "out.parquet"]}
        self.assertEqual(beside["inputs"][0]["sha256"], digest["rows.parquet"])
        self.assertEqual(inside["inputs"][0]["sha256"], digest["rows.parquet"])
        self.assertEqual(beside["output"]["sha256"], digest["out.parquet"])
        self.assertEqual(beside["output"]["bytes"], (self.folder / "out.parquet").stat().st_size)
        self.assertEqual(inside["models"], beside["models"])
        before = (self.folder / "out.parquet").stat().st_mtime_ns
        self.run_plan("rows.parquet", "out.parquet", arguments=["--resume"])
        self.assertEqual((self.folder / "out.parquet").stat().st_mtime_ns, before)

    def test_rows_that_must_be_held_and_cannot_are_refused(self):
        pq.write_table(self.rows(100_000), self.folder / "rows.parquet")
        err = self.run_plan("rows.parquet", "out.csv", "group_by: word\n  ", expect=1, arguments=["--memory-limit", "1MB"])
        self.assertIn("features.group_by needs all its rows at once", err)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["plan.yaml", "rows.parquet"])
        self.run_plan("rows.parquet", "out.csv", "group_by: word\n  ", arguments=["--memory-limit", "1GB"])

    def test_an_input_without_rows_gives_an_output_without_rows(self):
        pq.write_table(self.rows(10).slice(0, 0), self.folder / "rows.parquet")
        for name in ["out.csv", "out.parquet"]:
            self.run_plan("rows.parquet", name)
        self.assertEqual((self.folder / "out.csv").read_text(), "id,word,link\n")
        self.assertEqual(pq.read_table(self.folder / "out.parquet").num_rows, 0)


if __name__ == "__main__":
    program.main()
