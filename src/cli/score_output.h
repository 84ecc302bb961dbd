// The output's batches have the same columns, whichever models score a batch's rows.
// Threads: one caller at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "table/table.h"

namespace scoria::cli {

class ScoreOutput {
 public:
  // `write` takes the tables in order. `types` are those that were asked for.
  ScoreOutput(std::vector<std::string> types, std::function<Status(table::Table)> write)
      : types_(std::move(types)), write_(std::move(write)) {}

  // `kept` columns go before the predictions. The first predictions with columns say which there are; rows before them wait, and
  // rows that lack one have nulls there. Errors: conflict, for a column that the first predictions did not have; those of
  // `write`.
  Status add(table::Table kept, const table::Table& predictions);
  // Once, after the last add(): where no model has scored any row, a column of nulls for each type.
  Status finish();

 private:
  Status write(const table::Table& kept, const table::Table& predictions);

  std::vector<std::string> types_;
  std::function<Status(table::Table)> write_;
  std::optional<table::Table> columns_;  // of the predictions, without rows
  std::vector<table::Table> waiting_;    // kept columns
};

}  // namespace scoria::cli
