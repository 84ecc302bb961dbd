#include "model/tree/sklearn_hist_trees.h"

#include <algorithm>
#include <bitset>
#include <map>
#include <set>

#include "model/tree/sklearn_boosting_facts.h"
#include "model/tree/sklearn_hist_categories.h"

namespace scoria::model::tree {
namespace {

// One field of the nodes of a tree.
template <typename T>
Status read_field(const pickle::Array& nodes, std::string_view name, std::vector<T>& out) {
  SCORIA_TRY(values, pickle::field(nodes, name));
  auto numbers = [&] {
    if constexpr (std::is_same_v<T, double>) return pickle::numbers(values);
    if constexpr (!std::is_same_v<T, double>) return pickle::integers(values);
  }();
  if (!numbers.ok()) return with_context("field '" + std::string(name) + "' of its nodes", numbers.error());
  out = std::move(numbers).value();
  return Ok{};
}

// The nodes of one tree, a vector a field.
struct Nodes {
  std::vector<double> value;
  std::vector<double> threshold;
  std::vector<std::int64_t> feature;
  std::vector<std::int64_t> left;
  std::vector<std::int64_t> right;
  std::vector<std::int64_t> is_leaf;
  std::vector<std::int64_t> missing_left;    // empty: scikit-learn 0.21
  std::vector<std::int64_t> is_categorical;  // empty: before 0.24
  std::vector<std::int64_t> bitset;          // with is_categorical

  static Result<Nodes> read(const pickle::Array& array) {
    Nodes nodes;
    SCORIA_TRY_STATUS(read_field(array, "value", nodes.value));
    SCORIA_TRY_STATUS(
        read_field(array, has_field(array, "num_threshold") ? "num_threshold" : "threshold", nodes.threshold));
    SCORIA_TRY_STATUS(read_field(array, "feature_idx", nodes.feature));
    SCORIA_TRY_STATUS(read_field(array, "left", nodes.left));
    SCORIA_TRY_STATUS(read_field(array, "right", nodes.right));
    SCORIA_TRY_STATUS(read_field(array, "is_leaf", nodes.is_leaf));
    if (has_field(array, "missing_go_to_left")) {
      SCORIA_TRY_STATUS(read_field(array, "missing_go_to_left", nodes.missing_left));
    }
    if (has_field(array, "is_categorical")) {
      SCORIA_TRY_STATUS(read_field(array, "is_categorical", nodes.is_categorical));
      SCORIA_TRY_STATUS(read_field(array, "bitset_idx", nodes.bitset));
    }
    return nodes;
  }
};

using Bits = std::bitset<256>;

// Turns trees into an EnsembleSource.
class Translator {
 public:
  Translator(const pickle::Object& object, HistCategories categories)
      : object_(object), features_(std::move(categories)) {
    for (const auto& [feature, codes] : features_.known) top_[feature] = features_.top_known(feature);
  }

  Status add(const pickle::Value& predictor, std::size_t stage, std::size_t k) {
    at_ = at_tree(stage, k);
    SCORIA_TRY(tree, pickle::Object::of(predictor, at_ + "the tree"));
    SCORIA_TRY(array, tree.array("nodes"));
    // Files share no arrays; one that does could be far smaller than what it describes.
    if (array->shape.size() != 1 || array->count == 0) return wrong("its nodes must be an array of at least one node");
    if (!seen_.insert(array->data.data()).second) return wrong("has the nodes of another tree");
    auto nodes = Nodes::read(*array);
    if (!nodes.ok()) return wrong(nodes.error().message);
    return add(tree, nodes.value());
  }

  HistTrees finish() && {
    EnsembleSource& source = trees_.source;
    source.comparison = Comparison::less_equal;
    source.has_missing_sides = true;
    source.features = static_cast<std::uint32_t>(features_.categories.size());
    source.levels.assign(features_.categories.size(), 0);
    for (const auto& [feature, top] : top_) {
      source.levels[feature] = features_.categories[feature].levels = top + 1;
    }
    for (const Split& split : splits_) {
      const std::uint32_t levels = source.levels[split.feature];
      std::vector<Route> routes(levels + 1, split.missing);
      for (std::uint32_t code = 0; code < levels; ++code) {
        if (split.left[code]) {
          routes[code] = Route::left;
        } else if (features_.known[split.feature][code]) {
          routes[code] = Route::right;
        }
      }
      source.routes.push_back(std::move(routes));
    }
    trees_.categories = std::move(features_.categories);
    trees_.takes_missing = takes_missing_;
    return std::move(trees_);
  }

 private:
  struct Split {
    std::size_t feature;
    Route missing;
    Bits left;
  };

  Error wrong(const std::string& what) const { return object_.corrupt("_predictors", at_ + what); }
  Error wrong_node(std::size_t node, const std::string& what) const {
    return wrong("node " + std::to_string(node) + ": " + what);
  }

