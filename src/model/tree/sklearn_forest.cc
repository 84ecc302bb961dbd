#include "model/tree/sklearn_forest.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <unordered_map>

#include "model/pipeline/sklearn_steps.h"
#include "model/tree/sklearn_tree_arrays.h"
#include "model/tree/sklearn_tree_averages.h"

namespace scoria::model::tree {
namespace {

// numpy's sum of a row: in pairs from 8 numbers on, in eight lanes from 128 down. Of whole numbers every order gives the same.
double numpy_sum(std::span<const double> x) {
  if (x.size() < 8) {
    double sum = 0;
    for (const double value : x) sum += value;
    return sum;
  }
  if (x.size() <= 128) {
    double lanes[8];
    std::copy_n(x.begin(), 8, lanes);
    std::size_t i = 8;
    for (; i + 8 <= x.size(); i += 8) {
      for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += x[i + lane];
    }
    double sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    for (; i < x.size(); ++i) sum += x[i];
    return sum;
  }
  const std::size_t half = x.size() / 2 / 8 * 8;
  return numpy_sum(x.first(half)) + numpy_sum(x.subspan(half));
}

// Leaves' vectors, each kept once: those of leaves that hold one class are few.
class VectorTable {
 public:
  explicit VectorTable(std::uint32_t width) : width_(width) {}

  std::size_t number_of(const std::vector<double>& vector) {
    const std::string_view bytes(reinterpret_cast<const char*>(vector.data()), width_ * sizeof(double));
    const auto [first, last] = known_.equal_range(std::hash<std::string_view>{}(bytes));
    for (auto at = first; at != last; ++at) {
      if (std::memcmp(numbers.data() + at->second * width_, vector.data(), bytes.size()) == 0) return at->second;
    }
    const std::size_t number = numbers.size() / width_;
    numbers.insert(numbers.end(), vector.begin(), vector.end());
    known_.emplace(std::hash<std::string_view>{}(bytes), number);
    return number;
  }

  std::vector<double> numbers;

 private:
  std::uint32_t width_;
  std::unordered_multimap<std::size_t, std::size_t> known_;  // by hash
};

// Translates the trees of one estimator, which all have the features and outputs of the first.
class Translation {
 public:
  // `release`: of the version that wrote the estimator.
  Translation(std::vector<pipeline::ClassLabels> labels, bool is_forest, int release)
      : labels_(std::move(labels)), is_forest_(is_forest), holds_shares_(release >= 104), table_(0) {}

  Status add(const pickle::Object& estimator, const SklearnTree& tree) {
    if (source_.trees.empty()) {
      SCORIA_TRY_STATUS(begin(estimator, tree));
    } else if (tree.features != source_.features || tree.classes != classes_) {
      return estimator.corrupt("tree_", "has other features or classes than the trees before it");
    }
    if (tree.missing_left.empty() == source_.has_missing_sides) {
      return estimator.corrupt("tree_", "keeps missing_go_to_left, or does not, unlike the trees before it");
    }
    std::vector<double> leaves(tree.nodes());
    std::vector<double> vector;
    for (std::size_t node = 0; node < leaves.size(); ++node) {
      if (tree.feature[node] >= 0) continue;
      if (width_ == 0) {
        leaves[node] = tree.value(node)[0];
        continue;
      }
      vector.clear();
      if (labels_.empty()) {
        const auto value = tree.value(node);
        vector.assign(value.begin(), value.end());
      } else {
        class_vector(tree, node, vector);
      }
      leaves[node] = static_cast<double>(table_.number_of(vector));
    }
    source_.trees.push_back(source_nodes(tree, leaves));
    return Ok{};
  }

  std::uint32_t features() const { return source_.features; }

