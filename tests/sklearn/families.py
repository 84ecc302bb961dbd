"""Random estimators of each family, with what to ask them. FAMILIES lists them."""
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
import pandas
from sklearn import cluster, compose, decomposition, ensemble, impute, linear_model, pipeline, preprocessing, svm, tree

import transformers
from golden_writer import ask


@dataclass
class Trial:
    model: Any
    rows: Any
    questions: Callable
    tolerance: float = 1e-12  # relative
    floor: float = 0.0        # absolute: where sums cancel


def one_of(random, *choices):
    return choices[random.randint(len(choices))]


def chance(random, p):
    return random.rand() < p


# ---- data ----------------------------------------------------------------------------------------------------------------------

def random_column(random, n):
    """Numbers on a coarse grid meet thresholds exactly; the others have all their bits."""
    return one_of(random, lambda: random.normal(size=n), lambda: np.round(random.normal(size=n), 1),
                  lambda: np.exp(random.normal(scale=2, size=n)), lambda: random.randint(-3, 4, n).astype(float),
                  lambda: random.randint(-40, 41, n).astype(float))()


def random_matrix(random, n=None, most=8):
    n = n or random.randint(40, 160)
    return np.column_stack([random_column(random, n) for _ in range(random.randint(1, most + 1))])


def signal(random, x):
    ranks = np.argsort(np.argsort(x, axis=0), axis=0) / len(x)
    return np.sin(ranks * random.uniform(1, 9, x.shape[1])).sum(axis=1) + random.normal(scale=0.3, size=len(x))


def labels_of(random, y, k):
    cuts = np.digitize(y, np.quantile(y, np.linspace(0, 1, k + 1)[1:-1]))
    names = one_of(random, np.arange(k), np.arange(1, k + 1), np.array(["no", "yes", "maybe", "a b", "\u00e9"])[:k], np.arange(k) * 2 - 3)
    return names[cuts]


def new_rows(random, x, n=None):
    """Old rows mixed column by column, sometimes beyond the old range."""
    n = n or one_of(random, 1, 7, 90)
    rows = np.column_stack([random.choice(column, n) for column in x.T])
    if chance(random, 0.4):
        rows = rows * random.choice([1, 1, 1, 3, -2, 1.0000001], rows.shape)
    return rows


def with_missing(random, x, p):
    x = x.copy()
    x[random.rand(*x.shape) < p] = np.nan
    return x


def scaler(random):
    return one_of(random, preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.RobustScaler(), preprocessing.MaxAbsScaler(),
                  preprocessing.StandardScaler(with_mean=False), preprocessing.MinMaxScaler((-1, 2), clip=True))


def perhaps_scaled(random, model):
    return pipeline.make_pipeline(scaler(random), model) if chance(random, 0.5) else model


# ---- questions -----------------------------------------------------------------------------------------------------------------

def predicted(model, rows):
    return [ask("predict", model.predict(rows))]


def transformed(model, rows):
    return [ask("transform", model.transform(rows))]


def probable(model, rows):
    answers = [ask("predict", model.predict(rows)), ask("proba", model.predict_proba(rows), labels=model.classes_)]
    if hasattr(model, "predict_log_proba"):
        answers.append(ask("log_proba", model.predict_log_proba(rows), labels=model.classes_))
    return answers


def decided(model, rows):
    return [ask("predict", model.predict(rows)), ask("decision", model.decision_function(rows))]


def all_of(*questions):
    def asked(model, rows):
        seen, answers = set(), []
        for question in questions:
            for answer in question(model, rows):
                if answer["args"][1] not in seen:
                    answers.append(answer)
                seen.add(answer["args"][1])
        return answers
    return asked


# ---- families ------------------------------------------------------------------------------------------------------------------

def linear_regression(random):
    x = random_matrix(random)
    y = signal(random, x)
    if chance(random, 0.2):
        y = np.column_stack([y, signal(random, x)])
    many = y.ndim > 1
    model = one_of(random, linear_model.LinearRegression(fit_intercept=chance(random, 0.8)), linear_model.Ridge(alpha=0.3),
                   linear_model.MultiTaskLasso(0.05) if many else linear_model.Lasso(0.05),
                   linear_model.MultiTaskElasticNet(0.05) if many else linear_model.ElasticNet(0.05))
    rows = new_rows(random, x)
    return Trial(perhaps_scaled(random, model).fit(x, y), rows, predicted, floor=1e-12)


