"""Writes the golden cases of Python models that this environment's scikit-learn makes.

usage: python make_golden.py TAG [REGEX]     TAG: the environment's name at the end of each case: sk024, sk12, ...
       make_golden_sklearn.sh makes all environments and calls this in each.

Cases stand in sklearn_<form>_cases.py, each with a function cases(writer); writer.version tells what may be asked of it.
"""
import glob
import importlib
import os
import re
import sys
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from golden_writer import Writer  # noqa: E402


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    pattern = re.compile(sys.argv[2] if len(sys.argv) == 3 else "")
    writer = Writer(HERE, sys.argv[1], lambda name: pattern.search(name) is not None)
    for path in sorted(glob.glob(os.path.join(HERE, "sklearn_*_cases.py"))):
        importlib.import_module(os.path.splitext(os.path.basename(path))[0]).cases(writer)


main()
