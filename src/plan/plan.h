// A plan as written: which tables, which features, which models, what comes out. docs/plan.md describes the YAML.
// Threads: value type.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "plan/template.h"
#include "table/column.h"

namespace scoria::plan {

template <typename T>
using NamedList = std::vector<std::pair<std::string, T>>;  // in the order written

struct Features {
  std::vector<std::string> from;      // inputs whose rows are stacked, a missing column becoming NA
  std::vector<std::string> group_by;  // lag() and its like see one group at a time
  std::vector<std::string> arrange;   // the order of rows within a group
  NamedList<expr::Expression> mutate;
  std::optional<expr::Expression> filter;
  bool drop_incomplete = false;  // leaves out rows with NA or NaN in a column that the pass's models use
};

struct Models {
  Template file;
  NamedList<table::ColumnPtr> variables;  // each combination of their values is a model and a column
  Template column;
  std::string type;                                             // prediction type; empty: the model's default
  std::vector<std::pair<std::string, std::string>> parameters;  // R's names
  std::optional<expr::Expression> then;                         // over `prediction`
  bool sort_across = false;  // puts each row's values in ascending order, as quantiles should be
};

// What the report needs to know beyond the plan's own columns.
struct Report {
  std::string history;             // input that holds the past
  std::string value;               // its column that is forecast
  std::optional<Template> actual;  // file with the same column for the forecast rows, where they are known
};

struct Plan {
  std::filesystem::path file;  // paths in the plan are relative to its folder
  std::string name;
  std::string text;       // as run: with --set applied; what the provenance hashes
  std::string partition;  // variable of the input files' names; empty: one partition
  NamedList<Template> inputs;
  NamedList<table::ColumnPtr> each;  // one pass for each combination of values
  Features features;
  Models models;
  NamedList<expr::Expression> let;   // constants of a partition, from its inputs: min(future$week)
  std::vector<std::string> columns;  // of the output, before the models' columns; empty: group_by, arrange, each
  Template output;
  std::optional<Report> report;
};

// A value put in the place of what the plan's file says: {"features.filter", "week < 110"}, {"output", "out/{product}.csv"}.
struct Setting {
  std::string path;
  std::string value;  // YAML
};

// Errors: invalid, "plan 'p.yaml', line 12, column 5: ...": an unknown or missing key, a value of the wrong kind, an expression
// that does not parse; the file's own.
Result<Plan> read_plan(const std::filesystem::path& file, const std::vector<Setting>& settings);

}  // namespace scoria::plan
