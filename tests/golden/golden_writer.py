"""Writes golden cases of Python models: a model file, its input rows, scikit-learn's own answers and how to ask for them.

The form is described in README.md beside this file. Python 3.6 to the newest; used by make_golden.py.
"""
import json
import os
import pickle
import platform
import shutil

import numpy as np
import sklearn

try:
    import joblib
except ImportError:  # scikit-learn 0.19 brings its own
    from sklearn.externals import joblib


def _cell(value):
    """A number with all its bits, a text in quotes, NA for what is missing."""
    if value is None or (isinstance(value, float) and value != value):
        return "NA"
    if isinstance(value, (bool, np.bool_)):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, np.integer)):
        return "%d" % value
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return "NA"
        return ("Inf" if value > 0 else "-Inf") if np.isinf(value) else "%.17g" % value
    return '"%s"' % str(value).replace('"', '""')


def _write_rows(path, columns):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write(",".join('"%s"' % name for name, _ in columns) + "\n")
        for row in zip(*[values for _, values in columns]):
            out.write(",".join(_cell(value) for value in row) + "\n")


def _label(value):
    return str(value.item() if isinstance(value, np.generic) else value)


def ask(kind, value, labels=None, args=None, tolerance=None, name=None):
    """One question: `kind` is the --type, `value` scikit-learn's answer: one column, or one for each of `labels`.

    `labels`: classes_ for probabilities; absent: 0, 1, ... `name`: of the expected columns, where `kind` would collide with
    another question.
    """
    value = value.toarray() if hasattr(value, "toarray") else np.asarray(value)
    name = name or kind
    if value.ndim == 1:
        columns = [(name, value)]
    else:
        labels = range(value.shape[1]) if labels is None else labels
        columns = [("%s:%s" % (name, _label(label)), value[:, j]) for j, label in enumerate(labels)]
        assert len(columns) == value.shape[1]
    return {"columns": columns, "args": ["--type", kind] + list(args or []), "tolerance": tolerance}


def _store(model, folder, how):
    """How a model becomes a file: "pickle:PROTOCOL", "joblib", "joblib:zlib" (gzip, bz2, lzma, xz, lz4)."""
    library, _, detail = how.partition(":")
    if library == "pickle":
        path = os.path.join(folder, "model.pkl")
        with open(path, "wb") as out:
            pickle.dump(model, out, protocol=int(detail or 4))
        with open(path, "rb") as stored:
            return pickle.load(stored)
    path = os.path.join(folder, "model.joblib")
    joblib.dump(model, path, compress=(detail, 3) if detail else 0)
    return joblib.load(path)


def _type(values):
    """What a column's cells are, as R calls it: they all read back so."""
    kinds = {"character" if isinstance(value, str) else
             "logical" if isinstance(value, (bool, np.bool_)) else
             "integer" if isinstance(value, (int, np.integer)) else "double" for value in values if _cell(value) != "NA"}
    return kinds.pop() if len(kinds) == 1 else "double" if kinds <= {"integer", "double"} else "character"


def _columns(rows):
    """Input columns: of a DataFrame, or x0, x1, ... of a matrix, as scikit-learn calls them."""
    if hasattr(rows, "iloc"):
        return [(str(name), list(rows[name])) for name in rows.columns]
    rows = np.asarray(rows)
    return [("x%d" % j, list(rows[:, j])) for j in range(rows.shape[1])]


class Writer:
    """Knows where cases go, the environment's tag, and which names were asked for."""

    def __init__(self, folder, tag, is_wanted):
        self.folder, self.tag, self.is_wanted = folder, tag, is_wanted
        self.is_newest = tag == "new"  # options are told apart here; other environments show what their versions write
        self.version = tuple(int(part) for part in sklearn.__version__.split(".")[:2])

    def case(self, name, model, rows, questions=None, fails=None, how="pickle:4", tolerance=1e-12, notes="", fail_args=()):
        """Writes the case `py_<name>_<tag>`.

        `questions`: function(model, rows) -> list of ask(); it sees the model as read back from its file.
        `fails`: function(model, rows) that must raise; its message is recorded.
        `rows`: a DataFrame or a matrix; in the file and in what scikit-learn sees, missing is NaN or None.
        """
        name = "py_%s_%s" % (name, self.tag)
        if not self.is_wanted(name):
            return
        folder = os.path.join(self.folder, name)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        model = _store(model, folder, how)
        columns = _columns(rows)
        _write_rows(os.path.join(folder, "input.csv"), columns)
        meta = {
            "name": name, "language": "Python", "class": type(model).__name__, "package": "scikit-learn",
            "package_version": sklearn.__version__, "numpy": np.__version__, "python": platform.python_version(),
            "serialization": how, "columns": {title: {"type": _type(values)} for title, values in columns},
            "rows": len(columns[0][1]), "rel_tolerance": tolerance, "notes": notes,
        }
        if fails is not None:
            try:
                fails(model, rows)
            except Exception as error:  # whatever scikit-learn raises is what the case is about
                meta["expect_error"] = "%s: %s" % (type(error).__name__, str(error).splitlines()[0])
            assert "expect_error" in meta, name + " was to fail"
            meta["runs"] = [{"columns": [], "args": list(fail_args)}]
        else:
            answers = questions(model, rows)
            expected = [column for answer in answers for column in answer["columns"]]
            assert len(set(title for title, _ in expected)) == len(expected), name + " has a column twice"
            _write_rows(os.path.join(folder, "expected.csv"), expected)
            meta["runs"] = []
            for answer in answers:
                run = {"columns": [title for title, _ in answer["columns"]], "args": answer["args"]}
                if answer["tolerance"] is not None:
                    run["rel_tolerance"] = answer["tolerance"]
                meta["runs"].append(run)
        with open(os.path.join(folder, "meta.json"), "w", encoding="utf-8", newline="\n") as out:
            json.dump(meta, out, indent=1, ensure_ascii=False, sort_keys=False)
            out.write("\n")
        size = sum(os.path.getsize(os.path.join(folder, file)) for file in os.listdir(folder))
        print("%-48s %7.1f KB%s" % (name, size / 1024, "  LARGE" if size > 60000 else ""))
