"""Models scored natively: what R and Python saved, without R and without scikit-learn, with the same numbers.

    model = scoria.load("model.pkl")
    model.predict(X)

Threads: a Model may be used by many at once. Fork: a child may go on using it.
"""

from __future__ import annotations

import ctypes
import json
import os
import warnings
import weakref
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Sequence, TypeVar, Union, cast

from ._library import OpenOptions, Request, library, raise_error
from .errors import LibraryError, PredictionWarning

try:
    import numpy as np
except ImportError:  # inspect() does without
    np = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from ._arrow import Answer

_Method = TypeVar("_Method", bound=Callable[..., Any])
_PROBABILITIES = ("proba", "prob", "probs", "posterior")  # scikit-learn's, then R's names


class _Available:
    """A method that a model has only with one of these prediction types: hasattr() tells, as in scikit-learn."""

    def __init__(self, types: Sequence[str], function: Callable[..., Any]) -> None:
        self._types, self._function = types, function
        self.__doc__ = function.__doc__

    def __get__(self, model: Optional[Model], owner: type) -> Any:
        if model is None:
            return self._function
        if not any(kind in model.types for kind in self._types) or not model._may(self._function.__name__):
            raise AttributeError(f"{model.family} has no {self._function.__name__}: its prediction types are {', '.join(model.types)}")
        return self._function.__get__(model, owner)


def _with_type(*types: str) -> Callable[[_Method], _Method]:
    def wrapped(function: _Method) -> _Method:
        return cast(_Method, _Available(types, function))

    return wrapped


def _need_numpy() -> None:
    if np is None:
        raise LibraryError("predictions need numpy: pip install numpy")


def _free(address: int, process: int) -> None:
    if process == os.getpid():  # not a child's to free
        library().scoria_model_free(address)


