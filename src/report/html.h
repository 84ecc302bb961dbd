// A report of a forecast as one HTML file that needs nothing else: no network, no fonts, no other files.
// It has the facts of the run, fans of the chosen series and a picker for others, the evaluation, and where the numbers came
// from. The fans, tables and charts are there without scripts; the picker, the values under the pointer and the whole history
// need them. What the tables hold is only ever text in it, never markup.
// Threads: pure functions. Ownership: an input shares its tables' columns.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/evaluation.h"
#include "report/fans.h"
#include "report/forecast.h"
#include "report/page.h"
#include "table/table.h"

namespace scoria::report {

struct ReportInput {
  std::string title;
  std::string subtitle;
  ForecastSpec spec;
  table::Table forecast;
  table::Table history;  // without columns: none
  std::optional<table::Table> actual;
  std::optional<Evaluation> evaluation;
  std::vector<Fact> facts;  // tiles at the top: {"forecasts", "57,200"}, {"seconds", "0.8"}, ...
  std::vector<Fact>
      provenance;  // a table at the end: {"plan", "retail.yaml  sha256:..."}, {"command", "scoria run ..."}, ...
  SeriesChoice choice;
  // How many numbers the picker's series may have together; about 6 bytes each in the file.
  std::size_t embedded_numbers = 180'000;
};

// Never fails: where the tables cannot be drawn, the page says why and what would help.
std::string render(const ReportInput& input);

// The fans of the chosen series as an SVG file, with title and legend. Errors: as collect_fans().
Result<std::string> fan_svg(const ReportInput& input);

}  // namespace scoria::report
