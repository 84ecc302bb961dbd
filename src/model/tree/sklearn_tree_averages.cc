#include "model/tree/sklearn_tree_averages.h"

#include <algorithm>
#include <cmath>

namespace scoria::model::tree {
namespace {

// 4 GiB of answers: a small file may name a million classes.
constexpr std::size_t kMostNumbers = 1u << 29;

Status require_room(std::size_t rows, std::size_t width, std::string_view what) {
  if (rows <= kMostNumbers / std::max<std::size_t>(width, 1)) return Ok{};
  return Error{Code::too_large, std::to_string(rows) + " rows times " + std::to_string(width) + " " +
                                    std::string(what) + " are more than " + std::to_string(kMostNumbers) +
                                    " numbers; score at most " + std::to_string(kMostNumbers / width) +
                                    " rows of this model at once"};
}

template <typename T>
std::vector<T*> pointers(std::vector<std::vector<T>>& columns) {
  std::vector<T*> all;
  for (std::vector<T>& column : columns) all.push_back(column.data());
  return all;
}

}  // namespace

Status add_leaf_numbers(const Sums& sums, const FeatureMatrix& x, bool is_forest, Executor& executor,
                        table::Table& out) {
  const Ensemble& ensemble = sums.ensemble();
  SCORIA_TRY_STATUS(require_room(x.rows, ensemble.trees(), "trees"));
  std::vector<std::vector<std::uint32_t>> leaves(ensemble.trees(), std::vector<std::uint32_t>(x.rows));
  sums.leaves(x, pointers(leaves), executor);
  for (std::uint32_t tree = 0; tree < ensemble.trees(); ++tree) {
    std::vector<std::int32_t> numbers(x.rows);
    for (std::size_t row = 0; row < x.rows; ++row) {
      numbers[row] = static_cast<std::int32_t>(ensemble.source_position(tree, leaves[tree][row]));
    }
    leaves[tree] = {};
    out.add(is_forest ? "apply:" + std::to_string(tree) : "apply", table::Column::integer(std::move(numbers)));
  }
  return Ok{};
}

SklearnTreeAverages::SklearnTreeAverages(Sums sums, Parts parts) : sums_(std::move(sums)), parts_(std::move(parts)) {}

void SklearnTreeAverages::describe(Description& description) const {
  description.types = {"predict"};
  if (!parts_.labels.empty()) {
    description.types.insert(description.types.end(), {"proba", "log_proba"});
    if (parts_.outputs == 1) description.labels = parts_.labels[0].names();
  }
  description.types.emplace_back("apply");
  if (parts_.is_forest) description.details.emplace_back("trees", std::to_string(sums_.ensemble().trees()));
  description.details.emplace_back("nodes", std::to_string(sums_.ensemble().nodes()));
  if (parts_.outputs > 1) description.details.emplace_back("outputs", std::to_string(parts_.outputs));
  description.details.emplace_back("missing values",
                                   parts_.accept.missing ? "take the side that the split names" : "refused");
}

Result<NumberColumns> SklearnTreeAverages::average(const FeatureMatrix& x, KernelChoice kernels,
                                                   Executor& executor) const {
  SCORIA_TRY_STATUS(require_room(x.rows, parts_.width, "numbers"));
  NumberColumns means(std::max<std::uint32_t>(parts_.width, 1), std::vector<double>(x.rows));
  const std::vector<double*> out = pointers(means);
  if (parts_.width > 0) {
    sums_.sum_vectors(x, {parts_.vectors, parts_.width}, kernels, out, executor);
  } else {
    // Of one tree the leaf's own number: what is added to -0 keeps its sign.
    const Segment all[] = {{0, sums_.ensemble().trees(), false}};
    sums_.sum(x, {all, 1, parts_.is_forest ? 0.0 : -0.0, kernels}, out, executor);
  }
  if (!parts_.is_forest) return means;
  const double trees = sums_.ensemble().trees();
  for (std::vector<double>& column : means) {
    for (double& value : column) value /= trees;
  }
  return means;
}

void SklearnTreeAverages::add_predictions(const NumberColumns& means, table::Table& out) const {
  if (parts_.labels.empty()) {
    for (std::size_t k = 0; k < means.size(); ++k) {
      out.add(parts_.outputs == 1 ? "predict" : "predict:" + std::to_string(k), table::Column::real(means[k]));
    }
    return;
  }
  std::size_t begin = 0;
  for (std::size_t k = 0; k < parts_.labels.size(); ++k) {
    const std::size_t end = begin + parts_.labels[k].size();
    std::vector<std::int32_t> best;
    if (parts_.is_forest) {
      best = pipeline::first_largest(NumberColumns(means.begin() + static_cast<std::ptrdiff_t>(begin),
                                                   means.begin() + static_cast<std::ptrdiff_t>(end)));
    } else {
      const std::vector<double>& positions = means[parts_.width - parts_.outputs + k];
      best.resize(positions.size());
      std::transform(positions.begin(), positions.end(), best.begin(),
                     [](double position) { return static_cast<std::int32_t>(position); });
    }
    out.add(parts_.outputs == 1 ? "predict" : "predict:" + std::to_string(k), parts_.labels[k].column(std::move(best)));
    begin = end;
  }
}

void SklearnTreeAverages::add_probabilities(const std::string& type, const NumberColumns& means,
                                            table::Table& out) const {
  std::size_t at = 0;
  for (std::size_t k = 0; k < parts_.labels.size(); ++k) {
    const std::string prefix = parts_.outputs == 1 ? type + ":" : type + ":" + std::to_string(k) + ":";
    for (const std::string& label : parts_.labels[k].names()) {
      std::vector<double> values = means[at++];
      if (type == "log_proba") {
        for (double& value : values) value = std::log(value);
      }
      out.add(prefix + label, table::Column::real(std::move(values)));
    }
  }
}

Result<Prediction> SklearnTreeAverages::predict(const table::Table& columns, const Request& request,
                                                Executor& executor) const {
  SCORIA_TRY(simd, resolve_simd(request.simd));
  SCORIA_TRY(x, pipeline::to_numbers(columns, parts_.accept, parts_.class_name, request.first_row));
  Prediction prediction{table::Table(columns.rows()), {}};
  NumberColumns means;
  for (const std::string& type : request.types) {
    if (type == "apply") {
      SCORIA_TRY_STATUS(add_leaf_numbers(sums_, x, parts_.is_forest, executor, prediction.table));
      continue;
    }
    if (means.empty()) {
      SCORIA_TRY(averaged, average(x, {simd, request.simd != SimdTarget::automatic}, executor));
      means = std::move(averaged);
    }
    if (type == "predict") {
      add_predictions(means, prediction.table);
    } else {
      add_probabilities(type, means, prediction.table);
    }
  }
  return prediction;
}

}  // namespace scoria::model::tree
