#!/usr/bin/env python3
"""Every golden case through libscoria.so, its rows made by pyarrow and its answers read by pyarrow: they must be R's.

usage: pyarrow_test.py LIBSCORIA.so [GOLDEN_FOLDER [NAME_PREFIX...]]
Rows arrive in every Arrow type that fits: a pass with float64, int32, dictionaries; one with int64, float64 as decimals where exact,
large text; one cut out of a longer table, so that offsets count. Exit status 77: there is no pyarrow (`make arrow` gets it).
"""

import ast
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

try:
    import pyarrow as pa
except ImportError:
    own = ROOT / "build/arrow-venv/bin/python"
    if own.exists() and os.environ.get("SCORIA_ARROW_VENV") != "tried":
        os.environ["SCORIA_ARROW_VENV"] = "tried"
        os.execv(own, [str(own), *sys.argv])
    print("skipped: no pyarrow; `make arrow` gets it")
    sys.exit(77)

import scoria_ctypes  # noqa: E402


def read_text(path):
    """{column: [text or None]}: R's NA is not quoted, a text "NA" is."""
    with open(path, newline="", encoding="utf-8") as file:
        raw = file.read()
    header, *rows = split_rows(raw)
    columns = {name: [] for name, _ in header}
    for row in rows:
        for name, (text, was_quoted) in zip(columns, row):
            columns[name].append(None if text == "NA" and not was_quoted else text)
    return columns


def split_rows(raw):
    """[(text, was quoted)] by row: the csv module forgets which were."""
    rows, row, at = [], [], 0
    while at < len(raw):
        if raw[at] == '"':
            text, at = "", at + 1
            while raw[at] != '"' or raw[at + 1:at + 2] == '"':
                text += raw[at]
                at += 2 if raw[at] == '"' else 1
            cell, at = (text, True), at + 1
        else:
            end = at
            while end < len(raw) and raw[end] not in ",\n":
                end += 1
            cell, at = (raw[at:end].rstrip("\r"), False), end
        row.append(cell)
        if raw[at:at + 1] == ",":
            at += 1
            continue
        rows.append(row)
        row, at = [], at + 1
    return rows


def to_number(text):
    return {"Inf": math.inf, "-Inf": -math.inf, "NaN": math.nan}.get(text) if text in ("Inf", "-Inf", "NaN") else float(text)


def as_numbers(texts):
    try:
        return [None if text is None else to_number(text) for text in texts]
    except ValueError:
        return None


def is_whole(numbers, limit):
    return all(x is None or (math.isfinite(x) and x == int(x) and abs(x) < limit) for x in numbers)


def column(texts, kind, levels, style):
    """One column of rows as Arrow, as R's type `kind` says; `style` picks among the types that hold the same."""
    if kind == "logical":
        return pa.array([None if text is None else text == "TRUE" for text in texts], pa.bool_())
    if kind in ("factor", "ordered"):
        text_type = [pa.string(), pa.large_string(), pa.string_view()][style]
        if any(text is not None and text not in levels for text in texts):
            return pa.array(texts, text_type)
        index_type = [pa.int32(), pa.int8() if len(levels) < 128 else pa.int64(), pa.uint16()][style]
        indices = pa.array([None if text is None else levels.index(text) for text in texts], index_type)
        return pa.DictionaryArray.from_arrays(indices, pa.array(levels, pa.string()), ordered=kind == "ordered")
    numbers = as_numbers(texts)
    if kind in ("double", "integer") and numbers is not None:
        if style != 0 and is_whole(numbers, 2**31 - 1):
            whole = [None if x is None else int(x) for x in numbers]
            return pa.array(whole, pa.int64() if style == 1 else pa.decimal128(20, 0))
        return pa.array(numbers, pa.int32() if kind == "integer" and is_whole(numbers, 2**31 - 1) else pa.float64())
    return pa.array(texts, pa.string())


def record_batch(inputs, types, style):
    arrays = []
    for name, texts in inputs.items():
        about = types.get(name, {"type": "double"})
        levels = about.get("levels") or sorted({text for text in texts if text is not None})
        arrays.append(column(texts, about["type"], levels, style))
    batch = pa.RecordBatch.from_arrays(arrays, names=list(inputs))
    if style != 2 or batch.num_rows == 0:
        return batch
    # Three times the rows, of which the middle third counts: every buffer then begins before its first row.
    longer = pa.Table.from_batches([batch] * 3).combine_chunks().to_batches()[0]
    return longer.slice(batch.num_rows, batch.num_rows)


