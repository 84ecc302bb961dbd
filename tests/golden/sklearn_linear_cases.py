"""Golden cases of linear regressions and classifiers."""
import numpy as np
import pandas
from sklearn import linear_model, svm
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from golden_writer import ask


def _data(rows=60, seed=1):
    random = np.random.RandomState(seed)
    return np.column_stack([random.normal(5, 2, rows), random.exponential(3, rows), random.randint(-3, 4, rows),
                            random.uniform(-1, 1, rows), random.normal(size=rows)])


def _number(x, seed=2):
    noise = np.random.RandomState(seed).normal(0, 0.5, len(x))
    return 1.5 + x[:, 0] - 0.7 * x[:, 1] + 0.3 * x[:, 2] + 2 * x[:, 3] + noise


def _classes(x, labels, seed=3):
    noise = np.random.RandomState(seed).normal(0, 1.5, len(x))
    score = x[:, 0] - x[:, 1] + 2 * x[:, 3] + noise
    cuts = np.quantile(score, np.linspace(0, 1, len(labels) + 1)[1:-1]) if hasattr(np, "quantile") else np.percentile(
        score, 100 * np.linspace(0, 1, len(labels) + 1)[1:-1])
    return np.array(labels)[np.searchsorted(cuts, score)]


def _predicted(model, rows):
    value = model.predict(rows)
    return [ask("predict", value.ravel() if value.ndim == 2 and value.shape[1] == 1 else value)]


def _classified(model, rows):
    classes = model.classes_
    labels = model.predict(rows)
    labels = [str(label) for label in labels] if labels.dtype == bool else labels
    answers = [ask("predict", labels), ask("decision", model.decision_function(rows), labels=classes)]
    try:
        answers.append(ask("proba", model.predict_proba(rows), labels=classes))
        answers.append(ask("log_proba", model.predict_log_proba(rows), labels=classes))
    except AttributeError:
        pass
    return answers


def _one_class(model, rows):
    return [ask("predict", model.predict(rows)), ask("decision", model.decision_function(rows)),
            ask("score", model.score_samples(rows))]


def _regressions(writer, x, seen):
    y = _number(x)
    many = np.column_stack([y, 2 - y / 3, x[:, 3]])
    counts = np.round(np.exp(x[:, 3])) + 1
    fits = {
        "linear_one_output_matrix": linear_model.LinearRegression().fit(x, y.reshape(-1, 1)),
        "linear_positive": linear_model.LinearRegression(positive=True).fit(x, y),
        "linear_no_intercept": linear_model.LinearRegression(fit_intercept=False).fit(x, many),
        "linear_float32": linear_model.LinearRegression().fit(x.astype(np.float32), y.astype(np.float32)),
        "ridge_cv": linear_model.RidgeCV().fit(x, many),
        "lasso_cv": linear_model.LassoCV(cv=3).fit(x, y),
        "elastic_net_cv": linear_model.ElasticNetCV(cv=3).fit(x, y),
        "multi_task_lasso": linear_model.MultiTaskLasso(alpha=0.1).fit(x, many),
        "multi_task_elastic_net": linear_model.MultiTaskElasticNetCV(cv=3).fit(x, many),
        "lars": linear_model.Lars(n_nonzero_coefs=3).fit(x, many),
        "lars_cv": linear_model.LarsCV(cv=3).fit(x, y),
        "lasso_lars": linear_model.LassoLars(alpha=0.05).fit(x, y),
        "lasso_lars_cv": linear_model.LassoLarsCV(cv=3).fit(x, y),
        "lasso_lars_ic": linear_model.LassoLarsIC().fit(x, y),
        "matching_pursuit": linear_model.OrthogonalMatchingPursuit(n_nonzero_coefs=2).fit(x, many),
        "matching_pursuit_cv": linear_model.OrthogonalMatchingPursuitCV(cv=3).fit(x, y),
        "bayesian_ridge": linear_model.BayesianRidge().fit(x, y),
        "ard": linear_model.ARDRegression().fit(x, y),
        "huber": linear_model.HuberRegressor(max_iter=1000).fit(x, y),
        "theil_sen": linear_model.TheilSenRegressor(random_state=1, max_subpopulation=200).fit(x, y),
        "quantile": linear_model.QuantileRegressor(quantile=0.8, alpha=0.01).fit(x, y),
        "ransac": linear_model.RANSACRegressor(linear_model.Ridge(), min_samples=6, random_state=1).fit(x, y),
        "gamma": linear_model.GammaRegressor().fit(x, counts),
        "tweedie_normal": linear_model.TweedieRegressor(power=0).fit(x, counts),
        "tweedie_identity_link": linear_model.TweedieRegressor(power=1.5, link="identity", alpha=10).fit(x, counts),
        "sgd_regressor": Pipeline([("s", StandardScaler()), ("m", linear_model.SGDRegressor(random_state=1))]).fit(x, y),
        "sgd_regressor_sparse": linear_model.SGDRegressor(random_state=1, eta0=1e-3, penalty="l1").fit(x, y).sparsify(),
        "passive_aggressive_regressor": linear_model.PassiveAggressiveRegressor(random_state=1).fit(x, y),
        "linear_svr": svm.LinearSVR(random_state=1, max_iter=20000).fit(x, y),
        "linear_one_column": linear_model.Lasso(alpha=0.1).fit(x[:, :1], y),
    }
    for name, model in sorted(fits.items()):
        rows = seen[:, :1] if name == "linear_one_column" else seen
        writer.case(name, model, rows, _predicted, how="joblib" if "ridge" in name else "pickle:5")


