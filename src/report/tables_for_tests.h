// Tables of tests: from CSV text, from the fixtures, and the retail example with R's own forecast.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "report/forecast.h"
#include "table/table.h"

namespace scoria::report {

// The forecast, history and actual of one case, with the columns named.
struct Case {
  ForecastSpec spec;
  table::Table forecast;
  table::Table history;
  table::Table actual;
};

// Throws Bug where the text is not CSV.
table::Table csv(std::string_view text);

// A CSV file, compressed or not.
Result<table::Table> read_table(const std::filesystem::path& path);

// tests/data/report: made by make.R there.
Result<Case> hostile_case(const std::filesystem::path& source);

// examples/retail-forecast, with the forecast of tests/data/retail_expected.bin.gz.
Result<Case> retail_case(const std::filesystem::path& source);

}  // namespace scoria::report
