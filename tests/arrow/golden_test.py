#!/usr/bin/env python3
"""Every golden case, its rows as Parquet and as Arrow: the predictions are those of the CSV, to the last bit.
usage: tests/arrow/golden_test.py SCORIA [unittest's options]"""

import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import program
from program import GOLDEN, ProgramTest, scoria

KINDS = {"double": pa.float64(), "integer": pa.int32(), "logical": pa.bool_(), "character": pa.string(),
         "factor": pa.string(), "ordered": pa.string(), "numeric": pa.float64()}
NULLS = pa.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True, quoted_strings_can_be_null=False,
                              true_values=["TRUE"], false_values=["FALSE"])


def typed_rows(case, columns):
    """The case's input with the types that R had; factors as dictionaries with R's levels."""
    kinds = {name: KINDS[column["type"]] for name, column in columns.items()}
    options = pa.csv.ConvertOptions(column_types=kinds, null_values=NULLS.null_values, strings_can_be_null=True,
                                    quoted_strings_can_be_null=False, true_values=["TRUE"], false_values=["FALSE"])
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    table = pa.csv.read_csv(case / "input.csv", convert_options=options, parse_options=parsing)
    for name, column in columns.items():
        if column["type"] not in ("factor", "ordered") or name not in table.column_names:
            continue
        levels = column.get("levels")
        values = table[name].to_pylist()
        if levels is None or not set(values) - {None} <= set(levels):
            continue  # a level that R did not know stays text
        codes = [None if value is None else levels.index(value) for value in values]
        factor = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(levels, pa.string()),
                                                ordered=column["type"] == "ordered")
        table = table.set_column(table.column_names.index(name), name, factor)
    return table


class Golden(ProgramTest):
    def test_predictions_do_not_depend_on_the_format(self):
        compared = 0
        for meta in sorted(GOLDEN.glob("*/meta.json")):
            case = meta.parent
            said = json.loads(meta.read_text())
            model = next(case.glob("model*"))
            rows = typed_rows(case, said["columns"])
            pq.write_table(rows, self.folder / "rows.parquet", row_group_size=17)
            with pa.ipc.new_file(self.folder / "rows.arrow", rows.schema) as out:
                out.write_table(rows)
            for run in said.get("runs", [{"args": []}])[:3]:
                expected = scoria("score", model, case / "input.csv", *run["args"])
                for name in ["rows.parquet", "rows.arrow"]:
                    code, out, err = scoria("score", model, self.folder / name, *run["args"])
                    with self.subTest(case=case.name, args=run["args"], rows=name):
                        self.assertEqual((code, out), expected[:2], err)
                    compared += 1
        self.assertGreater(compared, 100)


if __name__ == "__main__":
    program.main()