def logistic(random):
    x = random_matrix(random)
    y = labels_of(random, signal(random, x), random.randint(2, 5))
    model = one_of(random, linear_model.LogisticRegression(C=random.choice([0.1, 1, 100]), max_iter=50, fit_intercept=chance(random, 0.8)),
                   linear_model.LogisticRegression(solver="newton-cg", max_iter=20),
                   linear_model.LogisticRegression(solver="liblinear") if len(np.unique(y)) == 2 else linear_model.LogisticRegression(solver="saga", max_iter=20))
    return Trial(perhaps_scaled(random, model).fit(x, y), new_rows(random, x), all_of(probable, decided), floor=1e-12)


KERNELS = ["linear", "poly", "rbf", "sigmoid"]


def kernel_options(random):
    options = {"kernel": KERNELS[random.randint(4)], "gamma": one_of(random, "scale", "auto", 0.05)}
    if options["kernel"] == "poly":
        options.update(degree=random.randint(1, 5), coef0=one_of(random, 0.0, 1.0))
    if options["kernel"] == "sigmoid":
        options.update(coef0=one_of(random, 0.0, -0.5))
    return options


def svm_rows(random, x):
    """Some of the rows it was fitted on: support vectors lie on the margin."""
    return np.vstack([new_rows(random, x), x[:random.randint(1, 40)]])


def one_class_svm(random):
    x = preprocessing.StandardScaler().fit_transform(random_matrix(random))
    model = svm.OneClassSVM(nu=random.choice([0.0001, 0.05, 0.5]), **kernel_options(random)).fit(x)
    return Trial(model, svm_rows(random, x), all_of(decided, lambda m, r: [ask("score", m.score_samples(r))]), floor=1e-12)


def svm_classifier(random):
    x = preprocessing.StandardScaler().fit_transform(random_matrix(random))
    y = labels_of(random, signal(random, x), random.randint(2, 5))
    shape = {"decision_function_shape": one_of(random, "ovr", "ovo"), "probability": chance(random, 0.3)}
    if shape["decision_function_shape"] == "ovr":
        shape["break_ties"] = chance(random, 0.3)
    model = svm.SVC(C=random.choice([0.1, 1, 10]), **kernel_options(random), **shape) if chance(random, 0.7) else svm.NuSVC(nu=0.2, **kernel_options(random), **shape)
    if chance(random, 0.15):
        import scipy.sparse
        model.fit(scipy.sparse.csr_matrix(x), y)
        return Trial(model, svm_rows(random, x), lambda m, r: [ask("predict", m.predict(scipy.sparse.csr_matrix(r)))])
    model.fit(x, y)
    questions = all_of(decided, lambda m, r: [ask("proba", m.predict_proba(r), labels=m.classes_, tolerance=1e-9)]) if shape["probability"] else decided
    return Trial(model, svm_rows(random, x), questions, floor=1e-12)


def svm_regressor(random):
    x = preprocessing.StandardScaler().fit_transform(random_matrix(random))
    y = signal(random, x)
    model = one_of(random, svm.SVR(C=3, **kernel_options(random)), svm.NuSVR(nu=0.3, **kernel_options(random)))
    return Trial(model.fit(x, y), svm_rows(random, x), predicted, floor=1e-11)


def tree_rows(random, x, missing):
    rows = new_rows(random, x)
    return with_missing(random, rows, 0.1) if missing else rows


def trees_of(random, kinds, **options):
    return one_of(random, *kinds)(random_state=random.randint(1000), max_depth=one_of(random, None, 1, 4), min_samples_leaf=one_of(random, 1, 3), **options)


def tree_regressor(random):
    x = random_matrix(random)
    y = signal(random, x)
    if chance(random, 0.2):
        y = np.column_stack([y, signal(random, x)])
    missing = chance(random, 0.3)
    single = chance(random, 0.4)
    kinds = (tree.DecisionTreeRegressor, tree.ExtraTreeRegressor) if single else (ensemble.RandomForestRegressor, ensemble.ExtraTreesRegressor)
    model = trees_of(random, kinds, **({} if single else {"n_estimators": random.randint(1, 60)}))
    model.fit(with_missing(random, x, 0.1) if missing else x, y)
    return Trial(model, tree_rows(random, x, missing), predicted, tolerance=0)


