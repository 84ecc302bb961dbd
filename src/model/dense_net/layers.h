// A net of full layers: each is weighted sums of the one before, through a function.
// Threads: immutable; forward() may run concurrently. Ownership: owns its numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "model/linear/affine.h"

namespace scoria::model::dense_net {

enum class Activation : std::uint8_t { identity, logistic, tanh, relu, softmax, exponential };

class Layers {
 public:
  // Preconditions: at least one layer, each with as many inputs as the one before has outputs.
  Layers(std::vector<linear::Affine> layers, Activation hidden, Activation output);

  std::size_t inputs() const { return layers_.front().inputs; }
  std::size_t outputs() const { return layers_.back().outputs; }
  std::size_t hidden_layers() const { return layers_.size() - 1; }
  Activation output_activation() const { return output_; }

  // out[k][row] for rows [first, first + count). Preconditions: `x` has inputs() finite columns, `out` is outputs() x rows.
  void forward(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& out) const;

 private:
  std::vector<linear::Affine> layers_;
  Activation hidden_;
  Activation output_;
};

}  // namespace scoria::model::dense_net
