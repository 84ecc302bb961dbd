// The levels of a formula's factors, which e1071's svm objects do not keep: they are read back from the names of the columns of
// the support vectors ("gmid" of the factor g), and the cells of a table are matched with those names.
//
// A factor that is coded by contrasts has no column for its first level, so the file does not know that level's name: the one text
// of a column that is none of the others stands for it. An ordered factor coded by polynomials has no names at all, only a number
// of levels. The parameter levels.FACTOR gives what is missing.
// Threads: immutable once read; const members may run concurrently.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "rdata/value.h"
#include "table/table.h"

namespace scoria::model::kernel_machine {

struct FactorLevels {
  enum class Known : std::uint8_t { all, all_but_first, number };

  std::string variable;  // as the formula calls it: "g", "factor(cyl)", "net price"
  std::string label;     // as R writes it before a level: "`net price`"
  std::string column;    // of the table, which nothing else in the formula reads: "g", "cyl"; else empty
  Known known = Known::all;
  // By level. What the column's name says behind the variable's; "(first)" where there is no column; 1, 2, ... for `number`.
  std::vector<std::string> levels;
  std::vector<std::string> names;  // the columns' names; "" where there is none

  std::string parameter() const { return "levels." + variable; }
};

class SvmLevels {
 public:
  // `columns` are those of the support vectors; `are_valid` where data.frame() has made them so.
  // Errors: corrupt, unsupported, naming the factor whose levels cannot be told.
  static Result<SvmLevels> read(const rdata::Value& terms, const std::vector<std::string>& columns, bool are_valid);

  const std::vector<FactorLevels>& factors() const { return factors_; }

  // A parameter for each factor whose cells are matched here.
  void describe(Description& description) const;

  // The rows with the cells of each factor replaced by the levels of FactorLevels, ready for a design that has these as xlevels.
  // Errors: invalid, naming column, row and what is allowed, or what is wrong with a parameter.
  Result<table::Table> apply(const table::Table& rows, const Request& request, std::vector<std::string>& notes) const;

 private:
  Result<table::ColumnPtr> match(const FactorLevels& factor, const table::Column& column, const Request& request,
                                 std::vector<std::string>& notes) const;
  Result<std::vector<std::string>> given_levels(const FactorLevels& factor, const Request& request) const;
  std::string name_of(const FactorLevels& factor, std::string_view text) const;

  std::vector<FactorLevels> factors_;
  bool are_valid_ = true;
};

}  // namespace scoria::model::kernel_machine
