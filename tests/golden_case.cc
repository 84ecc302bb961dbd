#include "golden_case.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "table/csv.h"
#include "table/number_text.h"

namespace scoria::golden {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr double kDefaultTolerance = 1e-12;

Result<Json> read_json(const fs::path& path) {
  SCORIA_TRY(file, FileBytes::open(path));
  Json json = Json::parse(file.text(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error{Code::invalid, path.string() + " is not JSON"};
  return json;
}

std::string prefix_of(const std::string& column) { return column.substr(0, column.find(':')); }

double tolerance_of(const Json& json, double otherwise) {
  const auto found = json.find("rel_tolerance");
  return found == json.end() || !found->is_number() ? otherwise : found->get<double>();
}

Result<Case> read_case(const fs::path& folder, const Json& meta) {
  Case golden{.name = folder.filename().string(), .folder = folder};
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("model.")) golden.model = entry.path();
  }
  if (golden.model.empty()) return Error{Code::invalid, folder.string() + " has no model"};
  if (const auto error = meta.find("expect_error"); error != meta.end() && !error->is_null()) {
    golden.expect_error = error->get<std::string>();
  }
  if (const auto ties = meta.find("random_tie_rows_1based"); ties != meta.end()) {
    if (ties->is_number()) golden.ties.insert(ties->get<std::size_t>());
    if (ties->is_array()) golden.ties = ties->get<std::set<std::size_t>>();
  }
  return golden;
}

std::vector<fs::path> case_folders(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (fs::exists(entry.path() / "meta.json")) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

// What differs between two cells, or empty.
std::string cell_difference(const table::Column& expected, const table::Column& answer, std::size_t row,
                            double tolerance) {
  const auto shown = [row](const table::Column& column) {
    return column.is_null(row) ? std::string("NA") : std::string(column.text_at(row));
  };
  const std::string differs = shown(answer) + ", expected " + shown(expected);
  if (expected.is_null(row) || answer.is_null(row)) {
    return expected.is_null(row) == answer.is_null(row) ? "" : differs;
  }
  const auto x = table::parse_real(expected.text_at(row));
  const auto y = table::parse_real(answer.text_at(row));
  if (!x || !y) return expected.text_at(row) == answer.text_at(row) ? "" : differs;
  if (std::isnan(*x) || std::isnan(*y)) return std::isnan(*x) && std::isnan(*y) ? "" : differs;
  const double distance = std::fabs(*x - *y);
  const bool is_near =
      *x == *y || distance <= tolerance * std::max(std::fabs(*x), 1e-300) || (tolerance > 0 && distance < 1e-15);
  return is_near ? "" : differs;
}

}  // namespace

Result<std::vector<Case>> read_cases(const fs::path& folder) {
  std::vector<Case> cases;
  for (const fs::path& path : case_folders(folder)) {
    SCORIA_TRY(meta, read_json(path / "meta.json"));
    SCORIA_TRY(golden, read_case(path, meta));
    const double tolerance = tolerance_of(meta, kDefaultTolerance);
    if (!meta.contains("runs")) return Error{Code::invalid, path.string() + "/meta.json has no runs"};
    for (const Json& run : meta["runs"]) {
      golden.runs.push_back({run["columns"].get<std::vector<std::string>>(),
                             run["args"].get<std::vector<std::string>>(), tolerance_of(run, tolerance)});
    }
    cases.push_back(std::move(golden));
  }
  return cases;
}

Result<std::vector<Case>> read_cases_by_prefix(const fs::path& folder, const fs::path& args_file,
                                               std::span<const std::string_view> families) {
  SCORIA_TRY(all_args, read_json(args_file));
  std::vector<Case> cases;
  for (const fs::path& path : case_folders(folder)) {
    const std::string case_name = path.filename().string();
    const auto is_of = [&](std::string_view family) { return case_name.starts_with(family); };
    if (std::none_of(families.begin(), families.end(), is_of)) continue;
    SCORIA_TRY(meta, read_json(path / "meta.json"));
    SCORIA_TRY(golden, read_case(path, meta));
    const double tolerance = tolerance_of(meta, kDefaultTolerance);
    const Json extra = all_args.value(golden.name, Json::object());
    if (!golden.expect_error.empty()) {
      golden.runs.push_back({{}, {}, tolerance});
      cases.push_back(std::move(golden));
      continue;
    }
    SCORIA_TRY(expected, read_text_table(path / "expected.csv"));
    for (const std::string& column : expected.names()) {
      const std::string prefix = prefix_of(column);
      if (!golden.runs.empty() && prefix_of(golden.runs.back().columns[0]) == prefix) {
        golden.runs.back().columns.push_back(column);
        continue;
      }
      std::vector<std::string> args{"--type", prefix};
      if (extra.contains(prefix)) {
        args = extra[prefix].get<std::vector<std::string>>();
      } else if (extra.contains("*")) {
        const auto more = extra["*"].get<std::vector<std::string>>();
        args.insert(args.end(), more.begin(), more.end());
      }
      golden.runs.push_back({{column}, std::move(args), tolerance});
    }
    cases.push_back(std::move(golden));
  }
  return cases;
}

Result<cli::ScoreOptions> options_of(const Case& golden, const Run& run) {
  cli::ScoreOptions options{.model = golden.model.string(), .input = (golden.folder / "input.csv").string()};
  for (std::size_t i = 0; i + 1 < run.args.size(); i += 2) {
    if (run.args[i] == "--type") {
      options.types.push_back(run.args[i + 1]);
    } else if (run.args[i] == "--param") {
      options.parameters.push_back(run.args[i + 1]);
    } else if (run.args[i] == "--object") {
      options.object = run.args[i + 1];
    } else {
      return Error{Code::invalid, golden.name + ": argument '" + run.args[i] + "' is not --type, --param or --object"};
    }
  }
  if (run.args.size() % 2 != 0) return Error{Code::invalid, golden.name + ": '" + run.args.back() + "' lacks a value"};
  return options;
}

Result<table::Table> read_text_table(const fs::path& path) {
  SCORIA_TRY(file, FileBytes::open(path));
  table::CsvOptions options{.source_name = "'" + path.string() + "'"};
  SCORIA_TRY(inferred, table::read_csv(file.text(), options));
  for (const std::string& name : inferred.names()) options.types[name] = table::Type::text;
  return table::read_csv(file.text(), options);
}

std::string difference(const Case& golden, const Run& run, const table::Table& expected, const table::Table& answer) {
  if (answer.rows() != expected.rows()) {
    return std::to_string(answer.rows()) + " rows, expected " + std::to_string(expected.rows());
  }
  for (std::size_t i = 0; i < run.columns.size(); ++i) {
    const std::string& name = run.columns[i];
    table::ColumnPtr theirs = expected.find(name);
    table::ColumnPtr ours = answer.find(name);
    if (theirs == nullptr) return "expected.csv has no column '" + name + "'";
    // A case may ask two questions whose answers have the same names; then positions tell which is which.
    if (ours == nullptr && answer.columns() == run.columns.size()) ours = answer.column(i);
    if (ours == nullptr) return "the answer has no column '" + name + "'";
    const std::string prefix = prefix_of(name);
    const bool is_drawn = prefix == "response" || prefix == "class";
    for (std::size_t row = 0; row < expected.rows(); ++row) {
      if (is_drawn && golden.ties.contains(row + 1)) continue;
      const std::string differs = cell_difference(*theirs, *ours, row, run.tolerance);
      if (differs.empty()) continue;
      std::string where = "column '" + name + "', row ";
      where += std::to_string(row + 1) + ": " + differs;
      return where;
    }
  }
  return "";
}

}  // namespace scoria::golden
