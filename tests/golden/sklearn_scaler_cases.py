"""Golden cases of scalers, alone and before one another."""
import numpy as np
from sklearn import preprocessing
from sklearn.pipeline import Pipeline

from golden_writer import ask


def _data(rows=40, seed=1):
    random = np.random.RandomState(seed)
    x = np.column_stack([random.normal(5, 2, rows), random.exponential(3, rows), np.full(rows, 7.0),
                         random.randint(-3, 4, rows)])
    return x


def _transformed(model, rows):
    return [ask("transform", model.transform(rows), labels=["x%d" % j for j in range(np.shape(rows)[1])])]


def cases(writer):
    x = _data()
    seen = np.vstack([_data(8, seed=2), [[0, -0.0, 1e300, -1e-300]]])
    with_nan = seen.copy()
    with_nan[1, 2] = with_nan[4, 0] = np.nan
    missing = with_nan if writer.version >= (0, 20) else seen
    writer.case("standard_scaler", preprocessing.StandardScaler().fit(x), missing, _transformed, how="pickle:2")
    writer.case("scalers_in_turn", Pipeline([("robust", preprocessing.RobustScaler()), ("scale", preprocessing.MinMaxScaler())]).fit(x),
                missing, _transformed)
    if not writer.is_newest:
        return
    writer.case("standard_scaler_no_mean", preprocessing.StandardScaler(with_mean=False).fit(x), seen, _transformed, how="joblib")
    writer.case("standard_scaler_no_std", preprocessing.StandardScaler(with_std=False).fit(x), seen, _transformed, how="joblib:zlib")
    writer.case("min_max_scaler", preprocessing.MinMaxScaler((-1, 3)).fit(x), missing, _transformed, how="pickle:3")
    writer.case("robust_scaler", preprocessing.RobustScaler(quantile_range=(10, 80)).fit(x), missing, _transformed)
    writer.case("max_abs_scaler", preprocessing.MaxAbsScaler().fit(x), missing, _transformed)
    writer.case("min_max_scaler_clip", preprocessing.MinMaxScaler(clip=True).fit(x), missing, _transformed)
    writer.case("max_abs_scaler_clip", preprocessing.MaxAbsScaler(clip=True).fit(x), missing, _transformed)
    infinite = seen.copy()
    infinite[3, 1] = np.inf
    writer.case("scaler_infinite", preprocessing.StandardScaler().fit(x), infinite, fails=lambda model, rows: model.transform(rows))