def tree_classifier(random):
    x = random_matrix(random)
    y = labels_of(random, signal(random, x), random.randint(2, 6))
    missing = chance(random, 0.3)
    single = chance(random, 0.4)
    kinds = (tree.DecisionTreeClassifier, tree.ExtraTreeClassifier) if single else (ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier)
    options = {"class_weight": one_of(random, None, "balanced")}
    model = trees_of(random, kinds, **options, **({} if single else {"n_estimators": random.randint(1, 60)}))
    model.fit(with_missing(random, x, 0.1) if missing else x, y)
    exact = lambda m, r: [ask("predict", m.predict(r)), ask("proba", m.predict_proba(r), labels=m.classes_)]
    return Trial(model, tree_rows(random, x, missing), exact, tolerance=0)


def isolation_forest(random):
    x = random_matrix(random)
    model = ensemble.IsolationForest(n_estimators=random.randint(1, 60), random_state=random.randint(1000), max_features=one_of(random, 1.0, 0.6),
                                     max_samples=one_of(random, "auto", 20), contamination=one_of(random, "auto", 0.1)).fit(x)
    return Trial(model, new_rows(random, x), all_of(decided, lambda m, r: [ask("score", m.score_samples(r))]), floor=1e-15)


def boosting_options(random):
    return {"n_estimators": random.randint(1, 40), "learning_rate": one_of(random, 0.1, 1.0, 0.03), "max_depth": random.randint(1, 5),
            "subsample": one_of(random, 1.0, 0.7), "random_state": random.randint(1000)}


def boosting_regressor(random):
    x = random_matrix(random)
    # A start that is fitted within the fit computes in 32 bits, which is refused: none of those.
    model = ensemble.GradientBoostingRegressor(loss=one_of(random, "squared_error", "absolute_error", "huber", "quantile"),
                                               init=one_of(random, None, "zero"), **boosting_options(random))
    return Trial(model.fit(x, signal(random, x)), new_rows(random, x), predicted, tolerance=0)


def boosting_classifier(random):
    x = random_matrix(random)
    k = random.randint(2, 5)
    y = labels_of(random, signal(random, x), k)
    model = ensemble.GradientBoostingClassifier(loss="exponential" if k == 2 and chance(random, 0.3) else "log_loss", init=one_of(random, None, "zero"), **boosting_options(random))
    return Trial(model.fit(x, y), new_rows(random, x), all_of(probable, decided))


def hist_options(random):
    return {"max_iter": random.randint(1, 30), "learning_rate": one_of(random, 0.1, 1.0), "max_leaf_nodes": one_of(random, 4, 31, None),
            "min_samples_leaf": random.randint(1, 12), "random_state": random.randint(1000)}


def hist_rows(random, x, rows):
    rows = with_missing(random, rows, 0.1) if chance(random, 0.5) else rows
    if chance(random, 0.3):
        rows[0, 0] = np.inf
    return rows


def hist_categories(random, x):
    """Some columns as categories: codes 0, 1, ..., with codes that the fit does not know among the rows."""
    columns = [j for j in range(x.shape[1]) if chance(random, 0.3)]
    x = x.copy()
    for j in columns:
        x[:, j] = random.randint(0, random.choice([3, 40]), len(x))
    return x, (columns or None)


def hist_regressor(random):
    x, categories = hist_categories(random, random_matrix(random))
    y = signal(random, x)
    loss = one_of(random, "squared_error", "absolute_error", "poisson", "gamma", "quantile")
    y = np.exp(y) if loss in ("poisson", "gamma") else y
    model = ensemble.HistGradientBoostingRegressor(loss=loss, quantile=0.7, categorical_features=categories, **hist_options(random))
    model.fit(with_missing(random, x, 0.1) if chance(random, 0.4) else x, y)
    rows = new_rows(random, x)
    if categories is None:
        rows = hist_rows(random, x, rows)
    else:
        rows[:, categories] = np.abs(np.round(rows[:, categories]))
    return Trial(model, rows, predicted, tolerance=1e-12 if loss in ("poisson", "gamma") else 0)


