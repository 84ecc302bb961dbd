// Rows for a script's function: the columns of its sample where there is one, whatever a body holds where there is none.
// Threads: free functions.
#pragma once

#include <string>

#include "base/result.h"
#include "model/model.h"
#include "serve/problem.h"
#include "serve/schema.h"
#include "serve/script/script_kind.h"
#include "table/table.h"

namespace scoria::serve::script {

// Rows of a file: CSV, a JSON array of records, or JSON lines (.jsonl, .ndjson). At most 10,000 rows. Errors: not_found, invalid, naming the file.
Result<table::Table> read_sample(const std::string& path);

// The same rows as a request would bring them to a function of these columns. Errors: invalid: a text where the model has numbers, a level that it has not.
Result<table::Table> as_requests_have_it(const table::Table& sample, const Schema& schema);

// Whether its answer must have as many rows as it was asked for: where it is declared row-wise, and of a model's predict().
bool answers_each_row(const ScriptPlan& plan);
std::string wrong_count(std::size_t answered, std::size_t asked);

}  // namespace scoria::serve::script
