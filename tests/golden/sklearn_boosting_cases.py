"""Golden cases of HistGradientBoosting and GradientBoosting."""
import numpy as np

try:
    from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401, before 1.0
except ImportError:
    pass
from sklearn import ensemble
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from golden_writer import ask


def _data(rows=120, seed=1, holes=True):
    """Four numbers and a feature of seven categories; targets of every kind depend on all of them."""
    random = np.random.RandomState(seed)
    x = np.column_stack([random.normal(0, 1, rows), random.exponential(2, rows), random.randint(-3, 4, rows),
                         random.uniform(-5, 5, rows), random.randint(0, 7, rows)]).astype(float)
    signal = x[:, 0] + np.sin(x[:, 3]) + 0.3 * x[:, 2] + np.array([2, -1, 0, 3, -2, 1, 0.5])[x[:, 4].astype(int)]
    if holes:
        for j in range(5):
            x[random.uniform(size=rows) < 0.12, j] = np.nan
    return x, signal + random.normal(0, 0.1, rows)


def _rows(holes=True, rows=30):
    x, _ = _data(rows, seed=2, holes=holes)
    edges = np.array([[0, 0, 0, 0, 0], [-0.0, 1e300, -1e300, 1e-300, 1], [5, 5, 5, 5, 3]], dtype=float)
    return np.vstack([x, edges])


def _regression(model, rows):
    return [ask("predict", model.predict(rows))]


def _classes(model, rows):
    questions = [ask("predict", model.predict(rows)), ask("proba", model.predict_proba(rows), labels=model.classes_),
                 ask("decision", model.decision_function(rows), labels=model.classes_ if len(model.classes_) > 2 else None)]
    if hasattr(model, "predict_log_proba"):
        questions.append(ask("log_proba", model.predict_log_proba(rows), labels=model.classes_))
    return questions


def _hist_cases(writer):
    regressor, classifier = ensemble.HistGradientBoostingRegressor, ensemble.HistGradientBoostingClassifier
    x, y = _data()
    small = dict(max_iter=6, max_leaf_nodes=5, min_samples_leaf=5)
    categories = dict(categorical_features=[4]) if writer.version >= (0, 24) else {}
    kinds = np.array(["low", "middle", "high"])[np.digitize(y, [-0.5, 1.5])]
    rows = _rows()
    infinite = rows.copy()
    infinite[0, 0], infinite[1, 3] = np.inf, -np.inf
    writer.case("hist_regressor", regressor(**small, **categories).fit(x, y), infinite, _regression, how="joblib:zlib")
    writer.case("hist_classifier", classifier(**small, **categories).fit(x, 1 * (y > 0.5)), rows, _classes, how="pickle:4")
    writer.case("hist_classifier_three", classifier(**dict(small, max_iter=4), **categories).fit(x, kinds), rows, _classes, how="joblib")
    writer.case("hist_poisson", regressor(loss="poisson", **small).fit(x, np.exp(y / 4)), rows, _regression, how="pickle:2")
    if writer.is_newest or writer.tag == "sk024":
        absolute = "absolute_error" if writer.is_newest else "least_absolute_deviation"
        writer.case("hist_absolute", regressor(loss=absolute, **small).fit(x, y), rows, _regression)
    if categories:
        unknown = rows.copy()
        unknown[:6, 4] = [7, 100, -1, 255, 0.0, 2]
        writer.case("hist_unknown_categories", regressor(**small, **categories).fit(x, y), unknown, _regression)
        if writer.version < (1, 4):  # what C makes of such a cast decides, so it is asked of the versions that cast
            odd = rows.copy()
            odd[:8, 4] = [256, 257.5, 1.5, 1e10, np.inf, 300, 65537, 2147483649.0]
            writer.case("hist_odd_categories", regressor(**small, **categories).fit(x, y), odd, _regression)
        # Two features of categories around numbers: since 1.4 these are put first.
        two = np.column_stack([x[:, 4], x[:, 0], x[:, 2] + 3, x[:, 3]])
        two_rows = np.column_stack([rows[:, 4], rows[:, 0], np.abs(rows[:, 2]) % 9, rows[:, 3]])
        writer.case("hist_two_categorical", classifier(categorical_features=[0, 2], **small).fit(two, 1 * (y > 0.5)), two_rows, _classes)
    writer.case("hist_text_refused", regressor(**small).fit(x, y), _with_text(rows), fails=lambda model, rows: model.predict(rows))
    if writer.version >= (1, 4):
        _frame_cases(writer, small)
    if not writer.is_newest:
        return
    writer.case("hist_gamma", regressor(loss="gamma", **small).fit(x, np.exp(y / 4)), rows, _regression, how="pickle:5")
    writer.case("hist_quantile", regressor(loss="quantile", quantile=0.8, **small).fit(x, y), rows, _regression)
    deep = regressor(max_iter=2, max_leaf_nodes=60, min_samples_leaf=1, categorical_features=[4]).fit(x, y)
    writer.case("hist_leaves_60", deep, rows, _regression, how="joblib:gzip")
    chain = regressor(max_iter=2, max_leaf_nodes=None, min_samples_leaf=1).fit(*_data(200))
    writer.case("hist_leaves_many", chain, rows, _regression, how="joblib:xz")
    only_missing = x.copy()
    only_missing[:, 1] = np.where(np.isnan(x[:, 1]), np.nan, 1.0)  # the one split there is: missing or not
    writer.case("hist_missing_or_not", regressor(**small).fit(only_missing, y + 3 * np.isnan(x[:, 1])), rows, _regression)
    writer.case("hist_root_only", regressor(max_iter=3, min_samples_leaf=100).fit(x, y), rows, _regression)
    writer.case("hist_numbered_labels", classifier(**small).fit(x, np.where(y > 0.5, 20, -1)), rows, _classes)
    writer.case("hist_early_stopping", classifier(max_iter=50, max_leaf_nodes=4, early_stopping=True, n_iter_no_change=2, random_state=1).fit(x, kinds), rows, _classes)
    dense, target = _data(holes=False)
    limited = dict(monotonic_cst=[1, 0, 0, 0, 0], interaction_cst="pairwise")
    writer.case("hist_no_holes_seen", regressor(**small, **limited).fit(dense, target), rows, _regression)
    in_turn = Pipeline([("scale", StandardScaler()), ("boost", classifier(**small))]).fit(x, 1 * (y > 0.5))
    writer.case("hist_after_scaler", in_turn, rows, _classes)
    # The sums stand on the boundary of two classes: versions tell them apart differently.
    flat = np.tile([[0.0], [1.0]], (40, 1))
    writer.case("hist_even", classifier(max_iter=2).fit(flat, np.repeat([0, 1], 40)), flat[:2], _classes)


