#include "model/distance/sklearn_neighbours.h"

#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "model/distance/neighbour_predictor.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"

namespace scoria::model::distance {
namespace {

Error unsupported(const pickle::Object& object, std::string_view attribute, const std::string& problem) {
  return Error{Code::unsupported, object.corrupt(attribute, problem).message};
}

Result<std::pair<Metric, double>> read_metric(const pickle::Object& object) {
  constexpr std::pair<std::string_view, Metric> kNames[] = {
      {"euclidean", Metric::euclidean}, {"l2", Metric::euclidean},        {"manhattan", Metric::manhattan},
      {"cityblock", Metric::manhattan}, {"l1", Metric::manhattan},        {"chebyshev", Metric::chebyshev},
      {"infinity", Metric::chebyshev},  {"minkowski", Metric::minkowski}, {"p", Metric::minkowski}};
  SCORIA_TRY(value, object.get("effective_metric_"));
  if (!pickle::is_text(*value)) return unsupported(object, "effective_metric_", "is a function, which is not read");
  const Metric* metric = nullptr;
  for (const auto& [name, known] : kNames) {
    if (value->text == name) metric = &known;
  }
  if (metric == nullptr)
    return unsupported(
        object, "effective_metric_",
        "is '" + std::string(value->text) + "'; 'euclidean', 'manhattan', 'chebyshev' and 'minkowski' are read");
  double power = 2;
  if (const pickle::Value* parameters = object.find("effective_metric_params_"); parameters != nullptr) {
    const pickle::Value* weights = pickle::member(*parameters, "w");
    if (weights != nullptr && weights->kind != pickle::Kind::none)
      return unsupported(object, "effective_metric_params_", "weighs columns, which is not read");
    if (const pickle::Value* given = pickle::member(*parameters, "p"); given != nullptr) {
      auto number = pickle::to_number(*given);
      if (!number.ok()) return object.corrupt("effective_metric_params_", "has a 'p' that " + number.error().message);
      power = number.value();
    }
  }
  if (*metric != Metric::minkowski) return std::pair{*metric, power};
  if (!(power > 0)) return object.corrupt("effective_metric_params_", "has a 'p' that is not above 0");
  if (power == 1) return std::pair{Metric::manhattan, power};
  if (power == 2) return std::pair{Metric::euclidean, power};
  if (std::isinf(power)) return std::pair{Metric::chebyshev, power};
  return std::pair{Metric::minkowski, power};
}

Result<Weight> read_weight(const pickle::Object& object) {
  if (object.find("weights") == nullptr) return Weight::equal;
  SCORIA_TRY(value, object.get("weights"));
  if (pickle::is_text(*value, "uniform")) return Weight::equal;
  if (pickle::is_text(*value, "distance")) return Weight::one_over_distance;
  return unsupported(object, "weights", "is " + pickle::brief(*value) + "; 'uniform' and 'distance' are read");
}

Result<Neighbours> read_rows(const pickle::Object& object) {
  SCORIA_TRY(value, object.get("_fit_X"));
  if (value->kind == pickle::Kind::record)
    return unsupported(object, "_fit_X", "is " + pickle::class_name(*value) + "; an array is read");
  SCORIA_TRY(array, object.array("_fit_X"));
  SCORIA_TRY(numbers, object.numbers("_fit_X"));
  if (array->shape.size() != 2 || numbers.empty())
    return object.corrupt("_fit_X", "must be a matrix with rows and columns");
  const std::size_t rows = array->shape[0];
  const std::size_t inputs = array->shape[1];
  if (rows > std::numeric_limits<std::uint32_t>::max()) return object.corrupt("_fit_X", "has more than 2^32 rows");
  std::vector<std::vector<double>> columns(inputs, std::vector<double>(rows));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < inputs; ++j) {
      columns[j][i] = numbers[i * inputs + j];
      if (!std::isfinite(columns[j][i])) return object.corrupt("_fit_X", "has a number that is not finite");
    }
  }
  SCORIA_TRY(count, object.integer("n_neighbors"));
  if (count < 1 || static_cast<std::uint64_t>(count) > rows)
    return object.corrupt("n_neighbors", "is " + std::to_string(count) + ", must be 1 to " + std::to_string(rows) +
                                             ", the rows of '_fit_X'");
  SCORIA_TRY(metric, read_metric(object));
  SCORIA_TRY(tree, read_row_tree(object, rows, inputs));
  return Neighbours(std::move(columns), metric.first, metric.second, static_cast<std::size_t>(count), std::move(tree));
}

Error wrong_rows(const pickle::Object& object) {
  return object.corrupt("_y", "must have a row for each row of '_fit_X'");
}

}  // namespace

Result<pipeline::Step> load_neighbours_regressor(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(rows, read_rows(object));
  SCORIA_TRY(weight, read_weight(object));
  SCORIA_TRY(array, object.array("_y"));
  SCORIA_TRY(numbers, object.numbers("_y"));
  if (array->shape.empty() || array->shape.size() > 2 || array->shape[0] != rows.rows() || numbers.empty())
    return wrong_rows(object);
  const std::size_t outputs = numbers.size() / rows.rows();
  NumberColumns targets(outputs, std::vector<double>(rows.rows()));
  for (std::size_t i = 0; i < numbers.size(); ++i) targets[i % outputs][i / outputs] = numbers[i];
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, rows.inputs(), step));
  step.predictor =
      std::make_shared<NeighbourRegressor>(std::move(rows), weight, std::move(targets), pipeline::short_name(object));
  return step;
}

Result<pipeline::Step> load_neighbours_classifier(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(rows, read_rows(object));
  SCORIA_TRY(weight, read_weight(object));
  SCORIA_TRY(has_several, object.truth("outputs_2d_"));
  if (has_several) return unsupported(object, "outputs_2d_", "is True: several classes a row are not read");
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  SCORIA_TRY(codes, object.integers("_y"));
  if (codes.size() != rows.rows()) return wrong_rows(object);
  std::vector<std::uint32_t> classes;
  classes.reserve(codes.size());
  for (const std::int64_t code : codes) {
    if (code < 0 || static_cast<std::uint64_t>(code) >= labels.size())
      return object.corrupt("_y", "has " + std::to_string(code) + ", must be 0 to " +
                                      std::to_string(labels.size() - 1) + ", a position in 'classes_'");
    classes.push_back(static_cast<std::uint32_t>(code));
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, rows.inputs(), step));
  step.predictor = std::make_shared<NeighbourClassifier>(std::move(rows), weight, std::move(classes), std::move(labels),
                                                         pipeline::short_name(object));
  return step;
}

}  // namespace scoria::model::distance
