#include "plan/prepare.h"

#include "plan/ordering.h"

namespace scoria::plan {
namespace {

using table::Table;

// Rows as a step wants them, and where each group starts.
struct Grouped {
  Table rows;
  std::vector<std::uint32_t> group_starts;
};

Result<Grouped> grouped(const Table& rows, const Grouping& grouping) {
  if (grouping.by.empty() && grouping.arrange.empty()) {
    return Grouped{rows, rows.rows() == 0 ? std::vector<std::uint32_t>{} : std::vector<std::uint32_t>{0}};
  }
  SCORIA_TRY(ordering, order_rows(rows, grouping.by, grouping.arrange));
  return Grouped{rows.take(ordering.rows), std::move(ordering.group_starts)};
}

Result<expr::Frame> frame_of(const Table& rows, std::vector<std::uint32_t> group_starts,
                             const expr::Constants& constants) {
  expr::Frame frame(rows, std::move(group_starts));
  for (const auto& [name, value] : constants) SCORIA_TRY_STATUS(frame.declare(name, value.type()));
  return frame.with(constants);
}

void add_names(const std::vector<std::string>& from, std::set<std::string>& names) {
  names.insert(from.begin(), from.end());
}

void add_names(const Grouping& grouping, std::set<std::string>& names) {
  add_names(grouping.by, names);
  add_names(grouping.arrange, names);
}

// Does one step to rows; errors are still without their place.
class Doing {
 public:
  Doing(const Plan& plan, const PrepareStep& step, const Table& rows, const expr::Constants& constants,
        const SecondTable& second, NamedList<std::uint64_t>& counts)
      : plan_(plan), step_(step), rows_(rows), constants_(constants), second_(second), counts_(counts) {}

  Result<Table> operator()(const Join& join) {
    SCORIA_TRY(second, second_(join, rows_));
    auto joined = left_join(rows_, second, join);
    if (!joined.ok()) return located(std::move(joined).error());
    counts_.emplace_back("unmatched", joined.value().unmatched);
    return std::move(joined.value().rows);
  }
  Result<Table> operator()(const Complete& how) {
    auto completed = complete(rows_, how);
    if (!completed.ok()) return located(std::move(completed).error());
    counts_.emplace_back("added", completed.value().added);
    return std::move(completed.value().rows);
  }
  Result<Table> operator()(const FillStep& how) {
    auto groups = grouped(rows_, how.grouping);
    if (!groups.ok()) return located(std::move(groups).error());
    auto filled = fill(groups.value().rows, groups.value().group_starts, how.columns, how.direction);
    if (!filled.ok()) return located(std::move(filled).error());
    return filled;
  }
  Result<Table> operator()(const MutateStep& how) {
    auto groups = grouped(rows_, how.grouping);
    if (!groups.ok()) return located(std::move(groups).error());
    return mutate(plan_, step_.path + ".mutate", groups.value().rows, std::move(groups.value().group_starts),
                  how.definitions, constants_);
  }
  Result<Table> operator()(const FilterStep& how) {
    auto groups = grouped(rows_, how.grouping);
    if (!groups.ok()) return located(std::move(groups).error());
    SCORIA_TRY(frame, frame_of(groups.value().rows, std::move(groups.value().group_starts), constants_));
    auto kept = frame.rows_where(how.condition);
    if (!kept.ok()) return plan_.at(step_.path + ".filter", std::move(kept).error());
    return groups.value().rows.take(kept.value());
  }

 private:
  Error located(Error error) const { return plan_.at(step_.path, std::move(error)); }

  const Plan& plan_;
  const PrepareStep& step_;
  const Table& rows_;
  const expr::Constants& constants_;
  const SecondTable& second_;
  NamedList<std::uint64_t>& counts_;
};

}  // namespace

std::set<std::string> names_used(const std::vector<PrepareStep>& steps) {
  std::set<std::string> names;
  for (const PrepareStep& step : steps) {
    if (const auto* join = std::get_if<Join>(&step.action)) {
      for (const auto& [left, right] : join->by) names.insert(left);
    } else if (const auto* complete = std::get_if<Complete>(&step.action)) {
      for (const std::vector<std::string>& columns : complete->columns) add_names(columns, names);
      for (const auto& [name, value] : complete->fill) names.insert(name);
      add_names(complete->by, names);
    } else if (const auto* fill = std::get_if<FillStep>(&step.action)) {
      add_names(fill->columns, names);
      add_names(fill->grouping, names);
    } else if (const auto* mutate = std::get_if<MutateStep>(&step.action)) {
      for (const auto& [name, expression] : mutate->definitions) names.merge(expr::names_used(expression));
      add_names(mutate->grouping, names);
    } else if (const auto* filter = std::get_if<FilterStep>(&step.action)) {
      names.merge(expr::names_used(filter->condition));
      add_names(filter->grouping, names);
    }
  }
  return names;
}

Result<Table> mutate(const Plan& plan, const std::string& path, const Table& rows,
                     std::vector<std::uint32_t> group_starts, const NamedList<expr::Expression>& definitions,
                     const expr::Constants& constants) {
  SCORIA_TRY(frame, frame_of(rows, std::move(group_starts), constants));
  std::set<std::string> defined;
  for (const auto& [name, expression] : definitions) {
    if (auto added = frame.define(name, expression); !added.ok()) {
      return plan.at(path + "." + name, std::move(added).error());
    }
    defined.insert(name);
  }
  Table result(rows.rows());
  const auto add = [&](const std::string& name) -> Status {
    auto column = frame.column(name);
    if (!column.ok()) return plan.at(path + "." + name, std::move(column).error());
    result.add(name, std::move(column).value());
    return Ok{};
  };
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    const std::string& name = rows.names()[i];
    if (defined.erase(name) == 0) {
      result.add(name, rows.column(i));
    } else {
      SCORIA_TRY_STATUS(add(name));
    }
  }
  for (const auto& [name, expression] : definitions) {
    if (defined.erase(name) != 0) SCORIA_TRY_STATUS(add(name));
  }
  return result;
}

Result<Table> prepare(const Plan& plan, Table rows, const expr::Constants& constants, const SecondTable& second,
                      StepLog& log) {
  for (const PrepareStep& step : plan.features.prepare) {
    Stopwatch watch;
    Step done{.name = step.name, .rows_in = rows.rows()};
    SCORIA_TRY(next, std::visit(Doing(plan, step, rows, constants, second, done.counts), step.action));
    rows = std::move(next);
    done.rows_out = rows.rows();
    done.seconds = watch.lap();
    log.add(done);
  }
  return rows;
}

}  // namespace scoria::plan
