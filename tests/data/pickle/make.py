"""Writes the pickles of this folder and what Python itself reads from them, for one environment.

usage: python make.py TAG [FOLDER]       TAG names the environment in the files' names: "np2", "py27", ...

Runs under Python 2.7 to the newest, with numpy, scikit-learn and joblib. Environments of the files here, each a virtual
environment with packages of PyPI; tests/data/pickle/make.sh makes them all:
  py27   Python 2.7,  numpy 1.16, scikit-learn 0.20        py36   Python 3.6,  numpy 1.15, scikit-learn 0.19
  py39   Python 3.9,  numpy 1.21, scikit-learn 0.24        np1    Python 3.11, numpy 1.24, scikit-learn 1.2, joblib 1.2
  np2    Python 3.11, numpy 2.4,  scikit-learn 1.9, joblib 1.6
"""
from __future__ import print_function, unicode_literals

import collections
import datetime
import gzip
import io
import os
import pickle
import struct
import sys

import numpy as np

try:
    import copyreg
except ImportError:
    import copy_reg as copyreg

PY2 = sys.version_info[0] == 2
TEXT = type("")
BYTES = type(b"")
INTEGERS = (int, long) if PY2 else (int,)  # noqa: F821
if PY2:
    range = xrange  # noqa: F821, A001

MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
NAMES = {"xrange": "range", "long": "int", "unicode": "str"}


# ---- what Python reads, as lines that src/pickle/dump_for_tests.cc writes too

def escaped(raw):
    return "".join(chr(b) if 0x20 < b < 0x7F and b != 0x5C else "\\x%02x" % b for b in bytearray(raw))


def utf8(text):
    return text.encode("utf-8") if PY2 else text.encode("utf-8", "surrogatepass")


def real(x):
    x = float(x)
    return "nan" if x != x else "".join("%02x" % b for b in bytearray(struct.pack(str(">d"), x)))


def element(dtype, x):
    kind = dtype.kind
    if kind == "b":
        return "1" if x else "0"
    if kind in "iu":
        return str(int(x))
    if kind == "f":
        return "long" if dtype.itemsize > 8 else real(x)
    if kind == "c":
        return "long" if dtype.itemsize > 16 else real(x.real) + "," + real(x.imag)
    if kind == "S":
        return '"' + escaped(x) + '"'
    if kind == "U":
        return '"' + escaped(utf8(x)) + '"'
    if kind in "Mm":
        return str(int(np.asarray(x).view(np.int64)))
    return "raw"


def shape(sizes):
    return "[" + " x ".join(str(int(n)) for n in sizes) + "]"


def type_name(dtype):
    if dtype.names is not None:
        return "structured"
    if dtype.subdtype is not None:
        return "subarray"
    return "|O" if dtype.kind == "O" else dtype.str


def array_lines(word, a):
    a = np.asarray(a)
    lines = [word + " " + type_name(a.dtype) + " " + shape(a.shape)]
    if a.dtype.names is not None:
        for name in a.dtype.names:
            if a.dtype[name].subdtype is not None:
                lines.append(" " + name + ": subarray")
                continue
            part = array_lines("field", a[name])
            lines.append(" " + name + ": " + part[0])
            lines.extend(" " + line for line in part[1:])
    elif a.dtype.kind != "V":
        lines[0] += "".join(" " + element(a.dtype, x) for x in a.reshape(-1))
    return lines


def class_name(cls):
    module = cls.__module__
    for old, new in (("numpy._core", "numpy.core"), ("sklearn.externals.joblib", "joblib")):
        if module == old or module.startswith(old + "."):
            module = new + module[len(old):]
    name = getattr(cls, "__qualname__", cls.__name__)
    return MODULES.get(module, module) + "." + NAMES.get(name, name)


def reduced(x, protocol):
    """Class, arguments, named arguments, state, elements, entries: what stands in the file for an object."""
    reducer = copyreg.dispatch_table.get(type(x))
    parts = reducer(x) if reducer else x.__reduce_ex__(protocol)
    if isinstance(parts, (TEXT, BYTES)):
        return None
    function, args, state, elements, entries = (tuple(parts) + (None,) * 5)[:5]
    keywords = None
    elements = None if elements is None else list(elements)
    entries = None if entries is None else list(entries)
    name = function.__name__
    if name == "__newobj__":
        function, args = args[0], args[1:]
    elif name == "__newobj_ex__":
        function, args, keywords = args
    elif name == "_reconstructor":
        function, base, content = args
        args = ()
        if isinstance(content, list):
            elements = content
        elif isinstance(content, dict):
            entries = list(content.items())
        elif content is not None:
            args = (content,)
    elif name.startswith("__pyx_unpickle_") or name == "newObj":
        function = args[0]
    return class_name(function), args, keywords, state, elements or None, entries or None