def hist_classifier(random):
    x, categories = hist_categories(random, random_matrix(random))
    y = labels_of(random, signal(random, x), random.randint(2, 5))
    model = ensemble.HistGradientBoostingClassifier(categorical_features=categories, **hist_options(random)).fit(x, y)
    rows = new_rows(random, x)
    if categories is not None:
        rows[:, categories] = np.abs(np.round(rows[:, categories]))
    return Trial(model, rows, all_of(probable, decided))


def k_means(random):
    x = random_matrix(random)
    model = one_of(random, cluster.KMeans, cluster.MiniBatchKMeans)(n_clusters=random.randint(1, 6), n_init=1, random_state=random.randint(1000)).fit(x)
    questions = lambda m, r: [ask("predict", m.predict(r)), ask("distance", m.transform(r), tolerance=1e-7)]
    return Trial(model, new_rows(random, x), questions, floor=1e-6)


def principal_components(random):
    x = random_matrix(random)
    model = decomposition.PCA(n_components=random.randint(1, x.shape[1] + 1), whiten=chance(random, 0.4), svd_solver="full")
    return Trial(perhaps_scaled(random, model).fit(x), new_rows(random, x), transformed, floor=1e-10)


def mixed_frame(random, n):
    cities = np.array(["Oslo", "Bergen", "01", "a,b", "\u00c5s", "x y"])
    frame = pandas.DataFrame({"city": random.choice(cities[:random.randint(2, 7)], n), "age": np.round(random.normal(40, 12, n)),
                              "income": np.exp(random.normal(10, 1, n)), "grade": random.choice([1, 2, 3, 10], n),
                              "member": random.choice([True, False], n), "unused": random.normal(size=n)})
    return frame.astype({"city": object})


def mixed_columns(random):
    frame = mixed_frame(random, random.randint(60, 160))
    y = np.log(frame["income"]) + (frame["city"] == "Oslo") + frame["grade"] / 3 + random.normal(scale=0.2, size=len(frame))
    numbers = pipeline.make_pipeline(impute.SimpleImputer(strategy=one_of(random, "mean", "median", "most_frequent", "constant"),
                                                          add_indicator=chance(random, 0.3)), scaler(random))
    texts = one_of(random, preprocessing.OneHotEncoder(handle_unknown="ignore", drop=one_of(random, None, "first", "if_binary")),
                   preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.2),
                   preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))
    texts = pipeline.make_pipeline(impute.SimpleImputer(strategy=one_of(random, "most_frequent", "constant"), fill_value="none"), texts)
    columns = compose.ColumnTransformer([("n", numbers, ["age", "income"]), ("t", texts, ["city"]),
                                         ("g", one_of(random, "passthrough", preprocessing.OneHotEncoder(handle_unknown="ignore")), ["grade"])],
                                        remainder=one_of(random, "drop", "passthrough"))
    final = one_of(random, linear_model.Ridge(), linear_model.LogisticRegression(max_iter=30), tree.DecisionTreeRegressor(max_depth=4))
    target = labels_of(random, y.to_numpy(), 3) if hasattr(final, "C") else y
    hole = frame.copy()
    hole.loc[random.rand(len(hole)) < 0.1, "age"] = np.nan
    hole.loc[random.rand(len(hole)) < 0.1, "city"] = np.nan
    model = pipeline.make_pipeline(columns, final).fit(hole, target)
    rows = hole.sample(random.randint(1, 60), random_state=random.randint(1000))
    if chance(random, 0.3):
        rows.loc[rows.index[0], "city"] = "elsewhere"
    return Trial(model, rows, predicted, floor=1e-10)


def transformed_columns(random):
    model, rows = transformers.transformers(random)
    return Trial(model, rows, transformers.transformed, floor=1e-11)


FAMILIES = [linear_regression, logistic, one_class_svm, svm_classifier, svm_regressor, tree_regressor, tree_classifier, isolation_forest,
            boosting_regressor, boosting_classifier, hist_regressor, hist_classifier, k_means, principal_components, mixed_columns,
            transformed_columns]
