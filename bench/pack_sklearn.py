"""One Python process with sensors' models in memory: predict() of each, for 1 value and for 60.

usage: pack_sklearn.py MODELS     prints one JSON line; times are of one model
"""
import json
import pickle
import sys
import time

import numpy
import sklearn
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM


def main():
    count = int(sys.argv[1])
    random = numpy.random.RandomState(1)
    fitted = Pipeline([("scaler", StandardScaler()), ("svm", OneClassSVM(nu=0.01, gamma=0.1))])
    files = [pickle.dumps(fitted.fit(random.normal(i % 100, 1 + i % 7, (40, 1)))) for i in range(count)]
    models = [pickle.loads(file) for file in files]
    result = {"version": sklearn.__version__, "models": count}
    for values in (1, 60):
        rows = [random.normal(i % 100, 3, (values, 1)) for i in range(count)]
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            for model, x in zip(models, rows):
                model.predict(x)
            best = min(best, (time.perf_counter() - began) / count)
        result["seconds_%d" % values] = best
    print(json.dumps(result))


main()
