// Variables of a formula that are computed from a table's columns: log(p), I(b^2), factor(k), `net price`.
//
// Only what gives a row's value from that row alone is taken: the answer for a row must not depend on which rows come along,
// as scale(x) or x - mean(x) would make it.
// Threads: immutable once parsed; table() may run concurrently.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "model/features.h"
#include "model/model.h"
#include "table/table.h"

namespace scoria::model {

class DerivedColumns {
 public:
  // The variables of a formula's term labels in order of first appearance: an interaction a:b adds a and b where they are new.
  // `columns` are names that are columns as they stand, whatever an expression would make of them.
  // Errors: unsupported, naming the term and what in it is not understood.
  static Result<DerivedColumns> parse(std::span<const std::string> term_labels, std::span<const std::string> columns);

  // As R's model frame names them: "p", "log(p)".
  const std::vector<std::string>& names() const { return names_; }

  // The columns that a table needs for variables that are these features.
  // Errors: unsupported, naming a variable whose expression does not fit the columns' kinds.
  Result<std::vector<Feature>> inputs(std::span<const Feature> features) const;

  // Whether every variable is a column.
  bool is_plain() const;

  // The variables of `rows`, named as names(), ready for bind_features().
  // Errors: invalid, naming column and row, as bind_features().
  Result<table::Table> table(const table::Table& rows, std::size_t first_row) const;

 private:
  struct Variable {
    std::string column;                          // not empty: the variable is this column
    std::optional<expr::Expression> expression;  // without I(), and without the factor() around it
    bool is_factor = false;
  };
  // What a column must be for the expressions that read it.
  enum class Use : std::uint8_t { any, number, text };
  struct Input {
    std::string name;
    Use use = Use::any;
  };

  static Result<Variable> understand(const std::string& label, const expr::Expression& expression);
  Status note_uses(const expr::Expression& expression, Use use, const std::string& label);

  std::vector<std::string> names_;
  std::vector<Variable> variables_;
  std::vector<Input> inputs_;                                 // in order of first appearance
  std::map<std::string, std::size_t, std::less<>> input_of_;  // by name
};

}  // namespace scoria::model
