"""Golden cases of imputers, encoders, ColumnTransformer, FeatureUnion and functions, alone and within one another."""
import numpy as np
import pandas as pd
from sklearn import preprocessing
from sklearn.pipeline import FeatureUnion, Pipeline

from golden_writer import ask

try:
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.impute import MissingIndicator, SimpleImputer
except ImportError:  # 0.19
    pass

OBJECT = object


def _frame(rows=30, seed=3, gaps=True):
    """Columns of every kind; `city` and `code` are texts, `code` of digits."""
    random = np.random.RandomState(seed)
    frame = pd.DataFrame({
        "age": np.round(random.normal(40, 12, rows), 2),
        "income": np.round(random.exponential(30000, rows), 2),
        "city": random.choice(["Bern", "Oslo", "Rome"], rows),
        "code": random.choice(["01", "1", "007", "x"], rows),
        "kids": random.randint(0, 4, rows),
        "owner": random.rand(rows) < 0.5,
    }, columns=["age", "income", "city", "code", "kids", "owner"])
    if gaps:
        frame.loc[random.rand(rows) < 0.2, "age"] = np.nan
        frame.loc[random.rand(rows) < 0.15, "income"] = np.nan
    return frame


def _gaps(frame, column, rows, value=np.nan):
    frame = frame.copy()
    values = frame[column].astype(OBJECT).values.copy()
    values[list(rows)] = value
    frame[column] = pd.Series(values, index=frame.index, dtype=OBJECT) if value is None else values
    return frame


def _dense(x):
    return x.toarray() if hasattr(x, "toarray") else np.asarray(x)


def _transformed(model, rows):
    """All that transform() gives, column by column; in an array of objects each keeps its own type."""
    x = _dense(model.transform(rows))
    return [ask("transform", x, labels=["y%d" % j for j in range(x.shape[1])])]


def _old(writer):
    """What 0.19 has."""
    x = _frame()[["age", "income", "kids"]].values
    seen = _frame(10, seed=5)[["age", "income", "kids"]].values
    writer.case("imputer", preprocessing.Imputer(strategy="median").fit(x), seen, _transformed, how="pickle:2")
    with_dropped = np.column_stack([x, np.full(len(x), np.nan)])
    writer.case("imputer_dropped", Pipeline([("fill", preprocessing.Imputer()), ("scale", preprocessing.StandardScaler())]).fit(with_dropped),
                np.column_stack([seen, np.arange(len(seen))]), _transformed)
    codes = np.array([[0, 3], [1, 5], [4, 3], [1, 0]])
    writer.case("one_hot_numbers", preprocessing.OneHotEncoder(handle_unknown="ignore").fit(codes), np.array([[0, 0], [4, 3], [1, 7], [2, 5]]), _transformed)
    writer.case("one_hot_numbers_unseen", preprocessing.OneHotEncoder().fit(codes), np.array([[0, 0], [2, 4], [3, 5]]), _transformed)
    writer.case("one_hot_numbers_unknown", preprocessing.OneHotEncoder().fit(codes), np.array([[0, 0], [5, 3]]), fails=lambda model, rows: model.transform(rows))
    writer.case("one_hot_numbers_given", preprocessing.OneHotEncoder(n_values=6, sparse=False).fit(codes), np.array([[0, 0], [5, 3]]), _transformed)
    positive = np.abs(x[~np.isnan(x).any(axis=1)])
    function = preprocessing.FunctionTransformer(np.log1p)
    writer.case("function_pipeline", Pipeline([("log", function), ("norm", preprocessing.Normalizer("max")), ("scale", preprocessing.StandardScaler())]).fit(positive),
                positive[:8], _transformed)
    union = FeatureUnion([("scale", preprocessing.StandardScaler()), ("range", preprocessing.MinMaxScaler())], transformer_weights={"range": 0.5})
    writer.case("union", union.fit(positive), positive[:8], _transformed)