def _with_text(rows):
    import pandas
    frame = pandas.DataFrame({"x%d" % j: list(rows[:, j]) for j in range(rows.shape[1])})
    frame["x1"] = ["many"] + [str(v) for v in frame["x1"][1:]]
    return frame


def _frame(x):
    import pandas
    words = ["red", "green", "blue", np.str_("dark, \"red\""), "é", "7", "x"]
    colour = [None if np.isnan(c) else words[int(c)] for c in x[:, 4]]
    level = [np.nan if np.isnan(c) else c * 10 for c in x[:, 2]]
    return pandas.DataFrame({"size": x[:, 0], "colour": pandas.Categorical(colour), "level": pandas.Categorical(level), "depth": x[:, 3]})


def _frame_cases(writer, small):
    """Categories of a table: texts and numbers, by type."""
    import pandas
    regressor = ensemble.HistGradientBoostingRegressor
    x, y = _data()
    frame, rows = _frame(x), _frame(_rows())
    by_type = dict(small, categorical_features="from_dtype")
    writer.case("hist_frame", regressor(**by_type).fit(frame, y), rows, _regression, how="joblib")
    seen = frame.drop(columns="level")
    strange = pandas.DataFrame({"size": [0.1, 0.2, 0.3, 0.4], "colour": ["red", "purple", None, "blue"], "depth": [1.0, 1.0, np.nan, 1.0]})
    writer.case("hist_frame_unknown", regressor(**by_type).fit(seen, y), strange, _regression)
    flags = pandas.DataFrame({"flag": x[:, 0] > 0, "size": x[:, 3]})
    asked = pandas.DataFrame({"flag": [True, False, True], "size": [1.0, 2.0, np.nan]})
    writer.case("hist_frame_flags", regressor(**dict(small, categorical_features=[0])).fit(flags, y), asked, _regression)


def _leaves(model, rows):
    leaves = model.apply(rows)
    stages = range(leaves.shape[1])
    if leaves.ndim == 2 or leaves.shape[2] == 1:
        return [ask("apply", leaves.reshape(len(leaves), -1).astype(int))]
    labels = ["%d:%s" % (stage, label) for stage in stages for label in model.classes_]
    return [ask("apply", leaves.reshape(len(leaves), -1).astype(int), labels=labels)]


def _all_of(model, rows):
    return (_classes if hasattr(model, "classes_") else _regression)(model, rows) + _leaves(model, rows)


def _near_thresholds(model, rows):
    """Rows whose numbers are a model's own thresholds, and their neighbours in 32 and in 64 bits."""
    tree = model.estimators_[0, 0].tree_
    splits = np.flatnonzero(tree.children_left >= 0)[:4]
    near = []
    for node in splits:
        t = tree.threshold[node]
        for value in [t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf), float(np.nextafter(np.float32(t), np.float32(np.inf))),
                      (float(np.float32(t)) + float(np.nextafter(np.float32(t), np.float32(np.inf)))) / 2]:
            row = rows[len(near) % len(rows)].copy()
            row[tree.feature[node]] = value
            near.append(row)
    return np.array(near)


