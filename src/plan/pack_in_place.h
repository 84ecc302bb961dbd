// Rows scored by ready models where they lie in a pack, without making a model of each: the common case, and the fast one.
// Threads: one caller at a time per object; chunks of rows are scored on the executor's threads.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "model/model.h"
#include "pack/pack.h"
#include "pack/ready_form.h"
#include "plan/model_set.h"
#include "plan/pack_rows.h"
#include "table/table.h"

namespace scoria::plan {

// What became of a run of rows.
struct ScoredRun {
  KeyRun run;
  std::uint32_t flagged = 0;
};

// The runs of all rows, in order, and their answers where all of them could be had in place.
struct InPlace {
  std::vector<ScoredRun> runs;
  bool is_scored = false;  // false: some model, type, column or number is one that the models themselves must see
  bool has_flags = false;
  model::Prediction prediction;
};

// `columns` are the key columns of `rows`. Errors: corrupt, of the pack; unsupported: vector instructions that are not there.
Result<InPlace> score_in_place(const pack::Pack& pack, const std::vector<pack::Schema>& schemas,
                               std::span<const table::ColumnPtr> columns, const table::Table& rows,
                               const model::Request& request, const SetOptions& options, Executor& executor);

}  // namespace scoria::plan
