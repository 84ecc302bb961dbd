"""Golden cases of naive Bayes."""
import numpy as np
from sklearn import naive_bayes

from golden_writer import ask


def _data(rows=60, seed=1):
    random = np.random.RandomState(seed)
    middle = random.randint(0, 3, rows)
    return np.column_stack([random.normal(middle, 0.8), random.exponential(1 + middle), random.normal(2, 1, rows)]), middle


def _classified(model, rows):
    answers = [ask("predict", model.predict(rows)), ask("proba", model.predict_proba(rows), labels=model.classes_)]
    # A probability near 1 has a logarithm that is the difference of large numbers.
    return answers + [ask("log_proba", model.predict_log_proba(rows), labels=model.classes_, tolerance=1e-7)]


def cases(writer):
    x, middle = _data()
    seen = np.vstack([_data(10, seed=5)[0], [[0, -0.0, 0], [9, 0.1, -3]]])
    labels = np.array(["low", "mid", "top"])[middle]
    counts, some = np.floor(np.abs(x) * 2), np.floor(np.abs(seen) * 2)
    writer.case("gaussian_nb", naive_bayes.GaussianNB().fit(x, labels), seen, _classified, how="pickle:2")
    writer.case("multinomial_nb", naive_bayes.MultinomialNB().fit(counts, middle), some, _classified)
    writer.case("bernoulli_nb", naive_bayes.BernoulliNB(binarize=0.5).fit(x, labels), seen, _classified, how="joblib")
    if not writer.is_newest:
        return
    writer.case("gaussian_nb_priors", naive_bayes.GaussianNB(priors=[0.7, 0.3], var_smoothing=1e-3).fit(x, middle > 0), seen,
                lambda model, rows: _classified(model, rows)[1:])
    writer.case("complement_nb", naive_bayes.ComplementNB(norm=True).fit(counts, labels), some, _classified)
    writer.case("bernoulli_nb_given", naive_bayes.BernoulliNB(binarize=None, fit_prior=False).fit(np.sign(counts), labels), np.sign(some),
                _classified)
    missing = seen.copy()
    missing[2, 1] = np.nan
    writer.case("gaussian_nb_missing", naive_bayes.GaussianNB().fit(x, labels), missing, fails=lambda model, rows: model.predict(rows))
