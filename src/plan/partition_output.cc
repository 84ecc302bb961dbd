// The second half of a partition: its passes' rows in order, written with their provenance.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/file.h"
#include "plan/clock.h"
#include "plan/partition.h"
#include "plan/sha256.h"
#include "plan/stacking.h"
#include "table/csv.h"
#include "table/file_format.h"
#include "table/json_lines.h"

namespace scoria::plan {

using table::Table;
using table::Type;

Status Partition::sort_across(Table& rows) const {
  const std::size_t first = leading_columns().size();
  std::vector<std::vector<double>> columns;
  for (std::size_t i = first; i < rows.columns(); ++i) {
    if (rows.column(i)->type() != Type::real) {
      return Error{Code::invalid, "models.sort_across: column '" + rows.names()[i] + "' is not a number"};
    }
    columns.emplace_back(rows.column(i)->reals().begin(), rows.column(i)->reals().end());
  }
  std::vector<double> values(columns.size());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) values[i] = columns[i][row];
    // Missing values last: NaN compares with nothing.
    std::sort(values.begin(), values.end(),
              [](double a, double b) { return a < b || (!std::isnan(a) && std::isnan(b)); });
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i][row] = values[i];
  }
  Table sorted(rows.rows());
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    sorted.add(rows.names()[i], i < first ? rows.column(i) : table::Column::real(std::move(columns[i - first])));
  }
  rows = std::move(sorted);
  return Ok{};
}

Result<Table> Partition::assemble() {
  std::vector<Table> parts;
  std::vector<std::uint32_t> positions;  // of each row in the ordered table
  for (Pass& pass : passes_) {
    for (const Table& prediction : pass.predictions) {
      for (std::size_t i = 0; i < prediction.columns(); ++i)
        pass.leading.add(prediction.names()[i], prediction.column(i));
    }
    parts.push_back(std::move(pass.leading));
    positions.insert(positions.end(), pass.rows.begin(), pass.rows.end());
  }
  SCORIA_TRY(all, stack_all(parts));
  std::vector<std::uint32_t> order(positions.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return positions[a] < positions[b]; });
  Table ordered = all.take(order);
  if (plan_.models.sort_across) SCORIA_TRY_STATUS(sort_across(ordered));
  return ordered;
}

Provenance Partition::provenance() const {
  Provenance provenance{.plan_name = plan_.name,
                        .plan_file = plan_.file.string(),
                        .plan_sha256 = sha256(plan_.text),
                        .partition = name_,
                        .version = options_.version,
                        .command_line = options_.command_line};
  for (const RawInput& input : inputs_) provenance.inputs.push_back(input.file);
  for (const Pass& pass : passes_) {
    for (const Use& use : pass.uses) {
      const FileFacts& file = use.model->file;
      if (std::find(provenance.models.begin(), provenance.models.end(), file) == provenance.models.end()) {
        provenance.models.push_back(file);
      }
    }
  }
  return provenance;
}

Status Partition::write(const Table& rows, Outcome& outcome, double seconds) {
  const std::filesystem::path path = plan_.file.parent_path() / output_;
  SCORIA_TRY(format, table::format_of(output_));
  std::string text;
  if (format == table::Format::json_lines) {
    table::append_json_lines(rows, text);
  } else if (format == table::Format::csv && !table::has_compression_ending(output_)) {
    table::append_csv_header(rows, text);
    table::append_csv_rows(rows, text);
  } else {
    return Error{Code::unsupported, "output '" + output_ + "': must end in .csv or .jsonl"};
  }
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return Error{Code::unavailable, "cannot make folder '" + path.parent_path().string() + "': " + error.message()};
  SCORIA_TRY(file, AtomicFile::create(path));
  SCORIA_TRY_STATUS(file.write(text));
  Provenance from = provenance();
  from.finished = utc_now();
  from.seconds = seconds;
  from.rows = outcome.rows;
  from.operations = outcome.operations;
  from.output = {output_, text.size(), sha256(text)};
  SCORIA_TRY(provenance_file, AtomicFile::create(provenance_path(path)));
  SCORIA_TRY_STATUS(provenance_file.write(to_json(from)));
  outcome.files.push_back(std::move(file));
  outcome.files.push_back(std::move(provenance_file));
  return Ok{};
}

}  // namespace scoria::plan
