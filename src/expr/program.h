// Typed operations that expressions become: a graph in which equal subexpressions are one operation, and what has been
// computed of it. Internal to expr.
// Threads: one caller at a time. Ownership: shared by a frame and all frames made from it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "expr/ast.h"
#include "expr/functions.h"
#include "table/table.h"

namespace scoria::expr {

using OpId = std::uint32_t;
inline constexpr OpId kNoOp = ~OpId{0};

// How many values: one, a number of their own (c(), 1:3, a table's column), or one per row of the frame.
enum class Shape : std::uint8_t { scalar, vector, rows };

struct Op {
  enum class Kind : std::uint8_t { input, constant, literal, call };

  Kind kind = Kind::literal;
  table::Type type = table::Type::real;
  Shape shape = Shape::scalar;
  bool na_rm = false;
  // Its full column is remembered: it has a name, several users, or must be computed in full anyway.
  bool is_kept = false;
  std::uint32_t uses = 0;
  std::uint32_t depth = 1;
  std::uint32_t index = 0;    // of input: the column; of constant: which
  std::uint64_t depends = 0;  // bit per constant it reads, the last bit for all from the 64th on
  const FunctionInfo* function = nullptr;
  std::vector<OpId> args;  // kNoOp: optional and not given
  table::ColumnPtr literal;
  Place place;

  bool is_shift() const { return function != nullptr && function->kernel == nullptr; }
  bool is_aggregate() const { return function != nullptr && function->kind == FunctionKind::aggregate; }
  // Computed over all rows of a group, or not at all.
  bool is_whole() const { return function != nullptr && function->kind != FunctionKind::elementwise && !is_shift(); }
};

// What has been computed of an operation.
struct Cell {
  table::ColumnPtr full;    // all rows; of an aggregate one value per group
  std::uint64_t asked = 0;  // rows computed one selection at a time
};

struct Constant {
  std::string name;
  table::Type type;
};

struct Program {
  table::Table rows;
  std::vector<std::uint32_t> starts;           // first row of every group
  std::map<std::string, table::Table> tables;  // what `$` reads
  std::vector<Constant> constants;
  std::vector<Op> ops;
  std::map<std::string, OpId, std::less<>> known;  // by a text that says all that makes an operation
  std::deque<Cell> cells;                          // of operations that read no constant
  std::vector<std::uint32_t> group_of;             // by row; made when first needed

  // `op`, or the one already there that is the same.
  OpId add(Op op);
  const std::vector<std::uint32_t>& groups();
  std::optional<std::uint32_t> constant(std::string_view name) const;
};

inline std::uint64_t dependency_bit(std::uint32_t constant) { return 1ull << (constant < 63 ? constant : 63); }

// Names that expressions may read beside columns and constants.
using Definitions = std::map<std::string, OpId, std::less<>>;

// Errors: invalid, not_found (a name or function), unsupported, too_large; with the place in the expression.
Result<OpId> compile(Program& program, const Definitions& definitions, const Expression& expression);

}  // namespace scoria::expr
