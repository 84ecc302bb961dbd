// What every kind of model set does with rows: keys as text, columns by position, flags counted, row numbers in errors put right.
// Threads: free functions over immutable input.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "model/model.h"
#include "plan/model_set.h"
#include "table/table.h"

namespace scoria::plan {

// A cell as it stands in a key: text as it is, whole numbers without point or exponent, other numbers as R writes them, TRUE, FALSE.
// Precondition: the cell is not null.
std::string key_text(const table::Column& column, std::size_t row);

// "Device 1, Sensor 5": for messages.
std::string key_name(std::span<const std::string> columns, std::span<const std::string> values);

// `rows` with the columns `features` under the names that the model has for them, in its order, and no others.
// Errors: invalid, where the numbers differ, naming both, or a column is not there.
Result<table::Table> with_features(const table::Table& rows, const std::vector<std::string>& features,
                                   const model::Description& description);

// How many rows `predict` calls outliers (-1); 0 where the model does not flag or there is no such column.
std::uint64_t flagged_rows(const model::Description& description, const table::Table& prediction);

// `numbers` are the rows of `all` that the model scores: all of them in one call of the model. An error tells the row as `all` counts
// them from request.first_row, and is preceded by `name`.
Result<model::Prediction> score_rows(const model::Model& model, const std::string& name, const table::Table& all,
                                     std::span<const std::uint32_t> numbers, const model::Request& request,
                                     const SetOptions& options, Executor& executor);

// What models made of some of a table's rows each (`numbers`: of every row of the table, once), as one prediction in the table's
// order; each note once. Errors: invalid, where columns of one name do not go together, preceded by `name`.
Result<model::Prediction> in_row_order(const std::string& name, std::span<const std::span<const std::uint32_t>> numbers,
                                       std::vector<model::Prediction> parts);

// A model's rows, and those of them that it calls outliers.
struct FlagCount {
  std::string name;
  std::vector<std::string> key;  // what the order goes by; digits by their value
  std::uint64_t rows = 0;
  std::uint64_t flagged = 0;
};

// Whether more than `share` of the rows is flagged.
bool is_above(std::uint64_t flagged, std::uint64_t rows, double share);

// "models/model_1_5 flags 1,136 of 1,136 rows" for each, in order of key; after a dozen one that counts the rest.
std::vector<std::string> flag_warnings(std::vector<FlagCount> counts);

// The same for the models of a set that flagged more than `most_share` of their rows.
std::vector<std::string> flag_warnings(const ModelSet& set, const SetTally& tally, double most_share);

// "3 keys have no model, 180 rows (skipped): Device 1, Sensor 9; ...", at most a dozen of them. Empty where none was missing.
std::string missing_note(const SetTally& tally, SetOptions::Missing missing);

}  // namespace scoria::plan
