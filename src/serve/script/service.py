"""What makes a warm Python worker a service: run in it once (frame 3 of docs/formats/worker.md), then open(options) gives the function that answers each
request's payload, bytes in and bytes out."""
import inspect
import os
import struct
import sys
import types

MISSING = 0xFFFFFFFF


def open_service(options, read_members, write_members):
    module = load_script(options["script"])
    if options["form"] == "run":
        if callable(getattr(module, "init", None)):
            module.init()
        run = named(module, options["function"] or "run", options["script"])

        def answer(payload):
            request = read_members(payload)
            body = request["body"]
            return write_members(reply_of(run(body.decode("utf-8"))))

        return answer
    predict = predict_of(module, options)
    return lambda payload: write_table(predict(read_table(payload)))


def load_script(path):
    name = os.path.splitext(os.path.basename(path))[0]
    module = types.ModuleType(name)
    module.__file__ = path
    sys.path.insert(0, os.path.dirname(path))
    sys.modules[name] = module
    with open(path, "rb") as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)
    return module


def named(module, name, path):
    found = getattr(module, name, None)
    if not callable(found):
        raise AttributeError(f"'{path}' defines no function {name}()")
    return found


class Context:
    """What MLflow's load_context() and predict() get: the model's files by name."""

    def __init__(self, model):
        self.artifacts = {"model": model} if model else {}
        self.model_config = {}


def load_model(path):
    if path.endswith((".pkl", ".pickle")):
        import pickle

        with open(path, "rb") as file:
            return pickle.load(file)
    import joblib

    return joblib.load(path)


