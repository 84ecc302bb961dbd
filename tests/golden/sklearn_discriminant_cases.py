"""Golden cases of discriminant analysis."""
import numpy as np
from sklearn import discriminant_analysis, linear_model
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from golden_writer import ask


def _data(rows=60, seed=1):
    random = np.random.RandomState(seed)
    middle = random.randint(0, 3, rows)
    return np.column_stack([random.normal(middle, 0.8), random.normal(2 - middle, 1 + middle), random.normal(2, 1, rows)]), middle


def _classified(model, rows):
    answers = [ask("predict", model.predict(rows)), ask("decision", model.decision_function(rows), labels=model.classes_)]
    for kind, value in (("proba", model.predict_proba(rows)), ("log_proba", model.predict_log_proba(rows))):
        # A probability near 1 has a logarithm that is the difference of large numbers.
        answers.append(ask(kind, value, labels=model.classes_, tolerance=1e-8 if kind == "log_proba" else 1e-10))
    return answers


def _predicted(model, rows):
    return [ask("predict", model.predict(rows))]


def _directions(model, rows):
    made = model.transform(rows)
    names = ["lineardiscriminantanalysis%d" % j for j in range(made.shape[1])]
    return [ask("predict", model.predict(rows)), ask("transform", made, labels=names, tolerance=1e-10)]


def cases(writer):
    x, middle = _data()
    seen = np.vstack([_data(10, seed=5)[0], [[0, -0.0, 0], [9, 0.1, -3], [300, -500, 2]]])
    labels = np.array(["low", "mid", "top"])[middle]
    linear, quadratic = discriminant_analysis.LinearDiscriminantAnalysis, discriminant_analysis.QuadraticDiscriminantAnalysis
    writer.case("linear_discriminant", linear().fit(x, labels), seen, _classified, how="pickle:2")
    writer.case("quadratic_discriminant", quadratic().fit(x, labels), seen, _classified)
    writer.case("discriminant_directions", linear().fit(x, labels), seen, _directions, how="joblib")
    before = Pipeline([("d", linear()), ("m", linear_model.LinearRegression())])
    writer.case("discriminant_regression", before.fit(x, middle), seen, _predicted)
    if not writer.is_newest:
        return
    writer.case("linear_discriminant_two", linear(solver="lsqr", shrinkage="auto").fit(x, np.where(middle > 0, "b", "a")), seen, _classified)
    writer.case("quadratic_discriminant_two", quadratic(reg_param=0.1, priors=[0.2, 0.8]).fit(x, np.where(middle > 0, 7, 3)), seen, _classified)
    one = Pipeline([("scale", StandardScaler()), ("d", linear(solver="eigen", n_components=1))])
    writer.case("discriminant_directions_one", one.fit(x, labels), seen, _directions)
    first = Pipeline([("d", linear(solver="eigen", n_components=1)), ("m", linear_model.LinearRegression())])
    writer.case("discriminant_eigen_regression", first.fit(x, middle), seen, _predicted)
    missing = seen.copy()
    missing[2, 1] = np.nan
    writer.case("discriminant_missing", quadratic().fit(x, labels), missing, fails=lambda model, rows: model.predict(rows))
