// Golden cases of tests/golden (README.md there): what to ask a model, and what R answered.
// Threads: plain values.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/score.h"
#include "table/table.h"

namespace scoria::golden {

// One call of `scoria score` and the columns of expected.csv that its answer must equal.
struct Run {
  std::vector<std::string> columns;
  std::vector<std::string> args;
  double tolerance = 0;  // relative; 0: the same bits
};

struct Case {
  std::string name;
  std::filesystem::path folder;
  std::filesystem::path model;
  std::vector<Run> runs;
  std::string expect_error;    // R's message; empty where R answers
  std::set<std::size_t> ties;  // rows, from 1, whose response R draws by lot
};

// The cases of a folder, by name. Errors: not_found, invalid, naming the file.
Result<std::vector<Case>> read_cases(const std::filesystem::path& folder);

// As read_cases(), of a folder whose metadata has no runs and which has cases of other families too: only those whose name
// begins with one of `families`. Each prefix of expected.csv is a --type, and `args_file` holds the extra arguments that some
// cases need.
Result<std::vector<Case>> read_cases_by_prefix(const std::filesystem::path& folder,
                                               const std::filesystem::path& args_file,
                                               std::span<const std::string_view> families);

// The command's options for a run. Errors: invalid, for an argument that cases may not use.
Result<cli::ScoreOptions> options_of(const Case& golden, const Run& run);

// All columns as text; an unquoted NA is missing.
Result<table::Table> read_text_table(const std::filesystem::path& path);

// Where an answer first differs from what a run expects: "column 'link', row 3: 1.5, expected 1.25"; empty where it agrees.
std::string difference(const Case& golden, const Run& run, const table::Table& expected, const table::Table& answer);

}  // namespace scoria::golden