def _columns(writer):
    """The common pipeline, in every version."""
    frame, seen = _frame(), _frame(10, seed=5)
    ignore = preprocessing.OneHotEncoder(handle_unknown="ignore")
    numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", preprocessing.StandardScaler())])
    texts = Pipeline([("fill", SimpleImputer(strategy="most_frequent")), ("encode", preprocessing.OneHotEncoder(handle_unknown="ignore"))])
    fitted = ColumnTransformer([("n", numbers, ["age", "income"]), ("t", texts, ["city", "code"]), ("k", "passthrough", ["kids"])])
    fitted.fit(_gaps(frame, "city", [2, 7]))
    new = seen.copy()
    new.loc[1, "city"] = "Paris"
    writer.case("columns", fitted, _gaps(new, "city", [4, 6]), _transformed)
    rest = ColumnTransformer([("c", preprocessing.OneHotEncoder(), ["city"]), ("gone", "drop", ["code"])], remainder="passthrough").fit(frame)
    writer.case("columns_remainder", rest, seen.drop(columns=["code"]) if writer.version >= (1, 0) else seen, _transformed, how="joblib:zlib")
    by_position = ColumnTransformer([("n", SimpleImputer(), [-1, 0]), ("o", ignore, slice(1, 2))], remainder=preprocessing.MinMaxScaler())
    x = np.column_stack([frame["age"], frame["kids"], frame["kids"] * 2.5, frame["income"]])
    writer.case("columns_positions", by_position.fit(x), x[:12], _transformed, how="pickle:5" if writer.version >= (1, 2) else "pickle:4")
    chosen = ColumnTransformer([("n", SimpleImputer(), frame.select_dtypes("number").columns),
                                ("f", preprocessing.OneHotEncoder(), make_column_selector("^c")), ("b", "passthrough", slice("kids", "owner"))])
    writer.case("columns_chosen", chosen.fit(frame), seen, _transformed)
    union = FeatureUnion([("fill", SimpleImputer(strategy="mean", add_indicator=True)), ("where", MissingIndicator(error_on_new=False))],
                         transformer_weights={"where": 3})
    writer.case("union", union.fit(frame[["age", "income"]]), seen[["age", "income"]], _transformed)
    writer.case("ordinal", preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(frame[["city", "kids", "code"]]),
                new[["city", "kids", "code"]].replace({"kids": {2: 9}}), _transformed)
    log = Pipeline([("log", preprocessing.FunctionTransformer(np.log1p)), ("norm", preprocessing.Normalizer()), ("scale", preprocessing.StandardScaler())])
    positive = frame[["income", "kids"]].dropna()
    writer.case("function_pipeline", log.fit(positive), positive.head(9), _transformed)
    writer.case("one_hot", preprocessing.OneHotEncoder(drop="first").fit(frame[["city", "owner", "code"]]), seen[["city", "owner", "code"]], _transformed)
    writer.case("one_hot_unknown", preprocessing.OneHotEncoder().fit(frame[["city", "kids"]]), new[["city", "kids"]], fails=lambda model, rows: model.transform(rows))


