#include "model/tree/r_gbm.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/na.h"
#include "model/features.h"
#include "model/parameters.h"
#include "model/r_object.h"
#include "model/tree/sums.h"

namespace scoria::model::tree {
namespace {

using rdata::Kind;
using rdata::Value;

enum class Response : std::uint8_t { identity, logistic, exponential, double_logistic, softmax };

struct Distribution {
  std::string_view name;
  Response response;
};

constexpr Distribution kDistributions[] = {
    {"gaussian", Response::identity},        {"laplace", Response::identity},    {"tdist", Response::identity},
    {"quantile", Response::identity},        {"huberized", Response::identity},  {"coxph", Response::identity},
    {"bernoulli", Response::logistic},       {"pairwise", Response::logistic},   {"poisson", Response::exponential},
    {"adaboost", Response::double_logistic}, {"multinomial", Response::softmax},
};

class Gbm final : public Model {
 public:
  Gbm(Description description, Sums sums, Response response, double initial, std::uint32_t classes,
      std::uint32_t default_trees, bool has_offset)
      : sums_(std::move(sums)),
        response_(response),
        initial_(initial),
        classes_(classes),
        default_trees_(default_trees),
        has_offset_(has_offset) {
    description_ = std::move(description);
  }

  Result<Prediction> score(const table::Table& rows, const Request& request, Executor& executor) const override;

 private:
  struct Iterations {
    std::vector<std::uint32_t> wanted;  // in the order asked for
    bool single = false;
  };
  Result<Iterations> iterations(const Request& request, std::vector<std::string>& notes) const;
  Result<std::vector<Segment>> segments(const Iterations& iterations, std::span<const std::size_t> order) const;
  std::uint32_t iterations_fit() const { return sums_.ensemble().trees() / classes_; }
  std::string column_name(const std::string& type, const Iterations& iterations, std::size_t which,
                          std::uint32_t label) const;
  // link-scale sums of one number of trees -> response scale, in place. sums[k] is class k.
  void respond(std::span<std::vector<double>> sums) const;

  Sums sums_;
  Response response_;
  double initial_;
  std::uint32_t classes_;
  std::uint32_t default_trees_;
  bool has_offset_;
};

Result<Gbm::Iterations> Gbm::iterations(const Request& request, std::vector<std::string>& notes) const {
  Iterations result;
  SCORIA_TRY(single, flag_parameter(request, "single.tree", false));
  result.single = single;
  SCORIA_TRY(counts, count_parameter(request, "n.trees", single ? 1 : 0));
  if (counts.empty()) {
    if (default_trees_ == 0) {
      return Error{Code::invalid,
                   "this gbm object does not say which number of trees is best; give --param n.trees=N (1 to " +
                       std::to_string(iterations_fit()) + ")"};
    }
    counts = {default_trees_};
  }
  for (const std::int64_t count : counts) {
    if (count > iterations_fit()) {
      notes.push_back("n.trees " + std::to_string(count) + " exceeds the " + std::to_string(iterations_fit()) +
                      " trees that were fitted; these are used, as in R");
    }
    result.wanted.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(count, iterations_fit())));
  }
  return result;
}

Result<std::vector<Segment>> Gbm::segments(const Iterations& iterations, std::span<const std::size_t> order) const {
  std::vector<Segment> result;
  for (const std::size_t which : order) {
    const std::uint32_t n = iterations.wanted[which];
    if (!iterations.single) {
      result.push_back({result.empty() ? 0 : result.back().end, n * classes_, !result.empty()});
      continue;
    }
    // R starts at tree n - 1 whatever the number of classes and goes on, a pass of all classes at a time, up to tree
    // n * classes. The same numbers, where R itself stays within the model.
    const std::uint32_t begin = n - 1;
    const std::uint32_t passes = (n * classes_ - begin + classes_ - 1) / classes_;
    if (begin + passes * classes_ > sums_.ensemble().trees()) {
      return Error{Code::unsupported,
                   "single.tree with n.trees=" + std::to_string(n) +
                       ": R reads past the last tree of a multinomial model here, so there is no answer to agree with"};
    }
    result.push_back({begin, begin + passes * classes_, false});
  }
  return result;
}

