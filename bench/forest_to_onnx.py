#!/usr/bin/env python3
"""An R randomForest for regression, whose arrays bench/serve_plumber.R wrote as JSON, made into an ONNX TreeEnsembleRegressor: the same trees.

usage: bench/forest_to_onnx.py FOREST.json OUT.onnx
Arrays are randomForest's own: a column for each tree; nodestatus -1 is a leaf, daughters count from 1, x <= xbestsplit goes left.
Thresholds and leaves are rounded to single precision, as the operator's attributes have it.
"""
import json
import sys

import onnx
from onnx import TensorProto, helper


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    forest = json.load(open(sys.argv[1]))
    names = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids", "missing_value_tracks_true")
    nodes = {name: [] for name in names}
    targets = {"treeids": [], "nodeids": [], "ids": [], "weights": []}
    for tree in range(len(forest["ndbigtree"])):
        for node in range(forest["ndbigtree"][tree]):
            is_leaf = forest["nodestatus"][node][tree] == -1
            row = (tree, node, 0 if is_leaf else forest["bestvar"][node][tree] - 1, 0.0 if is_leaf else forest["xbestsplit"][node][tree],
                   "LEAF" if is_leaf else "BRANCH_LEQ", 0 if is_leaf else forest["leftDaughter"][node][tree] - 1,
                   0 if is_leaf else forest["rightDaughter"][node][tree] - 1, 0)
            for name, value in zip(names, row):
                nodes[name].append(value)
            if is_leaf:
                for name, value in zip(targets, (tree, node, 0, forest["nodepred"][node][tree])):
                    targets[name].append(value)
    attributes = {"nodes_" + name: value for name, value in nodes.items()} | {"target_" + name: value for name, value in targets.items()}
    operator = helper.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1, aggregate_function="AVERAGE",
                                post_transform="NONE", **attributes)
    graph = helper.make_graph([operator], "forest", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, forest["features"]])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[2])


if __name__ == "__main__":
    main()