def _imputers(writer):
    frame, seen = _frame(), _frame(10, seed=5)
    numbers = ["age", "income", "kids"]
    for strategy in ("mean", "median", "most_frequent"):
        writer.case("imputer_" + strategy, SimpleImputer(strategy=strategy).fit(frame[numbers]), seen[numbers], _transformed)
    writer.case("imputer_constant", SimpleImputer(strategy="constant", fill_value=-7.5).fit(frame[numbers]), seen[numbers], _transformed)
    minus = frame[["kids", "income"]].fillna(-1).astype(float)
    minus.loc[3, "kids"] = -1
    writer.case("imputer_number", SimpleImputer(missing_values=-1, add_indicator=True).fit(minus), minus.head(12), _transformed)
    with_nan = minus.head(5).copy()
    with_nan.iloc[1, 1] = np.nan
    writer.case("imputer_number_nan", SimpleImputer(missing_values=-1).fit(minus), with_nan, fails=lambda model, rows: model.transform(rows))
    empty = frame[numbers].assign(none=np.nan)
    seen_empty = seen[numbers].assign(none=[np.nan, 2.0] * 5)
    writer.case("imputer_dropped", SimpleImputer(add_indicator=True).fit(empty), seen_empty, _transformed)
    writer.case("imputer_kept", SimpleImputer(keep_empty_features=True).fit(empty), seen_empty, _transformed)
    texts = _gaps(_gaps(frame, "city", [1, 4]), "code", [2])[["city", "code"]]
    seen_texts = _gaps(_gaps(seen, "city", [0, 4]), "code", [5])[["city", "code"]]
    writer.case("imputer_texts", SimpleImputer(strategy="most_frequent", add_indicator=True).fit(texts), seen_texts, _transformed)
    writer.case("imputer_texts_constant", SimpleImputer(strategy="constant", fill_value="none").fit(texts), seen_texts, _transformed)
    writer.case("imputer_text_mark", SimpleImputer(strategy="most_frequent", missing_values="x").fit(frame[["code"]].astype(OBJECT)), seen[["code"]].astype(OBJECT), _transformed)
    none = _gaps(frame, "city", [1, 4], None)[["city"]]
    writer.case("imputer_none", SimpleImputer(strategy="constant", missing_values=None, fill_value="?").fit(none), _gaps(seen, "city", [2], None)[["city"]], _transformed)
    na = frame[["kids"]].astype("Int64")
    na.iloc[2, 0] = pd.NA
    seen_na = seen[["kids"]].astype("Int64")
    seen_na.iloc[4, 0] = pd.NA
    writer.case("imputer_pandas_na", SimpleImputer(missing_values=pd.NA, strategy="median").fit(na), seen_na.astype(float), lambda model, rows: [ask("transform", model.transform(seen_na))])
    mixed = _gaps(frame, "city", [3])[["city", "kids", "owner"]].astype(OBJECT)
    mixed.loc[5, "kids"] = np.nan
    mixed.loc[6, "owner"] = np.nan
    seen_mixed = _gaps(seen, "city", [1])[["city", "kids", "owner"]].astype(OBJECT)
    seen_mixed.loc[2, "kids"] = np.nan
    seen_mixed.loc[3, "owner"] = np.nan
    writer.case("imputer_mixed", SimpleImputer(strategy="most_frequent").fit(mixed), seen_mixed, _transformed)
    writer.case("imputer_infinite", SimpleImputer().fit(frame[numbers]), seen[numbers].replace({"kids": {2: np.inf}}), fails=lambda model, rows: model.transform(rows))
    writer.case("imputer_text_for_number", SimpleImputer().fit(frame[["age", "kids"]]), _gaps(seen, "kids", [3], "many")[["age", "kids"]], fails=lambda model, rows: model.transform(rows))
    writer.case("indicator", MissingIndicator().fit(frame[numbers]), seen[numbers], _transformed)
    writer.case("indicator_all", MissingIndicator(features="all").fit(frame[numbers]), seen[numbers], _transformed)
    writer.case("indicator_new", MissingIndicator().fit(frame[numbers]), seen[numbers].replace({"kids": {2: np.nan}}), fails=lambda model, rows: model.transform(rows))