std::string Gbm::column_name(const std::string& type, const Iterations& iterations, std::size_t which,
                             std::uint32_t label) const {
  const std::string trees = std::to_string(iterations.wanted[which]);
  if (classes_ == 1) return iterations.wanted.size() == 1 ? type : type + ":" + trees;
  const std::string name = type + ":" + description_.labels[label];
  return iterations.wanted.size() == 1 ? name : name + "." + trees;
}

void Gbm::respond(std::span<std::vector<double>> sums) const {
  const std::size_t rows = sums[0].size();
  switch (response_) {
    case Response::identity: return;
    case Response::logistic:
      for (double& f : sums[0]) f = 1 / (1 + std::exp(-f));
      return;
    case Response::exponential:
      for (double& f : sums[0]) f = std::exp(f);
      return;
    case Response::double_logistic:
      for (double& f : sums[0]) f = 1 / (1 + std::exp(-2 * f));
      return;
    case Response::softmax:
      for (std::size_t row = 0; row < rows; ++row) {
        long double total = 0;  // R's sum() adds in 80 bits
        for (std::vector<double>& sum : sums) total += sum[row] = std::exp(sum[row]);
        const double rounded = static_cast<double>(total);
        for (std::vector<double>& sum : sums) sum[row] /= rounded;
      }
      return;
  }
}

Result<Prediction> Gbm::score(const table::Table& rows, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(simd, resolve_simd(request.simd));
  Prediction prediction{table::Table(rows.rows()), {}};
  SCORIA_TRY(wanted, iterations(request, prediction.notes));
  if (has_offset_) prediction.notes.push_back("the model was fitted with an offset; predictions leave it out, as in R");

  // Ascending, so that each number of trees goes on from the one before.
  std::vector<std::size_t> order(wanted.wanted.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return wanted.wanted[a] < wanted.wanted[b]; });
  SCORIA_TRY(parts, segments(wanted, order));

  SCORIA_TRY(x, bind_features(rows, description_.features, UnseenLevel::missing, request.first_row));
  prediction.notes.insert(prediction.notes.end(), x.notes.begin(), x.notes.end());

  std::vector<std::vector<double>> sums(parts.size() * classes_, std::vector<double>(rows.rows()));
  std::vector<double*> out;
  for (std::vector<double>& sum : sums) out.push_back(sum.data());
  sums_.sum(x, {parts, classes_, wanted.single ? 0.0 : initial_, {simd, request.simd != SimdTarget::automatic}}, out,
            executor);

  for (const std::string& type : types) {
    for (std::size_t which = 0; which < wanted.wanted.size(); ++which) {
      const auto part = static_cast<std::size_t>(std::find(order.begin(), order.end(), which) - order.begin());
      const auto first = sums.begin() + static_cast<std::ptrdiff_t>(part * classes_);
      std::vector<std::vector<double>> values(first, first + classes_);
      if (type == "response") respond(values);
      for (std::uint32_t k = 0; k < classes_; ++k) {
        prediction.table.add(column_name(type, wanted, which, k), table::Column::real(std::move(values[k])));
      }
    }
  }
  return prediction;
}

// Position (from 1) of the smallest number, NA and NaN left out, as which.min; 0 where there is none.
std::uint32_t which_min(const std::vector<double>& values) {
  std::uint32_t best = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i]) && (best == 0 || values[i] < values[best - 1])) best = static_cast<std::uint32_t>(i + 1);
  }
  return best;
}

// What predict.gbm uses when it is not told.
Result<std::uint32_t> default_trees(const RObject& object) {
  SCORIA_TRY(train_fraction, object.number("train.fraction"));
  if (train_fraction < 1) {
    SCORIA_TRY(errors, object.numbers("valid.error"));
    return which_min(errors);
  }
  if (object.find("cv.error") != nullptr) {
    SCORIA_TRY(errors, object.numbers("cv.error"));
    return which_min(errors);
  }
  SCORIA_TRY(errors, object.numbers("train.error"));
  return static_cast<std::uint32_t>(errors.size());
}

