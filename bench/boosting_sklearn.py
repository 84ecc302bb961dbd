"""scikit-learn's boosted trees on one thread: writes model, rows and answers, prints nanoseconds per tree and row.

usage: python boosting_sklearn.py FOLDER KIND     KIND: gradient or histogram (a tenth of the values missing)
Files: FOLDER/boosting_KIND.pkl, _rows.csv, _expected.csv; those that are there are used again.
"""
import json
import os
import pickle
import sys
import time

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor

ROWS, FEATURES, TREES = 50000, 20, 100


def data(rows, seed, missing):
    random = np.random.RandomState(seed)
    x = random.normal(size=(rows, FEATURES))
    y = x[:, 0] * 2 + np.sin(3 * x[:, 1]) + x[:, 2] * x[:, 3] + np.abs(x[:, 4:9]).sum(axis=1) + random.normal(0, 0.3, rows)
    if missing:
        x[random.uniform(size=x.shape) < 0.1] = np.nan
    return x, y


def write(path, header, values):
    with open(path, "w") as out:
        out.write(",".join(header) + "\n")
        for row in values:
            out.write(",".join("NA" if v != v else "%.17g" % v for v in row) + "\n")


def main():
    folder, kind = sys.argv[1:]
    base = os.path.join(folder, "boosting_" + kind)
    missing = kind == "histogram"
    x, _ = data(ROWS, 2, missing)
    if not os.path.exists(base + "_expected.csv"):
        if missing:
            model = HistGradientBoostingRegressor(max_iter=TREES, random_state=1, early_stopping=False)
        else:
            model = GradientBoostingRegressor(n_estimators=TREES, random_state=1)
        model.fit(*data(5000, 1, missing))
        with open(base + ".pkl", "wb") as out:
            pickle.dump(model, out, protocol=4)
        write(base + "_rows.csv", ["x%d" % j for j in range(FEATURES)], x)
        write(base + "_expected.csv", ["predict"], model.predict(x)[:, None])
    with open(base + ".pkl", "rb") as stored:
        model = pickle.load(stored)
    seconds = []
    for _ in range(4):
        began = time.perf_counter()
        model.predict(x)
        seconds.append(time.perf_counter() - began)
    median = sorted(seconds[1:])[1]
    print(json.dumps({"rows": ROWS, "trees": TREES, "seconds": median, "ns_per_tree_row": 1e9 * median / (ROWS * TREES)}))


main()