  Result<std::shared_ptr<const pipeline::Predictor>> finish(std::string class_name, bool takes_missing) {
    source_.comparison = Comparison::less_equal;
    source_.keeps_positions = true;
    source_.levels.assign(source_.features, 0);
    SCORIA_TRY(ensemble, Ensemble::build(source_));
    source_ = {};
    SklearnTreeAverages::Parts parts;
    parts.class_name = std::move(class_name);
    parts.is_forest = is_forest_;
    parts.accept = {.missing = takes_missing && ensemble.has_missing_sides(), .only_float32 = true};
    parts.labels = std::move(labels_);
    parts.outputs = static_cast<std::uint32_t>(classes_.size());
    parts.vectors = std::move(table_.numbers);
    parts.width = width_;
    return std::shared_ptr<const pipeline::Predictor>(
        std::make_shared<SklearnTreeAverages>(Sums(std::move(ensemble)), std::move(parts)));
  }

 private:
  Status begin(const pickle::Object& estimator, const SklearnTree& tree) {
    classes_ = tree.classes;
    source_.features = tree.features;
    source_.has_missing_sides = !tree.missing_left.empty();
    const auto outputs = static_cast<std::uint32_t>(tree.outputs());
    if (labels_.empty()) {
      if (tree.most_classes != 1) return estimator.corrupt("tree_", "has classes, and a regression has none");
      width_ = outputs == 1 ? 0 : outputs;
    } else {
      if (labels_.size() != outputs) {
        return estimator.corrupt("classes_", "has the labels of " + std::to_string(labels_.size()) +
                                                 " outputs, and the trees have " + std::to_string(outputs));
      }
      for (std::size_t k = 0; k < outputs; ++k) {
        if (labels_[k].size() != classes_[k]) {
          return estimator.corrupt("classes_", "has " + std::to_string(labels_[k].size()) +
                                                   " labels, and the trees have " + std::to_string(classes_[k]));
        }
        width_ += classes_[k];
      }
      if (!is_forest_) width_ += outputs;
    }
    table_ = VectorTable(width_);
    return Ok{};
  }

  // predict_proba() of one node: until 1.3 values are counts, which are divided by their sum; since then they are shares, and are
  // answered as they are. Values that are plainly no shares, in a file that a later version wrote again, are counts still.
  void class_vector(const SklearnTree& tree, std::size_t node, std::vector<double>& vector) const {
    const std::size_t outputs = tree.outputs();
    const std::span<const double> value = tree.value(node);
    for (std::size_t k = 0; k < outputs; ++k) {
      const auto classes = value.subspan(k * tree.most_classes, tree.classes[k]);
      double sum = numpy_sum(classes);
      if (sum == 0 || (holds_shares_ && std::fabs(sum - 1) < 1e-6)) sum = 1;
      for (const double count : classes) vector.push_back(count / sum);
    }
    if (is_forest_) return;
    for (std::size_t k = 0; k < outputs; ++k) {
      const auto classes = value.subspan(k * tree.most_classes, tree.classes[k]);
      const auto is_less = [](double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); };
      vector.push_back(
          static_cast<double>(std::max_element(classes.begin(), classes.end(), is_less) - classes.begin()));
    }
  }

