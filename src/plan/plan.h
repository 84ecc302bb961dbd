// A plan as written: which tables, which features, which models, what comes out. docs/plan.md describes the YAML.
// Threads: value type.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "plan/named_list.h"
#include "plan/places.h"
#include "plan/steps.h"
#include "plan/template.h"
#include "table/column.h"

namespace scoria::plan {

struct Features {
  std::vector<std::string> from;      // inputs whose rows are stacked, a missing column becoming NA
  std::vector<PrepareStep> prepare;   // done to the stacked rows, in this order
  std::vector<std::string> group_by;  // lag() and its like see one group at a time
  std::vector<std::string> arrange;   // the order of rows within a group
  NamedList<expr::Expression> mutate;
  std::optional<expr::Expression> filter;
  bool drop_incomplete = false;  // leaves out rows with NA or NaN in a column that the row's models use
};

// One entry of `models`.
struct Models {
  std::string path;  // in the plan: "models", "models.2"
  Template file;
  NamedList<table::ColumnPtr> variables;  // each combination of their values is a model
  std::vector<std::string> groups;        // columns that `file` names: rows are scored by the model of their values
  Template column;                        // may name `type` and `label` beside the variables
  std::vector<std::string> types;         // prediction types; empty: the model's default
  std::vector<std::pair<std::string, std::string>> parameters;  // R's names
  std::optional<expr::Expression> then;                         // over `prediction`
  std::vector<std::string>
      features;  // columns that are the models' features, in their order; empty: by the models' names
  // Warns of a model that calls more than this share of its rows outliers. Given, or of models of groups.
  std::optional<double> warn_flagged;
  bool sort_across = false;  // puts each row's values in ascending order, as quantiles should be

  // What becomes of rows whose model's file is not there.
  enum class Missing : std::uint8_t { error, skip, other };
  Missing missing = Missing::error;
  Template other;  // the file to use instead
};

// What comes out beside the models' columns, and what of it all is written.
struct ResultColumns {
  NamedList<expr::Expression> mutate;  // over the output's columns, the models' among them
  NamedList<std::string> select;       // new name -> column; empty: all
};

// What the report needs to know beyond the plan's own columns.
struct Report {
  // A report of flagged rows, where not empty: the output's column that is not 0 in them, and which columns are the series.
  std::string flag;
  std::vector<std::string> keys;
  std::string time;

  std::string history;  // input that holds the past
  std::string value;    // its column that is forecast; of a report of flagged rows, the output's that is drawn
  std::optional<Template> actual;  // file with the same column for the forecast rows, where they are known
};

struct Plan {
  std::filesystem::path file;  // paths in the plan are relative to its folder
  std::string name;
  std::string text;       // as run: with --set applied; what the provenance hashes
  std::string partition;  // variable of the input files' names; empty: one partition
  NamedList<Template> inputs;
  std::map<std::string, table::Type> types;  // of input columns, where they shall not be found out
  NamedList<table::ColumnPtr> each;          // one pass for each combination of values
  Features features;
  std::vector<Models> models;
  NamedList<expr::Expression> let;   // constants of a partition, from its inputs: min(future$week)
  std::vector<std::string> columns;  // of the output, before the models' columns; empty: group_by, arrange, each
  ResultColumns result;
  Template output;
  std::optional<Template> split;  // the output's rows once more, in a file for each combination of the columns it names
  std::optional<Report> report;
  std::shared_ptr<const Places> places;  // never null once read

  // The error with the plan's file, line and column before it.
  Error at(std::string_view path, Error error) const { return places->at(path, std::move(error)); }
  // Whether some model's file depends on the rows.
  bool has_groups() const;
};

// A value put in the place of what the plan's file says: {"features.filter", "week < 110"}, {"output", "out/{product}.csv"}.
// Items of a list count from 1: "models.2.column".
struct Setting {
  std::string path;
  std::string value;  // YAML
};

// Errors: invalid, "plan 'p.yaml', line 12, column 5: ...": an unknown or missing key, a value of the wrong kind, an expression
// that does not parse; the file's own.
Result<Plan> read_plan(const std::filesystem::path& file, const std::vector<Setting>& settings);
// The same of a text that stands for the file. Errors: too_large, above 1 MiB.
Result<Plan> parse_plan(std::string_view text, const std::filesystem::path& file, const std::vector<Setting>& settings);

}  // namespace scoria::plan
