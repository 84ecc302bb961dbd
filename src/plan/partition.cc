#include "plan/partition.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/file.h"
#include "expr/parse.h"
#include "plan/clock.h"
#include "plan/ordering.h"
#include "plan/sha256.h"
#include "table/csv.h"
#include "table/file_format.h"
#include "table/json_lines.h"

namespace scoria::plan {
namespace {

using table::ColumnPtr;
using table::Table;
using table::Type;

// Every combination of one value each, the last variable changing fastest.
std::vector<expr::Constants> combinations(const NamedList<ColumnPtr>& variables) {
  std::vector<expr::Constants> all(1);
  for (const auto& [name, values] : variables) {
    std::vector<expr::Constants> longer;
    for (const expr::Constants& constants : all) {
      for (std::size_t i = 0; i < values->size(); ++i) {
        longer.push_back(constants);
        longer.back().insert_or_assign(name, expr::Scalar::from(*values, i));
      }
    }
    all = std::move(longer);
  }
  return all;
}

expr::Constants merged(expr::Constants constants, const expr::Constants& more) {
  constants.insert(more.begin(), more.end());
  return constants;
}

// Tables of the same columns under each other; halves of halves, so that rows are copied log(n) times.
Result<Table> stack_all(std::span<const Table> tables) {
  if (tables.size() == 1) return tables[0];
  SCORIA_TRY(above, stack_all(tables.first(tables.size() / 2)));
  SCORIA_TRY(below, stack_all(tables.subspan(tables.size() / 2)));
  return table::stack(above, below);
}

// The named columns of tables under each other; a name that no table has is left out.
Result<Table> stack_columns(std::span<const Table> tables, const std::vector<std::string>& names) {
  std::vector<Table> parts;
  for (const Table& table : tables) {
    Table& part = parts.emplace_back(table.rows());
    for (const std::string& name : names) {
      if (const ColumnPtr column = table.find(name)) part.add(name, column);
    }
  }
  return stack_all(parts);
}

bool is_missing(const table::Column& column, std::size_t row) {
  return column.is_null(row) || (column.type() == Type::real && std::isnan(column.reals()[row]));
}

}  // namespace

Status Partition::check_stop() const {
  return options_.stop.stop_requested() ? Status(Error{Code::unavailable, "interrupted"}) : Status(Ok{});
}

Status Partition::make_passes() {
  expr::Constants named;
  if (!plan_.partition.empty()) named[plan_.partition] = expr::Scalar{name_};
  constants_ = named;
  for (const expr::Constants& each : combinations(plan_.each)) {
    Pass& pass = passes_.emplace_back();
    pass.constants = each;
    for (const expr::Constants& variables : combinations(plan_.models.variables)) {
      const expr::Constants all = merged(merged(named, each), variables);
      SCORIA_TRY(path, plan_.models.file.fill(all));
      SCORIA_TRY(column, plan_.models.column.fill(all));
      SCORIA_TRY(model, models_.get(path));
      for (const model::Feature& feature : model->model->description().features) {
        if (std::find(pass.features.begin(), pass.features.end(), feature.name) == pass.features.end()) {
          pass.features.push_back(feature.name);
        }
      }
      pass.uses.push_back({std::move(model), std::move(column)});
    }
  }
  return Ok{};
}

std::vector<std::string> Partition::leading_columns() const {
  if (!plan_.columns.empty()) return plan_.columns;
  std::vector<std::string> names = plan_.features.group_by;
  names.insert(names.end(), plan_.features.arrange.begin(), plan_.features.arrange.end());
  for (const auto& [name, values] : plan_.each) names.push_back(name);
  return names;
}

std::set<std::string> Partition::names_in_frame() const {
  std::set<std::string> all;
  for (const std::vector<std::string>& names : {plan_.features.group_by, plan_.features.arrange, leading_columns()}) {
    all.insert(names.begin(), names.end());
  }
  for (const auto& [name, expression] : plan_.features.mutate) all.merge(expr::names_used(expression));
  if (plan_.features.filter) all.merge(expr::names_used(*plan_.features.filter));
  return all;
}

std::map<std::string, WantedColumns> Partition::wanted_columns() const {
  WantedColumns stacked{names_in_frame(), {}};
  for (const Pass& pass : passes_) {
    for (const Use& use : pass.uses) {
      for (const model::Feature& feature : use.model->model->description().features) {
        stacked.names.insert(feature.name);
        const bool is_text = feature.kind == model::FeatureKind::factor || feature.kind == model::FeatureKind::ordered;
        if (is_text) stacked.as_text.insert(feature.name);
      }
    }
  }
  std::map<std::string, WantedColumns> wanted;
  for (const auto& [input, pattern] : plan_.inputs) {
    const std::vector<std::string>& from = plan_.features.from;
    if (std::find(from.begin(), from.end(), input) != from.end()) wanted[input] = stacked;
  }
  for (const auto& [name, expression] : plan_.let) {
    for (const expr::TableReference& reference : expr::table_references(expression)) {
      wanted[reference.table].names.insert(reference.column);
    }
  }
  return wanted;
}

Status Partition::open_inputs() {
  for (const auto& [input, pattern] : plan_.inputs) {
    SCORIA_TRY(path, input_path(pattern, plan_, name_));
    SCORIA_TRY(raw, open_input(plan_, path));
    inputs_.push_back(std::move(raw));
  }
  return Ok{};
}

Result<expr::Tables> Partition::read_tables() const {
  const std::map<std::string, WantedColumns> wanted = wanted_columns();
  expr::Tables tables;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::string& input = plan_.inputs[i].first;
    const auto columns = wanted.find(input);
    if (columns == wanted.end()) continue;
    SCORIA_TRY(read, parse_input(inputs_[i], columns->second));
    tables.emplace(input, std::move(read));
  }
  return tables;
}

