// Boosted trees as R's gbm adds them up: sums per number of trees, then the response of the distribution.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its trees.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/derived_columns.h"
#include "model/model.h"
#include "model/tree/sums.h"

namespace scoria::model::tree {

enum class Response : std::uint8_t { identity, logistic, exponential, double_logistic, softmax };

// What gbm's predict() needs beside the trees.
struct GbmParts {
  Response response = Response::identity;
  double initial = 0;               // initF: what every sum starts with
  std::uint32_t classes = 1;        // trees of one iteration lie side by side, one per class
  std::uint32_t iterations = 0;     // fitted; asking for more gives these
  std::uint32_t default_trees = 0;  // 0: the object does not tell
  bool has_offset = false;
  std::vector<Feature> features;          // what the trees split on
  std::optional<DerivedColumns> derived;  // how these come from the columns of a table, where they are not all columns
};

class Gbm final : public Model {
 public:
  Gbm(Description description, Sums sums, GbmParts parts) : sums_(std::move(sums)), parts_(std::move(parts)) {
    description_ = std::move(description);
  }

  Result<Prediction> score(const table::Table& rows, const Request& request, Executor& executor) const override;

 private:
  struct Iterations {
    std::vector<std::uint32_t> wanted;  // in the order asked for
    bool single = false;
  };
  Result<Iterations> iterations(const Request& request, std::vector<std::string>& notes) const;
  Result<std::vector<Segment>> segments(const Iterations& iterations, std::span<const std::size_t> order) const;
  std::string column_name(const std::string& type, const Iterations& iterations, std::size_t which,
                          std::uint32_t label) const;
  // link-scale sums of one number of trees -> response scale, in place. sums[k] is class k.
  void respond(std::span<std::vector<double>> sums) const;

  Sums sums_;
  GbmParts parts_;
};

}  // namespace scoria::model::tree