def same(expected, answer, tolerance):
    if expected is None or answer is None:
        return expected is None and answer is None
    if isinstance(answer, bool):
        return expected == ("TRUE" if answer else "FALSE")
    if isinstance(answer, str):
        return expected == answer
    number = to_number(expected)
    if math.isnan(number) or math.isnan(answer):
        return math.isnan(number) and math.isnan(answer)
    return number == answer or abs(number - answer) <= max(tolerance * abs(number), 1e-15 if tolerance else 0)


def ask(args):
    types, parameters = [], {}
    for option, value in zip(args[::2], args[1::2]):
        if option == "--type":
            types.append(value)
        elif option == "--param":
            name, _, text = value.partition("=")
            parameters[name] = text
        else:
            return None
    return types, parameters


def problems_of(case, library, style):
    meta = json.loads((case / "meta.json").read_text())
    ties = meta.get("random_tie_rows_1based") or []
    ties = {ties} if isinstance(ties, int) else set(ties)
    inputs = read_text(case / "input.csv")
    batch = record_batch(inputs, meta["columns"] or {}, style)
    expected = None if meta.get("expect_error") else read_text(case / "expected.csv")
    for run in meta["runs"]:
        asked = ask(run["args"])
        if asked is None:
            continue
        tolerance = run.get("rel_tolerance", meta["rel_tolerance"])
        try:
            model = scoria_ctypes.Model(library, next(case.glob("model.*")), threads=style)
            answer = model.score(batch, *asked)
        except scoria_ctypes.ScoriaError as error:
            if expected is not None:
                yield f"{run['args']}: {error}"
            continue
        if expected is None:
            yield f"{run['args']}: R stops ({meta['expect_error']}), we answer"
            continue
        for position, name in enumerate(run["columns"]):
            found = answer.schema.get_field_index(name)
            ours = answer.column(found if found >= 0 else position).to_pylist()
            if len(ours) != len(expected[name]):
                yield f"{name}: {len(ours)} rows, expected {len(expected[name])}"
                continue
            drawn = name.split(":")[0] in ("response", "class")
            wrong = [row for row, (e, a) in enumerate(zip(expected[name], ours), 1)
                     if not (drawn and row in ties) and not same(e, a, tolerance)]
            if wrong:
                row = wrong[0]
                yield f"{name}, row {row}: {ours[row - 1]!r}, expected {expected[name][row - 1]!r} ({len(wrong)} rows differ)"


def check_fork(library, folder):
    """A model that scored on threads goes on scoring in a forked child of this Python process."""
    case = folder / "gbm_gaussian_cat_na"
    if not case.is_dir():
        return
    meta = json.loads((case / "meta.json").read_text())
    rows = record_batch(read_text(case / "input.csv"), meta["columns"], 0)
    many = pa.Table.from_batches([rows] * 200).combine_chunks().to_batches()[0]
    model = scoria_ctypes.Model(library, case / "model.rds", threads=4)
    before = model.score(many)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if model.score(many).equals(before) else 1)
        except BaseException:
            os._exit(2)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        yield "a forked child did not score as its parent"


def check_document(path):
    """The Python program of docs/embedding.md, word for word."""
    text = (ROOT / "docs/embedding.md").read_text()
    program = text.split("```python\n")[1].split("```")[0]
    case = ROOT / "tests/golden/rf_class_even_ties"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(case / "model.rds", folder)
        environment = {**os.environ, "LD_LIBRARY_PATH": str(pathlib.Path(path).resolve().parent)}
        ran = subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True)
    expected = read_text(case / "expected.csv")["response"][1]  # R draws lots for the first row
    if ran.returncode != 0 or len(ast.literal_eval(ran.stdout)) != 2 or ast.literal_eval(ran.stdout)[1] != {"response": expected}:
        yield f"docs/embedding.md: the Python program gives {ran.stdout}{ran.stderr}"


def main():
    library = scoria_ctypes.Library(sys.argv[1])
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "tests/golden"
    prefixes = tuple(sys.argv[3:]) or ("",)
    cases = sorted(path.parent for path in folder.glob("*/meta.json") if path.parent.name.startswith(prefixes))
    failures = 0
    for case in cases:
        for style in range(3):
            for problem in problems_of(case, library, style):
                failures += 1
                print(f"{case.name}, style {style}: {problem}")
    for problem in [*check_fork(library, folder), *check_document(sys.argv[1])]:
        failures += 1
        print(problem)
    print(f"{len(cases)} golden cases in 3 styles of columns, {failures} problems")
    return 1 if failures or not cases else 0


sys.exit(main())