Result<expr::Frame> Partition::make_frame(const expr::Tables& tables) {
  for (const auto& [name, expression] : plan_.let) {
    auto value = expr::evaluate_scalar(expression, tables, constants_);
    if (!value.ok()) return with_context("let." + name, std::move(value).error());
    constants_.insert_or_assign(name, std::move(value).value());
  }
  for (const std::string& input : plan_.features.from) from_.push_back(tables.at(input));
  const std::set<std::string> names = names_in_frame();
  SCORIA_TRY(stacked, stack_columns(from_, {names.begin(), names.end()}));
  SCORIA_TRY(ordering, order_rows(stacked, plan_.features.group_by, plan_.features.arrange));
  order_ = std::move(ordering.rows);
  expr::Frame frame(stacked.take(order_), std::move(ordering.group_starts));
  for (const auto& [name, value] : constants_) SCORIA_TRY_STATUS(frame.declare(name, value.type()));
  for (const auto& [name, values] : plan_.each) {
    SCORIA_TRY_STATUS(frame.declare(name, expr::Scalar::from(*values, 0).type()));
  }
  for (const auto& [name, expression] : plan_.features.mutate) {
    if (auto defined = frame.define(name, expression); !defined.ok()) {
      return with_context("features.mutate." + name, std::move(defined).error());
    }
  }
  return frame.with(constants_);
}

