// What R's predict() reads of a fitted linear model: coefficients, the R factor of its QR decomposition, the variance of its
// residuals. Shared by lm, glm and rq, which differ in what they make of it.
// Threads: a value; immutable once read. Ownership: owns all it holds; the object it came from may go.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/linear/training_means.h"
#include "model/r_object.h"
#include "model/terms/terms.h"
#include "rdata/value.h"

namespace scoria::model::linear {

struct Fit {
  terms::Terms terms;

  // Columns of the model matrix that have a coefficient, in R's pivot order: products are added up in that order, as R's BLAS
  // does. Aliased columns are not among them.
  std::vector<std::uint32_t> used;
  std::uint32_t aliased = 0;
  // coefficients[output * used.size() + i] belongs to used[i].
  std::vector<double> coefficients;
  std::vector<std::string> outputs;  // responses of an mlm, quantiles of an rqs; one empty name for a single response

  // Inverse of the R factor: upper triangular, column-major, used.size() squared.
  Known<std::vector<double>> r_inverse;
  // Means of the model matrix's columns over the rows the model was fitted to.
  Known<std::vector<double>> means;

  double df_residual = 0;
  // sum(weights * residuals^2), as predict.lm() has it.
  Known<double> residual_sum;
  bool is_weighted = false;

  // Errors: corrupt, naming the slot; unsupported, naming the term that is not understood.
  static Result<Fit> read(const rdata::Value& value, const std::string& what);
};

// The classes among `known` may stand before `family` in an object's class attribute; any other brings a predict() of its own.
// Errors: unsupported, naming that class.
Status require_plain_class(const rdata::Value& value, std::string_view family, std::span<const std::string_view> known);

}  // namespace scoria::model::linear
