// Which features of a HistGradientBoosting estimator are categorical, and what their categories are.
// Threads: immutable.
#pragma once

#include <bitset>
#include <map>
#include <vector>

#include "base/result.h"
#include "model/pipeline/sklearn_version.h"
#include "model/tree/hist_columns.h"
#include "pickle/object.h"

namespace scoria::model::tree {

struct HistCategories {
  std::vector<Categories> categories;             // by feature, in the input's order
  std::vector<std::size_t> source_of;             // which feature a node's number means
  std::map<std::size_t, std::bitset<256>> known;  // by feature, where it is categorical: the codes of known categories

  std::uint32_t top_known(std::size_t feature) const;

  // Errors: corrupt, naming class and attribute; unsupported: categories of mixed types.
  static Result<HistCategories> read(const pickle::Object& object, pipeline::Version version);
};

}  // namespace scoria::model::tree