Result<ColumnPtr> Partition::feature(const std::string& name, const expr::Frame& frame, const Pass& pass) const {
  if (frame.type_of(name).ok()) return frame.column(name, pass.rows);
  if (std::none_of(from_.begin(), from_.end(), [&](const Table& table) { return table.find(name) != nullptr; })) {
    const auto needs = [&](const Use& use) {
      const auto& features = use.model->model->description().features;
      return std::any_of(features.begin(), features.end(), [&](const auto& known) { return known.name == name; });
    };
    const auto use = std::find_if(pass.uses.begin(), pass.uses.end(), needs);
    return Error{Code::not_found, "neither the inputs nor features.mutate have column '" + name + "', which model '" +
                                      use->model->file.path + "' needs"};
  }
  std::vector<std::uint32_t> rows(pass.rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = order_[pass.rows[i]];
  // Mostly the rows of a pass come from one input, the future, and the others need not be touched.
  std::uint32_t begin = 0;
  for (const Table& table : from_) {
    const auto end = begin + static_cast<std::uint32_t>(table.rows());
    const auto column = table.find(name);
    const bool is_here =
        std::all_of(rows.begin(), rows.end(), [&](std::uint32_t row) { return row >= begin && row < end; });
    if (is_here && column != nullptr) {
      for (std::uint32_t& row : rows) row -= begin;
      return column->take(rows);
    }
    begin = end;
  }
  SCORIA_TRY(stacked, stack_columns(from_, {name}));
  return stacked.find(name)->take(rows);
}

Status Partition::select_rows(const expr::Frame& frame, Pass& pass) const {
  SCORIA_TRY(now, frame.with(pass.constants));
  if (plan_.features.filter) {
    auto rows = now.rows_where(*plan_.features.filter);
    if (!rows.ok()) return with_context("features.filter", std::move(rows).error());
    pass.rows = std::move(rows).value();
  } else {
    pass.rows.resize(now.rows());
    std::iota(pass.rows.begin(), pass.rows.end(), 0);
  }
  pass.inputs = Table(pass.rows.size());
  for (const std::string& name : pass.features) {
    SCORIA_TRY(column, feature(name, now, pass));
    pass.inputs.add(name, column);
  }
  pass.leading = Table(pass.rows.size());
  for (const std::string& name : leading_columns()) {
    SCORIA_TRY(column, now.column(name, pass.rows));
    pass.leading.add(name, column);
  }
  if (!plan_.features.drop_incomplete) return Ok{};

  std::vector<std::uint32_t> complete;
  for (std::size_t row = 0; row < pass.rows.size(); ++row) {
    bool is_complete = true;
    for (std::size_t i = 0; i < pass.inputs.columns() && is_complete; ++i) {
      is_complete = !is_missing(*pass.inputs.column(i), row);
    }
    if (is_complete) complete.push_back(static_cast<std::uint32_t>(row));
  }
  if (complete.size() == pass.rows.size()) return Ok{};
  pass.inputs = pass.inputs.take(complete);
  pass.leading = pass.leading.take(complete);
  for (std::size_t i = 0; i < complete.size(); ++i) pass.rows[i] = pass.rows[complete[i]];
  pass.rows.resize(complete.size());
  return Ok{};
}

Status Partition::score(Pass& pass, std::size_t use, std::set<std::string>& notes) const {
  SCORIA_TRY_STATUS(check_stop());
  const auto& [loaded, column] = pass.uses[use];
  model::Request request{.simd = options_.simd};
  if (!plan_.models.type.empty()) request.types = {plan_.models.type};
  for (const auto& [name, value] : plan_.models.parameters) request.parameters[name] = value;
  auto scored = loaded->model->score(pass.inputs, request, executor_);
  if (!scored.ok()) return with_context("model '" + loaded->file.path + "'", std::move(scored).error());
  notes.insert(scored.value().notes.begin(), scored.value().notes.end());
  const Table& table = scored.value().table;
  Table named(table.rows());
  for (std::size_t i = 0; i < table.columns(); ++i) {
    // A type that yields several columns labels them behind a colon.
    const std::string& name = table.names()[i];
    const std::size_t colon = name.find(':');
    ColumnPtr values = table.column(i);
    if (plan_.models.then) {
      Table one(table.rows());
      one.add("prediction", values);
      auto after = expr::Frame(std::move(one)).evaluate(*plan_.models.then);
      if (!after.ok()) return with_context("models.then", std::move(after).error());
      values = std::move(after).value();
    }
    named.add(colon == std::string::npos ? column : column + name.substr(colon), std::move(values));
  }
  pass.predictions[use] = std::move(named);
  return Ok{};
}

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
  SCORIA_TRY_STATUS(write_file(path, text));
  Provenance from = provenance();
  from.finished = utc_now();
  from.seconds = seconds;
  from.rows = outcome.rows;
  from.operations = outcome.operations;
  from.output = {output_, text.size(), sha256(text)};
  return write_file(provenance_path(path), to_json(from));
}

Result<Partition::Outcome> Partition::run() {
  const auto start = std::chrono::steady_clock::now();
  SCORIA_TRY_STATUS(make_passes());
  SCORIA_TRY_STATUS(open_inputs());
  SCORIA_TRY(output, plan_.output.fill(constants_));
  output_ = std::move(output);
  Outcome outcome{.output = output_};
  for (const Pass& pass : passes_) {
    for (const Use& use : pass.uses) outcome.models.insert(use.model->file.path);
  }
  if (options_.resume && is_current(plan_.file.parent_path() / output_, provenance())) {
    outcome.skipped = true;
    return outcome;
  }

  SCORIA_TRY(tables, read_tables());
  SCORIA_TRY(frame, make_frame(tables));
  struct Task {
    Pass* pass;
    std::size_t use;
  };
  std::vector<Task> tasks;
  for (Pass& pass : passes_) {
    SCORIA_TRY_STATUS(check_stop());
    SCORIA_TRY_STATUS(select_rows(frame, pass));
    pass.predictions.resize(pass.uses.size());
    outcome.rows += pass.rows.size();
    outcome.operations += pass.rows.size() * pass.uses.size();
    for (std::size_t use = 0; use < pass.uses.size(); ++use) tasks.push_back({&pass, use});
  }

  std::mutex first_error_mutex;
  Status first_error = Ok{};        // guarded by first_error_mutex
  std::set<std::string> all_notes;  // guarded by first_error_mutex
  executor_.parallel_for(tasks.size(), [&](std::size_t i) {
    std::set<std::string> notes;
    Status status = score(*tasks[i].pass, tasks[i].use, notes);
    const std::lock_guard lock(first_error_mutex);
    all_notes.merge(notes);
    if (!status.ok() && first_error.ok()) first_error = std::move(status);
  });
  if (!first_error.ok()) return std::move(first_error).error();
  outcome.notes = std::move(all_notes);

  SCORIA_TRY(rows, assemble());
  SCORIA_TRY_STATUS(
      write(rows, outcome, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()));
  return outcome;
}

}  // namespace scoria::plan
