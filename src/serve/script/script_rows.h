// Rows for a script's function: the columns of its sample where there is one, whatever a body holds where there is none.
// Threads: free functions.
#pragma once

#include <string>

#include "base/result.h"
#include "model/model.h"
#include "serve/problem.h"
#include "serve/schema.h"
#include "table/table.h"

namespace scoria::serve::script {

// Rows of a file: CSV, a JSON array of records, or JSON lines (.jsonl, .ndjson). At most 10,000 rows. Errors: not_found, invalid, naming the file.
Result<table::Table> read_sample(const std::string& path);

}  // namespace scoria::serve::script