def entry_lines(items, protocol, path):
    pairs = sorted((dump(k, protocol, path), dump(v, protocol, path)) for k, v in items)
    lines = []
    for key, value in pairs:
        lines.extend(" " + line for line in key)
        lines.extend("  " + line for line in value)
    return lines


def dump(x, protocol, path=()):
    if x is None:
        return ["none"]
    if isinstance(x, np.generic):
        if isinstance(x, np.void):
            return array_lines("scalar", np.asarray(x))
        return ["scalar %s [] %s" % (x.dtype.str, element(x.dtype, x))]
    if isinstance(x, bool):
        return ["bool %d" % x]
    if isinstance(x, INTEGERS):
        return ["int %d" % x]
    if isinstance(x, float):
        return ["float " + real(x)]
    if isinstance(x, TEXT):
        return ['str "%s"' % escaped(utf8(x))]
    if isinstance(x, BYTES):
        return [('narrow' if PY2 else 'bytes') + ' "%s"' % escaped(x)]
    if isinstance(x, np.dtype):
        return ["dtype " + type_name(x)]
    if isinstance(x, type) or callable(x) and hasattr(x, "__name__"):
        name = getattr(x, "__name__")
        return ["global " + NAMES.get(name, name)]
    if id(x) in path:
        return ["cycle %d" % (len(path) - path.index(id(x)))]
    path = path + (id(x),)
    if isinstance(x, bytearray):
        return ['bytearray "%s"' % escaped(x)]
    if isinstance(x, np.ndarray) and not isinstance(x, np.ma.MaskedArray):
        if x.dtype.kind != "O":
            return array_lines("array", x)
        lines = ["array |O " + shape(x.shape)]
        for item in x.reshape(-1):
            lines.extend(" " + line for line in dump(item, protocol, path))
        return lines
    if type(x) in (list, tuple):
        lines = ["%s %d" % (type(x).__name__, len(x))]
        for item in x:
            lines.extend(" " + line for line in dump(item, protocol, path))
        return lines
    if type(x) in (set, frozenset):
        lines = ["%s %d" % (type(x).__name__, len(x))]
        for item in sorted(dump(item, protocol, path) for item in x):
            lines.extend(" " + line for line in item)
        return lines
    if type(x) in (dict, collections.OrderedDict, collections.defaultdict, collections.Counter):
        return ["dict %d" % len(x)] + entry_lines(x.items(), protocol, path)
    parts = reduced(x, protocol)
    if parts is None:
        return ["global " + x.__name__]
    name, args, keywords, state, elements, entries = parts
    lines = ["object " + name]
    for word, part in (("arguments", tuple(args)), ("keywords", keywords), ("state", state), ("elements", elements)):
        if part:
            lines.append(" " + word)
            lines.extend("  " + line for line in dump(part, protocol, path))
    if entries:
        lines.append(" entries")
        lines.append("  dict %d" % len(entries))
        lines.extend("  " + line for line in entry_lines(entries, protocol, path))
    return lines


# ---- what is written

def values():
    shared = ["shared"]
    cycle = [1]
    cycle.append(cycle)
    ring = {"name": "ring"}
    ring["self"] = (ring,)
    big = [2 ** 31 - 1, -2 ** 31, 2 ** 31, 2 ** 32, 2 ** 63 - 1, -2 ** 63, 2 ** 63, -2 ** 63 - 1, 10 ** 100, -10 ** 100, 2 ** 2040]
    result = [
        None, True, False, 0, 1, -1, 255, 256, 65535, 65536, -32768, big,
        [0.1, 1e300, -0.0, 5e-324, float("inf"), -float("inf"), float("nan"), 1.0],
        ["", "plain", "caf\xe9", "\u20ac", "\U0001f600", "back\\slash \\u0041 \\", "line\nfeed\r\x1a\0", "x" * 300],
        [b"", b"plain", b"\x00\xff'\"\\\n", b"y" * 300], bytearray(b"\x00\x80z"), bytearray(),
        (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}, {"a": 1, 2: "b", None: [], (1, 2): {}},
        set(), {1, 2, 3}, frozenset(), frozenset(["a", "b"]), complex(1.5, -2),
        collections.OrderedDict([("b", 1), ("a", 2)]), collections.defaultdict(list, {"k": [1]}), collections.Counter("aab"),
        shared, shared, [shared, shared], cycle, ring,
        datetime.date(2024, 2, 29), datetime.datetime(1999, 12, 31, 23, 59, 59, 999999), datetime.timedelta(-1, 2, 3),
        range(3), list(range(300)), {str(i): i for i in range(300)},
    ]
    if not PY2:
        result += [slice(1, None, 2), datetime.timezone.utc, "lone \ud800", set(range(300))]
    return result


