// The partitions of a plan and the tables of one of them.
// Threads: free functions.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "plan/model_store.h"
#include "plan/plan.h"
#include "table/csv.h"
#include "table/table.h"

namespace scoria::plan {

// Values of the partition variable for which the first input's file exists, in order; one empty value for a plan without
// partitions. Errors: not_found, where there is none; the folder's own.
Result<std::vector<std::string>> find_partitions(const Plan& plan);

// Columns to read of one input: every other one is only checked for its structure.
struct WantedColumns {
  std::set<std::string> names;
  std::map<std::string, table::Type> types;  // of these, the ones whose type is not to be found out
  bool operator==(const WantedColumns&) const = default;
};

// An input, hashed before anything else is done with it.
struct RawInput {
  std::optional<FileBytes>
      bytes;  // none of Parquet and Arrow, of an object in a store, and of a file too large to look at at once
  FileFacts file;
  std::string location;  // a path that can be opened, or a URI
};

// Path of an input for one partition, relative to the plan's folder.
Result<std::string> input_path(const Template& pattern, const Plan& plan, const std::string& partition);

// Errors: the file's own.
Result<RawInput> open_input(const Plan& plan, const std::string& path);
// How to read it: types, columns, separator.
table::CsvOptions read_options(const RawInput& input, const WantedColumns& wanted);
// All rows. Errors: the format's and the reader's, naming file, line and column.
Result<table::Table> parse_input(const RawInput& input, const WantedColumns& wanted);

}  // namespace scoria::plan
