#include "model/tree/sklearn_gradient_boosting_init.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <vector>

#include "model/pipeline/numbers.h"
#include "model/pipeline/sklearn_steps.h"

namespace scoria::model::tree {
namespace {

using pipeline::Version;

// Probabilities of one row -> sums of the loss's scale, in place. `p` has all classes; the result stands in its first `outputs`.
void to_sums(std::span<double> p, const InitialAnswer& answer) {
  // Until 1.7 by float32's epsilon, although numbers are doubles.
  const double least =
      answer.version < Version{1, 8} ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  for (double& x : p) x = std::clamp(x, least, 1 - least);
  if (answer.outputs == 1) {
    const double odds = std::log(p[1] / (1 - p[1]));
    p[0] = answer.link == Link::double_logistic ? 0.5 * odds : odds;
    return;
  }
  double mean = 1;  // since 1.4 the geometric mean is taken out, so that the sums of a row add up to 0
  if (answer.version >= Version{1, 4}) {
    double total = 0;
    for (const double x : p) total += std::log(x);
    mean = std::exp(total / static_cast<double>(p.size()));
  }
  for (double& x : p) x = std::log(x / mean);
}

// Another estimator's answers for the same rows.
class EstimatorStart final : public Start {
 public:
  EstimatorStart(pipeline::Step step, InitialAnswer answer, std::string class_name)
      : step_(std::move(step)), answer_(answer), class_name_(std::move(class_name)) {}

  Status fill(const table::Table& columns, std::size_t first_row, Executor& executor,
              NumberColumns& sums) const override {
    // It is given what the trees are given: numbers rounded to 32 bits.
    SCORIA_TRY(x, pipeline::to_numbers(columns, {.only_float32 = true}, class_name_, first_row));
    table::Table rounded(columns.rows());
    for (std::size_t j = 0; j < x.columns.size(); ++j) {
      std::vector<double> values(columns.rows());
      for (std::size_t row = 0; row < values.size(); ++row) {
        values[row] = static_cast<double>(static_cast<float>(x.columns[j][row]));
      }
      rounded.add(step_.inputs[j].feature.name, table::Column::real(std::move(values)));
    }
    Request request;
    request.types = {answer_.is_classifier ? "proba" : "predict"};
    request.first_row = first_row;
    SCORIA_TRY(prediction, step_.predictor->predict(rounded, request, executor));
    const std::size_t wanted = !answer_.is_classifier ? 1 : std::max<std::size_t>(answer_.outputs, 2);
    const auto to_double = pipeline::to_numbers(prediction.table, {.missing = true, .infinite = true}, class_name_, 1);
    if (!to_double.ok() || to_double.value().columns.size() != wanted) {
      return Error{Code::unsupported, class_name_ + ": attribute 'init_' is a " + step_.class_name +
                                          " that does not answer with " + std::to_string(wanted) +
                                          (wanted == 1 ? " number" : " probabilities") + " for each row"};
    }
    const auto& answers = to_double.value().columns;
    std::vector<double> row_values(wanted);
    for (std::size_t row = 0; row < columns.rows(); ++row) {
      for (std::size_t k = 0; k < wanted; ++k) row_values[k] = answers[k][row];
      if (answer_.is_classifier) to_sums(row_values, answer_);
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k][row] = row_values[k];
    }
    return Ok{};
  }

