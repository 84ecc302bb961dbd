#include "plan/fill.h"

#include <algorithm>
#include <numeric>

#include "expr/message.h"
#include "plan/row_keys.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Table;

// For each row, the row whose value it has once filled; its own where nothing fills it.
class Sources {
 public:
  Sources(const Column& column, std::span<const std::uint32_t> group_starts)
      : starts_(group_starts), rows_(column.size()) {
    std::iota(rows_.begin(), rows_.end(), 0);
    for (std::uint32_t row = 0; row < column.size(); ++row) missing_.push_back(is_missing(column, row) ? 1 : 0);
  }

  void down() {
    for (std::size_t group = 0; group < starts_.size(); ++group) {
      for (std::uint32_t row = starts_[group] + 1; row < end(group); ++row) take(row, row - 1);
    }
  }
  void up() {
    for (std::size_t group = 0; group < starts_.size(); ++group) {
      for (std::uint32_t row = end(group); row-- > starts_[group] + 1;) take(row - 1, row);
    }
  }
  const std::vector<std::uint32_t>& rows() const { return rows_; }

 private:
  std::uint32_t end(std::size_t group) const {
    return group + 1 < starts_.size() ? starts_[group + 1] : static_cast<std::uint32_t>(rows_.size());
  }
  void take(std::uint32_t row, std::uint32_t from) {
    if (missing_[row] == 0 || missing_[from] != 0) return;
    rows_[row] = rows_[from];
    missing_[row] = 0;
  }

  std::span<const std::uint32_t> starts_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint8_t> missing_;
};

}  // namespace

std::optional<FillDirection> fill_direction(std::string_view name) {
  if (name == "down") return FillDirection::down;
  if (name == "up") return FillDirection::up;
  if (name == "downup") return FillDirection::downup;
  if (name == "updown") return FillDirection::updown;
  return std::nullopt;
}

Result<Table> fill(const Table& rows, std::span<const std::uint32_t> group_starts,
                   const std::vector<std::string>& columns, FillDirection direction) {
  for (const std::string& name : columns) {
    if (rows.find(name) == nullptr) {
      return Error{Code::invalid, "there is no column '" + name + "' to fill; " + expr::suggestion(name, rows.names())};
    }
  }
  Table filled(rows.rows());
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    const std::string& name = rows.names()[i];
    ColumnPtr column = rows.column(i);
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) {
      Sources sources(*column, group_starts);
      if (direction == FillDirection::down || direction == FillDirection::downup) sources.down();
      if (direction != FillDirection::down) sources.up();
      if (direction == FillDirection::updown) sources.down();
      column = column->take(sources.rows());
    }
    filled.add(name, std::move(column));
  }
  return filled;
}

}  // namespace scoria::plan
