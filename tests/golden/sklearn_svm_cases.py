"""Golden cases of support vector machines: OneClassSVM, SVC, NuSVC, SVR, NuSVR."""
import numpy as np
import scipy.sparse as sp
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import NuSVC, NuSVR, OneClassSVM, SVC, SVR

from golden_writer import ask

COUPLING = 1e-9  # probabilities of pairs are joined by steps that stop early


def _data(rows, columns=3, seed=4):
    random = np.random.RandomState(seed)
    return np.round(random.normal(0, 1, (rows, columns)), 3)


def _classes(x, count, labels=None):
    """As many classes as asked for, of unlike sizes, that overlap."""
    score = x[:, 0] + 0.5 * x[:, 1] ** 2 - x[:, -1] + np.random.RandomState(9).normal(0, 0.4, len(x))
    places = np.searchsorted(np.quantile(score, np.arange(1, count) / float(count) * 0.9), score)
    return places if labels is None else np.asarray(labels)[places]


def _target(x):
    return np.sin(2 * x[:, 0]) + x[:, 1] - 0.3 * x[:, 2]


def _rows_for(x, columns=3):
    """Rows not seen, rows that are support vectors, and rows far away."""
    far = np.zeros((3, columns))
    far[0] = 50
    far[1, 0] = -1e5
    return np.vstack([_data(14, columns, seed=77), x[:14], far])


def _dense(model, rows):
    return sp.csr_matrix(rows) if getattr(getattr(model, "steps", [[0, model]])[-1][1], "_sparse", False) else rows


def _one_class(model, rows):
    decision = np.ravel(model.decision_function(rows))
    answers = [ask("predict", model.predict(rows).astype(int)), ask("decision", decision)]
    if hasattr(model, "score_samples"):
        answers.append(ask("score", model.score_samples(rows)))
    return answers


def _decisions(model, rows):
    decision = model.decision_function(rows)
    by_class = decision.ndim == 2 and getattr(model, "decision_function_shape", "ovr") == "ovr"
    return ask("decision", decision, labels=model.classes_ if by_class else None)


def _classified(model, rows):
    rows = _dense(model, rows)
    predicted = model.predict(rows)
    answers = [ask("predict", predicted.astype(str) if predicted.dtype == bool else predicted)]
    # Before 0.21 the decision values of three and more classes depended on the other rows that were asked about.
    if len(model.classes_) == 2 or _decides_by_row:
        answers.append(_decisions(model, rows))
    if getattr(model, "probA_" if hasattr(model, "probA_") else "_probA").size:
        answers.append(ask("proba", model.predict_proba(rows), labels=model.classes_, tolerance=COUPLING))
        answers.append(ask("log_proba", model.predict_log_proba(rows), labels=model.classes_, tolerance=COUPLING))
    return answers


def _fitted(model, rows):
    return [ask("predict", model.predict(_dense(model, rows)))]


