#include "model/distance/neighbours.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/result.h"

namespace scoria::model::distance {
namespace {

// Puts `next` in the place of the farthest, the first of `heap`, if it is nearer. Which of equally far ones comes to stand first, and
// goes next, follows from how the heap is mended: the farther child moves up, of two alike the left one.
void offer(Neighbour next, std::vector<Neighbour>& heap) {
  if (next.distance >= heap[0].distance) return;
  std::size_t at = 0;
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap.size()) break;
    if (child + 1 < heap.size() && heap[child].distance < heap[child + 1].distance) ++child;
    if (!(next.distance < heap[child].distance)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = next;
}

double power_of(Metric metric, double power) {
  if (metric == Metric::euclidean) return 2;
  return metric == Metric::manhattan ? 1 : power;
}

}  // namespace

Neighbours::Neighbours(std::vector<std::vector<double>> columns, Metric metric, double power, std::size_t count,
                       std::optional<RowTree> tree)
    : columns_(std::move(columns)),
      metric_(metric),
      power_(power_of(metric, power)),
      count_(count),
      tree_(std::move(tree)) {
  SCORIA_CHECK(!columns_.empty() && count_ >= 1 && count_ <= columns_[0].size());
  if (!tree_) return;
  SCORIA_CHECK(tree_->order.size() == rows() && tree_->low.size() == tree_->nodes.size() * inputs());
  points_.reserve(rows() * inputs());
  for (const std::uint32_t row : tree_->order) {
    for (const std::vector<double>& column : columns_) points_.push_back(column[row]);
  }
}

double Neighbours::reduce(double distance) const {
  if (metric_ == Metric::euclidean) return distance * distance;
  return metric_ == Metric::minkowski ? std::pow(distance, power_) : distance;
}

double Neighbours::unreduce(double distance) const {
  if (metric_ == Metric::euclidean) return std::sqrt(distance);
  return metric_ == Metric::minkowski ? std::pow(distance, 1 / power_) : distance;
}

double Neighbours::reduced(const double* a, const double* b) const {
  double sum = 0;
  for (std::size_t j = 0; j < inputs(); ++j) {
    const double apart = a[j] - b[j];
    switch (metric_) {
      case Metric::euclidean: sum += apart * apart; break;
      case Metric::manhattan: sum += std::fabs(apart); break;
      case Metric::chebyshev: sum = std::max(sum, std::fabs(apart)); break;
      case Metric::minkowski: sum += std::pow(std::fabs(apart), power_); break;
    }
  }
  return sum;
}

// From a point to the hull of a node's rows; 0 within.
double Neighbours::reduced_to(std::size_t node, const double* point) const {
  const double* const low = &tree_->low[node * inputs()];
  if (tree_->hull == Hull::ball) return reduce(std::fmax(0, unreduce(reduced(point, low)) - tree_->nodes[node].radius));
  const double* const high = &tree_->high[node * inputs()];
  double sum = 0;
  for (std::size_t j = 0; j < inputs(); ++j) {
    const double below = low[j] - point[j];
    const double above = point[j] - high[j];
    const double outside = 0.5 * ((below + std::fabs(below)) + (above + std::fabs(above)));
    if (metric_ == Metric::chebyshev) {
      sum = std::fmax(sum, outside);
    } else {
      sum += std::pow(outside, power_);
    }
  }
  return sum;
}

// As deep as nodes can be halved: less than 64 calls.
void Neighbours::descend(std::size_t node, double least, const double* point, std::vector<Neighbour>& heap) const {
  if (least > heap[0].distance) return;
  const RowTree::Node& here = tree_->nodes[node];
  if (here.is_leaf) {
    for (std::uint32_t i = here.first; i < here.end; ++i)
      offer({reduced(point, &points_[i * inputs()]), tree_->order[i]}, heap);
    return;
  }
  std::size_t nearer = 2 * node + 1;
  std::size_t farther = nearer + 1;
  double to_nearer = reduced_to(nearer, point);
  double to_farther = reduced_to(farther, point);
  if (!(to_nearer <= to_farther)) {
    std::swap(nearer, farther);
    std::swap(to_nearer, to_farther);
  }
  descend(nearer, to_nearer, point, heap);
  descend(farther, to_farther, point, heap);
}

void Neighbours::look_at_all(const std::vector<double>& point, std::vector<Neighbour>& heap,
                             std::vector<double>& distances) const {
  distances.assign(rows(), 0.0);
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const double here = point[j];
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
  for (std::uint32_t i = 0; i < distances.size(); ++i) offer({distances[i], i}, heap);
}

void Neighbours::nearest(const FeatureMatrix& x, std::size_t row, std::vector<Neighbour>& found,
                         Scratch& scratch) const {
  found.assign(count_, {std::numeric_limits<double>::infinity(), 0});
  scratch.point.clear();
  for (std::size_t j = 0; j < inputs(); ++j) scratch.point.push_back(x.columns[j][row]);
  if (tree_) {
    descend(0, reduced_to(0, scratch.point.data()), scratch.point.data(), found);
  } else {
    look_at_all(scratch.point, found, scratch.distances);
  }
  std::sort(found.begin(), found.end(), [](const Neighbour& a, const Neighbour& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  });
  for (Neighbour& neighbour : found) neighbour.distance = unreduce(neighbour.distance);
}

}  // namespace scoria::model::distance
