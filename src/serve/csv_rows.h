// Rows in CSV and in JSON lines. Threads: free functions.
#pragma once

#include <string>

#include "serve/json_rows.h"

namespace scoria::serve {

// A header row with names, then rows; of a model that knows no names, rows alone are taken by position. A first column without a name is an index.
bool read_csv_rows(const std::string& body, const JsonLimits& limits, RowBuilder& into, Problem& problem);
// A record or an array on each line.
bool read_json_line_rows(std::string& body, const JsonLimits& limits, RowBuilder& into, Problem& problem);

}  // namespace scoria::serve
