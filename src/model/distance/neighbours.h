// The nearest of kept rows. Of rows that are equally far, those count that scikit-learn counts: it meets rows in the order of its
// tree, where the file has one, and gives up one that is as far as others in the order of a heap.
// Threads: immutable; nearest() may run concurrently. Ownership: owns its rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/distance/row_tree.h"
#include "model/features.h"

namespace scoria::model::distance {

enum class Metric : std::uint8_t { euclidean, manhattan, chebyshev, minkowski };

struct Neighbour {
  double distance = 0;
  std::uint32_t row = 0;
};

class Neighbours {
 public:
  // What nearest() works in; may be used again.
  struct Scratch {
    std::vector<double> distances;
    std::vector<double> point;
  };

  // `columns` are the kept rows, column by column; `power` is minkowski's. Preconditions: at least one column, all of one length below
  // 2^32; 1 <= count <= that length; `tree` is of these rows.
  Neighbours(std::vector<std::vector<double>> columns, Metric metric, double power, std::size_t count,
             std::optional<RowTree> tree = std::nullopt);

  std::size_t inputs() const { return columns_.size(); }
  std::size_t rows() const { return columns_[0].size(); }
  std::size_t count() const { return count_; }

  // The count() nearest to row `row` of `x`, the nearest first. O(rows() x inputs()), with a tree less where it tells much.
  void nearest(const FeatureMatrix& x, std::size_t row, std::vector<Neighbour>& found, Scratch& scratch) const;

 private:
  void look_at_all(const std::vector<double>& point, std::vector<Neighbour>& heap,
                   std::vector<double>& distances) const;
  void descend(std::size_t node, double least, const double* point, std::vector<Neighbour>& heap) const;
  // Distances in the form in which they are compared: without the root of euclidean and minkowski.
  double reduced(const double* a, const double* b) const;
  double reduced_to(std::size_t node, const double* point) const;
  double reduce(double distance) const;
  double unreduce(double distance) const;

  std::vector<std::vector<double>> columns_;
  Metric metric_;
  double power_;
  std::size_t count_;
  std::optional<RowTree> tree_;
  std::vector<double> points_;  // row by row in the tree's order, where there is one
};

}  // namespace scoria::model::distance