def arrays():
    numbers = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
    result = []
    for code in numbers:
        a = np.arange(6).reshape(2, 3).astype(code)
        result += [a, a.astype(np.dtype(code).newbyteorder(str(">"))), np.asfortranarray(a), a[0, 1], a.T, a[:, ::2]]
    result += [np.array([np.iinfo(t).min for t in (np.int64,)]), np.array([np.iinfo(np.uint64).max], np.uint64)]
    result += [np.array([0.1, np.nan, np.inf, -0.0, 5e-324]), np.array([6e-8, 65504, np.inf, np.nan, -1], "f2")]
    result += [np.float64(0.1), np.float32(0.1), np.int32(-7), np.bool_(True), np.array(["caf\xe9"])[0], np.bytes_(b"ab")]
    result += [np.array(3.5), np.zeros((0, 3)), np.zeros((2, 0, 2)), np.zeros((1, 1, 1)), np.longdouble(1), np.ones(2, "g")]
    result += [np.array([b"a", b"bcd", b""]), np.array(["\u20ac", "xyz", ""]), np.array(["ab"], ">U3"), np.array([""])]
    result += [np.arange(24.).reshape(2, 3, 4).transpose(1, 2, 0), np.arange(24.).reshape(2, 3, 4).transpose(2, 0, 1)]
    result += [np.array([1, 2], "M8[ns]"), np.array([3], "m8[25s]"), np.datetime64("2024-02-29"), np.array(["NaT"], "M8[D]")]
    objects = np.empty((2, 2), object)
    objects[:] = [["a", None], [np.arange(2), (1, 2)]]
    result += [objects, np.asfortranarray(objects), np.array(["x", "y"], object), np.empty((0,), object)]
    node = np.dtype([(str("left"), "<i8"), (str("threshold"), "<f8"), (str("flag"), "u1")])
    aligned = np.dtype([(str("a"), "u1"), (str("b"), "<f8"), (str("c"), "S3")], align=True)
    nested = np.dtype([(str("inner"), node), (str("vector"), "<f4", (2, 2)), (str("text"), ">U2")])
    offsets = np.dtype({str("names"): [str("x"), str("y")], str("formats"): [str("<i2"), str(">f8")],
                        str("offsets"): [4, 8], str("itemsize"): 32})
    for dtype in (node, aligned, nested, offsets):
        a = np.zeros((2, 2), dtype)
        first = dtype.names[0]
        if a[first].dtype.names is None:
            a[first] = [[1, 2], [3, 4]]
        a[dtype.names[1]] = np.arange(4).reshape((2, 2) + (1,) * (a[dtype.names[1]].ndim - 2)) if dtype is nested else [[.5, 1], [2, 3]]
        result += [a, np.asfortranarray(a), a[1], a[0, 0], dtype]
    result += [np.zeros(2, "V5"), np.dtype("f8"), np.float64, np.matrix([[1, 2]]), np.rec.array([(1, 2.)], dtype=str("i4,f8"))]
    result += [np.ma.array([1., 2.], mask=[False, True]), np.random.RandomState(3)]
    if hasattr(np.random, "default_rng"):
        result.append(np.random.default_rng(3))
    shared = np.arange(3)
    return result + [shared, [shared, shared]]


