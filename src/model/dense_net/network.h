// A feed-forward network of single connections, as R's nnet stores it.
// Source: Venables & Ripley, Modern Applied Statistics with S, 4th ed. (2002), ch. 8.11; nnet 7.3-18 by its behaviour.
// Threads: immutable after make(). Ownership: owns its connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/design.h"
#include "model/r_object.h"

namespace scoria::model::dense_net {

class Network {
 public:
  // From the slots n, nconn, conn, wts, nsunits, softmax.
  // Errors: corrupt, naming the slot: sizes that do not fit each other, a unit that is fed by a later one.
  static Result<Network> read(const RObject& object);

  std::size_t inputs() const { return inputs_; }
  std::size_t hidden() const { return units_ - 1 - inputs_ - outputs_; }
  std::size_t outputs() const { return outputs_; }
  std::size_t weights() const { return weights_.size(); }
  bool is_softmax() const { return is_softmax_; }
  bool is_linear() const { return logistic_ < units_; }  // of the outputs

  // out[k][block.first + i] for output k of row i. Precondition: block.columns are inputs() columns.
  void forward(const DesignBlock& block, std::span<std::vector<double>> out) const;

 private:
  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  std::size_t units_ = 0;     // unit 0 is the bias, then inputs, hidden units, outputs
  std::size_t logistic_ = 0;  // units below this are logistic, the others linear
  bool is_softmax_ = false;
  std::vector<std::uint32_t> first_connection_;  // units_ + 1: those of unit j are [j, j + 1)
  std::vector<std::uint32_t> source_;            // a unit before the one it feeds
  std::vector<double> weights_;
};

}  // namespace scoria::model::dense_net
