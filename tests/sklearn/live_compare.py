"""Fits random estimators of every family on random data with random options, stores them in a random form, and compares what
scoria predicts for new rows with what scikit-learn says.

usage: python tests/sklearn/live_compare.py path/to/scoria [MODELS]      SCORIA_SEED=N repeats a run
"""
import csv
import os
import subprocess
import sys
import tempfile
import time
import traceback

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "golden")]
sys.dont_write_bytecode = True

import families  # noqa: E402
from golden_writer import _columns, _store, _write_rows  # noqa: E402

FORMS = ["pickle:2", "pickle:3", "pickle:4", "pickle:5", "joblib", "joblib:zlib", "joblib:gzip", "joblib:bz2", "joblib:xz", "joblib:lzma", "joblib:lz4"]


def targets():
    """The kernels of this processor by name: left alone, few rows take the plain walk."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        flags = next((line for line in info if line.startswith("flags")), "").split()
    return ["plain"] + ["avx2"] * ("avx2" in flags) + ["avx512"] * ("avx512bw" in flags and "avx512cd" in flags)


def read_answer(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return dict(zip(rows[0], zip(*rows[1:]))) if len(rows) > 1 else {name: () for name in rows[0]}


def difference(ours, reference, tolerance, floor):
    """What differs first, or ''."""
    for row, (word, value) in enumerate(zip(ours, reference)):
        if isinstance(value, (str, np.str_, bool, np.bool_)):
            if word != str(value):
                return "row %d: %r, expected %r" % (row + 1, word, value)
            continue
        value = float(value)
        answer = float("nan") if word == "NA" else float(word)
        if np.isnan(value) and np.isnan(answer):
            continue
        if answer == value or abs(answer - value) <= max(tolerance * abs(value), floor):
            continue
        return "row %d: %s, expected %.17g" % (row + 1, word, value)
    return "" if len(ours) == len(reference) else "%d rows, expected %d" % (len(ours), len(reference))


def compare(scoria, trial, folder, form, simd):
    """Problems of one trial, as text."""
    model = _store(trial.model, folder, form)
    path = os.path.join(folder, "model.pkl" if form.startswith("pickle") else "model.joblib")
    _write_rows(os.path.join(folder, "rows.csv"), _columns(trial.rows))
    problems = []
    for question in trial.questions(model, trial.rows):
        output = os.path.join(folder, "answer.csv")
        done = subprocess.run([scoria, "score", path, os.path.join(folder, "rows.csv"), "-o", output, "--simd", simd] + question["args"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            problems.append("%s: %s" % (" ".join(question["args"]), done.stderr.strip()[-400:]))
            continue
        answer = read_answer(output)
        if len(answer) != len(question["columns"]):
            problems.append("%s: columns %s" % (" ".join(question["args"]), list(answer)[:8]))
            continue
        for (name, values), ours in zip(question["columns"], answer.values()):
            tolerance = trial.tolerance if question["tolerance"] is None else question["tolerance"]
            problem = difference(ours, values, tolerance, trial.floor)
            if problem:
                problems.append("%s %s" % (name, problem))
                break
    return problems


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    scoria = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) == 3 else 200
    first_seed = int(os.environ.get("SCORIA_SEED", int(time.time()) % 1000000))
    kernels = targets()
    failed = unfitted = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first_seed, first_seed + count):
            random = np.random.RandomState(seed)
            np.random.seed(seed)
            make = families.FAMILIES[seed % len(families.FAMILIES)]
            try:
                trial = make(random)
            except (ValueError, FloatingPointError) as error:  # a fit that scikit-learn itself refuses is no comparison
                unfitted += 1
                if os.environ.get("SCORIA_VERBOSE"):
                    print("seed %d %s: not fitted: %s" % (seed, make.__name__, str(error).splitlines()[0]))
                continue
            form = FORMS[random.randint(len(FORMS))]
            simd = kernels[random.randint(len(kernels))]
            try:
                problems = compare(scoria, trial, folder, form, simd)
            except Exception:  # the seed belongs to the message
                problems = [traceback.format_exc()]
            if problems:
                failed += 1
                print("seed %d %s %s (%s, %s):" % (seed, make.__name__, trial.model, form, simd))
                for problem in problems[:4]:
                    print("  " + problem)
    compared = count - unfitted
    print("seeds %d to %d: %d models compared, %d differ, %d could not be fitted" % (first_seed, first_seed + count - 1, compared, failed, unfitted))
    if compared * 10 < count * 9:
        sys.exit("too few models could be fitted to say much")
    sys.exit(1 if failed else 0)


main()