def cases(writer):
    global _decides_by_row
    _decides_by_row = writer.version >= (0, 21)
    x = _data(40)
    rows = _rows_for(x)
    series = np.random.RandomState(3).normal(20, 4, (60, 1))
    # The shape of a sensor's model: few support vectors, and rows that lie on them.
    sensor = Pipeline([("scale", StandardScaler()), ("svm", OneClassSVM(nu=1e-4, gamma=0.01))]).fit(series)
    on_margin = np.vstack([series[:20], series[np.argsort(series[:, 0])[[0, 1, -2, -1]]], [[0], [20], [400]]])
    writer.case("ocsvm_sensor", sensor, on_margin, _one_class, how="pickle:3")
    one_vector = OneClassSVM(nu=0.5, gamma=0.3).fit([[1.5, -2.0], [1.5, -2.0]])
    writer.case("ocsvm_two_alike", one_vector, [[1.5, -2.0], [1.5, -2.0000000001], [0, 0], [1.5000001, -2]], _one_class)
    writer.case("ocsvm_rbf", OneClassSVM(nu=0.2, gamma=0.4).fit(x), rows, _one_class, how="pickle:2")
    writer.case("svc_binary", SVC(C=2, gamma=0.5, probability=True, random_state=0).fit(x, _classes(x, 2, ["no", "yes"])), rows, _classified,
                how="pickle:2")
    writer.case("svc_four", SVC(kernel="poly", degree=3, gamma=0.4, coef0=0.5, probability=True, random_state=0).fit(x, _classes(x, 4)),
                rows, _classified, how="joblib")
    writer.case("svc_sparse", SVC(gamma=0.3).fit(sp.csr_matrix(np.where(np.abs(x) < 0.5, 0, x)), _classes(x, 3)), rows, _classified)
    writer.case("nusvr_sigmoid", NuSVR(kernel="sigmoid", gamma=0.2, coef0=-0.3, nu=0.4).fit(x, _target(x)), rows, _fitted, how="joblib:zlib")
    if not writer.is_newest:
        return
    for kernel in ("linear", "poly", "sigmoid"):
        writer.case("ocsvm_" + kernel, OneClassSVM(kernel=kernel, nu=0.3, gamma=0.3, coef0=0.7, degree=2).fit(x), rows, _one_class)
        writer.case("svc_" + kernel, SVC(kernel=kernel, gamma="auto", coef0=0.2, degree=4).fit(x, _classes(x, 3)), rows, _classified)
    for kernel in ("linear", "poly", "rbf"):
        writer.case("svr_" + kernel, SVR(kernel=kernel, C=3, epsilon=0.2, degree=2).fit(x, _target(x)), rows, _fitted)
    writer.case("svr_no_vectors", SVR(epsilon=100).fit(x, _target(x)), rows, _fitted)
    writer.case("svr_sparse", SVR(kernel="poly", coef0=1).fit(sp.csr_matrix(np.where(np.abs(x) < 0.5, 0, x)), _target(x)), rows, _fitted)
    writer.case("svr_sparse_no_vectors", SVR(epsilon=100).fit(sp.csr_matrix(x), _target(x)), rows, _fitted)
    writer.case("nusvc_proba", NuSVC(nu=0.2, gamma="scale", probability=True, random_state=1).fit(x, _classes(x, 3, ["a", "b", "c"])), rows,
                _classified)
    writer.case("svc_sparse_proba", SVC(kernel="linear", probability=True, random_state=1).fit(sp.csr_matrix(x), _classes(x, 2)), rows,
                _classified)
    writer.case("svc_ovo", SVC(decision_function_shape="ovo").fit(x, _classes(x, 4)), rows, _classified)
    writer.case("svc_break_ties", SVC(break_ties=True, C=0.1).fit(x, _classes(x, 5)), _rows_for(x), _classified)
    writer.case("svc_truth", SVC(class_weight="balanced").fit(x, _classes(x, 2).astype(bool)), rows, _classified)
    writer.case("svc_many_classes", SVC(C=5).fit(_data(60, 2, 5), _classes(_data(60, 2, 5), 9)), _rows_for(_data(60, 2, 5), 2), _classified)
    writer.case("svc_numbers", SVC().fit(x, _classes(x, 3, [-1.0, 0.0, 2.0])), rows, _classified)
    # Fifteen columns: beyond these, scikit-learn adds in an order that depends on the processor.
    wide = _data(30, 15, seed=6)
    writer.case("svc_wide", SVC(gamma="scale").fit(wide, _classes(wide, 2)), _rows_for(wide, 15), _classified)
    tie = SVC(break_ties=True, decision_function_shape="ovo").fit(x, _classes(x, 3))
    writer.case("svc_ties_refused", tie, rows, fails=lambda model, rows: model.predict(rows))
    precomputed = SVC(kernel="precomputed").fit(np.dot(x, x.T), _classes(x, 2))
    writer.case("svc_precomputed", precomputed, np.dot(rows, x.T), fails=lambda model, rows: model.predict(rows[:, :5]),
                notes="scikit-learn predicts from products with all rows of the fit; Scoria does not take such a machine")
    with_nan = rows.copy()
    with_nan[4, 1] = np.nan
    writer.case("svc_missing", SVC().fit(x, _classes(x, 2)), with_nan, fails=lambda model, rows: model.predict(rows))
    infinite = rows.copy()
    infinite[2, 0] = np.inf
    writer.case("ocsvm_infinite", OneClassSVM().fit(x), infinite, fails=lambda model, rows: model.predict(rows))
