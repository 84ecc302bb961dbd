#include "model/preprocess/sklearn_function.h"

#include <cmath>

#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"
#include "model/preprocess/function.h"
#include "model/preprocess/names.h"

namespace scoria::model::preprocess {
namespace {

using pickle::Kind;

constexpr pipeline::Version kNoneIsFalse{0, 22};  // of `validate`

struct Known {
  std::string_view name;  // numpy's and scipy.special's
  double (*function)(double);
};

double sign(double x) { return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0)); }
double square(double x) { return x * x; }
double negative(double x) { return -x; }
double expit(double x) { return 1 / (1 + std::exp(-x)); }
double logit(double x) {
  return std::fabs(x - 0.5) < 0.25 ? std::log1p(2 * (x - 0.5) / (1 - x)) : std::log(x / (1 - x));
}

// Functions of numpy and scipy.special that take one number and give one. Not reciprocal: it divides whole numbers as such, and
// a file of rows does not say which it has.
constexpr Known kKnown[] = {
    {"log", [](double x) { return std::log(x); }},
    {"log1p", [](double x) { return std::log1p(x); }},
    {"log2", [](double x) { return std::log2(x); }},
    {"log10", [](double x) { return std::log10(x); }},
    {"exp", [](double x) { return std::exp(x); }},
    {"expm1", [](double x) { return std::expm1(x); }},
    {"exp2", [](double x) { return std::exp2(x); }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"cbrt", [](double x) { return std::cbrt(x); }},
    {"square", square},
    {"abs", [](double x) { return std::fabs(x); }},
    {"absolute", [](double x) { return std::fabs(x); }},
    {"fabs", [](double x) { return std::fabs(x); }},
    {"negative", negative},
    {"sign", sign},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"tan", [](double x) { return std::tan(x); }},
    {"arctan", [](double x) { return std::atan(x); }},
    {"sinh", [](double x) { return std::sinh(x); }},
    {"cosh", [](double x) { return std::cosh(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"arcsinh", [](double x) { return std::asinh(x); }},
    {"floor", [](double x) { return std::floor(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"trunc", [](double x) { return std::trunc(x); }},
    {"rint", [](double x) { return std::nearbyint(x); }},
    {"expit", expit},
    {"logit", logit},
};

const Known* find_known(const pickle::Value& function) {
  if (function.kind != Kind::global) return nullptr;
  const std::string_view module = function.global->module;
  if (!module.starts_with("numpy") && !module.starts_with("scipy.special")) return nullptr;
  for (const Known& known : kKnown) {
    if (known.name == function.global->name) return &known;
  }
  return nullptr;
}

Error not_known(const pickle::Object& object, const pickle::Value& function) {
  std::string names;
  for (const Known& known : kKnown) names.append(names.empty() ? "" : ", ").append(known.name);
  return Error{Code::unsupported,
               object
                   .corrupt("func", "is " + pickle::brief(function) +
                                        ", which is not known; functions of numpy and scipy.special that are: " + names)
                   .message};
}

bool is_empty(const pickle::Value* dict) {
  return dict == nullptr || (dict->kind == Kind::dict && dict->items.empty());
}

}  // namespace

Status set_any_inputs(const pickle::Object& object, pipeline::Step& step) {
  if (object.find("n_features_in_") == nullptr && object.find("feature_names_in_") == nullptr) {
    step.takes_any_count = true;
    return Ok{};
  }
  SCORIA_TRY(count, object.integer("n_features_in_"));
  if (count < 1 || count > static_cast<std::int64_t>(kMostColumns)) {
    return object.corrupt("n_features_in_", "is no number of columns");
  }
  return pipeline::set_inputs(object, static_cast<std::size_t>(count), step);
}

Result<pipeline::Step> load_function_transformer(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  if (!is_empty(object.find("kw_args"))) {
    return Error{Code::unsupported, object.name() + ": kw_args, arguments of its function, are not read"};
  }
  // None, the default of 0.20 and 0.21, means True, as what went before; since then the default is False.
  bool validates = pipeline::version_of(object) < kNoneIsFalse;
  if (object.find("validate") != nullptr) {
    SCORIA_TRY(given, object.truth("validate"));
    validates = given;
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(set_any_inputs(object, step));
  const Function::Options options{.accept = {.missing = !validates, .infinite = !validates}, .takes_truths = validates};
  const pickle::Value* function = object.find("func");
  if (function != nullptr) {
    const Known* known = find_known(*function);
    if (known == nullptr) return not_known(object, *function);
    step.transformer = std::make_shared<Function>(known->function, options, "FunctionTransformer");
  } else if (validates) {
    step.transformer = std::make_shared<Function>([](double x) { return x; }, options, "FunctionTransformer");
  } else {
    step.transformer = std::make_shared<Identity>();
  }
  return step;
}

Result<pipeline::Step> load_binarizer(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(threshold, object.number("threshold"));
  pipeline::Step step;
  SCORIA_TRY_STATUS(set_any_inputs(object, step));
  const double above = threshold;
  step.transformer =
      std::make_shared<Function>([above](double x) { return x > above ? 1.0 : 0.0; }, Function::Options{}, "Binarizer");
  return step;
}

}  // namespace scoria::model::preprocess
