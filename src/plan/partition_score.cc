// The second third of a partition: from the rows of each pass to their predictions.
#include <algorithm>
#include <mutex>
#include <numeric>

#include "plan/partition.h"
#include "plan/row_keys.h"
#include "plan/set_rows.h"
#include "plan/stacking.h"

namespace scoria::plan {

using table::ColumnPtr;
using table::Table;

Result<ColumnPtr> Partition::feature(const std::string& name, const expr::Frame& frame, const Pass& pass) const {
  if (frame.type_of(name).ok()) {
    auto column = frame.column(name, pass.rows);
    if (!column.ok()) return plan_.at("features.mutate." + name, std::move(column).error());
    return column;
  }
  if (std::none_of(from_.begin(), from_.end(), [&](const Table& table) { return table.find(name) != nullptr; })) {
    for (const Use& use : pass.uses) {
      for (const ModelGroup& group : use.models.groups) {
        if (group.path.empty()) continue;
        const ModelFacts& facts = *known_.at(group.path);
        const std::vector<std::string> columns = columns_of(*use.entry, facts);
        if (std::find(columns.begin(), columns.end(), name) == columns.end()) continue;
        std::string message =
            "neither the inputs nor features have column '" + name + "', which model '" + facts.file.path + "' needs";
        if (facts.by_position && use.entry->features.empty()) {
          message += "; its file keeps no names, and 'features' says which columns they are";
        }
        return plan_.at(use.entry->path, Error{Code::not_found, std::move(message)});
      }
    }
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

Status Partition::gather(const expr::Frame& frame, Pass& pass) {
  Stopwatch watch;
  SCORIA_TRY(now, frame.with(pass.constants));
  pass.inputs = Table(pass.rows.size());
  for (const Use& use : pass.uses) {
    for (const ModelGroup& group : use.models.groups) {
      if (group.path.empty()) continue;
      for (const std::string& wanted : columns_of(*use.entry, *known_.at(group.path))) {
        if (pass.inputs.find(wanted) != nullptr) continue;
        SCORIA_TRY(column, feature(wanted, now, pass));
        pass.inputs.add(wanted, column);
      }
    }
  }
  pass.leading = Table(pass.rows.size());
  for (const std::string& name : leading_columns()) {
    auto column = now.column(name, pass.rows);
    if (!column.ok()) return plan_.at(plan_.columns.empty() ? "features" : "columns", std::move(column).error());
    pass.leading.add(name, std::move(column).value());
  }
  for (const std::string& name : names_in_result()) {
    if (pass.leading.find(name) != nullptr || !now.type_of(name).ok()) continue;
    SCORIA_TRY(column, now.column(name, pass.rows));
    pass.leading.add(name, column);
  }
  const std::size_t rows = pass.rows.size();
  log_.add({.name = "features", .rows_in = rows, .rows_out = rows, .seconds = watch.lap()});
  if (!plan_.features.drop_incomplete) return Ok{};
  drop_incomplete(pass);
  log_.add({.name = "drop incomplete", .rows_in = rows, .rows_out = pass.rows.size(), .seconds = watch.lap()});
  return Ok{};
}

void Partition::drop_incomplete(Pass& pass) const {
  std::vector<std::uint8_t> is_complete(pass.rows.size(), 1);
  for (const Use& use : pass.uses) {
    for (const ModelGroup& group : use.models.groups) {
      if (group.path.empty()) continue;
      for (const std::string& name : columns_of(*use.entry, *known_.at(group.path))) {
        const ColumnPtr column = pass.inputs.find(name);
        for (const std::uint32_t row : group.rows) {
          if (is_missing(*column, row)) is_complete[row] = 0;
        }
      }
    }
  }
  std::vector<std::uint32_t> complete;
  std::vector<std::uint32_t> new_place(pass.rows.size());
  for (std::uint32_t row = 0; row < pass.rows.size(); ++row) {
    new_place[row] = static_cast<std::uint32_t>(complete.size());
    if (is_complete[row] != 0) complete.push_back(row);
  }
  if (complete.size() == pass.rows.size()) return;
  pass.inputs = pass.inputs.take(complete);
  pass.leading = pass.leading.take(complete);
  for (std::size_t i = 0; i < complete.size(); ++i) pass.rows[i] = pass.rows[complete[i]];
  pass.rows.resize(complete.size());
  for (Use& use : pass.uses) {
    for (ModelGroup& group : use.models.groups) {
      std::erase_if(group.rows, [&](std::uint32_t row) { return is_complete[row] == 0; });
      for (std::uint32_t& row : group.rows) row = new_place[row];
    }
  }
}

Result<std::string> Partition::column_name(const Use& use, const std::string& scored) const {
  // A model names its columns T, or T:label where a type yields several.
  const std::size_t colon = scored.find(':');
  const std::string type = scored.substr(0, colon);
  expr::Constants constants = use.constants;
  constants.insert_or_assign("type", expr::Scalar{type});
  constants.insert_or_assign("label", expr::Scalar{colon == std::string::npos ? type : scored.substr(colon + 1)});
  auto name = use.entry->column.fill(constants);
  if (!name.ok()) return plan_.at(use.entry->path + ".column", std::move(name).error());
  if (colon == std::string::npos || use.entry->column.names().contains("label")) return name;
  return name.value() + scored.substr(colon);
}

Status Partition::score(const Pass& pass, Use& use, std::size_t group, std::set<std::string>& notes) const {
  SCORIA_TRY_STATUS(check_stop());
  const ModelGroup& rows = use.models.groups[group];
  if (rows.path.empty()) {
    use.scored[group] = Table(rows.rows.size());
    return Ok{};
  }
  const Models& entry = *use.entry;
  SCORIA_TRY(loaded, models_.get(rows.path));
  model::Request request{.types = entry.types, .simd = options_.simd};
  for (const auto& [name, value] : entry.parameters) request.parameters[name] = value;
  const SetOptions set{.features = entry.features};
  auto scored = score_rows(*loaded->model, loaded->file.path, pass.inputs, rows.rows, request, set, executor_);
  if (!scored.ok()) return plan_.at(entry.path, std::move(scored).error());
  use.flagged[group] = flagged_rows(loaded->model->description(), scored.value().table);
  notes.insert(scored.value().notes.begin(), scored.value().notes.end());
  const Table& table = scored.value().table;
  Table named(table.rows());
  for (std::size_t i = 0; i < table.columns(); ++i) {
    ColumnPtr values = table.column(i);
    if (entry.then) {
      Table one(table.rows());
      one.add("prediction", values);
      auto after = expr::Frame(std::move(one)).evaluate(*entry.then);
      if (!after.ok()) return plan_.at(entry.path + ".then", std::move(after).error());
      values = std::move(after).value();
    }
    SCORIA_TRY(name, column_name(use, table.names()[i]));
    if (named.find(name) != nullptr) {
      return plan_.at(entry.path + ".column",
                      Error{Code::conflict, "two columns of model '" + rows.path + "' would be called '" + name +
                                                "'; {type} and {label} tell them apart"});
    }
    named.add(name, std::move(values));
  }
  use.scored[group] = std::move(named);
  return Ok{};
}

Status Partition::score_all(Outcome& outcome) {
  struct Task {
    Pass* pass;
    Use* use;
    std::size_t group;
  };
  std::vector<Task> tasks;
  for (Pass& pass : passes_) {
    for (Use& use : pass.uses) {
      use.scored.resize(use.models.groups.size());
      use.flagged.assign(use.models.groups.size(), 0);
      for (std::size_t group = 0; group < use.models.groups.size(); ++group) tasks.push_back({&pass, &use, group});
    }
  }
  std::mutex result_mutex;
  std::size_t failed = tasks.size();  // guarded by result_mutex, as are the others; the first task that failed
  Status first_error = Ok{};
  executor_.parallel_for(tasks.size(), [&](std::size_t i) {
    const auto& [pass, use, group] = tasks[i];
    Stopwatch watch;
    std::set<std::string> notes;
    Status status = score(*pass, *use, group, notes);
    const ModelGroup& rows = use->models.groups[group];
    const std::uint64_t scored = rows.path.empty() ? 0 : rows.rows.size();
    const std::lock_guard lock(result_mutex);
    outcome.notes.merge(notes);
    outcome.operations += scored;
    log_.add({.name = use->entry->path, .rows_in = rows.rows.size(), .rows_out = scored, .seconds = watch.lap()});
    if (status.ok() || i >= failed) return;
    failed = i;
    first_error = std::move(status);
  });
  return first_error;
}

// What was scored group by group, in the order of the pass's rows; rows without a model have missing values.
Result<Table> Partition::predictions(const Pass& pass, Use& use) const {
  const std::vector<ModelGroup>& groups = use.models.groups;
  const bool has_columns =
      std::any_of(use.scored.begin(), use.scored.end(), [](const Table& t) { return t.columns() > 0; });
  if (!has_columns) {
    // No model has said what its columns are; the plan may have.
    Table none(pass.rows.size());
    const bool is_named = use.entry->types.size() == 1 || !use.entry->column.names().contains("type");
    if (!is_named || use.entry->column.names().contains("label")) return none;
    SCORIA_TRY(name, column_name(use, use.entry->types.empty() ? "" : use.entry->types.front()));
    Table one(1);
    one.add(name, expr::Scalar::na(table::Type::real).column());
    return one.take(std::vector<std::uint32_t>(pass.rows.size(), 0));
  }
  if (groups.size() == 1) return std::move(use.scored.front());
  std::vector<std::uint32_t> place(pass.rows.size());
  std::uint32_t next = 0;
  for (const ModelGroup& group : groups) {
    for (const std::uint32_t row : group.rows) place[row] = next++;
  }
  auto all = stack_all(use.scored);
  if (!all.ok()) return plan_.at(use.entry->path, std::move(all).error());
  return all.value().take(place);
}

std::set<std::string> Partition::missing_models() const {
  std::set<std::string> missing;
  for (const Pass& pass : passes_) {
    for (const Use& use : pass.uses) missing.insert(use.models.missing.begin(), use.models.missing.end());
  }
  return missing;
}

void Partition::count_models(Outcome& outcome) const {
  outcome.missing_models = missing_models();
  for (const Pass& pass : passes_) {
    for (const Use& use : pass.uses) {
      outcome.missing_rows += use.models.missing_rows;
      for (std::size_t i = 0; i < use.models.groups.size(); ++i) {
        const ModelGroup& group = use.models.groups[i];
        if (group.path.empty()) continue;
        const ModelFacts& facts = *known_.at(group.path);
        ModelUse& model = outcome.models[group.path];
        model.rows += group.rows.size();
        if (i < use.flagged.size()) model.flagged += use.flagged[i];
        if (!model.path.empty()) continue;
        model.path = facts.file.path;
        model.title = facts.title;
        model.flags = facts.flags;
        model.warn_flagged = use.entry->warn_flagged;
        model.features = columns_of(*use.entry, facts);
      }
    }
  }
}

}  // namespace scoria::plan
