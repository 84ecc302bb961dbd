#include "model/dense_net/r_nnet.h"

#include "model/dense_net/net_model.h"
#include "model/r_matrix.h"

namespace scoria::model::dense_net {
namespace {

using rdata::Kind;
using rdata::Value;

// Column names of the fitted values: what R names the outputs by. Empty where there are none.
std::vector<std::string> output_names(const RObject& object, std::size_t outputs) {
  const Value* fitted = object.find("fitted.values");
  if (fitted == nullptr) return {};
  std::vector<std::string> names = dimension_names(*fitted, 1);
  return names.size() == outputs ? names : std::vector<std::string>{};
}

// Strings, or numbers as strings; empty where the slot is absent.
Result<std::vector<std::string>> read_levels(const RObject& object, std::string_view slot) {
  const Value* value = object.find(slot);
  if (value == nullptr) return std::vector<std::string>{};
  if (value->kind == Kind::character) return rdata::strings(*value);
  SCORIA_TRY(numbers, object.integers(slot));
  std::vector<std::string> levels;
  for (const std::int32_t number : numbers) levels.push_back(std::to_string(number));
  return levels;
}

// What a single output above one half stands for is the second of two; several outputs stand for the first of as many.
Result<std::vector<std::string>> class_labels(const RObject& object, std::string_view slot, std::size_t outputs) {
  SCORIA_TRY(levels, read_levels(object, slot));
  const std::size_t needed = outputs == 1 ? 2 : outputs;
  if (levels.size() < needed) return std::vector<std::string>{};
  levels.resize(needed);
  return levels;
}

std::string shape(const Network& network) {
  return std::to_string(network.inputs()) + "-" + std::to_string(network.hidden()) + "-" +
         std::to_string(network.outputs());
}

Description describe(const Value& value, const std::string& family, const Design& design) {
  Description description;
  description.family = family;
  description.package = "nnet";
  description.classes = rdata::classes(value);
  design.describe(description);
  return description;
}

Status require_inputs(const RObject& object, const Network& network, const Design& design) {
  if (design.columns() == network.inputs()) return Ok{};
  return object.corrupt("n", "has " + std::to_string(network.inputs()) + " inputs, and the formula gives " +
                                 std::to_string(design.columns()));
}

}  // namespace

Result<ModelPtr> load_r_nnet(const Value& value) {
  const RObject object(value, "nnet object");
  SCORIA_TRY(network, Network::read(object));
  const bool is_of_formula = rdata::inherits(value, "nnet.formula");
  auto read = is_of_formula ? Design::of_formula(object, Intercept::drop)
                            : Result<Design>(Design::of_columns({}, network.inputs()));
  SCORIA_TRY(design, std::move(read));
  SCORIA_TRY_STATUS(require_inputs(object, network, design));
  SCORIA_TRY(labels, class_labels(object, "lev", network.outputs()));
  std::vector<std::string> names = output_names(object, network.outputs());
  Description description = describe(value, "nnet", design);
  description.title = "nnet: a " + shape(network) + " network";
  description.details = {{"units", shape(network)},
                         {"outputs", network.is_softmax()  ? "softmax"
                                     : network.is_linear() ? "linear"
                                                           : "logistic"},
                         {"weights", std::to_string(network.weights())}};
  description.types = {"raw"};
  if (!labels.empty()) description.types.emplace_back("class");
  // Without fitted values the classes name the outputs.
  if (names.empty() && network.outputs() > 1) names = labels;
  if (!names.empty() && names != labels) description.details.emplace_back("columns", listed(names));
  description.labels = std::move(labels);
  return ModelPtr(std::make_shared<NetModel>(std::move(description), std::move(design), std::move(network),
                                             std::move(names),
                                             is_of_formula ? MissingRow::no_answer : MissingRow::refuse));
}

Result<ModelPtr> load_r_multinom(const Value& value) {
  const RObject object(value, "multinom object");
  SCORIA_TRY(network, Network::read(object));
  SCORIA_TRY(design, Design::of_formula(object, Intercept::keep));
  if (design.has_offset()) {
    return Error{
        Code::unsupported,
        "multinom object: it was fitted with an offset, which R's predict() forgets and then reads numbers that "
        "are not there; there is no answer to agree with"};
  }
  SCORIA_TRY_STATUS(require_inputs(object, network, design));
  const bool has_levels = object.find("lev") != nullptr;
  SCORIA_TRY(labels, class_labels(object, has_levels ? "lev" : "lab", network.outputs()));
  if (labels.empty()) return object.corrupt("lev", "(or 'lab') must have a class for each output");
  Description description = describe(value, "multinom", design);
  description.title = "multinom: multinomial logit, " + std::to_string(labels.size()) + " classes";
  // The first class of several is what the others are compared with.
  const std::size_t compared = network.outputs() == 1 ? 1 : network.outputs() - 1;
  description.details = {{"coefficients", std::to_string(compared * network.inputs())}};
  description.types = {"class", "probs"};
  std::vector<std::string> names = output_names(object, network.outputs());
  if (names.empty() && network.outputs() > 1) names = labels;
  description.labels = std::move(labels);
  return ModelPtr(std::make_shared<NetModel>(std::move(description), std::move(design), std::move(network),
                                             std::move(names), MissingRow::no_answer));
}

}  // namespace scoria::model::dense_net
