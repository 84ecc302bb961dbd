"""Native scoring beside scikit-learn itself, in one process: every method that a model has there, same shape, dtype and numbers."""

import os
import pickle
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scoria
from at_once import at_once
from sklearn import cluster, compose, datasets, decomposition, discriminant_analysis, ensemble, impute, linear_model, model_selection, naive_bayes
from sklearn import neighbors, neural_network, pipeline, preprocessing, svm, tree

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples", "transform", "apply")
X, SPECIES = datasets.load_iris(return_X_y=True)
FRAME = pd.DataFrame(X, columns=["sepal length", "sepal width", "petal length", "petal width"])
NAMES = np.array(["setosa", "versicolor", "virginica"])[SPECIES]
IS_FIRST = SPECIES == 0
SIZE = X[:, 2] * 1.5 + np.sin(X[:, 0] * 3)
NEW = np.random.default_rng(7).normal(X.mean(axis=0), X.std(axis=0), (300, 4))
NEW_FRAME = pd.DataFrame(NEW, columns=FRAME.columns)

ESTIMATORS = {
    "linear": (linear_model.LinearRegression(), X, SIZE),
    "linear with names": (linear_model.Ridge(), FRAME, SIZE),
    "linear, two outputs": (linear_model.LinearRegression(), X, np.c_[SIZE, -SIZE]),
    "poisson": (linear_model.PoissonRegressor(), X, np.abs(SIZE)),
    "logistic, two classes": (linear_model.LogisticRegression(max_iter=1000), X, IS_FIRST),
    "logistic, three of text": (linear_model.LogisticRegression(max_iter=1000), FRAME, NAMES),
    "logistic, classes beyond 32 bits": (linear_model.LogisticRegression(max_iter=1000), X, SPECIES + 2**40),
    "one-sided ridge": (linear_model.RidgeClassifier(), X, SPECIES),
    "tree": (tree.DecisionTreeClassifier(max_depth=4, random_state=1), X, NAMES),
    "tree regression": (tree.DecisionTreeRegressor(max_depth=4, random_state=1), X, SIZE),
    "forest": (ensemble.RandomForestClassifier(20, random_state=1), FRAME, SPECIES),
    "forest, two outputs": (ensemble.RandomForestClassifier(5, random_state=1), X, np.c_[SPECIES, 2 - SPECIES]),
    "forest regression": (ensemble.RandomForestRegressor(20, random_state=1), X, SIZE),
    "extra trees": (ensemble.ExtraTreesClassifier(10, random_state=1), X, IS_FIRST),
    "boosting, two classes": (ensemble.GradientBoostingClassifier(n_estimators=8, random_state=1), X, IS_FIRST),
    "boosting, three": (ensemble.GradientBoostingClassifier(n_estimators=8, random_state=1), X, NAMES),
    "boosting regression": (ensemble.GradientBoostingRegressor(n_estimators=8, random_state=1), X, SIZE),
    "histogram boosting": (ensemble.HistGradientBoostingClassifier(max_iter=8, random_state=1), X, SPECIES),
    "histogram regression": (ensemble.HistGradientBoostingRegressor(max_iter=8, random_state=1), FRAME, SIZE),
    "isolation forest": (ensemble.IsolationForest(n_estimators=20, random_state=1), X, None),
    "one-class svm": (svm.OneClassSVM(), X, None),
    "svc": (svm.SVC(), X, SPECIES),
    "svc, pairs": (svm.SVC(decision_function_shape="ovo"), X, NAMES),
    "svr": (svm.SVR(), X, SIZE),
    "kmeans": (cluster.KMeans(3, random_state=1, n_init=2), X, None),
    "pca": (decomposition.PCA(2), X, None),
    "neighbours": (neighbors.KNeighborsClassifier(), X, SPECIES),
    "network": (neural_network.MLPClassifier((5,), max_iter=50, random_state=1), X, SPECIES),
    "bayes": (naive_bayes.GaussianNB(), X, NAMES),
    "discriminants": (discriminant_analysis.LinearDiscriminantAnalysis(), X, SPECIES),
    "pipeline": (pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.SGDClassifier(random_state=1)), FRAME, SPECIES),
    "grid search": (model_selection.GridSearchCV(tree.DecisionTreeClassifier(random_state=1), {"max_depth": [1, 3]}), X, NAMES),
}


@pytest.fixture(scope="module", params=list(ESTIMATORS))
def pair(request, tmp_path_factory):
    """scikit-learn's model and ours, of the file that it wrote, with rows for both."""
    estimator, rows, target = ESTIMATORS[request.param]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a network that has not converged is one too
        fitted = estimator.fit(rows) if target is None else estimator.fit(rows, target)
    path = tmp_path_factory.mktemp("model") / "model.pkl"
    path.write_bytes(pickle.dumps(fitted))
    return fitted, scoria.load(path), NEW_FRAME if rows is FRAME else NEW


