#include "model/terms/coding.h"

#include <cmath>
#include <utility>

#include "model/r_object.h"
#include "model/terms/householder.h"

namespace scoria::model::terms {

std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= count; ++i) names.push_back(std::to_string(i));
  return names;
}

namespace {

using rdata::Kind;
using rdata::Value;

// 0 and 1: one column for every level but `base`.
Coding all_but(const std::vector<std::string>& levels, std::size_t base) {
  Coding coding;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (i == base) continue;
    coding.names.push_back(levels[i]);
    coding.indicator.push_back(static_cast<std::uint32_t>(i));
  }
  return coding;
}

template <typename F>
Coding tabulated(std::size_t levels, std::vector<std::string> names, F value) {
  Coding coding{.names = std::move(names), .indicator = {}, .values = {}};
  coding.values.reserve(levels * coding.names.size());
  for (std::size_t column = 0; column < coding.names.size(); ++column)
    for (std::size_t level = 0; level < levels; ++level) coding.values.push_back(value(level, column));
  return coding;
}

Coding sum(std::size_t n) {
  return tabulated(n, numbered(n - 1), [n](std::size_t level, std::size_t column) {
    return level == n - 1 ? -1.0 : level == column ? 1.0 : 0.0;
  });
}

Coding helmert(std::size_t n) {
  return tabulated(n, numbered(n - 1), [](std::size_t level, std::size_t column) {
    return level <= column ? -1.0 : level == column + 1 ? static_cast<double>(column + 1) : 0.0;
  });
}

// MASS::contr.sdif: successive differences.
Coding successive(const std::vector<std::string>& levels) {
  const std::size_t n = levels.size();
  std::vector<std::string> names;
  for (std::size_t i = 1; i < n; ++i) names.push_back(levels[i] + "-" + levels[i - 1]);
  return tabulated(n, std::move(names), [n](std::size_t level, std::size_t column) {
    const double done = static_cast<double>(column + 1);
    return level <= column ? (done - static_cast<double>(n)) / static_cast<double>(n) : done / static_cast<double>(n);
  });
}

// Orthonormal polynomials of the scores 1, 2, ..., n, made as R makes them, by a QR decomposition of the powers: with many
// levels that loses digits, and the digits R has lost are part of the fit.
Result<Coding> polynomial(std::size_t n) {
  constexpr std::size_t kMost = 95;
  if (n > kMost)
    return Error{Code::too_large, "contr.poly is defined for " + std::to_string(kMost) + " levels at most, not for " +
                                      std::to_string(n)};
  std::vector<double> powers(n * n);
  const double middle = (static_cast<double>(n) + 1) / 2;
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      powers[k * n + i] = std::pow(static_cast<double>(i + 1) - middle, static_cast<double>(k));
  const Householder qr(std::move(powers), n, n);
  Coding coding;
  for (std::size_t k = 1; k < n; ++k) {
    std::vector<double> column(n, 0.0);
    column[k] = qr.diagonal(k);
    qr.multiply(column);
    double square = 0;
    for (const double value : column) square += value * value;
    for (const double value : column) coding.values.push_back(value / std::sqrt(square));
    constexpr std::string_view kFirst[] = {".L", ".Q", ".C"};
    coding.names.push_back(k <= std::size(kFirst) ? std::string(kFirst[k - 1]) : "^" + std::to_string(k));
  }
  return coding;
}

Result<Coding> named(const std::vector<std::string>& levels, const std::string& name) {
  const std::size_t n = levels.size();
  if (n < 2) return Error{Code::corrupt, "has " + std::to_string(n) + " levels, contrasts need two"};
  if (name == "contr.treatment") return all_but(levels, 0);
  if (name == "contr.SAS") return all_but(levels, n - 1);
  if (name == "contr.poly") return polynomial(n);
  if (n * (n - 1) > kMaxContrastCells)
    return Error{Code::too_large, "has " + std::to_string(n) + " levels; " + name + " is understood for " +
                                      std::to_string(kMaxContrastCells) + " values at most"};
  if (name == "contr.sum") return sum(n);
  if (name == "contr.helmert") return helmert(n);
  if (name == "contr.sdif") return successive(levels);
  return Error{Code::unsupported,
               "has contrasts '" + name +
                   "', which the file does not hold; contr.treatment, contr.sum, contr.helmert, contr.poly, contr.SAS, "
                   "contr.sdif and matrices are understood"};
}

Result<Coding> from_matrix(const std::vector<std::string>& levels, const Value& matrix) {
  const Value* dim = matrix.attribute("dim");
  std::vector<double> values = to_numbers(matrix);
  if (dim == nullptr || dim->integers.size() != 2 || values.empty() || dim->integers[0] < 1 ||
      static_cast<std::size_t>(dim->integers[0]) != levels.size() || values.size() % levels.size() != 0 ||
      values.size() / levels.size() != static_cast<std::size_t>(dim->integers[1])) {
    return Error{Code::corrupt, "has contrasts that are no matrix of numbers with a row for each of its " +
                                    std::to_string(levels.size()) + " levels"};
  }
  if (values.size() > kMaxContrastCells)
    return Error{Code::too_large, "has contrasts of " + std::to_string(values.size()) + " values, may have " +
                                      std::to_string(kMaxContrastCells)};
  const std::size_t columns = values.size() / levels.size();
  Coding coding{.names = numbered(columns), .indicator = {}, .values = std::move(values)};
  const Value* names = matrix.attribute("dimnames");
  if (names != nullptr && names->items.size() == 2 && names->items[1]->texts.size() == columns)
    coding.names = rdata::strings(*names->items[1]);
  return coding;
}

}  // namespace

Coding full_coding(const std::vector<std::string>& levels) { return all_but(levels, levels.size()); }

Result<Coding> contrast_coding(const std::vector<std::string>& levels, bool is_ordered, const Value* contrasts) {
  if (contrasts == nullptr) return named(levels, is_ordered ? "contr.poly" : "contr.treatment");
  if (contrasts->kind == Kind::character && contrasts->texts.size() == 1)
    return named(levels, rdata::utf8(contrasts->texts[0]));
  if (contrasts->kind == Kind::real || contrasts->kind == Kind::integer || contrasts->kind == Kind::logical)
    return from_matrix(levels, *contrasts);
  return Error{Code::unsupported, "has contrasts given by a " + std::string(rdata::kind_name(contrasts->kind)) +
                                      ", which is not run; give their name or a matrix when fitting"};
}

}  // namespace scoria::model::terms
