// One tree of scikit-learn (sklearn.tree._tree.Tree) as checked arrays: what its pickle holds, whatever the version.
// Source: Tree.__reduce__ and __getstate__ of scikit-learn 0.19 to 1.9: the arguments (n_features, n_classes, n_outputs) and the
// state's `nodes`, a structured array whose fields are found by name, and `values`.
// Threads: free functions. Ownership: the arrays are copies; the document may go.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/tree/ensemble.h"
#include "pickle/object.h"

namespace scoria::model::tree {

struct SklearnTree {
  std::uint32_t features = 0;
  std::vector<std::uint32_t> classes;  // of each output; 1 each in a regression
  std::uint32_t most_classes = 0;      // the largest of them

  // By node; a leaf has feature -1. Children stand behind their parents, and splits name features that there are: there is no
  // cycle. That no node is reached twice is Ensemble::build's to check.
  std::vector<std::int32_t> left;
  std::vector<std::int32_t> right;
  std::vector<std::int32_t> feature;
  std::vector<double> threshold;  // as stored; never NaN where the node is a split
  // Whether a missing value goes left. Empty where the version that wrote the tree kept no such thing (before 1.3).
  std::vector<std::uint8_t> missing_left;
  // [node][output][class of most_classes]: counts or shares of classes, or the output's mean.
  std::vector<double> values;

  std::size_t nodes() const { return left.size(); }
  std::size_t outputs() const { return classes.size(); }
  std::span<const double> value(std::size_t node) const {
    const std::size_t width = outputs() * most_classes;
    return std::span(values).subspan(node * width, width);
  }
};

// `tree`: the attribute tree_ of an estimator. Errors: corrupt, naming attribute and node: another class, a field that is absent, an
// array of another shape, a child or feature that is not there.
Result<SklearnTree> read_sklearn_tree(const pickle::Object& tree);

// How many training rows reached each node: n_node_samples. Errors: as above.
Result<std::vector<std::int64_t>> node_samples(const pickle::Object& tree);

// The tree for an ensemble of Comparison::less_equal over the numbers themselves (float32_cut.h), with missing sides where the tree
// has them. `leaf_values`: one for each node, of which those of leaves count.
std::vector<SourceNode> source_nodes(const SklearnTree& tree, std::span<const double> leaf_values);

}  // namespace scoria::model::tree
