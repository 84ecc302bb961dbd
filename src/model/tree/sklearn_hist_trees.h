// The trees of a HistGradientBoosting estimator and its categories, as its file keeps them.
// Threads: immutable.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/pipeline/sklearn_version.h"
#include "model/tree/ensemble.h"
#include "model/tree/hist_columns.h"
#include "pickle/object.h"

namespace scoria::model::tree {

struct HistTrees {
  EnsembleSource source;               // for Ensemble::build(), which checks what is a tree
  std::vector<HistColumn> columns;     // what the source's features are made of
  std::vector<Categories> categories;  // by feature
  bool takes_missing = true;           // scikit-learn 0.21 refuses missing values

  // `outputs`: trees of a stage. Errors: corrupt, naming class and attribute, stage and node.
  static Result<HistTrees> read(const pickle::Object& object, std::uint32_t outputs, pipeline::Version version);
};

}  // namespace scoria::model::tree