def _plain_cases(writer):
    regressor, classifier = ensemble.GradientBoostingRegressor, ensemble.GradientBoostingClassifier
    x, y = _data(holes=False)
    rows = _rows(holes=False)
    rows[31, 1:4] = 1e30, -1e30, 1e-300  # the other numbers there are beyond float32
    squared, absolute = ("squared_error", "absolute_error") if writer.version >= (1, 0) else ("ls", "lad")
    log_loss = "log_loss" if writer.version >= (1, 1) else "deviance"
    small = dict(n_estimators=6, max_depth=2, random_state=1)
    kinds = np.array(["low", "middle", "high"])[np.digitize(y, [-0.5, 1.5])]
    binary = 1 * (y > 0.5)
    writer.case("gb_regressor", regressor(loss=squared, **small).fit(x, y), rows, _all_of, how="pickle:2")
    writer.case("gb_classifier", classifier(loss=log_loss, **small).fit(x, binary), rows, _all_of, how="joblib:zlib")
    writer.case("gb_classifier_three", classifier(**dict(small, n_estimators=3)).fit(x, kinds), rows, _all_of, how="joblib")
    writer.case("gb_exponential", classifier(loss="exponential", **small).fit(x, binary), rows, _classes)
    if writer.is_newest or writer.tag == "sk019":
        writer.case("gb_quantile", regressor(loss="quantile", alpha=0.8, **small).fit(x, y), rows, _regression)
        writer.case("gb_zero", classifier(init="zero", **dict(small, n_estimators=2)).fit(x, kinds), rows, _classes)
    if writer.is_newest or writer.tag == "sk019":
        writer.case("gb_absolute", regressor(loss=absolute, **small).fit(x, y), rows, _regression, how="joblib:gzip")
        writer.case("gb_huber", regressor(loss="huber", **small).fit(x, y), rows, _regression, how="pickle:3")
        missing = rows.copy()
        missing[3, 2] = np.nan
        writer.case("gb_missing_refused", regressor(**small).fit(x, y), missing, fails=lambda model, asked: model.predict(asked))
    if writer.tag in ("sk024", "sk14", "new"):  # what probabilities become changed in 1.4 and in 1.8
        from sklearn.dummy import DummyClassifier
        writer.case("gb_uniform", classifier(init=DummyClassifier(strategy="uniform"), **dict(small, n_estimators=2)).fit(x, kinds), rows, _classes)
        writer.case("gb_most_frequent", classifier(init=DummyClassifier(strategy="most_frequent"), **small).fit(x, binary), rows, _classes)
    if writer.tag in ("sk12", "sk14"):  # near 1 the last bits of a probability are all that its logarithm has; 1.4 takes it another way
        writer.case("gb_near_certain", classifier(n_estimators=3, max_depth=2, learning_rate=8.0, random_state=1).fit(x, np.digitize(x[:, 0], [-0.5, 0.8])), rows[:20], _classes)
    if writer.tag in ("sk12", "new"):
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
        few = dict(small, n_estimators=2)
        tree = regressor(init=DecisionTreeRegressor(max_depth=2), **few).fit(x, y)
        writer.case("gb_init_tree", tree, rows, _regression)
        sure = classifier(init=DecisionTreeClassifier(max_depth=2), **few).fit(x, kinds)  # probabilities of 0 and of 1
        writer.case("gb_init_tree_three", sure, rows, _classes)
        histogram = ensemble.HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4)
        writer.case("gb_init_boosted", classifier(init=histogram, loss="exponential", **few).fit(x, binary), rows, _classes)
    if not writer.is_newest:
        return
    model = regressor(**dict(small, n_estimators=3, max_depth=3)).fit(x, y)
    writer.case("gb_on_the_threshold", model, _near_thresholds(model, rows), _all_of)
    large = rows.copy()
    large[2, 3] = 1e39
    writer.case("gb_beyond_float32", regressor(**small).fit(x, y), large, fails=lambda fitted, asked: fitted.predict(asked))
    writer.case("gb_root_only", regressor(n_estimators=3, min_samples_leaf=100).fit(x, y), rows, _regression)
    writer.case("gb_sample_and_features", regressor(n_estimators=5, subsample=0.5, max_features=2, min_samples_leaf=4, random_state=3).fit(x, y), rows, _regression)
    writer.case("gb_early_stopping", classifier(n_estimators=40, max_depth=2, n_iter_no_change=2, random_state=2).fit(x, binary), rows, _classes)
    writer.case("gb_leaf_nodes", regressor(n_estimators=2, max_depth=None, max_leaf_nodes=40, criterion="squared_error", random_state=1).fit(x, y), rows, _regression)
    writer.case("gb_rare_class", classifier(**small).fit(x, np.where(np.arange(len(y)) == 5, 9, 4)), rows, _classes)
    import pandas
    frame = pandas.DataFrame(x, columns=["a", "b", "c", "d", "e"])
    in_turn = Pipeline([("scale", StandardScaler()), ("boost", regressor(**small))]).fit(frame, y)
    asked = pandas.DataFrame(rows[:20], columns=["a", "b", "c", "d", "e"])
    writer.case("gb_after_scaler", in_turn, asked, _regression)


def cases(writer):
    _plain_cases(writer)
    if hasattr(ensemble, "HistGradientBoostingRegressor"):
        _hist_cases(writer)
