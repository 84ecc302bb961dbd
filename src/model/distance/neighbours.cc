#include "model/distance/neighbours.h"

#include <algorithm>
#include <cmath>

#include "base/result.h"

namespace scoria::model::distance {

Neighbours::Neighbours(std::vector<std::vector<double>> columns, Metric metric, double power, std::size_t count)
    : columns_(std::move(columns)), metric_(metric), power_(power), count_(count) {
  SCORIA_CHECK(!columns_.empty() && count_ >= 1 && count_ <= columns_[0].size());
}

void Neighbours::nearest(const FeatureMatrix& x, std::size_t row, std::vector<Neighbour>& scratch,
                         std::vector<double>& distances) const {
  distances.assign(rows(), 0.0);
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const double here = x.columns[j][row];
    const double* const there = columns_[j].data();
    const auto add = [&](auto&& step) {
      for (std::size_t i = 0; i < distances.size(); ++i) distances[i] = step(distances[i], there[i] - here);
    };
    switch (metric_) {
      case Metric::euclidean: add([](double sum, double apart) { return sum + apart * apart; }); break;
      case Metric::manhattan: add([](double sum, double apart) { return sum + std::fabs(apart); }); break;
      case Metric::chebyshev: add([](double most, double apart) { return std::max(most, std::fabs(apart)); }); break;
      case Metric::minkowski:
        add([power = power_](double sum, double apart) { return sum + std::pow(std::fabs(apart), power); });
        break;
    }
  }
  const auto is_nearer = [](const Neighbour& a, const Neighbour& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  };
  // The nearest so far, as a heap whose front is the farthest of them.
  scratch.clear();
  for (std::uint32_t i = 0; i < distances.size(); ++i) {
    if (scratch.size() == count_) {
      if (!(distances[i] < scratch.front().distance)) continue;
      std::pop_heap(scratch.begin(), scratch.end(), is_nearer);
      scratch.pop_back();
    }
    scratch.push_back({distances[i], i});
    std::push_heap(scratch.begin(), scratch.end(), is_nearer);
  }
  std::sort_heap(scratch.begin(), scratch.end(), is_nearer);
  for (Neighbour& neighbour : scratch) {
    if (metric_ == Metric::euclidean) neighbour.distance = std::sqrt(neighbour.distance);
    if (metric_ == Metric::minkowski) neighbour.distance = std::pow(neighbour.distance, 1 / power_);
  }
}

}  // namespace scoria::model::distance
