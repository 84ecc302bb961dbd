"""Golden cases of searches over parameters, which answer as the estimator they found best."""
import numpy as np
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from golden_writer import ask


def _predicted(model, rows):
    return [ask("predict", model.predict(rows))]


def cases(writer):
    random = np.random.RandomState(3)
    x = random.normal(size=(40, 3))
    y = x.dot([1.0, -2.0, 0.5]) + random.normal(size=40) / 10
    pipeline = Pipeline([("scale", StandardScaler()), ("ridge", Ridge())])
    writer.case("grid_search_pipeline", GridSearchCV(pipeline, {"ridge__alpha": [0.1, 1.0], "scale": [StandardScaler(), MinMaxScaler()]}, cv=3).fit(x, y),
                x[:10], _predicted)
    if not writer.is_newest:
        return
    pipeline = Pipeline([("scale", "passthrough"), ("fit", LinearRegression())])
    writer.case("random_search_passthrough", RandomizedSearchCV(pipeline, {"fit__fit_intercept": [True, False]}, n_iter=2, cv=3).fit(x, y), x[:10], _predicted)
    writer.case("search_without_refit", GridSearchCV(Ridge(), {"alpha": [1, 2]}, refit=False, cv=3).fit(x, y), x[:10],
                fails=lambda model, rows: model.predict(rows))
