#include "model/dense_net/sklearn_mlp.h"

#include <memory>

#include "model/dense_net/net_predictor.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"

namespace scoria::model::dense_net {
namespace {

Result<std::vector<const pickle::Value*>> listed(const pickle::Object& object, std::string_view attribute) {
  SCORIA_TRY(value, object.get(attribute));
  if (value->kind != pickle::Kind::list && value->kind != pickle::Kind::tuple)
    return object.corrupt(attribute, "must be a list of arrays");
  return std::vector<const pickle::Value*>(value->items.begin(), value->items.end());
}

Result<Activation> read_activation(const pickle::Object& object, std::string_view attribute) {
  constexpr std::pair<std::string_view, Activation> kNames[] = {
      {"identity", Activation::identity}, {"logistic", Activation::logistic}, {"tanh", Activation::tanh},
      {"relu", Activation::relu},         {"softmax", Activation::softmax},   {"exp", Activation::exponential}};
  SCORIA_TRY(name, object.text(attribute));
  for (const auto& [known, activation] : kNames) {
    if (name == known) return activation;
  }
  return Error{
      Code::unsupported,
      object.corrupt(attribute, "is '" + name + "', must be 'identity', 'logistic', 'tanh', 'relu', 'softmax' or 'exp'")
          .message};
}

// The weights of a layer are kept as inputs x outputs.
Result<linear::Affine> read_layer(const pickle::Object& object, const pickle::Value& weights,
                                  const pickle::Value& shifts, const std::string& where) {
  if (weights.kind != pickle::Kind::array || weights.array->shape.size() != 2 || weights.array->count == 0)
    return object.corrupt("coefs_", where + "must be a matrix");
  auto numbers = pickle::to_numbers(weights);
  if (!numbers.ok()) return object.corrupt("coefs_", where + numbers.error().message);
  auto added = pickle::to_numbers(shifts);
  if (!added.ok()) return object.corrupt("intercepts_", where + added.error().message);
  linear::Affine layer;
  layer.inputs = weights.array->shape[0];
  layer.outputs = weights.array->shape[1];
  if (added.value().size() != layer.outputs)
    return object.corrupt("intercepts_", where + "has " + std::to_string(added.value().size()) +
                                             " numbers, must have " + std::to_string(layer.outputs));
  layer.shifts = std::move(added).value();
  layer.weights.resize(numbers.value().size());
  for (std::size_t j = 0; j < layer.inputs; ++j) {
    for (std::size_t k = 0; k < layer.outputs; ++k) {
      layer.weights[k * layer.inputs + j] = numbers.value()[j * layer.outputs + k];
    }
  }
  return layer;
}

Result<Layers> read_layers(const pickle::Object& object) {
  SCORIA_TRY(weights, listed(object, "coefs_"));
  SCORIA_TRY(shifts, listed(object, "intercepts_"));
  if (weights.empty() || weights.size() != shifts.size())
    return object.corrupt("coefs_", "must have as many layers as 'intercepts_', and at least one");
  std::vector<linear::Affine> layers;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::string where = "of layer " + std::to_string(i + 1) + " ";
    SCORIA_TRY(layer, read_layer(object, *weights[i], *shifts[i], where));
    if (i > 0 && layer.inputs != layers.back().outputs)
      return object.corrupt("coefs_", where + "must have " + std::to_string(layers.back().outputs) +
                                          " rows, as the layer before has units");
    layers.push_back(std::move(layer));
  }
  SCORIA_TRY(hidden, read_activation(object, "activation"));
  SCORIA_TRY(output, read_activation(object, "out_activation_"));
  return Layers(std::move(layers), hidden, output);
}

}  // namespace

Result<pipeline::Step> load_mlp_regressor(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(net, read_layers(object));
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, net.inputs(), step));
  step.predictor = std::make_shared<NetRegressor>(std::move(net), pipeline::short_name(object));
  return step;
}

Result<pipeline::Step> load_mlp_classifier(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(net, read_layers(object));
  SCORIA_TRY(binarizer, object.object("_label_binarizer"));
  if (binarizer.find("y_type_") != nullptr) {
    SCORIA_TRY(target, binarizer.text("y_type_"));
    if (target.starts_with("multilabel"))
      return Error{Code::unsupported,
                   object.corrupt("_label_binarizer", "is of several labels a row, which is not read").message};
  }
  SCORIA_TRY(labels, pipeline::ClassLabels::read(binarizer));
  const std::size_t wanted = labels.size() == 2 ? 1 : labels.size();
  if (labels.size() < 2 || net.outputs() != wanted)
    return object.corrupt("coefs_", "makes " + std::to_string(net.outputs()) + " outputs for " +
                                        std::to_string(labels.size()) + " classes");
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, net.inputs(), step));
  step.predictor = std::make_shared<NetClassifier>(std::move(net), std::move(labels), pipeline::short_name(object));
  return step;
}

}  // namespace scoria::model::dense_net
