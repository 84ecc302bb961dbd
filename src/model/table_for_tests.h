// Rows for any model, made from what it says of its features, and a comparison of all kernels on them. Test programs only.
#pragma once

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/na.h"
#include "model/model.h"
#include "model/tree/simd.h"

namespace scoria::model {

// Numbers of all kinds, every level in turn, missing values. `wild` adds what families treat differently: infinities in
// numbers, levels that no model has.
inline table::Table table_for(const Description& description, std::size_t rows, bool wild = false) {
  constexpr double kNumbers[] = {0.0, -0.0, 1.0, -1.5, 0.5, 2.0, 3.25, 1e-300, -1e300, 17.0, 100000.0};
  table::Table table(rows);
  std::size_t shift = 0;
  for (const Feature& feature : description.features) {
    ++shift;
    if (feature.levels.empty()) {
      std::vector<double> values(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t which = i * 7 + shift;
        values[i] = which % 13 == 12   ? na_real()
                    : which % 17 == 16 ? std::nan("")
                                       : kNumbers[which % std::size(kNumbers)];
        if (wild && which % 19 == 18) values[i] = std::numeric_limits<double>::infinity();
      }
      table.add(feature.name, table::Column::real(std::move(values)));
      continue;
    }
    std::vector<std::string> values(rows);
    table::Validity validity(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t which = i * 5 + shift;
      values[i] =
          wild && which % 19 == 18 ? "a level that no model has" : feature.levels[which % feature.levels.size()];
      if (which % 13 == 12) validity.set_null(i);
    }
    table.add(feature.name, table::Column::text(values, std::move(validity)));
  }
  return table;
}

// What differs between two answers, or empty. Two NaN are alike whatever their bits, but NA is not NaN.
inline std::string table_difference(const table::Table& a, const table::Table& b) {
  if (a.names() != b.names() || a.rows() != b.rows()) return "other columns or rows";
  for (std::size_t i = 0; i < a.columns(); ++i) {
    const table::Column& x = *a.column(i);
    const table::Column& y = *b.column(i);
    if (x.type() != y.type()) return "column '" + a.names()[i] + "' has another type";
    for (std::size_t row = 0; row < a.rows(); ++row) {
      bool same = x.is_null(row) == y.is_null(row);
      if (same && !x.is_null(row)) {
        switch (x.type()) {
          case table::Type::real:
            same = std::bit_cast<std::uint64_t>(x.reals()[row]) == std::bit_cast<std::uint64_t>(y.reals()[row]) ||
                   (std::isnan(x.reals()[row]) && std::isnan(y.reals()[row]));
            break;
          case table::Type::integer: same = x.integers()[row] == y.integers()[row]; break;
          case table::Type::logical: same = x.logicals()[row] == y.logicals()[row]; break;
          case table::Type::text: same = x.text_at(row) == y.text_at(row); break;
          case table::Type::factor: same = x.codes()[row] == y.codes()[row]; break;
        }
      }
      if (!same) return "column '" + a.names()[i] + "', row " + std::to_string(row + 1);
    }
  }
  return "";
}

// Scores with every kernel this processor has; what differs from the plain walk, or empty where nothing does.
inline std::string difference_between_kernels(const Model& model, const table::Table& rows) {
  InlineExecutor executor;
  Request request{.types = model.description().types, .simd = SimdTarget::plain};
  const auto plain = model.score(rows, request, executor);
  for (const SimdTarget target : {SimdTarget::automatic, SimdTarget::avx2, SimdTarget::avx512}) {
    if (!tree::resolve_simd(target).ok()) continue;
    request.simd = target;
    const auto other = model.score(rows, request, executor);
    if (plain.ok() != other.ok()) return "one kernel answers and another refuses";
    if (!plain.ok()) continue;
    const std::string differs = table_difference(plain.value().table, other.value().table);
    if (!differs.empty()) return "target " + std::to_string(static_cast<int>(target)) + ": " + differs;
  }
  return "";
}

}  // namespace scoria::model
