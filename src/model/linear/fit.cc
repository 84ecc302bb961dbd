#include "model/linear/fit.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/na.h"
#include "model/features.h"
#include "model/linear/training_means.h"

namespace scoria::model::linear {
namespace {

using rdata::Kind;
using rdata::Value;

struct Shape {
  std::size_t rows = 0;
  std::size_t columns = 0;
};

// Of a numeric matrix whose dimensions fit its length; empty for anything else.
std::optional<Shape> matrix_shape(const Value& value) {
  const Value* dim = value.attribute("dim");
  if (dim == nullptr) return std::nullopt;
  const std::vector<double> sizes = to_numbers(*dim);
  if (sizes.size() != 2) return std::nullopt;
  const auto is_count = [](double x) { return x >= 0 && x <= 1e9 && x == std::floor(x); };
  if (!is_count(sizes[0]) || !is_count(sizes[1])) return std::nullopt;
  const Shape shape{static_cast<std::size_t>(sizes[0]), static_cast<std::size_t>(sizes[1])};
  if (shape.rows * shape.columns != value.size()) return std::nullopt;
  return shape;
}

// colnames() of a matrix; "1", "2", ... where there are none.
std::vector<std::string> column_names(const Value& matrix, std::size_t columns) {
  if (const Value* names = matrix.attribute("dimnames"); names != nullptr && names->items.size() == 2) {
    std::vector<std::string> found = rdata::strings(*names->items[1]);
    if (found.size() == columns) return found;
  }
  std::vector<std::string> numbered;
  for (std::size_t i = 0; i < columns; ++i) numbered.push_back(std::to_string(i + 1));
  return numbered;
}

// All coefficients, output by output, over the model matrix's columns; NA where aliased.
struct Coefficients {
  std::vector<double> values;
  std::vector<std::string> outputs{""};
};

Result<Coefficients> read_coefficients(const RObject& object, std::size_t columns) {
  Coefficients all;
  SCORIA_TRY(values, object.numbers("coefficients"));
  const Value& slot = *object.find("coefficients");
  if (const auto shape = matrix_shape(slot)) all.outputs = column_names(slot, shape->columns);
  if (all.outputs.empty() || values.size() != columns * all.outputs.size()) {
    return object.corrupt("coefficients", "has " + std::to_string(values.size()) + " numbers for " +
                                              std::to_string(columns) + " columns of the model matrix");
  }
  all.values = std::move(values);
  return all;
}

// The inverse of the upper triangle of the first `rank` rows and columns of a matrix with `rows` rows, by back substitution.
std::vector<double> inverse_of_upper(const double* matrix, std::size_t rows, std::size_t rank) {
  std::vector<double> inverse(rank * rank);
  for (std::size_t j = 0; j < rank; ++j) {
    double* const column = inverse.data() + j * rank;
    column[j] = 1;
    for (std::size_t k = j + 1; k-- > 0;) {
      column[k] /= matrix[k * rows + k];
      for (std::size_t i = 0; i < k; ++i) column[i] -= column[k] * matrix[k * rows + i];
    }
  }
  return inverse;
}

struct Decomposition {
  std::vector<std::uint32_t> pivot;  // all columns, from 0
  std::size_t rank = 0;
  Known<std::vector<double>> r_inverse;
};

// The slot `qr`. Errors: corrupt, for pivots that are no permutation or a rank beyond the matrix.
Result<Decomposition> read_qr(const RObject& object, const Value& slot, std::size_t columns) {
  const RObject qr(slot, "qr");
  SCORIA_TRY(pivot, qr.integers("pivot"));
  SCORIA_TRY(rank, qr.integer("rank"));
  if (pivot.size() != columns || rank < 0 || static_cast<std::size_t>(rank) > columns) {
    return object.corrupt("qr", "has " + std::to_string(pivot.size()) + " pivots and rank " + std::to_string(rank) +
                                    " for " + std::to_string(columns) + " columns of the model matrix");
  }
  Decomposition read{.rank = static_cast<std::size_t>(rank)};
  std::vector<bool> seen(columns);
  for (const std::int32_t column : pivot) {
    if (column < 1 || static_cast<std::size_t>(column) > columns || seen[static_cast<std::size_t>(column) - 1]) {
      return object.corrupt("qr", "has pivots that do not name every column once");
    }
    seen[static_cast<std::size_t>(column) - 1] = true;
    read.pivot.push_back(static_cast<std::uint32_t>(column - 1));
  }
  const Value* matrix = qr.find("qr");
  const auto shape = matrix == nullptr || matrix->kind != Kind::real ? std::nullopt : matrix_shape(*matrix);
  if (!shape || shape->columns != columns || shape->rows < read.rank) {
    read.r_inverse.absent = "the model's slot qr does not hold the decomposition's matrix";
  } else {
    read.r_inverse.value = inverse_of_upper(matrix->reals.data(), shape->rows, read.rank);
  }
  return read;
}

// R's sum(): in 80 bits.
Known<double> weighted_squares(const RObject& object) {
  const Value* residuals = object.find("residuals");
  if (residuals == nullptr || residuals->kind != Kind::real) return {.absent = "the model holds no residuals"};
  const Value* weights = object.find("weights");
  const std::vector<double> w = weights == nullptr ? std::vector<double>{} : to_numbers(*weights);
  if (weights != nullptr && w.size() != residuals->reals.size()) {
    return {.absent = "the model has weights that are not one for each residual"};
  }
  long double sum = 0;
  for (std::size_t i = 0; i < residuals->reals.size(); ++i) {
    const double square = residuals->reals[i] * residuals->reals[i];
    sum += w.empty() ? square : square * w[i];
  }
  return {.value = static_cast<double>(sum)};
}

}  // namespace

Result<Fit> Fit::read(const Value& value, const std::string& what) {
  const RObject object(value, what);
  const Value* terms_slot = object.find("terms");
  if (terms_slot == nullptr) return object.corrupt("terms", "is absent; predict() cannot do without");
  SCORIA_TRY(terms, terms::Terms::parse(*terms_slot, {.xlevels = object.find("xlevels"),
                                                      .contrasts = object.find("contrasts"),
                                                      .call = object.find("call"),
                                                      .data = object.find("data"),
                                                      .frame = object.find("model")}));
  const std::size_t columns = terms.columns().size();
  SCORIA_TRY(coefficients, read_coefficients(object, columns));
  Fit fit{.terms = std::move(terms)};
  fit.outputs = std::move(coefficients.outputs);

  // Without qr, the columns whose coefficient is known are the used ones, in their own order.
  Decomposition qr;
  if (const Value* slot = object.find("qr"); slot != nullptr && slot->kind == Kind::list) {
    SCORIA_TRY(read, read_qr(object, *slot, columns));
    qr = std::move(read);
  } else {
    for (std::uint32_t column = 0; column < columns; ++column) {
      if (!is_na(coefficients.values[column])) qr.pivot.push_back(column);
    }
    qr.rank = qr.pivot.size();
    qr.r_inverse.absent =
        qr.rank == 0 ? "" : "the model holds no qr decomposition (it was fitted with qr = FALSE or stripped)";
  }
  fit.used.assign(qr.pivot.begin(), qr.pivot.begin() + static_cast<std::ptrdiff_t>(qr.rank));
  fit.aliased = static_cast<std::uint32_t>(columns - qr.rank);
  fit.r_inverse = std::move(qr.r_inverse);
  for (std::size_t output = 0; output < fit.outputs.size(); ++output) {
    for (const std::uint32_t column : fit.used) {
      fit.coefficients.push_back(coefficients.values[output * columns + column]);
    }
  }

  fit.residual_sum = weighted_squares(object);
  fit.is_weighted = object.find("weights") != nullptr;
  if (const Value* df = object.find("df.residual"); df != nullptr && to_numbers(*df).size() == 1) {
    fit.df_residual = to_numbers(*df)[0];
  } else if (fit.residual_sum.absent.empty()) {
    fit.residual_sum.absent = "the model holds no df.residual";
  }
  if (fit.outputs.size() == 1) fit.means = training_means(object, fit.terms);
  return fit;
}

Status require_plain_class(const Value& value, std::string_view family, std::span<const std::string_view> known) {
  for (const std::string& name : rdata::classes(value)) {
    if (name == family) return Ok{};
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Error{Code::unsupported, "the model's class '" + name + "' stands before '" + std::string(family) +
                                        "' and may predict in a way of its own; it is not read"};
  }
  return Ok{};
}

}  // namespace scoria::model::linear
