// Computes operations of a program: all rows or some, remembering what is computed in full. Internal to expr.
// Threads: one caller at a time. Borrows: the program; `bound` and `cells` are the frame's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "expr/program.h"

namespace scoria::expr {

// All rows of the frame, or a list of them.
struct Rows {
  static Rows all() { return {}; }
  static Rows some(std::span<const std::uint32_t> list) { return {list, false}; }
  std::span<const std::uint32_t> list{};
  bool is_all = true;
};

class Evaluator {
 public:
  Evaluator(Program& program, const std::vector<table::ColumnPtr>& bound, std::vector<std::shared_ptr<Cell>>& cells)
      : program_(program), bound_(bound), cells_(cells) {}

  // A column of as many rows as asked for; one row for a scalar, its own length for a vector.
  Result<table::ColumnPtr> column(OpId id, Rows rows);

 private:
  Cell& cell(OpId id);
  Result<table::ColumnPtr> compute(const Op& op, Rows rows);
  Result<table::ColumnPtr> shift(const Op& op, Rows rows);
  Result<table::ColumnPtr> call(const Op& op, Rows rows);

  Program& program_;
  const std::vector<table::ColumnPtr>& bound_;  // by constant; nullptr: no value yet
  std::vector<std::shared_ptr<Cell>>& cells_;   // by operation, of those that read constants
};

}  // namespace scoria::expr