 private:
  pipeline::Step step_;
  InitialAnswer answer_;
  std::string class_name_;
};

// Whether an array of 32-bit numbers is part of an estimator. It was fitted on such numbers then, and scikit-learn computes its
// answers in 32 bits too. Values may be shared and cyclic; each is met once.
bool has_float32(const pickle::Value& root) {
  std::vector<const pickle::Value*> pending{&root};
  std::unordered_set<const pickle::Value*> met{&root};
  const auto add = [&](const pickle::Value* value) {
    if (value != nullptr && met.insert(value).second) pending.push_back(value);
  };
  while (!pending.empty()) {
    const pickle::Value& value = *pending.back();
    pending.pop_back();
    for (const pickle::Value* item : value.items) add(item);
    if (value.record != nullptr) {
      add(value.record->state);
      add(value.record->arguments);
    }
    if (value.array == nullptr) continue;
    if (value.array->type->kind == pickle::ElementKind::real && value.array->type->item_size == 4) return true;
    for (const pickle::Value* item : value.array->objects) add(item);
  }
  return false;
}

std::shared_ptr<const Start> constant(std::vector<double> values) {
  return std::make_shared<ConstantStart>(std::move(values));
}

// One number where `outputs` is 1, else one for each.
Result<std::shared_ptr<const Start>> read_constant(const pickle::Object& init, std::string_view attribute,
                                                   std::uint32_t outputs) {
  SCORIA_TRY(value, init.get(attribute));
  std::vector<double> numbers;
  if (outputs == 1) {
    SCORIA_TRY(number, init.number(attribute));
    numbers = {number};
  } else {
    SCORIA_TRY(all, init.numbers(attribute));
    numbers = std::move(all);
  }
  if (numbers.size() != outputs) {
    return init.corrupt(attribute, "has " + std::to_string(numbers.size()) + " numbers, must have " +
                                       std::to_string(outputs) + ": one for each tree of a stage");
  }
  return constant(std::move(numbers));
}

Result<std::vector<double>> dummy_probabilities(const pickle::Object& init, std::size_t classes) {
  SCORIA_TRY(strategy, init.text("strategy"));
  if (strategy == "uniform") return std::vector<double>(classes, 1 / static_cast<double>(classes));
  if (strategy == "prior" || strategy == "most_frequent") {
    SCORIA_TRY(priors, init.numbers("class_prior_"));
    if (priors.size() != classes) {
      return init.corrupt("class_prior_", "has " + std::to_string(priors.size()) + " numbers, must have " +
                                              std::to_string(classes) + ": one for each class");
    }
    if (strategy == "prior") return priors;
    const auto most = std::max_element(priors.begin(), priors.end()) - priors.begin();
    std::vector<double> only(classes, 0.0);
    only[static_cast<std::size_t>(most)] = 1;
    return only;
  }
  return Error{Code::unsupported, init.name() + ": strategy '" + strategy +
                                      "' is not read as a start; prior, most_frequent and uniform are"};
}

// The estimators that were the default until 0.20. Their answers are sums already.
std::string_view constant_of(std::string_view class_name) {
  constexpr std::pair<std::string_view, std::string_view> kAttributes[] = {
      {"MeanEstimator", "mean"},           {"QuantileEstimator", "quantile"},       {"LogOddsEstimator", "prior"},
      {"ScaledLogOddsEstimator", "prior"}, {"PriorProbabilityEstimator", "priors"},
  };
  for (const auto& [name, attribute] : kAttributes) {
    if (class_name == name) return attribute;
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Start>> read_initial(const pickle::Object& boosting, const InitialAnswer& answer) {
  SCORIA_TRY(value, boosting.get("init_"));
  if (pickle::is_text(*value, "zero")) return constant(std::vector<double>(answer.outputs, 0.0));
  SCORIA_TRY(init, boosting.object("init_"));
  const std::string name = init.name();
  const std::string class_name = pipeline::short_name(init);
  if (name.starts_with("sklearn.ensemble.") && class_name == "ZeroEstimator") {
    return constant(std::vector<double>(answer.outputs, 0.0));
  }
  if (const std::string_view attribute = constant_of(class_name);
      name.starts_with("sklearn.ensemble.") && !attribute.empty()) {
    return read_constant(init, attribute, answer.outputs);
  }
  if (name == "sklearn.dummy.DummyRegressor" && !answer.is_classifier) return read_constant(init, "constant_", 1);
  if (answer.is_classifier && answer.version < Version{0, 21}) {
    return Error{Code::unsupported,
                 boosting.name() + ": attribute 'init_' is " + name +
                     "; of scikit-learn before 0.21, whose classifiers started with the classes that "
                     "such an estimator predicts, only its own starts are read"};
  }
  if (name == "sklearn.dummy.DummyClassifier" && answer.is_classifier) {
    SCORIA_TRY(p, dummy_probabilities(init, std::max<std::size_t>(answer.outputs, 2)));
    to_sums(p, answer);
    p.resize(answer.outputs);
    return constant(std::move(p));
  }
  if (has_float32(*value)) {
    return Error{Code::unsupported,
                 boosting.name() + ": attribute 'init_' is a " + class_name +
                     " that computes in 32 bits, as it was fitted on such numbers; starts in doubles are read"};
  }
  SCORIA_TRY(step, pipeline::load_step(*value, "attribute 'init_' of " + boosting.name(), answer.depth + 1));
  Description description;
  if (step.predictor != nullptr) step.predictor->describe(description);
  const std::string type = answer.is_classifier ? "proba" : "predict";
  if (std::find(description.types.begin(), description.types.end(), type) == description.types.end()) {
    return Error{Code::unsupported,
                 boosting.name() + ": attribute 'init_' is a " + class_name + ", which has no " + type};
  }
  const bool fits = !answer.is_classifier || description.labels.size() == std::max<std::size_t>(answer.outputs, 2);
  if (step.inputs.size() != answer.features || !fits) {
    return boosting.corrupt("init_", "was fitted on other columns or classes than the trees");
  }
  return std::shared_ptr<const Start>(
      std::make_shared<EstimatorStart>(std::move(step), answer, pipeline::short_name(boosting)));
}

}  // namespace scoria::model::tree
