// The nearest of kept rows, found by looking at all of them.
// Rows that are equally far come in their order in the file. scikit-learn's trees meet such rows in an order of their own.
// Threads: immutable; nearest() may run concurrently. Ownership: owns its rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/features.h"

namespace scoria::model::distance {

enum class Metric : std::uint8_t { euclidean, manhattan, chebyshev, minkowski };

struct Neighbour {
  double distance = 0;
  std::uint32_t row = 0;
};

class Neighbours {
 public:
  // `columns` are the kept rows, column by column; `power` is minkowski's. Preconditions: at least one column, all of one length below
  // 2^32; 1 <= count <= that length.
  Neighbours(std::vector<std::vector<double>> columns, Metric metric, double power, std::size_t count);

  std::size_t inputs() const { return columns_.size(); }
  std::size_t rows() const { return columns_[0].size(); }
  std::size_t count() const { return count_; }

  // The count() nearest to row `row` of `x`, the nearest first. `scratch` may be used again. O(rows() x inputs()).
  void nearest(const FeatureMatrix& x, std::size_t row, std::vector<Neighbour>& scratch,
               std::vector<double>& distances) const;

 private:
  std::vector<std::vector<double>> columns_;
  Metric metric_;
  double power_;
  std::size_t count_;
};

}  // namespace scoria::model::distance
