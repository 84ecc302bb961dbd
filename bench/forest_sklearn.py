"""scikit-learn's forests of 500 trees, the baseline of bench/run sklearn_forest.

usage: python bench/forest_sklearn.py CACHE_DIR regressor|classifier [ROWS = 20000] [REPEATS = 1] [one_row]
Trains CACHE_DIR/sklearn_KIND.joblib if it is not there (5,000 rows of 20 columns; minutes), writes the rows to score as
sklearn_KIND_rows.csv and the answers as sklearn_KIND_expected.csv (%.17g), and prints one JSON line with the median time of predict()
or predict_proba() with n_jobs=1; with `one_row` of single rows, without writing anything.
"""
import json
import os
import statistics
import sys
import time

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

TREES = 500


def rows_of(count, seed):
    return np.random.RandomState(seed).normal(size=(count, 20))


def trained(path, kind):
    if not os.path.exists(path):
        x = rows_of(5000, 1)
        y = 3 * np.sin(x[:, 0]) + x[:, 1] * x[:, 2] + 2 * (x[:, 3] > 0.5) - np.abs(x[:, 4]) + 0.5 * x[:, 5]
        y += np.random.RandomState(3).normal(size=len(y))
        if kind == "classifier":
            model = RandomForestClassifier(TREES, random_state=1, n_jobs=2).fit(x, (y > 0).astype(int))
        else:
            model = RandomForestRegressor(TREES, random_state=1, n_jobs=2).fit(x, y)
        joblib.dump(model, path + ".part")
        os.replace(path + ".part", path)
    model = joblib.load(path)
    model.n_jobs = 1
    return model


def write(path, names, columns):
    with open(path, "w") as out:
        out.write(",".join(names) + "\n")
        for row in zip(*columns):
            out.write(",".join("%.17g" % value for value in row) + "\n")


def main():
    cache, kind = sys.argv[1], sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    repeats = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    os.makedirs(cache, exist_ok=True)
    base = os.path.join(cache, "sklearn_" + kind)
    model = trained(base + ".joblib", kind)
    rows = rows_of(count, 2)
    ask = model.predict_proba if kind == "classifier" else model.predict
    seconds = []
    if "one_row" in sys.argv[5:]:
        ask(rows[:1])
        for i in range(repeats):
            began = time.perf_counter()
            ask(rows[i:i + 1])
            seconds.append(time.perf_counter() - began)
        print(json.dumps({"median_us": 1e6 * statistics.median(seconds)}))
        return
    for _ in range(repeats):
        began = time.perf_counter()
        answers = ask(rows)
        seconds.append(time.perf_counter() - began)
    answers = answers.reshape(count, -1)
    write(base + "_rows.csv", ["x%d" % j for j in range(rows.shape[1])], rows.T)
    write(base + "_expected.csv", ["answer%d" % j for j in range(answers.shape[1])], answers.T)
    nodes = sum(tree.tree_.node_count for tree in model.estimators_)
    print(json.dumps({"rows": count, "trees": TREES, "nodes": nodes, "seconds": statistics.median(seconds),
                      "ns_per_tree_row": 1e9 * statistics.median(seconds) / count / TREES}))


if __name__ == "__main__":
    main()
