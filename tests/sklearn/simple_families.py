"""Random estimators of the simpler forms: more linear models, components, neighbours, networks, naive Bayes, discriminants."""
import numpy as np
from sklearn import decomposition, discriminant_analysis, linear_model, naive_bayes, neighbors, neural_network, svm

import families as base
from families import Trial, chance, one_of
from golden_writer import ask


def _probable(tolerance):
    def asked(model, rows):
        return [ask("predict", model.predict(rows)), ask("proba", model.predict_proba(rows), labels=model.classes_, tolerance=tolerance)]
    return asked


def more_classifiers(random):
    x = base.random_matrix(random)
    y = base.labels_of(random, base.signal(random, x), random.randint(2, 5))
    seed = {"random_state": random.randint(1000)}
    model = one_of(random, linear_model.SGDClassifier(loss="hinge", **seed), linear_model.SGDClassifier(loss="modified_huber", **seed),
                   linear_model.SGDClassifier(loss="log_loss", average=chance(random, 0.5), **seed), linear_model.Perceptron(**seed),
                   linear_model.PassiveAggressiveClassifier(**seed), svm.LinearSVC(max_iter=50, **seed), linear_model.RidgeClassifier(),
                   linear_model.RidgeClassifierCV(), linear_model.LogisticRegressionCV(Cs=2, cv=2, max_iter=20),
                   linear_model.LogisticRegression(solver="newton-cholesky", max_iter=5), discriminant_analysis.LinearDiscriminantAnalysis(),
                   discriminant_analysis.LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.2),
                   discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.3))
    model = base.perhaps_scaled(random, model).fit(x, y)
    if hasattr(model, "sparsify") and chance(random, 0.3):
        model.sparsify()
    questions = base.all_of(_probable(1e-10), base.decided) if hasattr(model, "predict_proba") else base.decided
    return Trial(model, base.new_rows(random, x), questions, floor=1e-11)


def more_regressions(random):
    x = base.random_matrix(random)
    seed = {"random_state": random.randint(1000)}
    model = one_of(random, linear_model.SGDRegressor(max_iter=20, **seed), linear_model.PassiveAggressiveRegressor(**seed),
                   svm.LinearSVR(max_iter=50, **seed), linear_model.HuberRegressor(max_iter=20), linear_model.BayesianRidge(),
                   linear_model.ARDRegression(), linear_model.TheilSenRegressor(max_subpopulation=50, **seed), linear_model.RidgeCV(),
                   linear_model.LassoCV(cv=2, max_iter=50), linear_model.Lars(), linear_model.LassoLarsIC(),
                   linear_model.OrthogonalMatchingPursuit(), linear_model.QuantileRegressor(alpha=0.01), linear_model.TweedieRegressor(power=0),
                   linear_model.RANSACRegressor(**seed))
    return Trial(base.perhaps_scaled(random, model).fit(x, base.signal(random, x)), base.new_rows(random, x), base.predicted, floor=1e-11)


def networks(random):
    x = base.random_matrix(random)
    y = base.signal(random, x)
    options = {"random_state": random.randint(1000), "max_iter": 20, "hidden_layer_sizes": one_of(random, (3,), (5, 2), ()),
               "activation": one_of(random, "relu", "tanh", "logistic", "identity")}
    if chance(random, 0.5):
        model = neural_network.MLPRegressor(**options)
        y = y if chance(random, 0.6) else np.column_stack([y, -y])
    else:
        model = neural_network.MLPClassifier(**options)
        y = base.labels_of(random, y, random.randint(2, 5))
    questions = _probable(None) if hasattr(model, "predict_proba") else base.predicted
    return Trial(base.perhaps_scaled(random, model).fit(x, y), base.new_rows(random, x), questions, tolerance=1e-10, floor=1e-10)


def naive(random):
    x = base.random_matrix(random)
    y = base.labels_of(random, base.signal(random, x), random.randint(2, 5))
    rows = base.new_rows(random, x)
    if chance(random, 0.6):
        x, rows = np.abs(np.round(x)), np.abs(np.round(rows))
        model = one_of(random, naive_bayes.MultinomialNB(), naive_bayes.ComplementNB(), naive_bayes.BernoulliNB(binarize=1))
    else:
        model = naive_bayes.GaussianNB()
    return Trial(model.fit(x, y), rows, _probable(None), tolerance=1e-9, floor=1e-12)


def neighbours(random):
    """No two rows are equally far: which of those scikit-learn takes is an accident of its trees."""
    x = base.random_matrix(random)
    x = x + random.normal(scale=1e-3, size=x.shape)
    y = base.signal(random, x)
    rows = np.vstack([base.new_rows(random, x), x[:random.randint(4)]])
    options = {"n_neighbors": random.randint(1, 8), "weights": one_of(random, "uniform", "distance"),
               "algorithm": one_of(random, "auto", "ball_tree", "kd_tree"), **one_of(random, {"p": 1}, {"p": 2}, {"p": 3}, {"p": 1.5}, {"metric": "chebyshev"})}
    if chance(random, 0.5):
        return Trial(base.perhaps_scaled(random, neighbors.KNeighborsRegressor(**options)).fit(x, y), rows, base.predicted)
    model = base.perhaps_scaled(random, neighbors.KNeighborsClassifier(**options))
    return Trial(model.fit(x, base.labels_of(random, y, 3)), rows, _probable(None))


def more_components(random):
    x = base.random_matrix(random)
    count = max(1, x.shape[1] - 1)
    model = one_of(random, decomposition.IncrementalPCA(count), decomposition.TruncatedSVD(count, random_state=1) if x.shape[1] > 1 else decomposition.PCA())
    return Trial(model.fit(x), base.new_rows(random, x), base.transformed, floor=1e-10)


FAMILIES = [more_classifiers, more_regressions, networks, naive, neighbours, more_components]