  Status add(const pickle::Object& tree, const Nodes& nodes) {
    takes_missing_ = takes_missing_ && !nodes.missing_left.empty();
    std::vector<std::int64_t> bits;
    std::vector<SourceNode>& out = trees_.source.trees.emplace_back(nodes.value.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      SourceNode& node = out[i];
      if (nodes.is_leaf[i] != 0) {
        node.value = nodes.value[i];
        continue;
      }
      const std::int64_t feature = nodes.feature[i];
      if (feature < 0 || static_cast<std::uint64_t>(feature) >= features_.categories.size()) {
        return wrong_node(i, "splits on feature " + std::to_string(feature) + ", the model has " +
                                 std::to_string(features_.categories.size()));
      }
      const std::size_t source = features_.source_of[static_cast<std::size_t>(feature)];
      const std::int64_t last = static_cast<std::int64_t>(out.size()) - 1;
      if (nodes.left[i] < 0 || nodes.left[i] > last || nodes.right[i] < 0 || nodes.right[i] > last) {
        return wrong_node(i, "has a child that is not there");
      }
      node.left = static_cast<std::int32_t>(nodes.left[i]);
      node.right = static_cast<std::int32_t>(nodes.right[i]);
      const bool missing_left = !nodes.missing_left.empty() && nodes.missing_left[i] != 0;
      node.feature = static_cast<std::int32_t>(source);
      node.missing = missing_left ? node.left : node.right;
      const bool is_categorical = !nodes.is_categorical.empty() && nodes.is_categorical[i] != 0;
      if (is_categorical != (features_.categories[source].by != Categories::By::none)) {
        return wrong_node(i, is_categorical ? "splits a feature by categories that has none"
                                            : "splits a feature of categories by a number");
      }
      if (!is_categorical) {
        node.value = nodes.threshold[i];
        continue;
      }
      if (bits.empty()) {
        SCORIA_TRY(read, read_bits(tree));
        bits = std::move(read);
      }
      if (nodes.bitset[i] < 0 || static_cast<std::uint64_t>(nodes.bitset[i]) >= bits.size() / 8) {
        return wrong_node(i, "names a set of categories that is not there");
      }
      node.routes = static_cast<std::int32_t>(splits_.size());
      Split split{source, missing_left ? Route::left : Route::right, {}};
      for (std::size_t code = 0; code < 256; ++code) {
        const std::int64_t word = bits[static_cast<std::size_t>(nodes.bitset[i]) * 8 + code / 32];
        if ((word >> (code % 32) & 1) != 0) {
          split.left.set(code);
          top_[source] = std::max(top_[source], static_cast<std::uint32_t>(code));
        }
      }
      splits_.push_back(split);
    }
    return Ok{};
  }

  // Rows of eight words of 32 bits.
  Result<std::vector<std::int64_t>> read_bits(const pickle::Object& tree) const {
    SCORIA_TRY(array, tree.array("raw_left_cat_bitsets"));
    if (array->shape.size() != 2 || array->shape[1] != 8) {
      return tree.corrupt("raw_left_cat_bitsets",
                          "has shape " + pickle::shape_text(array->shape) + ", must have 8 columns");
    }
    if (array->count > 0 && !seen_bits_.insert(array->data.data()).second) {
      return tree.corrupt("raw_left_cat_bitsets", "is that of another tree");
    }
    return tree.integers("raw_left_cat_bitsets");
  }

  const pickle::Object& object_;
  HistCategories features_;
  HistTrees trees_;
  std::vector<std::int32_t> column_of_;  // by feature and form
  std::map<std::size_t, std::uint32_t>
      top_;  // of categorical features: the highest code that is known or that a split names
  std::vector<Split> splits_;
  std::set<const void*> seen_;
  mutable std::set<const void*> seen_bits_;
  bool takes_missing_ = true;
  std::string at_;
};

}  // namespace

Result<HistTrees> HistTrees::read(const pickle::Object& object, std::uint32_t outputs, pipeline::Version version) {
  SCORIA_TRY(categories, HistCategories::read(object, version));
  Translator translator(object, std::move(categories));
  SCORIA_TRY(stages, object.get("_predictors"));
  if (stages->kind != pickle::Kind::list) return object.corrupt("_predictors", "must be a list of lists of trees");
  for (std::size_t stage = 0; stage < stages->items.size(); ++stage) {
    const pickle::Value& trees = *stages->items[stage];
    if (trees.kind != pickle::Kind::list || trees.items.size() != outputs) {
      return object.corrupt("_predictors", "stage " + std::to_string(stage + 1) + ": must be a list of " +
                                               std::to_string(outputs) + (outputs == 1 ? " tree" : " trees"));
    }
    for (std::size_t k = 0; k < outputs; ++k) SCORIA_TRY_STATUS(translator.add(*trees.items[k], stage, k));
  }
  return std::move(translator).finish();
}

}  // namespace scoria::model::tree
