"""Golden cases of what answers by distance: centers of clusters, nearest neighbours."""
import numpy as np
from sklearn import cluster, linear_model
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


def cases(writer):
    x, seen = _data(), np.vstack([_data(12, seed=5), [[0, -0.0, 0], [40, -20, 3]]])
    _centers(writer, x, seen)
