// The links of generalized linear models, known by the name that R's family objects carry: mu = inverse(eta).
// Nothing of a family's closures is run: the name says which formula it is, and R's own limits (eps, thresholds) are kept.
// Threads: a value; const members may run concurrently.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "rdata/value.h"

namespace scoria::model::linear {

class Link {
 public:
  // The link of a family object. "mu^LAMBDA", the name of power(lambda), is rounded to three digits: where the family's
  // functions still hold the number lambda, that is taken.
  // Errors: corrupt, where there is no name; unsupported, naming the link and those that are known.
  static Result<Link> parse(const rdata::Value& family);

  const std::string& name() const { return name_; }

  // R's family$linkinv, in place. NA stays NA and NaN stays NaN.
  void inverse(std::span<double> eta) const;
  // R's family$mu.eta: the derivative of the inverse.
  double derivative(double eta) const;

 private:
  enum class Kind : std::uint8_t {
    identity,
    logit,
    probit,
    cauchit,
    cloglog,
    log,
    sqrt,
    inverse,
    inverse_square,
    power,
  };

  Link(std::string name, Kind kind, double power) : name_(std::move(name)), kind_(kind), power_(power) {}
  double inverse_of(double eta) const;

  std::string name_;
  Kind kind_;
  double power_;  // of "mu^LAMBDA": 1 / lambda
};

}  // namespace scoria::model::linear