def _classifiers(writer, x, seen):
    three = _classes(x, ["low", "mid", "top"])
    five = _classes(x, [1, 2, 5, 7, 40])
    two = _classes(x, [False, True])
    fits = {
        "logistic_liblinear": linear_model.LogisticRegression(solver="liblinear").fit(x, two),
        "logistic_no_intercept": linear_model.LogisticRegression(fit_intercept=False, max_iter=1000).fit(x, five),
        "logistic_float_labels": linear_model.LogisticRegression(max_iter=1000).fit(x, _classes(x, [-1.0, 2.0])),
        "logistic_l1": linear_model.LogisticRegression(C=0.1, **_l1()).fit(x, three),
        "logistic_sparse": linear_model.LogisticRegression(C=0.1, **_l1()).fit(x, three).sparsify(),
        "logistic_far": linear_model.LogisticRegression(C=1e8, max_iter=5000).fit(x, _classes(x, [0, 1, 2])),
        "ridge_classifier_cv": linear_model.RidgeClassifierCV().fit(x, two),
        "sgd_log_loss": linear_model.SGDClassifier(loss="log_loss", random_state=1, alpha=1).fit(x, five),
        "sgd_log_loss_two": linear_model.SGDClassifier(loss="log_loss", random_state=1, alpha=1, average=True).fit(x, two),
        "sgd_huber_two": linear_model.SGDClassifier(loss="modified_huber", random_state=1, alpha=1).fit(x, two),
        "sgd_perceptron": linear_model.SGDClassifier(loss="perceptron", random_state=1).fit(x, three),
        "perceptron": linear_model.Perceptron(random_state=1).fit(x, two),
        "passive_aggressive": linear_model.PassiveAggressiveClassifier(random_state=1).fit(x, five),
        "linear_svc_two": svm.LinearSVC(random_state=1, max_iter=20000, fit_intercept=False).fit(x, two),
        "linear_svc_crammer": svm.LinearSVC(random_state=1, max_iter=20000, multi_class="crammer_singer").fit(x, three),
    }
    for name, model in sorted(fits.items()):
        writer.case(name, model, seen, _classified, how="joblib:xz" if "sgd" in name else "pickle:4")
    writer.case("sgd_one_class", linear_model.SGDOneClassSVM(nu=0.2, random_state=1).fit(x), seen, _one_class)


def _l1():
    return {"solver": "saga", "l1_ratio": 1, "max_iter": 2000, "random_state": 1}


def cases(writer):
    x, seen = _data(), np.vstack([_data(10, seed=5), [[0, -0.0, 0, 0, 0], [1e6, 1, -1e5, 3, 2]]])
    y = _number(x)
    three, two = _classes(x, ["low", "mid", "top"]), _classes(x, [3, 8])
    writer.case("linear", linear_model.LinearRegression().fit(x, y), seen, _predicted, how="pickle:2")
    writer.case("ridge_outputs", linear_model.Ridge(2.0).fit(x, np.column_stack([y, -y, x[:, 3]])), seen, _predicted)
    writer.case("elastic_net", Pipeline([("s", StandardScaler()), ("m", linear_model.ElasticNet(0.2))]).fit(x, y), seen, _predicted)
    writer.case("logistic_two", linear_model.LogisticRegression().fit(x, two), seen, _classified, how="pickle:3")
    scaled = Pipeline([("s", StandardScaler()), ("m", linear_model.LogisticRegression())])
    writer.case("logistic_three", scaled.fit(x, three), seen, _classified)
    writer.case("logistic_cv", linear_model.LogisticRegressionCV(Cs=2, cv=3, max_iter=2000).fit(x / 4, three), seen / 4, _classified,
                how="joblib:zlib")
    if writer.version < (1, 8):  # the parameter went
        solved = {"solver": "lbfgs", "max_iter": 1000}
        writer.case("logistic_two_multinomial", linear_model.LogisticRegression(multi_class="multinomial", **solved).fit(x, two), seen,
                    _classified)
        writer.case("logistic_three_ovr", linear_model.LogisticRegression(multi_class="ovr", **solved).fit(x, three), seen, _classified)
    if writer.version >= (1, 2):
        writer.case("logistic_cholesky", linear_model.LogisticRegression(solver="newton-cholesky").fit(x, three), seen, _classified)
    writer.case("ridge_classifier", linear_model.RidgeClassifier().fit(x, three), seen, _classified)
    writer.case("linear_svc", svm.LinearSVC(random_state=1, max_iter=20000).fit(x, three), seen, _classified)
    writer.case("sgd_huber", linear_model.SGDClassifier(loss="modified_huber", random_state=1, alpha=1, max_iter=20, **(
        {} if writer.version < (0, 20) else {"tol": None})).fit(x, three), seen, _classified)
    if writer.version >= (0, 23):
        counts = np.round(np.exp(x[:, 3])) + 1
        writer.case("poisson", linear_model.PoissonRegressor().fit(x, counts), seen[:-1], _predicted)
        writer.case("tweedie", linear_model.TweedieRegressor(power=1.5).fit(x, counts), seen[:-1], _predicted)
    if not writer.is_newest:
        return
    _regressions(writer, x, seen[:-1])
    _classifiers(writer, x, seen[:-1])
    named = pandas.DataFrame(x, columns=["a", "b", "c", "d", "e"])
    writer.case("linear_named", linear_model.LinearRegression().fit(named, y), named.iloc[:8], _predicted)
    for what, value in (("missing", np.nan), ("infinite", np.inf)):
        rows = seen.copy()
        rows[4, 2] = value
        writer.case("linear_" + what, linear_model.Ridge().fit(x, y), rows, fails=lambda model, rows: model.predict(rows))
    writer.case("logistic_few_columns", linear_model.LogisticRegression().fit(x, two), seen[:, :4],
                fails=lambda model, rows: model.predict(rows))