Result<std::vector<Feature>> read_features(const RObject& object, const std::vector<std::int32_t>& var_type) {
  SCORIA_TRY(names, object.strings("var.names"));
  SCORIA_TRY(levels, object.list("var.levels"));
  if (names.size() != var_type.size() || levels->items.size() != var_type.size()) {
    return object.corrupt("var.names", "does not fit var.type and var.levels");
  }
  std::vector<TermVariable> variables;
  if (const Value* terms = object.find("Terms")) variables = term_variables(*terms);
  std::vector<Feature> features;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Feature feature{.name = names[i]};
    const std::string r_class = recorded_class(variables, names[i]);
    feature.class_is_known = !r_class.empty();
    // For numbers var.levels holds deciles; for factors, ordered or not, their levels.
    if (levels->items[i]->kind == Kind::character) {
      feature.kind = var_type[i] == 0 ? FeatureKind::ordered : FeatureKind::factor;
      feature.levels = rdata::strings(*levels->items[i]);
    } else if (r_class == "logical") {
      feature.kind = FeatureKind::logical;
    }
    if (var_type[i] != 0 && feature.levels.size() != static_cast<std::size_t>(var_type[i])) {
      return object.corrupt("var.levels",
                            "has not the " + std::to_string(var_type[i]) + " levels of '" + names[i] + "'");
    }
    features.push_back(std::move(feature));
  }
  return features;
}

// One tree as gbm stores it: parallel vectors SplitVar, SplitCodePred, LeftNode, RightNode, MissingNode, ...
Result<std::vector<SourceNode>> read_tree(const Value& tree, const std::vector<std::int32_t>& var_type) {
  const auto column = [&](std::size_t i, Kind kind) {
    return i < tree.items.size() && tree.items[i]->kind == kind ? tree.items[i] : nullptr;
  };
  const Value* variable = column(0, Kind::integer);
  const Value* code = column(1, Kind::real);
  const Value* children[] = {column(2, Kind::integer), column(3, Kind::integer), column(4, Kind::integer)};
  if (variable == nullptr || code == nullptr) return Error{Code::corrupt, "is not a list of gbm's vectors"};
  const std::size_t count = variable->integers.size();
  if (code->reals.size() != count) return Error{Code::corrupt, "has vectors of different lengths"};
  for (const Value* child : children) {
    if (child == nullptr || child->integers.size() != count)
      return Error{Code::corrupt, "has vectors of different lengths"};
  }
  std::vector<SourceNode> nodes(count);
  for (std::size_t i = 0; i < count; ++i) {
    SourceNode& node = nodes[i];
    node.feature = variable->integers[i];
    node.value = code->reals[i];
    if (node.feature < 0) continue;
    node.left = children[0]->integers[i];
    node.right = children[1]->integers[i];
    node.missing = children[2]->integers[i];
    if (static_cast<std::size_t>(node.feature) < var_type.size() &&
        var_type[static_cast<std::size_t>(node.feature)] > 0) {
      if (!(node.value >= 0 && node.value < 2e9))
        return Error{Code::corrupt, "names a categorical split that does not exist"};
      node.routes = static_cast<std::int32_t>(node.value);
    }
  }
  return nodes;
}

// c.splits: -1 left, 1 right, 0 for a level that the split has not seen.
Result<std::vector<std::vector<Route>>> read_routes(const RObject& object) {
  std::vector<std::vector<Route>> tables;
  const Value* splits = object.find("c.splits");
  if (splits == nullptr) return tables;
  if (splits->kind != Kind::list) return object.corrupt("c.splits", "must be a list");
  for (const Value* split : splits->items) {
    if (split->kind != Kind::integer) return object.corrupt("c.splits", "must hold integer vectors");
    std::vector<Route>& table = tables.emplace_back();
    for (const std::int32_t direction : split->integers) {
      table.push_back(direction == -1 ? Route::left : direction == 1 ? Route::right : Route::missing);
    }
  }
  return tables;
}