def _encoders(writer):
    one_hot, ordinal = preprocessing.OneHotEncoder, preprocessing.OrdinalEncoder
    frame, seen = _frame(40), _frame(12, seed=5)
    texts = ["city", "code"]
    unknown = seen[texts].copy()
    unknown.loc[0, "city"], unknown.loc[3, "code"] = "Paris", "2"
    gaps = _gaps(_gaps(frame, "city", [1, 4]), "code", [2])[texts]
    seen_gaps = _gaps(_gaps(unknown, "city", [2, 4]), "code", [5])
    writer.case("one_hot_missing", one_hot(handle_unknown="ignore").fit(gaps), seen_gaps, _transformed)
    writer.case("one_hot_missing_unseen", one_hot(handle_unknown="ignore").fit(frame[texts]), seen_gaps, _transformed)
    writer.case("one_hot_missing_refused", one_hot().fit(frame[texts]), _gaps(seen[texts], "city", [2]), fails=lambda model, rows: model.transform(rows))
    none = _gaps(frame, "city", [1, 4], None)[["city"]].astype(OBJECT)
    writer.case("one_hot_none", one_hot().fit(none), _gaps(seen, "city", [2], None)[["city"]].astype(OBJECT), _transformed)
    numbers = frame[["kids"]].assign(half=frame["kids"] * 0.5)
    numbers.loc[2, "half"] = np.nan
    seen_numbers = seen[["kids"]].assign(half=seen["kids"] * 0.5)
    seen_numbers.loc[1, "half"] = np.nan
    writer.case("one_hot_numbers", one_hot().fit(numbers), seen_numbers, _transformed)
    writer.case("one_hot_numbers_ignored", one_hot(handle_unknown="ignore").fit(numbers), seen_numbers.assign(kids=[0, 1, 9, 2, 3, -1] * 2), _transformed)
    writer.case("one_hot_infinite", one_hot(handle_unknown="ignore").fit(numbers), seen_numbers.replace({"half": {1.0: np.inf}}), fails=lambda model, rows: model.transform(rows))
    many = ["city", "owner", "code"]
    writer.case("one_hot_if_binary", one_hot(drop="if_binary", sparse_output=False).fit(frame[many]), seen[many], _transformed)
    writer.case("one_hot_drop_array", one_hot(drop=["Oslo", True, "1"]).fit(frame[many]), seen[many], _transformed)
    writer.case("one_hot_drop_ignore", one_hot(drop="first", handle_unknown="ignore").fit(frame[texts]), unknown, _transformed)
    wide = pd.DataFrame({"a": list("aaaaaabbbbbcccdde") * 3, "b": [1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 1, 1, 1, 1, 2, 2, 6] * 3})
    rows = pd.DataFrame({"a": list("abcdez") * 2, "b": [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 9, 5]})
    for name, options in (("frequency", dict(min_frequency=10, handle_unknown="infrequent_if_exist")), ("share", dict(min_frequency=0.2, handle_unknown="ignore")),
                          ("most", dict(max_categories=3, handle_unknown="warn")), ("drop", dict(max_categories=3, drop="first", handle_unknown="infrequent_if_exist"))):
        writer.case("one_hot_" + name, one_hot(**options).fit(wide), rows, _transformed)
    writer.case("one_hot_none_infrequent", one_hot(min_frequency=1, handle_unknown="infrequent_if_exist").fit(wide), rows, _transformed)
    writer.case("ordinal_infrequent", ordinal(max_categories=3, handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=-9).fit(wide.assign(a=wide["a"].where(wide.index > 2))),
                rows.assign(a=rows["a"].where(rows.index > 1)), _transformed)
    writer.case("ordinal_missing", ordinal(encoded_missing_value=-2, handle_unknown="use_encoded_value", unknown_value=-1).fit(gaps), seen_gaps, _transformed)
    writer.case("ordinal_missing_nan", ordinal(dtype=np.float32).fit(gaps), _gaps(seen[texts], "city", [2]), _transformed)
    writer.case("ordinal_unknown", ordinal().fit(frame[texts]), unknown, fails=lambda model, rows: model.transform(rows))
    given = one_hot(categories=[["Bern", "Nowhere", "Oslo", "Rome"], [0, 1, 2, 3]])
    writer.case("one_hot_given", given.fit(frame[["city", "kids"]]), seen[["city", "kids"]], _transformed)
    category = frame[texts].astype("category")
    writer.case("one_hot_category", one_hot(handle_unknown="ignore").fit(category), unknown.astype("category"), _transformed)
    python_objects = frame[["city", "kids", "owner"]].astype(OBJECT)
    writer.case("one_hot_objects", one_hot().fit(python_objects), seen[["city", "kids", "owner"]].astype(OBJECT), _transformed)
    # Without names: the reader of rows sees numbers where all texts of a column are digits.
    digits = np.array([["01", "1"], ["02", "2"], ["03", "10"]], dtype=OBJECT)
    writer.case("one_hot_digits", one_hot().fit(digits), digits[::-1], _transformed)
    long = pd.DataFrame({"t": ["a b", 'quo"te', "komma, ü", "", "NA?", "日本"]})
    writer.case("one_hot_odd_texts", one_hot().fit(long), long.iloc[::-1], _transformed)


