// The columns that a formula's expressions read, what each must hold, and the table in which the expressions are evaluated.
// Threads: immutable once made; const members may run concurrently.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"
#include "model/model.h"
#include "model/terms/recorded_columns.h"
#include "table/table.h"

namespace scoria::model::terms {

class Inputs {
 public:
  // What an expression takes a column for.
  enum class Use : std::uint8_t { any, number, text };

  struct Input {
    std::string name;
    Use use = Use::any;
    bool is_used = false;            // by something a prediction depends on
    bool is_read = false;            // by an expression, as it stands
    bool is_amount = false;          // by an expression, for a number
    bool is_coded = false;           // by as.numeric() and the like, which take a factor for its codes
    const Feature* plain = nullptr;  // the variable that is this column as it stands
    RecordedColumn recorded = {};    // of one that is coded
  };

  // A column that is a variable as it stands. Borrows: the feature.
  void add_plain(const Feature& feature, bool is_used);
  // Whatever the expression reads; gives it with names for what bind() makes. Errors: unsupported, for a function that is not
  // evaluated here, one whose value depends on other rows, `$`, and a column that is text in one place and a number in
  // another; `what` names the variable.
  Result<expr::Expression> add(const expr::Expression& expression, Use use, const std::string& what, bool is_used);

  // T, F and pi are constants unless a column that a variable is made of bears the name, or an expression reads nothing else.
  void add_column_name(const std::string& name) { columns_.insert(name); }
  // Looks up what the fitted rows tell of columns whose codes are taken; nullptr where there are none.
  void record(const rdata::Value* data, const rdata::Value* frame);

  // In order of first appearance. `levels_of_factor_of` are the levels of factor(x) by x, which show what x holds.
  std::vector<Feature> features(const std::map<std::string, std::vector<std::string>>& levels_of_factor_of) const;

  // The columns that expressions read, each as its use asks; a column that is a factor variable with that variable's levels.
  // Errors: invalid, naming column and row.
  Result<table::Table> bind(const table::Table& rows, std::size_t first_row) const;

  // What had to be assumed of these rows.
  void add_notes(const table::Table& rows, std::vector<std::string>& notes) const;

 private:
  Result<expr::Expression> note(const expr::Expression& expression, Use use, const std::string& what, bool is_used);
  Result<expr::Expression> note_name(const expr::Expression& name, Use use, const std::string& what, bool is_used);
  Input& input(const std::string& name);
  bool is_constant(const std::string& name) const;

  std::vector<Input> inputs_;
  std::map<std::string, std::size_t, std::less<>> position_;
  std::set<std::string, std::less<>> columns_;
};

// Text that holds dates in every cell with a value, as days since 1970; times, as seconds; no value at all, as NA. Else nullptr.
table::ColumnPtr numbers_in_text(const table::Column& column);

// Whether expr evaluates every function in it, row by row.
Status check_rowwise(const expr::Expression& expression, const std::string& what);

// I(x) keeps an expression from being read as formula notation; its value is x.
expr::Expression without_i(const expr::Expression& expression);

}  // namespace scoria::model::terms
