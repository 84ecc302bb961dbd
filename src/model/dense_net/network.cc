#include "model/dense_net/network.h"

#include <algorithm>
#include <cmath>

namespace scoria::model::dense_net {
namespace {

// nnet's logistic unit is flat beyond +-15.
double logistic(double x) {
  constexpr double kFlat = 15;
  if (x < -kFlat) return 0;
  if (x > kFlat) return 1;
  return 1 / (1 + std::exp(-x));
}

}  // namespace

Result<Network> Network::read(const RObject& object) {
  SCORIA_TRY(sizes, object.integers("n"));
  SCORIA_TRY(starts, object.integers("nconn"));
  SCORIA_TRY(sources, object.integers("conn"));
  SCORIA_TRY(weights, object.numbers("wts"));
  SCORIA_TRY(logistic_units, object.integer("nsunits"));
  SCORIA_TRY(softmax, object.integer("softmax"));
  if (sizes.size() != 3 || *std::min_element(sizes.begin(), sizes.end()) < 0)
    return object.corrupt("n", "must be the numbers of inputs, hidden units and outputs");
  if (sizes[2] == 0) return object.corrupt("n", "must have at least one output");
  Network net;
  // Widened before they are added: three sizes of 2^31 would overflow.
  net.inputs_ = static_cast<std::size_t>(sizes[0]);
  net.outputs_ = static_cast<std::size_t>(sizes[2]);
  net.units_ = 1 + net.inputs_ + static_cast<std::size_t>(sizes[1]) + net.outputs_;
  if (starts.size() != net.units_ + 1 || starts.front() != 0)
    return object.corrupt("nconn", "does not fit the units of slot 'n'");
  if (starts[net.inputs_ + 1] != 0) return object.corrupt("nconn", "feeds an input from another unit");
  if (!std::is_sorted(starts.begin(), starts.end()) || static_cast<std::size_t>(starts.back()) != sources.size())
    return object.corrupt("nconn", "does not fit the connections of slot 'conn'");
  if (weights.size() != sources.size()) return object.corrupt("wts", "must be one for each connection of slot 'conn'");
  for (std::size_t unit = 0; unit < net.units_; ++unit) {
    for (std::int32_t i = starts[unit]; i < starts[unit + 1]; ++i) {
      const std::int32_t source = sources[static_cast<std::size_t>(i)];
      if (source < 0 || static_cast<std::size_t>(source) >= unit)
        return object.corrupt("conn", "feeds unit " + std::to_string(unit) + " from unit " + std::to_string(source) +
                                          ", which is not before it");
    }
  }
  net.logistic_ = static_cast<std::size_t>(std::max(logistic_units, 0));
  net.is_softmax_ = softmax != 0;
  net.first_connection_.assign(starts.begin(), starts.end());
  net.source_.assign(sources.begin(), sources.end());
  net.weights_ = std::move(weights);
  return net;
}

void Network::forward(const DesignBlock& block, std::span<std::vector<double>> out) const {
  const std::size_t computed = units_ - 1 - inputs_;
  std::vector<double> values(computed * block.count, 0.0);  // of hidden and output units
  const auto of_computed = [&](std::size_t unit) { return values.data() + (unit - 1 - inputs_) * block.count; };
  for (std::size_t unit = 1 + inputs_; unit < units_; ++unit) {
    double* const sums = of_computed(unit);
    for (std::size_t c = first_connection_[unit]; c < first_connection_[unit + 1]; ++c) {
      const std::size_t from = source_[c];
      const double weight = weights_[c];
      if (from == 0) {
        for (std::size_t i = 0; i < block.count; ++i) sums[i] += weight;
        continue;
      }
      const double* const inputs = from <= inputs_ ? block.columns[from - 1] : of_computed(from);
      for (std::size_t i = 0; i < block.count; ++i) sums[i] += inputs[i] * weight;
    }
    if (unit < logistic_) std::transform(sums, sums + block.count, sums, logistic);
  }
  const double* const last = of_computed(units_ - outputs_);
  for (std::size_t i = 0; i < block.count; ++i) {
    double largest = last[i];
    for (std::size_t k = 1; k < outputs_; ++k) largest = std::max(largest, last[k * block.count + i]);
    double total = 0;
    for (std::size_t k = 0; k < outputs_; ++k) {
      const double value = last[k * block.count + i];
      double& answer = out[k][block.first + i];
      answer = is_softmax_ ? std::exp(value - largest) : value;
      total += answer;
    }
    if (!is_softmax_) continue;
    for (std::size_t k = 0; k < outputs_; ++k) out[k][block.first + i] /= total;
  }
}

}  // namespace scoria::model::dense_net
