"""The examples of docs/python.md run as they stand, one after the other."""

import os
import pathlib
import pickle
import re

import pandas as pd
import pytest
import scoria
from cluster import IMAGE
from leftovers import gone
from sklearn import datasets, linear_model

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "python.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)


@pytest.fixture(scope="module")
def world(cluster, tmp_path_factory):
    """What the page takes for granted: a model, rows, a file, a function, a pool called night."""
    X, y = datasets.load_iris(return_X_y=True)
    model = linear_model.LogisticRegression(max_iter=1000)
    folder, before = tmp_path_factory.mktemp("docs"), os.getcwd()
    (folder / "model.pkl").write_bytes(pickle.dumps(model.fit(pd.DataFrame(X, columns=list("abcd")), y)))
    (folder / "day.csv").write_text("a,b\n1,2\n")
    client = scoria.Client(data=cluster.data)
    client.pools.add({"id": "night", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 2, "virtualMachineConfiguration": IMAGE})
    patch = pytest.MonkeyPatch()
    patch.setenv("SCORIA_DATA", str(cluster.data))
    os.chdir(folder)
    yield {"X": X, "y": y, "grid": {"C": [1]}, "estimator": model, "simulate": lambda seed: seed * 2}
    os.chdir(before)
    patch.undo()
    gone(client)
    client.pools.delete("night")


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(world, number):
    exec(compile(EXAMPLES[number], f"{PAGE.name}, example {number + 1}", "exec"), world)


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 4
