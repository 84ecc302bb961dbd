// `scoria score MODEL INPUT`: predictions for the rows of a table, by one model or by the model of each row's key.
// Threads: one call at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/context.h"
#include "model/model.h"
#include "plan/memory_limit.h"

namespace scoria::cli {

// A model that calls more than every second row an outlier has most likely stopped fitting its data.
inline constexpr double kFlaggedShare = 0.5;

struct ScoreOptions {
  std::string model;  // a path or URI; with {column} parts, models by key
  std::string input = "-";
  std::string output = "-";
  std::optional<std::string> object;  // of a workspace
  std::vector<std::string> types;
  std::vector<std::string> parameters;  // "K=V"
  std::vector<std::string> keep;        // input columns to repeat in the output
  std::vector<std::string> features;    // columns that are the model's, in its order; empty: by name
  std::string missing = "error";        // of a key without model: error, skip, default=FILE
  std::optional<double> warn_flagged;   // share of rows; else kFlaggedShare, and for models by key only
  std::uint64_t memory_limit = plan::default_memory_limit();  // for the buffers of Parquet and Arrow files
  model::SimdTarget simd = model::SimdTarget::automatic;
};

// Reads, scores and writes in batches, all three at once, so memory does not grow with the input. Notes of the model go to standard error.
Status score(const ScoreOptions& options, const Context& context);

}  // namespace scoria::cli
