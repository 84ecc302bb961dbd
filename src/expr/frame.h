// Columns that expressions read and define over one table in groups, computed when asked for, for the rows asked for.
//
//   Frame frame(rows, group_starts);                        // rows ordered by group, then as lag() should see them
//   frame.declare("step", table::Type::integer);            // a constant whose value comes later
//   frame.define("y", parse("log(sales)").value());
//   frame.define("lag1", parse("lag(y, step)").value());
//   for (int step = 1; step <= 13; ++step) {
//     auto now = frame.with({{"step", Scalar{step}}});      // shares y; only lag1 is new
//     auto rows = now.value().rows_where(filter);
//     auto lag1 = now.value().column("lag1", rows.value());
//   }
//
// Columns have R's types and missing values: NA is a null, NaN is a value. Where R leaves it to the machine which of NA
// and NaN comes out of both (NaN + NA), it is NA here. Integer overflow gives NA, as in R, without R's warning.
// An aggregate (mean(x)) is of the rows of the group, all of them, whichever rows are asked for.
//
// What is computed for all rows is remembered: a defined column, and what several columns use. A selection of rows is
// computed afresh each time, until as many rows have been asked for as there are; then the column is computed once.
//
// Threads: a frame and all frames made from it by with() are one caller's at a time.
// Ownership: a frame owns or shares its table and what was computed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "expr/scalar.h"
#include "table/table.h"

namespace scoria::expr {

class Frame {
 public:
  // group_starts: the first row of every group, ascending from 0; empty: all rows are one group.
  // Precondition: ascending without repeats, the first 0, the last below rows.rows().
  explicit Frame(table::Table rows, std::vector<std::uint32_t> group_starts = {});
  Frame(Frame&&) noexcept;
  Frame& operator=(Frame&&) noexcept;
  ~Frame();

  std::size_t rows() const;

  // A constant that expressions may read and with() gives a value. Errors: conflict, with a column or another constant;
  // unsupported, for a factor.
  Status declare(std::string name, table::Type type);

  // A column from here on. It sees the columns of the table, the constants and what was defined before it, and may take
  // the name of a column or of an earlier definition: then its own expression reads the old one, and so does what was
  // defined with it. Errors name the definition, the place and what would be right: not_found (name, function), invalid
  // (types, arguments), conflict (a constant's name), too_large.
  Status define(std::string name, const Expression& expression);

  // The same frame with values for constants. Columns that read none of the changed ones stay shared with this frame.
  // Errors: not_found, for a name that was not declared; invalid, for a value of another type (whole doubles become
  // integers).
  Result<Frame> with(const std::map<std::string, Scalar>& constants) const;

  // The type of a column, constant or expression.
  Result<table::Type> type_of(std::string_view name) const;
  Result<table::Type> type_of(const Expression& expression) const;

  // A column of the table, a definition or a constant: all rows, or `wanted` in that order. One value is recycled.
  // Errors: not_found; invalid, for a constant without a value yet or a vector of another length.
  // Precondition: every wanted row < rows().
  Result<table::ColumnPtr> column(std::string_view name) const;
  Result<table::ColumnPtr> column(std::string_view name, std::span<const std::uint32_t> wanted) const;
  Result<table::ColumnPtr> evaluate(const Expression& expression) const;
  Result<table::ColumnPtr> evaluate(const Expression& expression, std::span<const std::uint32_t> wanted) const;

  // The rows where a condition is TRUE, ascending; NA is not TRUE (dplyr::filter). Errors: as evaluate; invalid, if not
  // logical.
  Result<std::vector<std::uint32_t>> rows_where(const Expression& condition) const;

 private:
  struct State;
  explicit Frame(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Expressions without rows of their own: over whole tables by `table$column`, and constants.
// min(future$week), 1:13, c(5, 25), min(step, 7). Columns of one length work row by row; other lengths than one are
// refused.
using Tables = std::map<std::string, table::Table>;
using Constants = std::map<std::string, Scalar>;
Result<table::ColumnPtr> evaluate_vector(const Expression& expression, const Tables& tables,
                                         const Constants& constants);
// Errors: as above; invalid, if the result is not one value.
Result<Scalar> evaluate_scalar(const Expression& expression, const Tables& tables, const Constants& constants);

}  // namespace scoria::expr
