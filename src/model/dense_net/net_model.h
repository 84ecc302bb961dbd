// A network's outputs as predictions: numbers, and the class they stand for.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its network.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/dense_net/network.h"
#include "model/design.h"
#include "model/model.h"

namespace scoria::model::dense_net {

enum class MissingRow : std::uint8_t {
  no_answer,  // of a formula, as na.omit
  refuse,     // fitted with x and y
};

class NetModel final : public Model {
 public:
  // The description's type "class" gives a class, any other the outputs, named by `output_names` (which may be none).
  // Preconditions: the network has the design's columns as inputs; with type "class", the description has a label for each
  // output, or two for a single one.
  NetModel(Description description, Design design, Network network, std::vector<std::string> output_names,
           MissingRow missing);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  Status require_complete(const DesignRows& rows, std::size_t first_row) const;

  Design design_;
  Network network_;
  std::vector<std::string> output_names_;
  MissingRow missing_;
};

}  // namespace scoria::model::dense_net