def same(ours, theirs):
    if isinstance(theirs, list):
        assert isinstance(ours, list) and len(ours) == len(theirs)
        for one, other in zip(ours, theirs):
            same(one, other)
        return
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype or {ours.dtype.kind, theirs.dtype.kind} <= {"U", "O"}
    if theirs.dtype.kind == "f":
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
    else:
        np.testing.assert_array_equal(ours, theirs)


# What Scoria does not compute: densities of components.
NOT_READ = {("PCA", "score_samples")}


def methods_of(model, family):
    return [name for name in METHODS if hasattr(model, name) and (family, name) not in NOT_READ]


def test_has_the_methods_that_scikit_learn_has(pair):
    theirs, ours, _ = pair
    assert methods_of(ours, ours.family) == methods_of(theirs, ours.family)
    for name in set(METHODS) - set(methods_of(ours, ours.family)):
        with pytest.raises(AttributeError, match=f"{ours.family} has no {name}"):
            getattr(ours, name)


def test_answers_what_scikit_learn_answers(pair):
    theirs, ours, rows = pair
    for name in methods_of(theirs, ours.family):
        with np.errstate(divide="ignore"):
            same(getattr(ours, name)(rows), getattr(theirs, name)(rows))


def test_has_the_attributes_that_scikit_learn_has(pair):
    theirs, ours, _ = pair
    assert ours.n_features_in_ == theirs.n_features_in_
    for name in ("classes_", "feature_names_in_"):
        assert hasattr(ours, name) == hasattr(theirs, name), name
        if hasattr(theirs, name):
            same(getattr(ours, name), getattr(theirs, name))


# ---- tables ------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A pipeline over numbers and texts with missing values, and its rows."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"city": random.choice(["Oslo", "Bern", "Zürich"], 200), "age": random.normal(40, 9, 200), "member": random.random(200) < 0.4})
    frame.loc[::7, "age"] = np.nan
    columns = compose.ColumnTransformer([
        ("text", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ("number", pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler()), ["age", "member"]),
    ])
    model = pipeline.make_pipeline(columns, linear_model.LogisticRegression()).fit(frame, frame.city == "Bern")
    path = tmp_path_factory.mktemp("mixed") / "model.joblib"
    joblib.dump(model, path, compress=3)
    return scoria.load(path), frame, model.predict_proba(frame)


FORMS = {
    "frame": lambda frame: frame,
    "other order": lambda frame: frame[["member", "city", "age"]].assign(more="x"),
    "categories": lambda frame: frame.astype({"city": "category"}),
    "python objects": lambda frame: frame.astype(object),
    "nullable": lambda frame: frame.astype({"age": "Float64", "member": "boolean", "city": "string"}),
    "dict of lists": lambda frame: {name: frame[name].tolist() for name in frame},
    "dict of arrays": lambda frame: {name: frame[name].to_numpy() for name in frame},
    "object array": lambda frame: frame.to_numpy(dtype=object),
    "arrow table": lambda frame: pa.Table.from_pandas(frame),
    "arrow batch": lambda frame: pa.RecordBatch.from_pandas(frame),
    "arrow chunks": lambda frame: pa.concat_tables([pa.Table.from_pandas(frame[:50]), pa.Table.from_pandas(frame[50:])]),
    "arrow reader": lambda frame: pa.Table.from_pandas(frame).to_reader(max_chunksize=30),
    "arrow dictionary": lambda frame: pa.Table.from_pandas(frame.astype({"city": "category"})),
}


@pytest.mark.parametrize("form", FORMS)
def test_takes_rows_as_people_have_them(mixed, form):
    model, frame, expected = mixed
    np.testing.assert_allclose(model.predict_proba(FORMS[form](frame)), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i1", "i2", "i4", "i8", "u1", "u4", "u8", "?"])
@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_takes_numbers_of_every_kind(tmp_path, dtype, order):
    fitted = linear_model.LinearRegression().fit(X, SIZE)
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(fitted))
    rows = np.abs(NEW).astype(dtype)
    rows = np.asfortranarray(rows) if order == "F" else rows[::3] if order == "strided" else rows
    # scikit-learn computes float16 and float32 in 32 bits, Scoria never.
    np.testing.assert_allclose(scoria.load(tmp_path / "m.pkl").predict(rows), fitted.predict(rows.astype("f8")), rtol=1e-12)


def test_columns_are_gathered_whatever_the_number_of_rows():
    from scoria._columns import _by_columns

    for rows in (0, 1, 1023, 1024, 1025, 5000):
        array = np.arange(rows * 3).reshape(rows, 3)
        np.testing.assert_array_equal(_by_columns(array), array)


def test_rows_are_not_copied_where_columns_are_contiguous():
    from scoria._columns import columns_of

    rows = np.asfortranarray(NEW)
    columns, _ = columns_of(rows, list("abcd"), "f")
    assert all(np.shares_memory(column.buffers[1], rows) for _, column in columns)


def test_no_rows_give_no_predictions(mixed):
    model, frame, _ = mixed
    for rows in (frame[:0], pa.Table.from_pandas(frame[:0]), pa.Table.from_pandas(frame).slice(0, 0).to_reader()):
        assert model.predict_proba(rows).shape == (0, 2)