class Model:
    """A fitted model, read as data: nothing in its file is run. Made by load().

    Rows (`X` below) are an array (n_rows, n_features) ordered as the model's features; a pandas DataFrame, an Arrow table, batch or
    stream (pyarrow, polars, ...), or a dict of columns, matched by name; columns that the model does not know are not looked at.
    A null is missing; NaN is a value that most models of scikit-learn refuse, as there. Refused rows are a ModelError that names row and column.

    Agrees with scikit-learn to what docs/models.md says of the family: 1e-12 or the last bit.
    """

    def __init__(self, handle: ctypes.c_void_p) -> None:
        self._handle = handle
        # At exit the system takes it back; other threads may still predict then.
        weakref.finalize(self, _free, handle.value or 0, os.getpid()).atexit = False
        self.description: dict[str, Any] = json.loads(library().scoria_model_describe(handle))
        self.family: str = self.description["family"]
        self.types: list[str] = self.description["types"]
        self._features: list[str] = [feature["name"] for feature in self.description["features"]]
        self._outputs: dict[str, dict[str, Answer]] = {}
        self._is_sklearn = self.description["package"] == "scikit-learn"

    def __repr__(self) -> str:
        return f"<scoria.Model {self.description['title']}>"

    def __reduce__(self) -> Any:
        raise TypeError("a scoria.Model is a handle of this process: send its file's path or bytes, and load() it there")

    def _may(self, method: str) -> bool:
        if method == "apply":  # scikit-learn's own wrappers pass it on to no estimator
            return not self.description["class"][0].startswith(("sklearn.pipeline.", "sklearn.model_selection."))
        # R's regressions have probabilities of no class.
        return method != "predict_proba" or self._is_sklearn or "labels" in self.description

    @property
    def n_features_in_(self) -> int:
        """How many columns predictions need."""
        return len(self._features)

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns, object (n_features_in_,). AttributeError where the model was fitted on an array."""
        if self.description["by_position"]:
            raise AttributeError(f"{self.family} was fitted without feature names: it takes {len(self._features)} columns in their order")
        _need_numpy()
        return np.array(self._features, dtype=object)

    @property
    def classes_(self) -> Union[np.ndarray, list[np.ndarray]]:
        """The classes (n_classes,); of several outputs a list of such. AttributeError where the model tells none apart.

        int64, bool or text; of R texts. (A file's classes 0.0 and 1.0 are given as 0 and 1, its texts True and False as bool.)
        """
        answers = self._shape_of(self.types[0])
        if "labels" in self.description:
            return self._classes(next(iter(answers.values())), self.description["labels"])
        groups: dict[str, list[str]] = {}
        for name in self._shape_of("proba") if "proba" in self.types else ():
            _, output, label = name.split(":", 2)
            groups.setdefault(output, []).append(label)
        if not groups:
            raise AttributeError(f"{self.family} has no classes_: it is no classifier")
        return [self._classes(answers[f"predict:{output}"], labels) for output, labels in groups.items()]

    @_with_type("predict", "response", "class", "cluster", "inlier", "PC")
    def predict(self, X: Any) -> np.ndarray:
        """What predict() of the model's own package says: (n_rows,), or (n_rows, n_outputs).

        Of scikit-learn: float64 for regressions, the classes' dtype for classifications, int64 1 and -1 for outliers, int32 for clusters.
        Of R: its default type; a factor as texts, None where missing.
        """
        answers = self.predict_columns(X, self.types[:1])
        columns = [self._values(answer) for answer in answers.values()]
        return columns[0] if len(columns) == 1 else np.column_stack(columns)

    @_with_type(*_PROBABILITIES)
    def predict_proba(self, X: Any) -> Union[np.ndarray, list[np.ndarray]]:
        """Probabilities of the classes: float64 (n_rows, n_classes), ordered as classes_; of several outputs a list of such."""
        return self._by_output(X, next(kind for kind in _PROBABILITIES if kind in self.types))

    @_with_type("log_proba")
    def predict_log_proba(self, X: Any) -> Union[np.ndarray, list[np.ndarray]]:
        """Their logarithms."""
        return self._by_output(X, "log_proba")

    @_with_type("decision")
    def decision_function(self, X: Any) -> np.ndarray:
        """float64 (n_rows,) of two classes or of outliers, else (n_rows, n_classes), or of pairs of classes (SVC with "ovo")."""
        matrix = self._matrix(X, "decision")
        return matrix[:, 0] if matrix.shape[1] == 1 else matrix

    @_with_type("score")
    def score_samples(self, X: Any) -> np.ndarray:
        """float64 (n_rows,): the lower, the more of an outlier."""
        return self._matrix(X, "score")[:, 0]

    @_with_type("transform", "distance")
    def transform(self, X: Any) -> np.ndarray:
        """float64 (n_rows, n_components); of KMeans the distances to its centers."""
        return self._matrix(X, "transform" if "transform" in self.types else "distance")

    @_with_type("apply")
    def apply(self, X: Any) -> np.ndarray:
        """Leaves: int64 (n_rows,) of a tree, (n_rows, n_trees) of a forest; float64, (n_rows, n_stages, n_classes) of boosted classifiers."""
        names = list(self._shape_of("apply"))
        leaves = self._matrix(X, "apply")
        if self.family.startswith("GradientBoosting"):
            leaves = leaves.astype(np.float64)
            if "labels" in self.description:
                stages = len({name.split(":")[1] for name in names})
                return leaves.reshape(len(leaves), stages, -1)
            return leaves
        leaves = leaves.astype(np.int64)
        return leaves[:, 0] if names == ["apply"] else leaves

    def predict_columns(self, X: Any, types: Sequence[str] = (), parameters: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
        """All that the library answers, by column: for prediction types of `self.types`, with R's parameters ({"n.trees": 100}).

        returns  {"TYPE" or "TYPE:LABEL": float64, int32, bool, object of texts (n_rows,), or a factor with .codes and .labels}
        """
        if isinstance(types, str):
            raise TypeError(f"types is {types!r}, must be a list: [{types!r}]")
        _need_numpy()
        from . import _arrow, _columns

        lent = _arrow.batches(X) if not hasattr(X, "iloc") else None
        if lent is None:
            columns, rows = _columns.columns_of(X, self._features, self.family)
            return self._score(_arrow.Batch(columns, rows), types, parameters, 1)
        parts, first_row = [], 1
        for batch in lent:
            parts.append(self._score(batch, types, parameters, first_row))
            first_row += batch.rows
        return _joined(parts) if parts else self._without_rows(types, parameters)

    def _score(self, batch: Any, types: Sequence[str], parameters: Optional[Mapping[str, Any]], first_row: int) -> dict[str, Any]:
        from ._arrow import Received

        names, values = list(parameters or {}), [str(value) for value in (parameters or {}).values()]
        texts = [(ctypes.c_char_p * len(of))(*[text.encode() for text in of]) for of in (types, names, values)]
        request = Request(ctypes.sizeof(Request), texts[0], len(types), texts[1], texts[2], len(names), first_row)
        notes, error = ctypes.c_void_p(), ctypes.c_void_p()
        with Received() as answer:
            code = library().scoria_model_score(self._handle, request, batch.schema, batch.array, answer.schema, answer.array, notes, error)
            if code != 0:
                raise_error(code, error)
            try:
                for i in range(library().scoria_notes_count(notes)):
                    warnings.warn(library().scoria_notes_text(notes, i).decode(), PredictionWarning, stacklevel=4)
            finally:
                library().scoria_notes_free(notes)
            return answer.columns()

    def _without_rows(self, types: Sequence[str], parameters: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
        _need_numpy()
        from ._arrow import Batch
        from ._columns import no_rows

        features = [(feature["name"], feature["type"]) for feature in self.description["features"]]
        return self._score(Batch(no_rows(features), 0), types, parameters, 1)

    def _shape_of(self, kind: str) -> dict[str, Any]:
        """Names and types of the columns that a prediction type gives."""
        if kind not in self._outputs:  # two threads may ask at once, for the same answer
            self._outputs[kind] = self._without_rows([kind])
        return self._outputs[kind]

    def _matrix(self, X: Any, kind: str) -> np.ndarray:
        return np.column_stack(list(self.predict_columns(X, [kind]).values()))

    def _by_output(self, X: Any, kind: str) -> Union[np.ndarray, list[np.ndarray]]:
        columns = self.predict_columns(X, [kind])
        if "outputs" not in self.description.get("details", {}):
            return np.column_stack(list(columns.values()))
        groups: dict[str, list[np.ndarray]] = {}
        for name, column in columns.items():
            groups.setdefault(name.split(":", 2)[1], []).append(column)
        return [np.column_stack(group) for group in groups.values()]

    def _values(self, answer: Answer) -> np.ndarray:
        """One column of predict() with the dtype that the model's own package gives it."""
        if not isinstance(answer, np.ndarray):
            if not self._is_sklearn:
                labels = np.array([*answer.labels, None], dtype=object)  # the code of a missing one is -1: the last
                return cast(np.ndarray, labels[answer.codes])
            return cast(np.ndarray, self._classes(answer, answer.labels)[answer.codes])
        if not self._is_sklearn or "distance" in self.types:
            return answer
        if answer.dtype == np.int32 or "labels" in self.description:  # classes beyond 32 bits come as float64
            return answer.astype(np.int64)
        return answer

    def _classes(self, answer: Answer, labels: Sequence[str]) -> np.ndarray:
        """Labels with the dtype of classes_; `answer`: a column of predict(), which tells texts from numbers."""
        if self._is_sklearn and isinstance(answer, np.ndarray):
            return np.array([int(label) for label in labels], dtype=np.int64)
        if self._is_sklearn and sorted(labels) == ["False", "True"]:
            return np.array([label == "True" for label in labels])
        return np.array(labels)


def _joined(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Batches of one stream, one below the other."""
    from ._arrow import Levels

    joined: dict[str, Any] = {}
    for name, first in parts[0].items():
        columns = [part[name] for part in parts]
        if isinstance(first, Levels):  # a model's levels are the same for all rows
            joined[name] = Levels(np.concatenate([column.codes for column in columns]), first.labels)
        else:
            joined[name] = np.concatenate(columns)
    return joined


def load(path: Union[str, os.PathLike[str], bytes], *, object: Optional[str] = None, threads: int = 1, max_bytes: int = 0) -> Model:
    """The model in a file: .rds, .RData, pickle, joblib, or a file's bytes.

    object     of a workspace (.RData) with several objects: which
    threads    that may share one call, the caller's among them; answers are the same bits either way
    max_bytes  that the file may hold, also once decompressed; 0: 4 GiB
    raises     ModelNotFoundError, ModelError (what Scoria does not read, a damaged file), LibraryError
    """
    options = OpenOptions(ctypes.sizeof(OpenOptions), object.encode() if object else None, max_bytes, threads)
    handle, error = ctypes.c_void_p(), ctypes.c_void_p()
    if isinstance(path, bytes):
        code = library().scoria_model_open_bytes(path, len(path), options, handle, error)
    else:
        code = library().scoria_model_open_file(os.fsencode(path), options, handle, error)
    if code != 0:
        raise_error(code, error)
    return Model(handle)


def inspect(path: Union[str, os.PathLike[str], bytes], *, object: Optional[str] = None) -> dict[str, Any]:
    """What a model is: family, features, prediction types, parameters (docs/formats/model-json.md). Needs no numpy."""
    return load(path, object=object).description
