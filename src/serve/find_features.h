// What a request's body tells of its columns, for services that do not know any before: their names in order of appearance, and whether they
// are numbers, true and false, or texts.
// Threads: free function.
#pragma once

#include <string>

#include "model/model.h"
#include "serve/json_rows.h"
#include "serve/problem.h"
#include "table/table.h"

namespace scoria::serve {

// A column of numbers, missing values and "NaN" and the like is numeric; one with a text in it is text; arrays without names are x0, x1, .... What is wrong with
// the body beyond that is left to who reads it: false only where no columns can be told.
bool find_features(const std::string& body, bool is_csv, bool is_lines, const Envelope& envelope,
                   const JsonLimits& limits, model::Description& seen, Problem& problem);

// What a table's columns are as a model's features: texts have no levels, any text will do.
model::Description describe_columns(const table::Table& table);

}  // namespace scoria::serve
