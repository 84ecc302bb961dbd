#include "model/linear/links.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "model/linear/distribution.h"
#include "model/r_object.h"

namespace scoria::model::linear {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();  // R's .Machine$double.eps
constexpr double kLogitLimit = 30;                                   // R's C code: beyond, exp() is replaced
constexpr double kProbitLimit = 0x1.04074bdbf8864p+3;                // -qnorm(eps), as R 4.2.2 gives it
constexpr double kCauchitLimit = 0x1.45f306dc9c883p+50;              // -qcauchy(eps), as R 4.2.2 gives it
constexpr double kCloglogLimit = 700;

double at_least_epsilon(double mu) { return mu < kEpsilon ? kEpsilon : mu; }  // NaN stays, as with R's pmax()

// R's x^y: the C library's, but for a fractional power of -Inf, which is NaN.
double r_power(double x, double y) {
  if (std::isinf(x) && x < 0 && y != std::floor(y)) return std::numeric_limits<double>::quiet_NaN();
  return std::pow(x, y);
}

double logit_inverse(double eta) {
  const double odds = eta < -kLogitLimit ? kEpsilon : eta > kLogitLimit ? 1 / kEpsilon : std::exp(eta);
  return odds / (1 + odds);
}

// The number `lambda` in the environment of one of the family's functions: data beside the code.
std::optional<double> kept_lambda(const rdata::Value& family) {
  for (const char* function : {"linkinv", "linkfun", "mu.eta"}) {
    const rdata::Value* closure = rdata::member(family, function);
    if (closure == nullptr || closure->kind != rdata::Kind::closure || closure->environment == nullptr) continue;
    const rdata::Value* lambda = rdata::member(*closure->environment, "lambda");
    if (lambda != nullptr && lambda->kind == rdata::Kind::promise) lambda = lambda->promised;
    if (lambda == nullptr) continue;
    const std::vector<double> numbers = to_numbers(*lambda);
    if (numbers.size() == 1 && std::isfinite(numbers[0])) return numbers[0];
  }
  return std::nullopt;
}

// What "mu^0.333" says; empty for another name.
std::optional<double> printed_lambda(std::string_view name) {
  constexpr std::string_view kPrefix = "mu^";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const char* const end = name.data() + name.size();
  double lambda = 0;
  const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, lambda);
  if (error != std::errc{} || stop != end || !std::isfinite(lambda) || lambda == 0) return std::nullopt;
  return lambda;
}

constexpr std::string_view kKnown =
    "identity, logit, probit, cauchit, cloglog, log, sqrt, inverse, 1/mu^2 and power(lambda)";

}  // namespace

Result<Link> Link::parse(const rdata::Value& family) {
  const RObject object(family, "family");
  SCORIA_TRY(names, object.strings("link"));
  if (names.size() != 1) return object.corrupt("link", "must be one name");
  const std::string& name = names[0];
  constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"identity", Kind::identity}, {"logit", Kind::logit},     {"probit", Kind::probit},
      {"cauchit", Kind::cauchit},   {"cloglog", Kind::cloglog}, {"log", Kind::log},
      {"sqrt", Kind::sqrt},         {"inverse", Kind::inverse}, {"1/mu^2", Kind::inverse_square}};
  for (const auto& [known, kind] : kKinds) {
    if (name == known) return Link(name, kind, 0);
  }
  const auto printed = printed_lambda(name);
  if (!printed) {
    return Error{Code::unsupported, "the model's link '" + name +
                                        "' is not one whose formula its name tells; known: " + std::string(kKnown)};
  }
  const auto kept = kept_lambda(family);
  const auto thousandths = [](double x) { return std::round(std::fabs(x) * 1000); };
  if (kept && std::fabs(*kept - *printed) <= 0.0006) return Link(name, Kind::power, 1 / *kept);
  // A lambda with three printed digits may have had more, 1/3 being the one people use.
  if (std::fmod(thousandths(*printed), 10) != 0) {
    return Error{Code::unsupported, "the model's link '" + name +
                                        "' was rounded to three digits for its name, and the "
                                        "file does not hold the number itself (its functions were stripped)"};
  }
  return Link(name, Kind::power, 1 / *printed);
}

double Link::inverse_of(double eta) const {
  if (std::isnan(eta)) return eta;
  switch (kind_) {
    case Kind::identity: return eta;
    case Kind::logit: return logit_inverse(eta);
    case Kind::probit: return pnorm(std::clamp(eta, -kProbitLimit, kProbitLimit));
    case Kind::cauchit: return pcauchy(std::clamp(eta, -kCauchitLimit, kCauchitLimit));
    case Kind::cloglog: return at_least_epsilon(std::min(-std::expm1(-std::exp(eta)), 1 - kEpsilon));
    case Kind::log: return at_least_epsilon(std::exp(eta));
    case Kind::sqrt: return eta * eta;
    case Kind::inverse: return 1 / eta;
    case Kind::inverse_square: return 1 / std::sqrt(eta);
    case Kind::power: return at_least_epsilon(r_power(eta, power_));
  }
  return eta;
}

void Link::inverse(std::span<double> eta) const {
  if (kind_ == Kind::identity) return;
  for (double& value : eta) value = inverse_of(value);
}

double Link::derivative(double eta) const {
  if (kind_ == Kind::identity) return 1;
  if (std::isnan(eta)) return eta;
  switch (kind_) {
    case Kind::identity: return 1;
    case Kind::logit: {
      if (std::fabs(eta) > kLogitLimit) return kEpsilon;
      const double odds = std::exp(eta);
      return odds / ((1 + odds) * (1 + odds));
    }
    case Kind::probit: return at_least_epsilon(dnorm(eta));
    case Kind::cauchit: return at_least_epsilon(dcauchy(eta));
    case Kind::cloglog: {
      const double hazard = std::exp(std::min(eta, kCloglogLimit));
      return at_least_epsilon(hazard * std::exp(-hazard));
    }
    case Kind::log: return at_least_epsilon(std::exp(eta));
    case Kind::sqrt: return 2 * eta;
    case Kind::inverse: return -1 / (eta * eta);
    case Kind::inverse_square: return -1 / (2 * r_power(eta, 1.5));
    case Kind::power: return at_least_epsilon(power_ * r_power(eta, power_ - 1));
  }
  return 1;
}

}  // namespace scoria::model::linear