Result<EnsembleSource> read_ensemble(const RObject& object, const std::vector<Feature>& features,
                                     const std::vector<std::int32_t>& var_type) {
  EnsembleSource source;
  source.comparison = Comparison::less;
  source.has_missing_children = true;
  source.features = static_cast<std::uint32_t>(features.size());
  for (const std::int32_t levels : var_type) source.levels.push_back(static_cast<std::uint32_t>(levels));
  SCORIA_TRY(routes, read_routes(object));
  source.routes = std::move(routes);
  SCORIA_TRY(trees, object.list("trees"));
  for (std::size_t i = 0; i < trees->items.size(); ++i) {
    auto tree = read_tree(*trees->items[i], var_type);
    if (!tree.ok()) return with_context("gbm object: tree " + std::to_string(i + 1), std::move(tree).error());
    source.trees.push_back(std::move(tree).value());
  }
  return source;
}

}  // namespace

Result<ModelPtr> load_r_gbm(const rdata::Value& value) {
  const RObject object(value, "gbm object");
  SCORIA_TRY(distribution_object, object.object("distribution"));
  SCORIA_TRY(distribution_names, distribution_object.strings("name"));
  const std::string name = distribution_names.empty() ? "" : distribution_names[0];
  const auto* distribution = std::find_if(std::begin(kDistributions), std::end(kDistributions),
                                          [&](const Distribution& known) { return known.name == name; });
  if (distribution == std::end(kDistributions)) {
    return Error{Code::unsupported, "gbm object: distribution '" + name + "' is not one of gbm's"};
  }

  SCORIA_TRY(var_type, object.integers("var.type"));
  if (std::any_of(var_type.begin(), var_type.end(), [](std::int32_t levels) { return levels < 0; })) {
    return object.corrupt("var.type", "holds a negative number of levels");
  }
  SCORIA_TRY(features, read_features(object, var_type));
  SCORIA_TRY(source, read_ensemble(object, features, var_type));
  SCORIA_TRY(initial, object.number("initF"));
  SCORIA_TRY(trees_by_default, default_trees(object));

  Description description;
  std::uint32_t classes = 1;
  if (distribution->response == Response::softmax) {
    SCORIA_TRY(labels, object.strings("classes"));
    SCORIA_TRY(count, object.integer("num.classes"));
    if (count < 1 || labels.size() != static_cast<std::size_t>(count) || source.trees.size() % labels.size() != 0) {
      return object.corrupt("num.classes", "does not fit the classes and trees");
    }
    classes = static_cast<std::uint32_t>(count);
    description.labels = std::move(labels);
  }

  SCORIA_TRY(ensemble, Ensemble::build(std::move(source)));
  const std::uint32_t fitted = ensemble.trees() / classes;
  description.family = "gbm";
  description.title = "gbm: boosted trees, " + name;
  description.package = "gbm";
  description.r_classes = rdata::classes(value);
  description.features = std::move(features);
  description.types = {"link", "response"};
  description.parameters = {
      {"n.trees", "how many trees to add, 0 to " + std::to_string(fitted) + "; several give a column each (default " +
                      std::to_string(std::min(trees_by_default, fitted)) + ")"},
      {"single.tree", "TRUE: only tree n.trees, without the intercept (default FALSE)"}};
  description.details = {{"distribution", name},
                         {"trees", std::to_string(ensemble.trees())},
                         {"nodes", std::to_string(ensemble.nodes())},
                         {"largest tree", std::to_string(ensemble.max_leaves()) + " leaves"},
                         {"default n.trees", std::to_string(std::min(trees_by_default, fitted))}};
  const Value* terms = object.find("Terms");
  const bool has_offset = terms != nullptr && terms->attribute("offset") != nullptr;
  return ModelPtr(std::make_shared<Gbm>(std::move(description), Sums(std::move(ensemble)), distribution->response,
                                        initial, classes, std::min(trees_by_default, fitted), has_offset));
}

}  // namespace scoria::model::tree
