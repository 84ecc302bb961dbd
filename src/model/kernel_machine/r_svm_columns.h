// Which columns of a model matrix belong to which term of its formula, where the levels of its factors are not known: how many
// columns a factor has follows from their names and from the total.
// Threads: immutable once read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/r_object.h"
#include "rdata/value.h"

namespace scoria::model::kernel_machine {

// A variable of the formula, as far as the width of its columns goes.
struct FormulaVariable {
  std::string name;
  std::string prefix;  // of its columns, before the level of a factor
  std::string suffix;  // behind it, where they are those of an interaction with numbers
  std::string before;  // what these are made of: "x:" and ":z" of "x:fa:z"
  std::string after;
  bool is_factor = false;
  bool is_ordered = false;
  bool is_logical = false;
  bool is_told = false;       // of a factor: some term tells its levels
  std::size_t columns = 1;    // of a number or a matrix
  std::size_t main_term = 0;  // the first term that does: it has no other factor
};

struct FormulaTerm {
  std::vector<std::pair<std::size_t, std::int32_t>> variables;  // and R's code: 1 contrasts, 2 all levels
};

// What is needed of a terms object; whatever is wrong with it is for terms::Terms to say.
class FormulaColumns {
 public:
  static FormulaColumns read(const rdata::Value& terms, bool are_valid);

  // Whether the columns of this term tell the levels of a factor; and which, with its code.
  bool is_choice(std::size_t term) const;
  std::pair<std::size_t, std::int32_t> factor_of(std::size_t term) const;

  std::vector<FormulaVariable> variables;
  std::vector<FormulaTerm> terms;

 private:
  static FormulaVariable variable(const std::string& name, const std::vector<TermVariable>& recorded, bool are_valid);
  void code_first_factor_fully();
  void find_main_terms(bool are_valid);
};

// Borrows: the formula and the columns' names.
class ColumnSharing {
 public:
  ColumnSharing(const FormulaColumns& formula, const std::vector<std::string>& columns)
      : formula_(formula), columns_(columns), chosen_(formula.terms.size()), start_(formula.terms.size() + 1) {}

  // False where nothing fits, or where there are too many ways to try.
  bool find();

  // Precondition: find() gave true.
  std::span<const std::string> columns_of(std::size_t term) const {
    return std::span(columns_).subspan(start_[term], chosen_[term]);
  }

 private:
  std::size_t run(std::size_t term) const;
  std::size_t width(std::size_t term) const;

  const FormulaColumns& formula_;
  const std::vector<std::string>& columns_;
  std::vector<std::size_t> chosen_;
  std::vector<std::size_t> start_;
};

}  // namespace scoria::model::kernel_machine
