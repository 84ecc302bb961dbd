"""Random transformers of tables with numbers, texts, truth values and gaps, within one another."""
import numpy as np
import pandas
from sklearn import compose, impute, pipeline, preprocessing

from golden_writer import ask

CITIES = ["Bern", "Oslo", "Rome", "New York", "São Paulo"]
CODES = ["1", "01", "7", "x9", "1.0"]


def one_of(random, *choices):
    return choices[random.randint(len(choices))]


def table(random, n):
    frame = pandas.DataFrame({
        "age": np.round(random.normal(40, 15, n), 1), "income": random.lognormal(9, 1, n), "kids": random.randint(0, 5, n),
        "share": random.uniform(0, 1, n), "city": random.choice(CITIES[:random.randint(2, 6)], n, p=None),
        "code": random.choice(CODES, n), "owner": random.rand(n) < 0.4,
    })
    return frame


def holes(random, frame, columns, p=0.12):
    frame = frame.copy()
    for name in columns:
        frame.loc[random.rand(len(frame)) < p, name] = np.nan
    return frame


def of_numbers(random):
    """Of columns without gaps."""
    return one_of(
        random, preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.RobustScaler(), preprocessing.PowerTransformer(),
        preprocessing.QuantileTransformer(n_quantiles=random.randint(2, 20), output_distribution=one_of(random, "normal", "uniform")),
        preprocessing.KBinsDiscretizer(random.randint(2, 6), encode=one_of(random, "ordinal", "onehot", "onehot-dense"), strategy=one_of(random, "uniform", "quantile")),
        preprocessing.PolynomialFeatures(random.randint(1, 4), interaction_only=random.rand() < 0.5, include_bias=random.rand() < 0.5),
        preprocessing.Normalizer(one_of(random, "l1", "l2", "max")), preprocessing.Binarizer(threshold=30),
        preprocessing.FunctionTransformer(one_of(random, np.log1p, np.sqrt, np.square, np.abs, np.tanh, None)))


def imputer(random):
    strategy = one_of(random, "mean", "median", "most_frequent", "constant")
    return impute.SimpleImputer(strategy=strategy, fill_value=one_of(random, None, -3.5) if strategy == "constant" else None,
                                add_indicator=random.rand() < 0.3, keep_empty_features=random.rand() < 0.5)


def numbers(random):
    filled = pipeline.make_pipeline(imputer(random), preprocessing.FunctionTransformer(np.abs), of_numbers(random))
    if random.rand() < 0.3:
        return pipeline.FeatureUnion([("a", filled), ("b", imputer(random)), ("c", impute.MissingIndicator(error_on_new=False))],
                                     transformer_weights=one_of(random, None, {"a": 0.5, "c": 2}))
    return filled


def one_hot(random):
    drop = one_of(random, None, None, "first", "if_binary")
    return preprocessing.OneHotEncoder(
        drop=drop, handle_unknown=one_of(random, "ignore", "infrequent_if_exist", "warn"), sparse_output=random.rand() < 0.5,
        min_frequency=one_of(random, None, 3, 0.3), max_categories=one_of(random, None, None, 2, 3))


def ordinal(random):
    return preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=one_of(random, -1, np.nan, 99), encoded_missing_value=one_of(random, np.nan, -5),
                                        min_frequency=one_of(random, None, 4), max_categories=one_of(random, None, 3))


def texts(random):
    encoder = one_of(random, one_hot, ordinal)(random)
    if random.rand() < 0.5:
        return encoder
    filled = impute.SimpleImputer(strategy=one_of(random, "most_frequent", "constant"), fill_value="none", add_indicator=False)
    return pipeline.make_pipeline(filled, encoder)


def transformers(random):
    """A ColumnTransformer over some of a table's columns, chosen in different ways."""
    frame = table(random, random.randint(20, 120))
    gaps = ["age", "income", "city", "code"]
    fitted_on = holes(random, frame, gaps)
    if random.rand() < 0.15:
        fitted_on["share"] = np.nan  # never seen
    number_columns = one_of(random, ["age", "income"], ["income", "kids", "age"], [0, 1], [1, -5], slice(0, 2), slice("age", "kids"), [True, False, True] + [False] * 4,
                            compose.make_column_selector("^(age|income)$"), ["age", "share"])
    parts = [("n", numbers(random), number_columns), ("t", texts(random), one_of(random, ["city"], ["code", "city"], slice("city", "code"), [4])),
             ("o", one_of(random, one_hot, ordinal)(random), ["kids"]), ("b", one_of(random, "passthrough", "drop", preprocessing.OneHotEncoder(drop="if_binary")), ["owner"])]
    keep = [part for part in parts if random.rand() < 0.8] or parts[:1]
    weights = {"n": 2.0} if random.rand() < 0.15 else None
    # Texts that pass would make an array of objects; what is left over here is numbers.
    left = {"n", "t"} <= {name for name, _, _ in keep} and keep[1][2] in (["code", "city"], slice("city", "code"))
    model = compose.ColumnTransformer(keep, remainder=one_of(random, "drop", "passthrough") if left else "drop", transformer_weights=weights,
                                      verbose_feature_names_out=random.rand() < 0.8)
    model.fit(fitted_on)
    rows = holes(random, table(random, random.randint(1, 40)), gaps)
    if random.rand() < 0.4:
        rows.loc[rows.index[0], "city"] = "elsewhere"
        rows.loc[rows.index[0], "kids"] = 77
    return model, rows[random.permutation(rows.columns)] if not uses_positions(keep) else rows


def uses_positions(parts):
    return any(not isinstance(columns, list) or not isinstance(columns[0], str) for _, _, columns in parts)


def transformed(model, rows):
    x = model.transform(rows)
    x = x.toarray() if hasattr(x, "toarray") else np.asarray(x)
    if x.dtype == object:  # truth values among numbers
        x = np.array([[float(cell) for cell in row] for row in x])
    return [ask("transform", x, labels=["y%d" % j for j in range(x.shape[1])])]
