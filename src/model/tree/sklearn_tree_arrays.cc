#include "model/tree/sklearn_tree_arrays.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/tree/float32_cut.h"
#include "model/tree/sklearn_boosting_facts.h"

namespace scoria::model::tree {
namespace {

constexpr std::int64_t kTreeLeaf = -1;
constexpr std::uint64_t kMostNodes = std::numeric_limits<std::int32_t>::max();

std::string node_text(std::size_t node, const std::string& what) {
  return "is wrong at node " + std::to_string(node) + ": " + what;
}

Result<const pickle::Array*> nodes_of(const pickle::Object& tree) {
  SCORIA_TRY(nodes, tree.array("nodes"));
  if (nodes->shape.size() != 1 || nodes->count == 0 || nodes->count > kMostNodes) {
    return tree.corrupt("nodes", "has the shape " + pickle::shape_text(nodes->shape) + ", must be a row of nodes");
  }
  return nodes;
}

Result<std::vector<std::int64_t>> whole_field(const pickle::Object& tree, const pickle::Array& nodes,
                                              std::string_view name) {
  auto part = pickle::field(nodes, name);
  if (!part.ok()) return tree.corrupt("nodes", part.error().message);
  auto all = part.value().shape.size() == 1 ? pickle::integers(part.value())
                                            : Error{Code::corrupt, "field '" + std::string(name) + "' is an array"};
  if (!all.ok()) return tree.corrupt("nodes", all.error().message);
  return all;
}

Result<std::vector<double>> number_field(const pickle::Object& tree, const pickle::Array& nodes,
                                         std::string_view name) {
  auto part = pickle::field(nodes, name);
  if (!part.ok()) return tree.corrupt("nodes", part.error().message);
  auto all = pickle::numbers(part.value());
  if (!all.ok()) return tree.corrupt("nodes", all.error().message);
  return all;
}

// The constructor's arguments: numbers of features, of classes for each output, of outputs.
Status read_arguments(const pickle::Object& object, SklearnTree& tree) {
  const auto wrong = [&](const std::string& what) {
    return Error{Code::corrupt, "a scikit-learn tree is made with " + what};
  };
  const auto& arguments = object.value().record->arguments->items;
  if (arguments.size() != 3) return wrong(std::to_string(arguments.size()) + " arguments, must be 3");
  SCORIA_TRY(features, pickle::to_integer(*arguments[0]));
  if (features < 1 || features > kMostFeatures) {
    return wrong(std::to_string(features) + " features, must be 1 to " + std::to_string(kMostFeatures));
  }
  tree.features = static_cast<std::uint32_t>(features);
  SCORIA_TRY(outputs, pickle::to_integer(*arguments[2]));
  SCORIA_TRY(classes, pickle::to_numbers(*arguments[1]));
  if (outputs < 1 || static_cast<std::uint64_t>(outputs) != classes.size()) {
    return wrong(std::to_string(outputs) + " outputs and the classes of " + std::to_string(classes.size()));
  }
  for (const double count : classes) {
    if (!(count >= 1 && count <= 1e9) || count != std::trunc(count)) {
      return wrong("a number of classes that is none of 1, 2, ...");
    }
    tree.classes.push_back(static_cast<std::uint32_t>(count));
  }
  tree.most_classes = *std::max_element(tree.classes.begin(), tree.classes.end());
  return Ok{};
}

Status read_values(const pickle::Object& object, SklearnTree& tree) {
  SCORIA_TRY(values, object.array("values"));
  const std::uint64_t wanted[] = {tree.nodes(), tree.outputs(), tree.most_classes};
  if (!std::equal(values->shape.begin(), values->shape.end(), std::begin(wanted), std::end(wanted))) {
    return object.corrupt(
        "values", "has the shape " + pickle::shape_text(values->shape) + ", must be " + pickle::shape_text(wanted));
  }
  SCORIA_TRY(numbers, object.numbers("values"));
  tree.values = std::move(numbers);
  return Ok{};
}

Status read_nodes(const pickle::Object& object, SklearnTree& tree) {
  SCORIA_TRY(nodes, nodes_of(object));
  SCORIA_TRY(left, whole_field(object, *nodes, "left_child"));
  SCORIA_TRY(right, whole_field(object, *nodes, "right_child"));
  SCORIA_TRY(feature, whole_field(object, *nodes, "feature"));
  SCORIA_TRY(threshold, number_field(object, *nodes, "threshold"));
  const std::size_t count = left.size();
  if (has_field(*nodes, "missing_go_to_left")) {
    SCORIA_TRY(sides, whole_field(object, *nodes, "missing_go_to_left"));
    tree.missing_left.resize(count);
    for (std::size_t i = 0; i < count; ++i) tree.missing_left[i] = sides[i] != 0;
  }
  tree.left.assign(count, -1);
  tree.right.assign(count, -1);
  tree.feature.assign(count, -1);
  for (std::size_t i = 0; i < count; ++i) {
    if (left[i] == kTreeLeaf && right[i] == kTreeLeaf) continue;
    const auto here = static_cast<std::int64_t>(i);
    for (const std::int64_t child : {left[i], right[i]}) {
      if (child <= here || child >= static_cast<std::int64_t>(count)) {
        return object.corrupt("nodes", node_text(i, "its child is node " + std::to_string(child) +
                                                        ", must be one behind it, below " + std::to_string(count)));
      }
    }
    if (feature[i] < 0 || feature[i] >= tree.features) {
      return object.corrupt("nodes", node_text(i, "splits on feature " + std::to_string(feature[i]) +
                                                      ", must be 0 to " + std::to_string(tree.features - 1)));
    }
    if (std::isnan(threshold[i])) return object.corrupt("nodes", node_text(i, "its threshold is not a number"));
    tree.left[i] = static_cast<std::int32_t>(left[i]);
    tree.right[i] = static_cast<std::int32_t>(right[i]);
    tree.feature[i] = static_cast<std::int32_t>(feature[i]);
  }
  tree.threshold = std::move(threshold);
  return Ok{};
}

}  // namespace

Result<SklearnTree> read_sklearn_tree(const pickle::Object& object) {
  if (object.name() != "sklearn.tree.Tree") {
    return Error{Code::corrupt, "a tree is " + object.name() + ", must be sklearn.tree._tree.Tree"};
  }
  SklearnTree tree;
  SCORIA_TRY_STATUS(read_arguments(object, tree));
  SCORIA_TRY_STATUS(read_nodes(object, tree));
  SCORIA_TRY_STATUS(read_values(object, tree));
  return tree;
}

Result<std::vector<std::int64_t>> node_samples(const pickle::Object& tree) {
  SCORIA_TRY(nodes, nodes_of(tree));
  return whole_field(tree, *nodes, "n_node_samples");
}

std::vector<SourceNode> source_nodes(const SklearnTree& tree, std::span<const double> leaf_values) {
  std::vector<SourceNode> nodes(tree.nodes());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (tree.feature[i] < 0) {
      nodes[i].value = leaf_values[i];
      continue;
    }
    nodes[i].feature = tree.feature[i];
    nodes[i].value = float32_cut(tree.threshold[i]);
    nodes[i].left = tree.left[i];
    nodes[i].right = tree.right[i];
    if (!tree.missing_left.empty()) nodes[i].missing = tree.missing_left[i] != 0 ? tree.left[i] : tree.right[i];
  }
  return nodes;
}

}  // namespace scoria::model::tree
