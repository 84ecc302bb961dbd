#include "model/terms/householder.h"

#include <algorithm>
#include <cmath>

namespace scoria::model::terms {
namespace {

constexpr double kTolerance = 1e-7;  // R's qr(tol = 1e-07)

double norm(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

double product(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

Householder::Householder(std::vector<double> matrix, std::size_t rows, std::size_t columns)
    : rows_(rows), rank_(columns), matrix_(std::move(matrix)), heads_(columns, 0) {
  const auto column = [&](std::size_t j, std::size_t from) {
    return std::span<double>(matrix_).subspan(j * rows_ + from, rows_ - from);
  };
  std::vector<double> left(columns);  // the norm of what is left of each column
  for (std::size_t j = 0; j < columns; ++j) left[j] = norm(column(j, 0));
  std::vector<double> first = left;
  for (double& value : first)
    if (value == 0) value = 1;
  for (std::size_t l = 0; l < std::min(rows, columns); ++l) {
    while (l < rank_ && left[l] < first[l] * kTolerance) {
      const auto begin = matrix_.begin() + static_cast<std::ptrdiff_t>(l * rows);
      std::rotate(begin, begin + static_cast<std::ptrdiff_t>(rows), matrix_.end());
      std::rotate(left.begin() + static_cast<std::ptrdiff_t>(l), left.begin() + static_cast<std::ptrdiff_t>(l) + 1,
                  left.end());
      std::rotate(first.begin() + static_cast<std::ptrdiff_t>(l), first.begin() + static_cast<std::ptrdiff_t>(l) + 1,
                  first.end());
      --rank_;
    }
    if (l + 1 == rows) break;
    const std::span<double> own = column(l, l);
    double length = norm(own);
    if (length == 0) continue;
    if (own[0] != 0) length = std::copysign(length, own[0]);
    for (double& value : own) value *= 1 / length;
    own[0] += 1;
    for (std::size_t j = l + 1; j < columns; ++j) {
      const std::span<double> other = column(j, l);
      const double step = -product(own, other) / own[0];
      for (std::size_t i = 0; i < other.size(); ++i) other[i] += step * own[i];
      if (left[j] == 0) continue;
      const double ratio = std::fabs(other[0]) / left[j];
      const double rest = std::max(1 - ratio * ratio, 0.0);
      // The update loses its digits where little is left.
      left[j] = rest < 1e-6 ? norm(other.subspan(1)) : left[j] * std::sqrt(rest);
    }
    heads_[l] = own[0];
    own[0] = -length;
  }
  rank_ = std::min(rank_, rows);
}

void Householder::reflect(std::size_t column, std::span<double> y) const {
  if (heads_[column] == 0) return;
  const std::span<const double> tail =
      std::span<const double>(matrix_).subspan(column * rows_ + column + 1, rows_ - column - 1);
  const std::span<double> rest = y.subspan(column + 1);
  const double step = -(heads_[column] * y[column] + product(tail, rest)) / heads_[column];
  y[column] += step * heads_[column];
  for (std::size_t i = 0; i < tail.size(); ++i) rest[i] += step * tail[i];
}

void Householder::multiply(std::span<double> y) const {
  for (std::size_t j = std::min(rank_, rows_ - 1); j-- > 0;) reflect(j, y);
}

void Householder::multiply_transposed(std::span<double> y) const {
  for (std::size_t j = 0; j < std::min(rank_, rows_ - 1); ++j) reflect(j, y);
}

}  // namespace scoria::model::terms