def _columns_new(writer):
    frame, seen = _frame(40), _frame(12, seed=5)
    one_hot = preprocessing.OneHotEncoder
    mask = ColumnTransformer([("n", SimpleImputer(), [True, True, False, False, True, False]), ("x", "passthrough", np.array([4])), ("none", preprocessing.StandardScaler(), [])],
                             verbose_feature_names_out=False, sparse_threshold=0)
    writer.case("columns_mask", mask.fit(frame), seen, _transformed)
    weights = ColumnTransformer([("n", SimpleImputer(), ["income", "age"]), ("c", one_hot(), ["city"])], transformer_weights={"n": 2.5, "c": -1}, remainder="drop")
    writer.case("columns_weights", weights.fit(frame), seen[["city", "age", "income"]], _transformed)
    twice = ColumnTransformer([("a", one_hot(), ["code"]), ("b", preprocessing.OrdinalEncoder(), ["code", "city"])])
    writer.case("columns_twice", twice.fit(frame), seen, _transformed)
    truths = ColumnTransformer([("b", "passthrough", ["owner"]), ("n", SimpleImputer(), ["age"])])
    writer.case("columns_truths", truths.fit(frame), seen, _transformed)
    objects = ColumnTransformer([("c", SimpleImputer(strategy="most_frequent"), ["city"]), ("b", "passthrough", ["owner", "kids"])])
    writer.case("columns_objects", objects.fit(frame), seen, _transformed)
    nested = ColumnTransformer([("u", FeatureUnion([("f", SimpleImputer()), ("p", Pipeline([("fill", SimpleImputer()), ("log", preprocessing.FunctionTransformer(np.log1p))]))]), ["income", "age"]),
                                ("inner", ColumnTransformer([("c", one_hot(), ["city"])], remainder="passthrough"), ["kids", "city"])], remainder="drop")
    writer.case("columns_nested", nested.fit(frame), seen, _transformed)
    rest = ColumnTransformer([("c", one_hot(), ["city", "code"])], remainder=Pipeline([("f", SimpleImputer()), ("s", preprocessing.StandardScaler())]))
    writer.case("columns_remainder_steps", rest.fit(frame), seen, _transformed)
    writer.case("columns_lacking", rest, seen.drop(columns=["age"]), fails=lambda model, rows: model.transform(rows))
    single = ColumnTransformer([("c", one_hot(), ["city"])], remainder="passthrough", force_int_remainder_cols=False) if writer.version < (1, 7) else ColumnTransformer([("c", one_hot(), ["city"])], remainder="passthrough")
    writer.case("columns_reordered", single.fit(frame[["kids", "city", "age"]]), seen[["city", "age", "income", "kids"]], _transformed)
    union = FeatureUnion([("p", "passthrough"), ("d", "drop"), ("s", preprocessing.StandardScaler())])
    writer.case("union_passthrough", union.fit(frame[["kids", "age"]]), seen[["kids", "age"]], _transformed)


def _functions(writer):
    x = np.random.RandomState(8).uniform(0.05, 0.95, (12, 2))
    import scipy.special as special
    for function in (np.log, np.log2, np.log10, np.exp, np.expm1, np.sqrt, np.cbrt, np.square, np.abs, np.negative, np.sign, np.sin, np.cos, np.tanh, np.arcsinh, np.floor, special.expit, special.logit):
        name = function.__name__
        writer.case("function_" + name, preprocessing.FunctionTransformer(function).fit(x), x, _transformed)
    writer.case("function_none", preprocessing.FunctionTransformer().fit(x), x, _transformed)
    writer.case("function_validate", preprocessing.FunctionTransformer(np.log, validate=True).fit(x), np.where(x < 0.1, np.nan, x), fails=lambda model, rows: model.transform(rows))
    wide = np.random.RandomState(9).normal(0, 3, (10, 3))
    wide[3] = 0
    for norm in ("l1", "l2", "max"):
        writer.case("normalizer_" + norm, preprocessing.Normalizer(norm).fit(wide), wide, _transformed)
    writer.case("binarizer", preprocessing.Binarizer(threshold=0.5).fit(wide), wide, _transformed)


def cases(writer):
    if writer.version < (0, 20):
        _old(writer)
        return
    _columns(writer)
    if writer.is_newest:
        _imputers(writer)
        _encoders(writer)
        _columns_new(writer)
        _functions(writer)
