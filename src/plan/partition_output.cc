// The last third of a partition: its passes' rows in order, written with their provenance.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/file.h"
#include "expr/message.h"
#include "plan/clock.h"
#include "plan/partition.h"
#include "plan/prepare.h"
#include "plan/sha256.h"
#include "plan/stacking.h"
#include "table/csv.h"
#include "table/file_format.h"
#include "table/json_lines.h"

namespace scoria::plan {

using table::Table;
using table::Type;

Status Partition::sort_across(Table& rows, const std::set<std::string>& names, const Models& entry) const {
  std::vector<std::size_t> which;
  std::vector<std::vector<double>> columns;
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    if (!names.contains(rows.names()[i])) continue;
    if (rows.column(i)->type() != Type::real) {
      return plan_.at(entry.path + ".sort_across",
                      Error{Code::invalid, "column '" + rows.names()[i] + "' is not a number"});
    }
    which.push_back(i);
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
  std::size_t next = 0;
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    const bool is_sorted = next < which.size() && which[next] == i;
    sorted.add(rows.names()[i], is_sorted ? table::Column::real(std::move(columns[next])) : rows.column(i));
    next += is_sorted ? 1 : 0;
  }
  rows = std::move(sorted);
  return Ok{};
}

Result<Table> Partition::assemble() {
  std::vector<Table> parts;
  std::vector<std::uint32_t> positions;  // of each row in the ordered table
  std::vector<std::set<std::string>> columns(plan_.models.size());
  const std::vector<std::string> leading = leading_columns();
  for (Pass& pass : passes_) {
    Table part(pass.rows.size());
    std::vector<std::set<std::string>> of_pass(plan_.models.size());
    Table predicted(pass.rows.size());
    for (Use& use : pass.uses) {
      SCORIA_TRY(table, predictions(pass, use));
      const auto entry = static_cast<std::size_t>(use.entry - plan_.models.data());
      for (std::size_t i = 0; i < table.columns(); ++i) {
        const std::string& name = table.names()[i];
        const bool is_leading = std::find(leading.begin(), leading.end(), name) != leading.end();
        if (is_leading || predicted.find(name) != nullptr) {
          return plan_.at(use.entry->path + ".column",
                          Error{Code::conflict, "the output has a column '" + name + "' already"});
        }
        predicted.add(name, table.column(i));
        columns[entry].insert(name);
      }
    }
    // What only `result` reads of the rows gives way to a prediction of its name.
    for (std::size_t i = 0; i < pass.leading.columns(); ++i) {
      if (predicted.find(pass.leading.names()[i]) == nullptr) part.add(pass.leading.names()[i], pass.leading.column(i));
    }
    for (std::size_t i = 0; i < predicted.columns(); ++i) part.add(predicted.names()[i], predicted.column(i));
    parts.push_back(std::move(part));
    positions.insert(positions.end(), pass.rows.begin(), pass.rows.end());
  }
  SCORIA_TRY(all, stack_all(parts));
  std::vector<std::uint32_t> order(positions.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return positions[a] < positions[b]; });
  Table ordered = all.take(order);
  for (std::size_t entry = 0; entry < plan_.models.size(); ++entry) {
    if (plan_.models[entry].sort_across) SCORIA_TRY_STATUS(sort_across(ordered, columns[entry], plan_.models[entry]));
  }
  return finish_columns(std::move(ordered));
}

// The result's own columns, and of all of them those that are wanted.
Result<Table> Partition::finish_columns(Table rows) {
  Stopwatch watch;
  const std::size_t count = rows.rows();
  const std::vector<std::string> leading = leading_columns();
  const std::size_t hidden_end = passes_.front().leading.columns();
  std::set<std::string> hidden;  // columns that only `result` reads
  for (std::size_t i = leading.size(); i < hidden_end; ++i) hidden.insert(passes_.front().leading.names()[i]);
  for (const Pass& pass : passes_) {
    for (const Use& use : pass.uses) {
      for (const Table& scored : use.scored) {
        for (const std::string& name : scored.names()) hidden.erase(name);
      }
    }
  }
  if (!plan_.result.mutate.empty()) {
    SCORIA_TRY(mutated, mutate(plan_, "result.mutate", rows, {}, plan_.result.mutate, constants_));
    rows = std::move(mutated);
    for (const auto& [name, expression] : plan_.result.mutate) hidden.erase(name);
    log_.add({.name = "result mutate", .rows_in = count, .rows_out = count, .seconds = watch.lap()});
  }
  Table chosen(count);
  if (plan_.result.select.empty()) {
    for (std::size_t i = 0; i < rows.columns(); ++i) {
      if (!hidden.contains(rows.names()[i])) chosen.add(rows.names()[i], rows.column(i));
    }
    return chosen;
  }
  for (const auto& [name, old] : plan_.result.select) {
    const table::ColumnPtr column = rows.find(old);
    if (column == nullptr) {
      return plan_.at("result.select", Error{Code::not_found, "there is no column '" + old + "'; " +
                                                                  expr::suggestion(old, rows.names())});
    }
    chosen.add(name, column);
  }
  log_.add({.name = "result select", .rows_in = count, .rows_out = count, .seconds = watch.lap()});
  return chosen;
}

Provenance Partition::provenance() const {
  std::set<std::string> paths;
  Provenance provenance{.plan_name = plan_.name,
                        .plan_file = plan_.file.string(),
                        .plan_sha256 = sha256(plan_.text),
                        .partition = name_,
                        .version = options_.version,
                        .command_line = options_.command_line};
  for (const RawInputPtr& input : inputs_) provenance.inputs.push_back(input->file);
  // In the order of use.
  for (const Pass& pass : passes_) {
    for (const Use& use : pass.uses) {
      for (const ModelGroup& group : use.models.groups) {
        if (group.path.empty()) continue;
        const FileFacts& file = known_.at(group.path)->file;
        if (paths.insert(group.path).second) provenance.models.push_back(file);
      }
    }
  }
  const std::set<std::string> missing = missing_models();
  provenance.missing_models.assign(missing.begin(), missing.end());
  provenance.steps = log_.steps();
  return provenance;
}

Status Partition::write(const Table& rows, Outcome& outcome, double seconds) {
  Stopwatch watch;
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
  log_.add({.name = "write", .rows_in = rows.rows(), .rows_out = rows.rows(), .seconds = watch.lap()});
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
