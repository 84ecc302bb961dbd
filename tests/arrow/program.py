"""The program under test, and tables for it. The answers come from pyarrow, DuckDB and R, never from the program."""

import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
MODEL = GOLDEN / "gbm_default_trees_cv" / "model.rds"  # of the numbers a and b
ROWS = GOLDEN / "gbm_default_trees_cv" / "input.csv"
SCORIA = ""  # set by main()


def scoria(*arguments, env=None, timeout=60):
    """What a run ended with, printed and complained about."""
    done = subprocess.run([SCORIA, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def cells(text):
    """CSV text as a header and rows of strings."""
    rows = list(csv.reader(text.splitlines()))
    return rows[0], rows[1:]


class ProgramTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def score(self, *arguments, model=MODEL, **options):
        """The CSV that a run prints; it must succeed."""
        code, out, err = scoria("score", model, *arguments, **options)
        self.assertEqual((code, err), (0, ""), arguments)
        return out

    def refused(self, expected, *arguments, model=MODEL, **options):
        code, out, err = scoria("score", model, *arguments, **options)
        self.assertEqual(code, 1, out + err)
        self.assertIn(expected, err)


def main():
    global SCORIA
    SCORIA = sys.argv.pop(1)
    sys.modules["program"].SCORIA = SCORIA
    unittest.main(module="__main__")
