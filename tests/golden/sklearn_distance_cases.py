"""Golden cases of what answers by distance: centers of clusters, nearest neighbours."""
import numpy as np
from sklearn import cluster, linear_model, neighbors
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from golden_writer import ask


def _data(rows=60, seed=1):
    random = np.random.RandomState(seed)
    middle = random.randint(0, 4, rows)
    return np.column_stack([random.normal(middle, 0.4), random.normal(3 - middle, 0.5), random.uniform(-1, 1, rows)])


def _clustered(model, rows):
    return [ask("predict", model.predict(rows)), ask("distance", model.transform(rows))]


def _transformed(model, rows):
    value = model.transform(rows)
    return [ask("transform", value, labels=["%s%d" % (type(model).__name__.lower(), j) for j in range(value.shape[1])])]


def _predicted(model, rows):
    return [ask("predict", model.predict(rows))]


def _centers(writer, x, seen):
    writer.case("kmeans", cluster.KMeans(4, random_state=1, n_init=3).fit(x), seen, _clustered, how="pickle:2")
    writer.case("kmeans_mini_batch", Pipeline([("s", StandardScaler()), ("m", cluster.MiniBatchKMeans(5, random_state=1, n_init=3))]).fit(x),
                seen, _clustered)
    if not writer.is_newest:
        return
    corners = np.array([[0.0, 0], [0, 2], [2, 0], [2, 2]])
    ties = np.array([[1.0, 1], [0, 1], [1, 0], [2, 1], [1, 2], [0.5, 1], [1e8, 1]])
    writer.case("kmeans_ties", cluster.KMeans(4, init=corners, n_init=1, random_state=1).fit(corners), ties, _clustered, tolerance=1e-9)
    writer.case("kmeans_one_center", cluster.KMeans(1, random_state=1).fit(x), seen, _clustered, how="joblib")
    before = Pipeline([("k", cluster.KMeans(3, random_state=1)), ("m", linear_model.LinearRegression())])
    writer.case("kmeans_regression", before.fit(x, x[:, 0] * x[:, 1]), seen, _predicted)
    missing = seen.copy()
    missing[2, 1] = np.nan
    writer.case("kmeans_missing", cluster.KMeans(2, random_state=1).fit(x), missing, fails=lambda model, rows: model.predict(rows))


def _classified(model, rows):
    return [ask("predict", model.predict(rows)), ask("proba", model.predict_proba(rows), labels=model.classes_)]


def _neighbours(writer, x, seen):
    y = x[:, 0] * x[:, 1]
    labels = np.array(["low", "mid", "top"])[np.digitize(y, [0.5, 2])]
    writer.case("neighbours_classes", neighbors.KNeighborsClassifier(5).fit(x, labels), seen, _classified, how="pickle:2")
    writer.case("neighbours_weighted", neighbors.KNeighborsRegressor(4, weights="distance", p=3).fit(x, y), seen, _predicted)
    # Whole numbers: many rows are equally far, and the tree's order says which of them count.
    random = np.random.RandomState(9)
    even, asked = random.randint(0, 4, (90, 3)).astype(float), random.randint(0, 4, (30, 3)).astype(float)
    drawn = random.randint(0, 3, 90)
    writer.case("neighbours_equally_far", neighbors.KNeighborsClassifier(5, leaf_size=8).fit(even, drawn), asked, _classified)
    writer.case("neighbours_equally_far_balls", neighbors.KNeighborsRegressor(4, algorithm="ball_tree", p=1, leaf_size=8).fit(even, drawn),
                asked, _predicted, how="joblib:zlib")
    if not writer.is_newest:
        return
    for name, options in [("chebyshev", {"metric": "chebyshev"}), ("minkowski", {"p": 3}), ("balls_minkowski", {"p": 3, "algorithm": "ball_tree"})]:
        writer.case("neighbours_equally_far_" + name, neighbors.KNeighborsRegressor(4, weights="distance", leaf_size=5, **options).fit(even, drawn),
                    asked, _predicted)
    at_rows = np.vstack([seen, x[:3]])
    fits = {
        "neighbours_outputs": neighbors.KNeighborsRegressor(3, metric="chebyshev").fit(x, np.column_stack([y, -y])),
        "neighbours_brute": neighbors.KNeighborsRegressor(3, algorithm="brute", p=1).fit(x, np.round(y)),
        "neighbours_ball_tree": neighbors.KNeighborsRegressor(2, algorithm="ball_tree", weights="distance").fit(x, y),
    }
    for name, model in sorted(fits.items()):
        writer.case(name, model, at_rows, _predicted, how="joblib:gzip")
    writer.case("neighbours_weighted_classes", neighbors.KNeighborsClassifier(6, weights="distance").fit(x, np.digitize(y, [0.5, 2])), at_rows,
                _classified)
    writer.case("neighbours_cosine", neighbors.KNeighborsRegressor(3, metric="cosine").fit(x, y), seen, fails=_unsupported)
    missing = seen.copy()
    missing[2, 1] = np.nan
    writer.case("neighbours_missing", fits["neighbours_brute"], missing, fails=lambda model, rows: model.predict(rows))


def _unsupported(model, rows):
    raise NotImplementedError("scikit-learn answers, Scoria says that it does not")


def cases(writer):
    x, seen = _data(), np.vstack([_data(12, seed=5), [[0, -0.0, 0], [40, -20, 3]]])
    _centers(writer, x, seen)
    _neighbours(writer, x, seen)
