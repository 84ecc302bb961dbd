#include "model/dense_net/net_predictor.h"

#include "model/pipeline/class_answers.h"
#include "model/pipeline/numbers.h"

namespace scoria::model::dense_net {
namespace {

Result<NumberColumns> outputs_of(const Layers& net, const table::Table& columns, const std::string& class_name,
                                 std::size_t first_row, Executor& executor) {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name, first_row));
  NumberColumns out(net.outputs(), std::vector<double>(x.rows));
  linear::for_each_block(x.rows, executor,
                         [&](std::size_t first, std::size_t count) { net.forward(x, first, count, out); });
  return out;
}

}  // namespace

void NetRegressor::describe(Description& description) const {
  description.types = {"predict"};
  description.details.emplace_back("hidden layers", std::to_string(net_.hidden_layers()));
}

Result<Prediction> NetRegressor::predict(const table::Table& columns, const Request& request,
                                         Executor& executor) const {
  SCORIA_TRY(outputs, outputs_of(net_, columns, class_name_, request.first_row, executor));
  std::vector<std::string> names;
  for (std::size_t k = 0; k < outputs.size() && outputs.size() > 1; ++k) names.push_back(std::to_string(k));
  Prediction prediction{table::Table(columns.rows()), {}};
  add_numbers("predict", names, std::move(outputs), prediction.table);
  return prediction;
}

NetClassifier::NetClassifier(Layers net, pipeline::ClassLabels labels, std::string class_name)
    : net_(std::move(net)), labels_(std::move(labels)), class_name_(std::move(class_name)) {
  SCORIA_CHECK(net_.outputs() == (labels_.size() == 2 ? 1 : labels_.size()));
}

void NetClassifier::describe(Description& description) const {
  description.types = {"predict", "proba", "log_proba"};
  description.labels = labels_.names();
  description.details.emplace_back("hidden layers", std::to_string(net_.hidden_layers()));
}

Result<Prediction> NetClassifier::predict(const table::Table& columns, const Request& request,
                                          Executor& executor) const {
  SCORIA_TRY(outputs, outputs_of(net_, columns, class_name_, request.first_row, executor));
  std::vector<std::int32_t> winners;
  if (outputs.size() > 1) {
    winners = pipeline::first_largest(outputs);
  } else {
    for (const double p : outputs[0]) winners.push_back(p > 0.5 ? 1 : 0);
    outputs.insert(outputs.begin(), outputs[0]);
    for (double& p : outputs[0]) p = 1 - p;
  }
  return pipeline::class_prediction(request.types, labels_, winners, [&](const std::string& type) {
    return type == "proba" ? outputs : pipeline::logarithms(outputs);
  });
}

}  // namespace scoria::model::dense_net
