"""Golden cases of projections on components, alone and before a predictor."""
import numpy as np
from sklearn import decomposition, linear_model
from sklearn.pipeline import Pipeline

from golden_writer import ask


def _data(rows=40, seed=1):
    random = np.random.RandomState(seed)
    x = np.column_stack([random.normal(5, 2, rows), random.exponential(3, rows), random.randint(-3, 4, rows),
                         random.uniform(-1, 1, rows)])
    return np.column_stack([x, x[:, 0] - x[:, 1] + random.normal(0, 0.1, rows)])


def _transformed(model, rows):
    value = model.transform(rows)
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    return [ask("transform", value, labels=["%s%d" % (type(last).__name__.lower(), j) for j in range(value.shape[1])])]


def _predicted(model, rows):
    return [ask("predict", model.predict(rows))]


def cases(writer):
    x, seen = _data(), np.vstack([_data(10, seed=5), [[0, -0.0, 0, 0, 0], [1e6, 1, -1e5, 3, 2]]])
    y = x[:, 0] - x[:, 2]
    writer.case("pca", decomposition.PCA(3).fit(x), seen, _transformed, how="pickle:2")
    writer.case("pca_whiten", decomposition.PCA(whiten=True).fit(x), seen, _transformed)
    writer.case("pca_regression", Pipeline([("p", decomposition.PCA(2)), ("m", linear_model.LinearRegression())]).fit(x, y), seen,
                _predicted)
    if not writer.is_newest:
        return
    fits = {
        "pca_share": decomposition.PCA(0.9, svd_solver="full").fit(x),
        "pca_randomized": decomposition.PCA(2, svd_solver="randomized", random_state=1).fit(x),
        "pca_one": Pipeline([("a", decomposition.PCA(3)), ("b", decomposition.PCA(1))]).fit(x),
        "incremental_pca": decomposition.IncrementalPCA(2, batch_size=10, whiten=True).fit(x),
        "truncated_svd": decomposition.TruncatedSVD(3, random_state=1).fit(x),
    }
    for name, model in sorted(fits.items()):
        writer.case(name, model, seen, _transformed, how="joblib")
    missing = seen.copy()
    missing[4, 2] = np.nan
    writer.case("pca_missing", decomposition.PCA(2).fit(x), missing, fails=lambda model, rows: model.transform(rows))
