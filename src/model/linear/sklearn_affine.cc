#include "model/linear/sklearn_affine.h"

#include <algorithm>
#include <string>

namespace scoria::model::linear {
namespace {

constexpr std::uint64_t kMostSparseNumbers = 1u << 24;
constexpr std::uint64_t kMostSparseColumns = 1u << 20;

// Compressed rows, or where `by_columns` compressed columns; elements at the same place add up, as in scipy.
Result<Weights> read_sparse(const pickle::Object& object, std::string_view attribute, const pickle::Value& value,
                            bool by_columns) {
  SCORIA_TRY(matrix, pickle::Object::of(value, std::string(attribute)));
  SCORIA_TRY(shape, matrix.integers("_shape"));
  if (shape.size() == 1 && !by_columns) shape.insert(shape.begin(), 1);  // scipy's sparse vectors
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1) return matrix.corrupt("_shape", "must be two sizes");
  const auto rows = static_cast<std::uint64_t>(shape[0]);
  const auto columns = static_cast<std::uint64_t>(shape[1]);
  if (columns > kMostSparseColumns || rows > kMostSparseNumbers / columns) {
    return Error{Code::too_large, object.corrupt(attribute, "would take more than 2^24 numbers").message};
  }
  SCORIA_TRY(data, matrix.numbers("data"));
  SCORIA_TRY(indices, matrix.integers("indices"));
  SCORIA_TRY(starts, matrix.integers("indptr"));
  const std::uint64_t lines = by_columns ? columns : rows;
  const std::uint64_t width = by_columns ? rows : columns;
  if (starts.size() != lines + 1 || starts.front() != 0) return matrix.corrupt("indptr", "does not fit the shape");
  if (data.size() < static_cast<std::uint64_t>(std::max<std::int64_t>(starts.back(), 0)) ||
      indices.size() > data.size())
    return matrix.corrupt("data", "must have a number for each of 'indices'");
  Weights weights{rows, columns, std::vector<double>(rows * columns)};
  for (std::uint64_t line = 0; line < lines; ++line) {
    const std::int64_t end = starts[line + 1];
    if (end < starts[line] || static_cast<std::uint64_t>(end) > indices.size())
      return matrix.corrupt("indptr", "does not fit 'indices'");
    for (std::int64_t i = starts[line]; i < end; ++i) {
      const std::int64_t index = indices[static_cast<std::size_t>(i)];
      if (index < 0 || static_cast<std::uint64_t>(index) >= width)
        return matrix.corrupt("indices", "has " + std::to_string(index) + ", which is beyond the shape");
      const auto at = static_cast<std::uint64_t>(index);
      const std::uint64_t place = by_columns ? at * columns + line : line * columns + at;
      weights.values[place] += data[static_cast<std::size_t>(i)];
    }
  }
  return weights;
}

}  // namespace

Result<Weights> read_weights(const pickle::Object& object, std::string_view attribute) {
  SCORIA_TRY(value, object.get(attribute));
  if (value->kind == pickle::Kind::record) {
    const std::string name = pickle::class_name(*value);
    for (const std::string_view kind : {"csr", "csc"}) {
      const std::string prefix = "scipy.sparse." + std::string(kind);
      if (name == prefix + "_matrix" || name == prefix + "_array")
        return read_sparse(object, attribute, *value, kind == "csc");
    }
    return object.corrupt(attribute, "is " + name + ", must be an array of numbers");
  }
  std::vector<std::uint64_t> shape;
  if (value->kind == pickle::Kind::array || value->kind == pickle::Kind::scalar) {
    shape.assign(value->array->shape.begin(), value->array->shape.end());
  } else {
    shape.push_back(value->size());
  }
  SCORIA_TRY(numbers, object.numbers(attribute));
  if (shape.size() > 2) return object.corrupt(attribute, "must have one or two dimensions");
  if (numbers.empty()) return object.corrupt(attribute, "has no numbers");
  Weights weights;
  weights.rows = shape.size() == 2 ? shape[0] : 1;
  weights.columns = numbers.size() / weights.rows;
  weights.values = std::move(numbers);
  return weights;
}

Result<std::vector<double>> read_shifts(const pickle::Object& object, std::string_view attribute, std::size_t outputs) {
  SCORIA_TRY(value, object.get(attribute));
  std::vector<double> shifts;
  if (value->kind == pickle::Kind::real || value->kind == pickle::Kind::integer) {
    SCORIA_TRY(shift, object.number(attribute));
    shifts.push_back(shift);
  } else {
    SCORIA_TRY(numbers, object.numbers(attribute));
    shifts = std::move(numbers);
  }
  if (shifts.size() == 1) shifts.resize(outputs, shifts[0]);
  if (shifts.size() != outputs) {
    return object.corrupt(attribute, "has " + std::to_string(shifts.size()) + " numbers, must have one or " +
                                         std::to_string(outputs) + ", as many as 'coef_' has rows");
  }
  return shifts;
}

Result<Affine> read_affine(const pickle::Object& object) {
  SCORIA_TRY(weights, read_weights(object, "coef_"));
  SCORIA_TRY(shifts, read_shifts(object, "intercept_", weights.rows));
  return Affine{weights.columns, weights.rows, std::move(weights.values), std::move(shifts)};
}

}  // namespace scoria::model::linear
