"""Times scikit-learn's predict() of a support vector machine with 20 columns, which is libsvm in one thread.

usage: python bench/svm_sklearn.py FOLDER svc|one_class [ROWS = 20000]
Leaves FOLDER/svm_KIND.pkl, svm_KIND_rows.csv, svm_KIND_expected.csv (predict, decision; %.17g). Prints one JSON line.
"""
import json
import os
import pickle
import sys
import time

import numpy as np
import sklearn
from sklearn.svm import SVC, OneClassSVM

COLUMNS = 20


def fitted(kind):
    random = np.random.RandomState(20)
    x = random.normal(size=(2000, COLUMNS))
    if kind == "one_class":
        return OneClassSVM(nu=0.5, gamma=0.05).fit(x)
    signal = x @ random.normal(0, 0.4, COLUMNS) + np.sin(2 * x[:, 0])
    return SVC(gamma=0.05).fit(x, (signal > random.normal(0, 0.7, len(x))).astype(int))


def write(path, header, rows):
    with open(path, "w") as out:
        out.write(",".join(header) + "\n")
        for row in rows:
            out.write(",".join("%.17g" % cell for cell in row) + "\n")


def main():
    if not 3 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    folder, kind = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    model = fitted(kind)
    rows = np.random.RandomState(21).normal(size=(count, COLUMNS))
    model.predict(rows[:100])
    start = time.perf_counter()
    predicted = model.predict(rows)
    seconds = time.perf_counter() - start
    path = os.path.join(folder, "svm_" + kind)
    with open(path + ".pkl", "wb") as out:
        pickle.dump(model, out, protocol=4)
    write(path + "_rows.csv", ["x%d" % j for j in range(COLUMNS)], rows)
    write(path + "_expected.csv", ["predict", "decision"], np.column_stack([predicted, np.ravel(model.decision_function(rows))]))
    vectors = len(model.support_)
    print(json.dumps({"bench": "svm_sklearn", "kind": kind, "version": sklearn.__version__, "rows": count, "vectors": vectors,
                      "ns_per_row_and_vector": 1e9 * seconds / count / vectors}))


main()