def count_of(function):
    """How many arguments a call may have in places; one that cannot be looked at has one."""
    try:
        kinds = [one.kind for one in inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        return 1
    return sum(kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds)


def predict_of(module, options):
    path, model, context = options["script"], options["model"], Context(options["model"])
    if callable(getattr(module, "init", None)):
        module.init()
    name = options["function"] or "predict"
    function = getattr(module, name, None)
    if callable(function) and not inspect.isclass(function):
        if model and count_of(function) >= 2:
            loaded = load_model(model)
            return lambda frame: function(frame, loaded)
        if model and not hasattr(module, "model"):
            module.model = load_model(model)
        return function
    made = function() if inspect.isclass(function) else None
    for candidate in list(vars(module).values()):
        if made is None and inspect.isclass(candidate) and candidate.__module__ == module.__name__ and hasattr(candidate, "predict"):
            made = candidate()
    if made is None:
        raise AttributeError(f"'{path}' has neither a function {name}() nor a class with predict()")
    if callable(getattr(made, "load_context", None)):
        made.load_context(context)
    if count_of(made.predict) >= 2:
        return lambda frame: made.predict(context, frame)
    return made.predict


def reply_of(value):
    """What run() answered: a text as it is, bytes as they are, else JSON."""
    if isinstance(value, (bytes, bytearray)):
        return {"type": b"application/octet-stream", "body": bytes(value)}
    import json

    return {"type": b"application/json", "body": json.dumps(value, default=plain_of).encode()}


def plain_of(value):
    """numpy's and pandas' values, for json."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict(orient="records")
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"run() answered something of type {type(value).__name__}, which JSON has no form for")


def read_table(data):
    columns, rows = struct.unpack_from("<IQ", data)
    at, parts = 12, []
    for _ in range(columns):
        kind, name_size, size = struct.unpack_from("<cIQ", data, at)
        at += 13
        parts.append((data[at : at + name_size].decode(), kind, at + name_size, size))
        at += name_size + size
    try:
        import pandas
        import numpy
    except ImportError:
        return {name: column_of(None, kind, data, begin, size, rows) for name, kind, begin, size in parts}
    if all(kind == b"d" for _, kind, _, _ in parts):  # one block: a tenth of the time of many columns
        block = numpy.empty((columns, rows))
        for i, (_, _, begin, _) in enumerate(parts):
            block[i] = numpy.frombuffer(data, "<f8", rows, begin)
        return pandas.DataFrame(block.T, columns=[name for name, _, _, _ in parts], copy=False)
    return pandas.DataFrame({name: column_of(pandas, kind, data, begin, size, rows) for name, kind, begin, size in parts})


def texts_of(data, begin, count):
    sizes = struct.unpack_from(f"<{count}I", data, begin)
    at, texts = begin + 4 * count, []
    for size in sizes:
        texts.append(None if size == MISSING else data[at : at + size].decode())
        at += 0 if size == MISSING else size
    return texts, at


def column_of(pandas, kind, data, begin, size, rows):
    if kind == b"s":
        return texts_of(data, begin, rows)[0]
    if kind == b"f":
        (count,) = struct.unpack_from("<I", data, begin)
        levels, at = texts_of(data, begin + 4, count)
        codes = struct.unpack_from(f"<{rows}i", data, at)
        if pandas is not None:
            return pandas.Categorical.from_codes(codes, levels)
        return [None if code < 0 else levels[code] for code in codes]
    if kind == b"b":
        flags = [None if one == 2 else bool(one) for one in data[begin : begin + size]]
        return flags
    code, width = ("<f8", "d") if kind == b"d" else ("<i4", "i")
    if pandas is None:
        return list(struct.unpack_from(f"<{rows}{width}", data, begin))
    import numpy

    return numpy.frombuffer(data, code, rows, begin).copy()


def write_table(value):
    columns = columns_of(value)
    rows = len(columns[0][1])
    if any(len(values) != rows for _, values in columns):
        raise ValueError("predict() answered columns of different lengths")
    out = [struct.pack("<IQ", len(columns), rows)]
    for name, values in columns:
        kind, data = bytes_of(values)
        encoded = str(name).encode()
        out += [struct.pack("<cIQ", kind, len(encoded), len(data)), encoded, data]
    return b"".join(out)


def columns_of(value):
    """Of each kind of answer its columns, by name."""
    if hasattr(value, "columns") and hasattr(value, "dtypes"):  # a DataFrame
        return [(name, value[name].to_numpy()) for name in value.columns]
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if hasattr(value, "ndim"):
        if value.ndim == 1:
            return [("value", value)]
        if value.ndim == 2 and value.shape[1] > 0:
            return [("value" if value.shape[1] == 1 else f"V{i + 1}", value[:, i]) for i in range(value.shape[1])]
        raise TypeError(f"predict() answered an array of shape {value.shape}; one value or one row for each row is wanted")
    if isinstance(value, dict) and value:
        return [(name, part.to_numpy() if hasattr(part, "to_numpy") else part) for name, part in value.items()]
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], dict):
            return [(name, [row.get(name) for row in value]) for name in value[0]]
        if value and isinstance(value[0], (list, tuple)):
            return [(f"V{i + 1}", [row[i] for row in value]) for i in range(len(value[0]))]
        return [("value", value)]
    raise TypeError(f"predict() must answer a list, an array, a Series, a DataFrame or a dict of columns, not {type(value).__name__}")


def bytes_of(values):
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    if kind == "f" or kind == "u" or kind == "i":
        return b"d", values.astype("<f8").tobytes()
    if kind == "b":
        return b"b", values.astype("u1").tobytes()
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    known = [one for one in values if one is not None]
    if all(isinstance(one, bool) for one in known) and known:
        return b"b", bytes(2 if one is None else int(one) for one in values)
    if all(isinstance(one, (int, float)) for one in known):
        return b"d", struct.pack(f"<{len(values)}d", *(float("nan") if one is None else float(one) for one in values))
    texts = [None if one is None or one != one else str(one).encode() for one in values]
    return b"s", struct.pack(f"<{len(texts)}I", *(MISSING if one is None else len(one) for one in texts)) + b"".join(filter(None, texts))
