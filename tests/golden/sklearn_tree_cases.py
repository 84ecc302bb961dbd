"""Golden cases of trees, forests and isolation forests. Rows stand on the thresholds of the models themselves."""
import numpy as np
from sklearn import ensemble, tree
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from golden_writer import ask


def _data(rows=60, seed=1, columns=4):
    random = np.random.RandomState(seed)
    x = random.normal(size=(rows, columns))
    x[:, 1] = np.round(x[:, 1] * 4)
    x[:, 2] = random.exponential(1e6, rows)
    number = x[:, 0] * 2 + np.abs(x[:, 1]) + 1e-6 * x[:, 2]
    return x, number, np.digitize(number, [0.5, 2.5])


def _trees(model):
    trees = [t.tree_ for t in model.estimators_] if hasattr(model, "estimators_") else [model.tree_]
    return trees


def _on_thresholds(model, x, limit=40):
    """Rows of x with numbers on thresholds, beside them, and where rounding to float32 decides."""
    rows = []
    for fitted in _trees(model):
        for node in np.flatnonzero(fitted.children_left >= 0):
            feature, threshold = fitted.feature[node], fitted.threshold[node]
            if feature >= x.shape[1] or not np.isfinite(threshold):
                continue
            near = np.float32(threshold)
            below = near if near <= threshold else np.nextafter(near, np.float32(-np.inf))
            above = np.nextafter(below, np.float32(np.inf))
            middle = (np.float64(below) + np.float64(above)) / 2
            for value in (threshold, np.nextafter(threshold, np.inf), middle, np.nextafter(middle, np.inf),
                          np.nextafter(middle, -np.inf), np.float64(below), np.float64(above)):
                row = x[len(rows) % len(x)].copy()
                row[feature] = value
                rows.append(row)
    step = max(1, len(rows) // limit)
    extreme = np.array([[0.0] * x.shape[1], [-0.0] * x.shape[1], [3.4028235e38] * x.shape[1], [-1e-46] * x.shape[1]])
    return np.vstack([x[:10], np.array(rows[::step]).reshape(-1, x.shape[1]), extreme])


def _outputs(kind, answers, classes):
    """One question about several outputs: a list of matrices becomes KIND:OUTPUT:LABEL."""
    labels, columns = [], []
    for k, answer in enumerate(answers):
        for j, label in enumerate(classes[k]):
            labels.append("%d:%s" % (k, label.item() if isinstance(label, np.generic) else label))
            columns.append(answer[:, j])
    return ask(kind, np.column_stack(columns), labels=labels)


def _classified(model, rows):
    if isinstance(model.classes_, list):
        return [ask("predict", model.predict(rows)), _outputs("proba", model.predict_proba(rows), model.classes_),
                ask("apply", model.apply(rows))]
    with np.errstate(divide="ignore"):
        predicted = model.predict(rows)
        if predicted.dtype == bool:  # a label is True, as in the names of columns; R's TRUE is a cell's
            predicted = predicted.astype(str)
        return [ask("predict", predicted), ask("proba", model.predict_proba(rows), labels=model.classes_, tolerance=0),
                ask("log_proba", model.predict_log_proba(rows), labels=model.classes_), ask("apply", model.apply(rows))]


def _regressed(model, rows):
    return [ask("predict", model.predict(rows), tolerance=0), ask("apply", model.apply(rows))]


def _isolated(model, rows):
    answers = [ask("predict", model.predict(rows)), ask("decision", model.decision_function(rows))]
    if hasattr(model, "score_samples"):
        answers.append(ask("score", model.score_samples(rows)))
    return answers


def _with_nan(rows):
    rows = rows.copy()
    for j in range(rows.shape[1]):
        rows[j::3, j] = np.nan
    return rows


def _refused(writer, name, model, rows):
    writer.case(name, model, rows, fails=lambda model, rows: model.predict(rows))


def cases(writer):
    x, number, group = _data()
    texts = np.array(["low", "mid", "high"], dtype=object)[group]
    weights = np.random.RandomState(5).uniform(0.1, 3, len(x))
    takes_nan = writer.version >= (1, 3)
    forest_takes_nan = writer.version >= (1, 4)

    def case(name, model, ask_it, rows=None, **how):
        writer.case(name, model, _on_thresholds(model, x) if rows is None else rows, ask_it, **how)

    # What every version writes.
    case("tree_clf", tree.DecisionTreeClassifier(max_depth=4, random_state=1).fit(x, texts), _classified, how="pickle:2")
    case("tree_reg", tree.DecisionTreeRegressor(max_leaf_nodes=12, random_state=1).fit(x, number), _regressed)
    case("tree_clf_weights", tree.DecisionTreeClassifier(max_depth=3, random_state=2).fit(x, group, sample_weight=weights), _classified)
    case("rf_clf", ensemble.RandomForestClassifier(7, max_depth=4, random_state=1).fit(x, texts), _classified, how="joblib")
    case("rf_reg", ensemble.RandomForestRegressor(7, max_depth=4, random_state=1).fit(x, number), _regressed, how="joblib:gzip")
    case("extra_clf", ensemble.ExtraTreesClassifier(5, max_depth=4, random_state=1).fit(x, group > 0), _classified, how="joblib:zlib")
    case("extra_reg", ensemble.ExtraTreesRegressor(5, max_depth=4, random_state=1).fit(x, number), _regressed)
    both = np.column_stack([group, group[::-1] % 2])
    case("rf_clf_outputs", ensemble.RandomForestClassifier(4, max_depth=3, random_state=1).fit(x, both), _classified)
    case("rf_reg_outputs", ensemble.RandomForestRegressor(4, max_depth=3, random_state=1).fit(x, np.column_stack([number, -number])),
         _regressed)
    case("isolation", ensemble.IsolationForest(n_estimators=9, max_samples=16, random_state=1).fit(x), _isolated)
    case("isolation_features", ensemble.IsolationForest(n_estimators=6, max_samples=16, max_features=2, contamination=0.2, random_state=3).fit(x),
         _isolated, rows=np.vstack([x[:20], x[:20] * 1.5]))
    nan_rows = _with_nan(x[:12])
    small = tree.DecisionTreeRegressor(max_depth=3, random_state=1).fit(x, number)
    small_forest = ensemble.RandomForestRegressor(3, max_depth=3, random_state=1).fit(x, number)
    if takes_nan:
        case("tree_nan", small, _regressed, rows=nan_rows)
    else:
        _refused(writer, "tree_error_nan", small, nan_rows)
    if forest_takes_nan:
        case("rf_nan", small_forest, _regressed, rows=nan_rows)
    else:
        _refused(writer, "rf_error_nan", small_forest, nan_rows)
    beyond = x[:4].copy()
    beyond[2, 1] = 1e39
    _refused(writer, "tree_error_beyond_float32", small, beyond)
    isolation = ensemble.IsolationForest(n_estimators=5, max_samples=16, random_state=2).fit(x)
    if writer.version >= (1, 6):
        wild = np.vstack([nan_rows, beyond, -beyond])
        wild[3, 0], wild[4, 0] = np.inf, -np.inf
        case("isolation_any_cell", isolation, _isolated, rows=wild)
    else:
        _refused(writer, "isolation_error_nan", isolation, nan_rows)
    if not takes_nan:
        return
    holes = _with_nan(x)
    case("tree_clf_fitted_nan", tree.DecisionTreeClassifier(max_depth=5, random_state=1).fit(holes, texts), _classified, rows=np.vstack([holes, x[:10]]))
    case("tree_reg_fitted_nan", tree.DecisionTreeRegressor(max_depth=5, random_state=1).fit(holes, number), _regressed, rows=np.vstack([holes, x[:10]]))
    absolute = tree.DecisionTreeRegressor(max_depth=3, criterion="absolute_error", random_state=1).fit(x, number)
    if writer.version >= (1, 9):
        case("tree_nan_absolute_error", absolute, _regressed, rows=nan_rows)
    else:
        _refused(writer, "tree_error_nan_absolute_error", absolute, nan_rows)
    if forest_takes_nan:
        case("rf_clf_fitted_nan", ensemble.RandomForestClassifier(5, max_depth=5, random_state=1).fit(holes, group), _classified,
             rows=np.vstack([holes, x[:10]]))
    extra = ensemble.ExtraTreesRegressor(4, max_depth=3, random_state=1)
    if writer.version >= (1, 6):
        case("extra_fitted_nan", extra.fit(holes, number), _regressed, rows=np.vstack([holes, x[:10]]))
        case("isolation_fitted_nan", ensemble.IsolationForest(n_estimators=5, max_samples=16, random_state=1).fit(holes), _isolated, rows=holes)
    else:
        _refused(writer, "extra_error_nan", extra.fit(x, number), nan_rows)
    if writer.is_newest:
        _options(writer, case, x, number, group, texts, weights)


def _options(writer, case, x, number, group, texts, weights):
    case("extra_tree_clf", tree.ExtraTreeClassifier(max_depth=4, random_state=1).fit(x, texts), _classified, how="pickle:5")
    case("extra_tree_reg", tree.ExtraTreeRegressor(max_depth=4, random_state=1).fit(x, number), _regressed)
    case("tree_clf_entropy_random", tree.DecisionTreeClassifier(criterion="entropy", splitter="random", random_state=1, max_leaf_nodes=15).fit(x, group), _classified)
    case("tree_clf_pruned", tree.DecisionTreeClassifier(ccp_alpha=0.02, random_state=1).fit(x, group * 10), _classified)
    case("tree_clf_one_class", tree.DecisionTreeClassifier().fit(x, np.full(len(x), "only")), _classified)
    case("tree_clf_outputs", tree.DecisionTreeClassifier(max_depth=3).fit(x, np.column_stack([texts, texts[::-1]])), _classified)
    case("tree_reg_outputs", tree.DecisionTreeRegressor(max_depth=3, criterion="absolute_error").fit(x, np.column_stack([number, number ** 2])), _regressed)
    case("tree_reg_poisson", tree.DecisionTreeRegressor(max_depth=4, criterion="poisson").fit(x, np.abs(number)), _regressed)
    case("tree_reg_monotonic", tree.DecisionTreeRegressor(max_depth=4, monotonic_cst=[1, 0, 0, 0], random_state=1).fit(x, number), _regressed)
    case("rf_clf_balanced", ensemble.RandomForestClassifier(6, class_weight="balanced_subsample", max_depth=4, random_state=2).fit(x, group, weights), _classified)
    case("rf_clf_no_bootstrap", ensemble.RandomForestClassifier(3, bootstrap=False, max_features=None, max_leaf_nodes=9, random_state=2).fit(x, group * 2.0), _classified)
    many = np.arange(len(x)) % 11
    case("rf_clf_many_classes", ensemble.RandomForestClassifier(4, max_depth=3, random_state=2).fit(x, many, weights), _classified)
    case("rf_clf_dates_as_text", ensemble.RandomForestClassifier(3, max_depth=2, random_state=2).fit(x, np.array(["2024-01-0%d" % (1 + g) for g in group])), _classified)
    case("rf_reg_one_tree", ensemble.RandomForestRegressor(1, max_depth=3, max_samples=0.5, random_state=2).fit(x, number), _regressed)
    case("rf_reg_criteria", ensemble.RandomForestRegressor(3, max_depth=3, criterion="friedman_mse" if writer.version < (1, 9) else "poisson", random_state=2).fit(x, np.abs(number)), _regressed)
    case("tree_reg_stump_of_no_split", tree.DecisionTreeRegressor().fit(x, np.full(len(x), -0.0)), _regressed)
    case("isolation_one_sample", ensemble.IsolationForest(n_estimators=3, max_samples=1, random_state=1).fit(x), _isolated)
    case("isolation_bootstrap", ensemble.IsolationForest(n_estimators=4, max_samples=0.3, bootstrap=True, contamination=0.1, random_state=1).fit(x), _isolated)
    # A learned threshold is the score of a training row: that row is none of the outliers, however the last bit of its score turns out.
    scored = np.round(x[:51], 1)
    learned = ensemble.IsolationForest(n_estimators=4, max_samples=16, contamination=0.2, random_state=12).fit(scored)
    assert np.any(learned.decision_function(scored) == 0)
    case("isolation_row_on_threshold", learned, _isolated, rows=scored)
    deep = tree.DecisionTreeRegressor(random_state=1).fit(np.arange(120.0)[:, None] ** 2, (-1.0) ** np.arange(120))
    writer.case("tree_reg_deep", deep, np.arange(-1, 124.0)[:, None] ** 2 + 0.5, _regressed)
    try:
        import pandas
    except ImportError:
        return
    frame = pandas.DataFrame(x, columns=["speed", "heat", "load", "time of day"])
    forest = ensemble.RandomForestClassifier(4, max_depth=3, random_state=3).fit(frame, texts)
    writer.case("rf_clf_frame", forest, frame.iloc[:20, ::1], _classified)
    piped = Pipeline([("scale", StandardScaler()), ("forest", ensemble.RandomForestRegressor(3, max_depth=3, random_state=1))]).fit(frame, number)
    writer.case("rf_pipeline", piped, frame.iloc[:25], lambda model, rows: [ask("predict", model.predict(rows))])
    text_cell = frame.iloc[:3].astype(object)
    text_cell.iloc[1, 2] = "much"
    _refused(writer, "rf_error_text", forest, text_cell)
