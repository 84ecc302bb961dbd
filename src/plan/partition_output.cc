// The last third of a partition: its passes' rows in order, written with their provenance.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "arrowio/uri.h"
#include "expr/message.h"
#include "net/sha256.h"
#include "plan/clock.h"
#include "plan/ordering.h"
#include "plan/partition.h"
#include "plan/prepare.h"
#include "plan/row_keys.h"
#include "plan/stacking.h"

namespace scoria::plan {

using table::Table;
using table::Type;

namespace {

Status make_folder_of(const std::string& location) {
  if (arrowio::is_uri(location)) return Ok{};
  const std::filesystem::path folder = std::filesystem::path(location).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return Error{Code::unavailable, "cannot make folder '" + folder.string() + "': " + error.message()};
  return Ok{};
}

}  // namespace

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
                        .plan_sha256 = net::sha256(plan_.text),
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

std::string Partition::location_of(const std::string& path) const {
  return arrowio::is_uri(path) ? path : (plan_.file.parent_path() / path).string();
}

Result<RowWriter> Partition::open_output() const {
  const std::string location = output_location();
  SCORIA_TRY_STATUS(make_folder_of(location));
  auto writer = RowWriter::open(location, metadata_of(provenance()));
  if (!writer.ok()) return plan_.at("output", std::move(writer).error());
  return writer;
}

Status Partition::write_split(const Table& rows) {
  Stopwatch watch;
  const std::set<std::string>& named = plan_.split->names();
  std::vector<std::string> keys;
  for (const std::string& name : named) {
    if (constants_.contains(name)) continue;
    if (rows.find(name) == nullptr) {
      return plan_.at("split", Error{Code::not_found, "{" + name + "}: the output has no such column; " +
                                                          expr::suggestion(name, rows.names())});
    }
    keys.push_back(name);
  }
  std::map<std::string, std::vector<std::uint32_t>> parts;  // rows by file
  const RowKeys texts(rows, keys);
  SCORIA_TRY(ordering, order_rows(rows, keys, {}));
  for (std::size_t group = 0; group < ordering.group_starts.size(); ++group) {
    const std::size_t begin = ordering.group_starts[group];
    const bool is_last = group + 1 == ordering.group_starts.size();
    const std::size_t end = is_last ? ordering.rows.size() : ordering.group_starts[group + 1];
    const std::uint32_t row = ordering.rows[begin];
    if (texts.has_missing(row)) {
      return plan_.at("split", Error{Code::invalid, "a row of the output with " + texts.text(row) + " has no file"});
    }
    expr::Constants constants = constants_;
    for (const std::string& key : keys) constants.insert_or_assign(key, expr::Scalar::from(*rows.find(key), row));
    auto path = plan_.split->fill_path(constants, {keys.begin(), keys.end()});
    if (!path.ok()) return plan_.at("split", std::move(path).error());
    if (path.value() == output_) {
      return plan_.at("split", Error{Code::conflict, "'" + output_ + "' is the output of all rows"});
    }
    std::vector<std::uint32_t>& part = parts[path.value()];
    part.insert(part.end(), ordering.rows.begin() + static_cast<std::ptrdiff_t>(begin),
                ordering.rows.begin() + static_cast<std::ptrdiff_t>(end));
  }
  std::vector<std::pair<std::string, std::vector<std::uint32_t>>> files(parts.begin(), parts.end());
  const FileMetadata metadata = metadata_of(provenance());
  split_.resize(files.size());
  std::vector<Status> done(files.size(), Ok{});
  executor_.parallel_for(files.size(), [&](std::size_t i) {
    auto& [path, part] = files[i];
    std::sort(part.begin(), part.end());
    done[i] = write_part(path, rows.take(part), metadata, split_[i]);
  });
  for (Status& status : done) {
    if (!status.ok()) return plan_.at("split", std::move(status).error());
  }
  log_.add({.name = "split", .rows_in = rows.rows(), .rows_out = rows.rows(), .seconds = watch.lap()});
  return Ok{};
}

// Put in place at once: thousands of files cannot all stay open until the partition is done.
Status Partition::write_part(const std::string& path, const Table& rows, const FileMetadata& metadata,
                             FileFacts& facts) const {
  SCORIA_TRY_STATUS(check_stop());
  const std::string location = location_of(path);
  SCORIA_TRY_STATUS(make_folder_of(location));
  SCORIA_TRY(writer, RowWriter::open(location, metadata));
  SCORIA_TRY_STATUS(writer.write(rows));
  SCORIA_TRY_STATUS(writer.end());
  facts = {arrowio::without_secrets(path), writer.bytes(), writer.sha256()};
  return writer.commit();
}

Status Partition::finish_output(RowWriter writer, Outcome& outcome, double seconds) {
  SCORIA_TRY_STATUS(writer.end());
  Provenance from = provenance();
  from.finished = utc_now();
  from.seconds = seconds;
  from.rows = outcome.rows;
  from.operations = outcome.operations;
  from.split = split_;
  for (const auto& [path, model] : outcome.models) {
    if (model.flags) from.flagged.push_back({model.path, model.rows, model.flagged});
  }
  from.output = {arrowio::without_secrets(output_), writer.bytes(), writer.sha256()};
  SCORIA_TRY(provenance_file, arrowio::OutputFile::create(provenance_path(output_location())));
  SCORIA_TRY_STATUS(provenance_file.write(to_json(from)));
  outcome.files.push_back(writer.take_file());
  outcome.files.push_back(std::move(provenance_file));
  return Ok{};
}

}  // namespace scoria::plan