  std::vector<pipeline::ClassLabels> labels_;
  bool is_forest_;
  bool holds_shares_;
  std::vector<std::uint32_t> classes_;
  EnsembleSource source_;
  VectorTable table_;
  std::uint32_t width_ = 0;
};

std::string short_name(const pickle::Object& object) {
  const std::string name = object.name();
  return name.substr(name.rfind('.') + 1);
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The labels of each output; none of a regressor.
Result<std::vector<pipeline::ClassLabels>> labels_of(const pickle::Object& object) {
  std::vector<pipeline::ClassLabels> labels;
  if (!ends_with(object.name(), "Classifier")) return labels;
  SCORIA_TRY(classes, object.get("classes_"));
  if (classes->kind != pickle::Kind::list) {
    SCORIA_TRY(one, pipeline::ClassLabels::read(object));
    labels.push_back(std::move(one));
    return labels;
  }
  for (const pickle::Value* output : classes->items) {
    SCORIA_TRY(one, pipeline::ClassLabels::of(*output, object, "classes_"));
    labels.push_back(std::move(one));
  }
  if (labels.empty()) return object.corrupt("classes_", "is empty, must have the labels of each output");
  return labels;
}

Result<pipeline::Step> load(const pickle::Object& object, const std::vector<pickle::Object>& trees, bool is_forest) {
  SCORIA_TRY(labels, labels_of(object));
  Translation translation(std::move(labels), is_forest, sklearn_release(object));
  for (const pickle::Object& estimator : trees) {
    SCORIA_TRY(record, estimator.object("tree_"));
    SCORIA_TRY(tree, read_sklearn_tree(record));
    SCORIA_TRY_STATUS(translation.add(estimator, tree));
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, translation.features(), step));
  // Trees took missing values in 1.3, forests of them in 1.4.
  const bool takes_missing =
      takes_missing_values(trees.front()) && (!is_forest || sklearn_release(trees.front()) >= 104);
  SCORIA_TRY(predictor, translation.finish(short_name(object), takes_missing));
  step.predictor = std::move(predictor);
  return step;
}

bool is_text_in(const pickle::Object& object, std::string_view attribute,
                std::initializer_list<std::string_view> texts) {
  const pickle::Value* value = object.find(attribute);
  return value != nullptr &&
         std::any_of(texts.begin(), texts.end(), [&](std::string_view text) { return pickle::is_text(*value, text); });
}

}  // namespace

int sklearn_release(const pickle::Object& object) {
  const pickle::Value* version = object.find("_sklearn_version");
  if (version == nullptr || !pickle::is_text(*version)) return 0;
  const std::string_view text = version->text;
  int major = 0;
  int minor = 0;
  const auto first = std::from_chars(text.data(), text.data() + text.size(), major);
  if (first.ec != std::errc() || first.ptr == text.data() + text.size() || *first.ptr != '.') return 0;
  const auto second = std::from_chars(first.ptr + 1, text.data() + text.size(), minor);
  if (second.ec != std::errc() || major < 0 || major > 1000 || minor < 0 || minor > 99) return 0;
  return 100 * major + minor;
}

bool takes_missing_values(const pickle::Object& tree) {
  const int release = sklearn_release(tree);
  const bool is_extra = tree.name().rfind("sklearn.tree.ExtraTree", 0) == 0;
  if (release < 103) return false;
  const bool splits_best = is_text_in(tree, "splitter", {"best"});
  const bool splits_randomly = is_text_in(tree, "splitter", {"random"});
  if (release >= 109) return !is_extra || splits_randomly;
  // 1.6 writes ": allow_nan" where "= allow_nan" was meant, so that its ExtraTreeRegressor takes what DecisionTreeRegressor does.
  const bool is_slip = release == 106 && ends_with(tree.name(), "Regressor");
  const bool by_splitter = release >= 106 ? splits_randomly || (splits_best && (!is_extra || is_slip)) : splits_best;
  const bool by_criterion = ends_with(tree.name(), "Classifier")
                                ? is_text_in(tree, "criterion", {"gini", "log_loss", "entropy"})
                                : is_text_in(tree, "criterion", {"squared_error", "friedman_mse", "poisson"});
  return by_splitter && by_criterion && tree.find("monotonic_cst") == nullptr;
}

Result<std::vector<pickle::Object>> estimators_of(const pickle::Object& ensemble) {
  SCORIA_TRY(list, ensemble.get("estimators_"));
  if (list->kind != pickle::Kind::list || list->items.empty()) {
    return ensemble.corrupt("estimators_", "must be a list of trees");
  }
  std::vector<pickle::Object> trees;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    SCORIA_TRY(tree, pickle::Object::of(*list->items[i], "tree " + std::to_string(i)));
    trees.push_back(std::move(tree));
  }
  return trees;
}

Result<pipeline::Step> load_sklearn_tree(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  return load(object, {object}, false);
}

Result<pipeline::Step> load_sklearn_forest(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(trees, estimators_of(object));
  return load(object, trees, true);
}

}  // namespace scoria::model::tree