def models():
    import sklearn
    from scipy import sparse
    from sklearn import (cluster, decomposition, ensemble, isotonic, linear_model, model_selection, naive_bayes,
                         neighbors, neural_network, pipeline, preprocessing, svm, tree)
    version = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
    random = np.random.RandomState(1)
    x = random.rand(40, 3)
    number = x[:, 0] + 2 * x[:, 1] ** 2
    label = np.where(x[:, 0] > .5, "yes", "no")
    result = collections.OrderedDict()
    result["iot"] = pipeline.make_pipeline(preprocessing.StandardScaler(), svm.OneClassSVM(gamma=.01, nu=.1)).fit(x)
    result["svc"] = svm.SVC(gamma=.5, probability=version < (1, 8)).fit(x, label)
    result["tree"] = tree.DecisionTreeClassifier(max_depth=3).fit(x, label)
    result["forest"] = ensemble.RandomForestRegressor(3, max_depth=3).fit(x, number)
    result["boosting"] = ensemble.GradientBoostingClassifier(n_estimators=3).fit(x, label)
    result["isolation"] = ensemble.IsolationForest(n_estimators=2, max_samples=8).fit(x)
    result["logistic"] = linear_model.LogisticRegression().fit(x, label)
    result["sgd"] = linear_model.SGDClassifier(max_iter=5, tol=None).fit(x, label)
    result["neighbours"] = neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(x, label)
    result["kmeans_pca"] = pipeline.Pipeline([("pca", decomposition.PCA(2)), ("kmeans", cluster.KMeans(3, n_init=1))]).fit(x)
    result["bayes"] = naive_bayes.GaussianNB().fit(x, label)
    result["mlp"] = neural_network.MLPRegressor(hidden_layer_sizes=(2,), max_iter=3).fit(x, number)
    result["isotonic"] = isotonic.IsotonicRegression().fit(x[:, 0], number)
    result["logarithm"] = preprocessing.FunctionTransformer(np.log1p, validate=False).fit(x)
    result["search"] = model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [.1, 1]}, cv=2).fit(x, number)
    result["sparse"] = sparse.csr_matrix(np.eye(3))
    if version >= (0, 20):
        from sklearn import compose
        table = np.array([["a", 1], ["b", 2], ["a", 3]], object)
        result["columns"] = compose.ColumnTransformer(
            [("one", preprocessing.OneHotEncoder(), [0]), ("rest", preprocessing.MinMaxScaler(), slice(1, 2))]).fit(table)
    if version >= (0, 24):
        if version < (1, 0):
            from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
        result["hist"] = ensemble.HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=4, min_samples_leaf=5).fit(x, number)
    return result


def main():
    tag = sys.argv[1]
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(os.path.abspath(__file__))
    dumps = []

    def write(name, raw, value, protocol):
        with open(os.path.join(folder, name), "wb") as out:
            out.write(raw)
        dumps.append("== " + name)
        dumps.extend(dump(value, protocol))

    def gzipped(raw):
        out = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as stream:
            stream.write(raw)
        return out.getvalue()

    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    for protocol in protocols:
        write("%s.values.p%d" % (tag, protocol), pickle.dumps(values(), protocol), values(), protocol)
        # What numpy makes of one object is another in the next: the same that is written is described.
        content = arrays()
        write("%s.arrays.p%d.gz" % (tag, protocol), gzipped(pickle.dumps(content, protocol)), content, protocol)
    if PY2:
        import cPickle
        for protocol in protocols:
            write("%s.c_values.p%d" % (tag, protocol), cPickle.dumps(values(), protocol), values(), protocol)
    for i, (name, model) in enumerate(models().items()):
        for protocol in {i % len(protocols), len(protocols) - 1} if name != "iot" else protocols:
            write("%s.%s.p%d.gz" % (tag, name, protocol), gzipped(pickle.dumps(model, protocol)), model, protocol)
    if tag in ("np1", "np2"):
        import joblib
        compressions = [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3), ("lz4", 3)]
        content = [np.arange(20.).reshape(4, 5), np.asfortranarray(np.arange(6).reshape(2, 3)), np.array(["a", None, (1, 2)], object),
                   np.zeros((0, 2)), np.array(2.5), np.zeros(3, [(str("a"), "u1"), (str("b"), "<f8")]), "text", b"bytes",
                   np.ones(2, np.dtype(str(">f4"))), np.float64(.5), np.array(["one", "three"]), {"key": np.arange(3)}]
        for compress in compressions:
            name = "none" if compress == 0 else compress[0]
            path = os.path.join(folder, "%s.joblib.%s" % (tag, name))
            joblib.dump(content, path, compress=compress)
            with open(path, "rb") as file:
                write(os.path.basename(path), file.read(), content, 4)
        for name, model in models().items():
            if name in ("forest", "iot", "columns", "hist"):
                path = os.path.join(folder, "%s.%s.joblib" % (tag, name))
                joblib.dump(model, path, compress=("xz", 6))
                with open(path, "rb") as file:
                    write(os.path.basename(path), file.read(), model, 4)
    with open(os.path.join(folder, "dumps.%s.txt.gz" % tag), "wb") as out:
        out.write(gzipped(("\n".join(dumps) + "\n").encode("ascii")))


main()
