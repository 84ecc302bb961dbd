"""Golden cases of dense networks."""
import numpy as np
from sklearn import neural_network
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from golden_writer import ask


def _data(rows=60, seed=1):
    random = np.random.RandomState(seed)
    return np.column_stack([random.normal(5, 2, rows), random.exponential(3, rows), random.uniform(-1, 1, rows)])


def _predicted(model, rows):
    return [ask("predict", model.predict(rows))]


def _classified(model, rows):
    classes = model.classes_ if hasattr(model, "classes_") else model.steps[-1][1].classes_
    return [ask("predict", model.predict(rows)), ask("proba", model.predict_proba(rows), labels=classes),
            ask("log_proba", model.predict_log_proba(rows), labels=classes, tolerance=1e-10)]


def cases(writer):
    x, seen = _data(), np.vstack([_data(10, seed=5), [[0, -0.0, 0], [100, -20, 3]]])
    y = x[:, 0] - 0.5 * x[:, 1] + x[:, 2]
    three = np.array(["a", "b", "c"])[np.digitize(y, [2, 5])]
    few = {"hidden_layer_sizes": (6, 4), "max_iter": 60, "random_state": 1}
    scaled = Pipeline([("s", StandardScaler()), ("m", neural_network.MLPClassifier(solver="lbfgs", **few))])
    writer.case("mlp_classes", scaled.fit(x, three), seen, _classified, how="pickle:2")
    writer.case("mlp_two_classes", neural_network.MLPClassifier(activation="tanh", solver="lbfgs", **few).fit(x, y > 3), seen,
                lambda model, rows: _classified(model, rows)[1:])
    writer.case("mlp_regressor", neural_network.MLPRegressor(activation="logistic", solver="lbfgs", **few).fit(x, y), seen, _predicted)
    if not writer.is_newest:
        return
    fits = {
        "mlp_outputs": neural_network.MLPRegressor(solver="lbfgs", **few).fit(x, np.column_stack([y, -y])),
        "mlp_identity": neural_network.MLPRegressor(activation="identity", solver="lbfgs", **few).fit(x, y),
        "mlp_one_layer": neural_network.MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=1).fit(x, y),
        "mlp_poisson": neural_network.MLPRegressor(loss="poisson", **few).fit(x / 10, np.floor(x[:, 1])),
    }
    for name, model in sorted(fits.items()):
        writer.case(name, model, seen / 10 if "poisson" in name else seen, _predicted, how="joblib:lzma")
    writer.case("mlp_early_stop", neural_network.MLPClassifier(early_stopping=True, **few).fit(x, three), seen, _classified)
    infinite = seen.copy()
    infinite[2, 1] = -np.inf
    writer.case("mlp_infinite", fits["mlp_one_layer"], infinite, fails=lambda model, rows: model.predict(rows))
    writer.case("mlp_labels", neural_network.MLPClassifier(solver="lbfgs", **few).fit(x, np.column_stack([y > 3, y < 4]).astype(int)), seen,
                fails=_unsupported)


def _unsupported(model, rows):
    raise NotImplementedError("several labels a row: scikit-learn answers, Scoria says that it does not")