# ---- what is wrong -------------------------------------------------------------------------------------------------------------

def saved(tmp_path, estimator, rows, target):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(estimator.fit(rows, target)))
    return path


def test_a_missing_column_is_named(tmp_path):
    model = scoria.load(saved(tmp_path, linear_model.Ridge(), FRAME, SIZE))
    with pytest.raises(scoria.ModelError, match="petal width"):
        model.predict(NEW_FRAME.rename(columns={"petal width": "petal wide"}))


def test_a_matrix_of_another_width_is_refused_as_scikit_learn_refuses_it(tmp_path):
    fitted = linear_model.Ridge().fit(X, SIZE)
    model = scoria.load(saved(tmp_path, fitted, X, SIZE))
    with pytest.raises(ValueError) as theirs:
        fitted.predict(NEW[:, :3])
    with pytest.raises(ValueError) as ours:
        model.predict(NEW[:, :3])
    assert str(ours.value).startswith(str(theirs.value).rstrip("."))
    with pytest.raises(ValueError, match="Expected 2D array"):
        model.predict(NEW[0])


def test_a_bad_cell_is_named_by_row_and_column(tmp_path):
    model = scoria.load(saved(tmp_path, linear_model.Ridge(), FRAME, SIZE))
    bad = NEW_FRAME.copy()
    bad.iloc[41, 2] = np.nan
    with pytest.raises(scoria.ModelError, match=r"(?s)42.*petal length|petal length.*42"):
        model.predict(bad)
    for table in (pa.Table.from_pandas(bad), pa.Table.from_pandas(bad).to_reader(max_chunksize=10)):
        with pytest.raises(scoria.ModelError, match="42"):
            model.predict(table)
    with pytest.raises(TypeError, match="'petal length' has a str in row 2"):
        model.predict({**NEW_FRAME[:2].to_dict("list"), "petal length": [1.0, "x"]})
    with pytest.raises(ValueError, match="different numbers of rows"):
        model.predict({name: [1.0] * (1 + i) for i, name in enumerate(FRAME)})
    with pytest.raises(TypeError, match="complex128"):
        model.predict(NEW.astype(complex))


def test_a_wrong_file_is_a_model_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.pkl"):
        scoria.load(tmp_path / "nothing.pkl")
    (tmp_path / "text.pkl").write_text("no model at all")
    with pytest.raises(scoria.ModelError):
        scoria.load(tmp_path / "text.pkl")
    whole = saved(tmp_path, linear_model.Ridge(), X, SIZE).read_bytes()
    with pytest.raises(scoria.ModelError) as damaged:
        scoria.load(whole[: len(whole) // 2])
    assert damaged.value.code == "corrupt"


def test_nothing_in_a_file_is_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "trapped"), "w"))

    with pytest.raises(scoria.ModelError):
        scoria.load(pickle.dumps(Trap()))
    assert not (tmp_path / "trapped").exists()


def test_a_library_that_is_not_there_is_told_with_its_places(monkeypatch):
    from scoria import _library

    monkeypatch.setenv("SCORIA_LIBRARY", "/nowhere/libscoria.so.1")
    with pytest.raises(scoria.LibraryError, match="/nowhere/libscoria.so.1"):
        _library.library.__wrapped__()


def test_the_library_is_found_beside_the_program(tmp_path):
    program, path = tmp_path / "bin" / "scoria", saved(tmp_path, linear_model.Ridge(), X, SIZE)
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libscoria.so.1").symlink_to(os.environ["SCORIA_LIBRARY"])
    environment = {name: value for name, value in os.environ.items() if name != "SCORIA_LIBRARY"}
    environment.update(PATH=str(program.parent), PYTHONPATH=os.path.dirname(os.path.dirname(scoria.__file__)))
    done = subprocess.run([sys.executable, "-c", "import scoria, sys; print(scoria.inspect(sys.argv[1])['family'])", path], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("Ridge\n", "")


# ---- other -------------------------------------------------------------------------------------------------------------------

def test_many_threads_share_a_model(mixed):
    model, frame, expected = mixed
    wrong = []

    def ask():
        for _ in range(20):
            if not np.allclose(model.predict_proba(frame), expected, rtol=1e-12, atol=0):
                wrong.append(1)

    at_once(ask)
    assert not wrong


def test_inspect_and_bytes(tmp_path):
    path = saved(tmp_path, linear_model.Ridge(), FRAME, SIZE)
    shown = scoria.inspect(path)
    assert shown["family"] == "Ridge" and [feature["name"] for feature in shown["features"]] == list(FRAME)
    assert shown == scoria.load(path.read_bytes(), threads=2).description


def test_a_model_is_not_sent_elsewhere_by_accident(tmp_path):
    with pytest.raises(TypeError, match="send its file"):
        pickle.dumps(scoria.load(saved(tmp_path, linear_model.Ridge(), X, SIZE)))
