// What formulas and new rows are refused, and what the messages say. Formulas are built in memory as the reader would give them.
#include <gtest/gtest.h>

#include <cmath>

#include "base/na.h"
#include "expr/parse.h"
#include "model/r_language_for_tests.h"
#include "model/terms/coding.h"
#include "model/terms/language.h"
#include "model/terms/model_matrix.h"
#include "model/terms/terms.h"

namespace scoria::model::terms {
namespace {

using table::Column;
using table::ColumnPtr;

// A formula of variables that are terms of their own, with what a fit would know of them.
class Formula {
 public:
  Formula& add(const std::string& variable, const std::string& r_class, const std::vector<std::string>& levels = {}) {
    variables_.push_back(variable);
    classes_.push_back(r_class);
    if (!levels.empty()) xlevels_.emplace_back(variable, values_.character(levels));
    return *this;
  }
  Formula& contrasts(const std::string& variable, RValues::ValuePtr value) {
    contrasts_.emplace_back(variable, value);
    return *this;
  }
  Formula& offset(const std::string& expression) {
    offset_ = language(values_, expression);
    return *this;
  }
  RValues& values() { return values_; }

  Result<Terms> parse() {
    std::vector<RValues::ValuePtr> parts;
    std::vector<std::int32_t> factors;
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      parts.push_back(language(values_, variables_[i]));
      for (std::size_t j = 0; j < variables_.size(); ++j) factors.push_back(i == j ? 1 : 0);
    }
    const RValues::ValuePtr names = values_.character(variables_);
    const RValues::ValuePtr terms =
        values_.with(values_.call("~", {}),
                     {{"variables", values_.call("list", parts)},
                      {"factors", values_.with(values_.integer(factors), {{"dimnames", values_.list({names, names})}})},
                      {"term.labels", names},
                      {"intercept", values_.integer({1})},
                      {"response", values_.integer({0})},
                      {"dataClasses", values_.with(values_.character(classes_), {{"names", names}})}});
    const RValues::ValuePtr call = offset_ == nullptr ? nullptr : values_.object({{"offset", offset_}});
    return Terms::parse(*terms,
                        {.xlevels = values_.object(xlevels_), .contrasts = values_.object(contrasts_), .call = call});
  }

  std::string refusal() {
    const auto terms = parse();
    return terms.ok() ? "" : terms.error().message;
  }

 private:
  RValues values_;
  std::vector<std::string> variables_;
  std::vector<std::string> classes_;
  RValues::Slots xlevels_;
  RValues::Slots contrasts_;
  RValues::ValuePtr offset_ = nullptr;
};

std::string refusal_of_rows(Formula& formula, const table::Table& rows, std::size_t first_row = 1) {
  const auto terms = formula.parse();
  EXPECT_TRUE(terms.ok()) << terms.error().message;
  const auto frame = terms.value().frame(rows, first_row);
  return frame.ok() ? "" : frame.error().message;
}

table::Table one(const std::string& name, ColumnPtr column) {
  table::Table table;
  table.add(name, std::move(column));
  return table;
}

ColumnPtr texts(const std::vector<std::string>& values) { return Column::text(values); }

TEST(TermsRows, NewLevelsAreNamedWithTheFirstRowThatHasOne) {
  Formula formula;
  formula.add("supp", "factor", {"OJ", "VC"});
  EXPECT_EQ(refusal_of_rows(formula, one("supp", texts({"OJ", "XX", "VC", "AA", "XX"})), 11),
            "factor supp has new levels AA, XX: row 12 is the first; levels: 'OJ', 'VC'");
}

TEST(TermsRows, TextWhereANumberWasFittedNamesTheCellThatIsNone) {
  Formula formula;
  formula.add("Age", "numeric");
  EXPECT_EQ(
      refusal_of_rows(formula, one("Age", texts({"31", "old"}))),
      "variable 'Age' was fitted with type \"numeric\" but type \"character\" was supplied: row 2 holds 'old', must be "
      "a number");
}

TEST(TermsRows, LogicalsAndNumbersAreNotEachOther) {
  Formula number;
  number.add("x", "numeric");
  EXPECT_EQ(
      refusal_of_rows(number, one("x", Column::logical({1, 0}))),
      "variable 'x' was fitted with type \"numeric\" but type \"logical\" was supplied: row 1 holds 'TRUE', must be a "
      "number");
  Formula logical;
  logical.add("l", "logical");
  EXPECT_EQ(
      refusal_of_rows(logical, one("l", Column::real({0, 1}))),
      "variable 'l' was fitted with type \"logical\" but type \"numeric\" was supplied: row 1 holds '0', must be TRUE "
      "or FALSE");
}

TEST(TermsRows, NumbersAreLevelsOnlyOfAFactorWithNumbers) {
  Formula letters;
  letters.add("f", "factor", {"a", "b"});
  EXPECT_EQ(
      refusal_of_rows(letters, one("f", Column::real({1}))),
      "variable 'f' was fitted with type \"factor\" but type \"numeric\" was supplied: row 1 holds '1', must be one of "
      "'a', 'b'");
  Formula numbers;
  numbers.add("f", "factor", {"4", "6", "1e+05"});
  const auto terms = numbers.parse();
  const auto frame = terms.value().frame(one("f", Column::real({6, 100000, na_real()})), 1);
  ASSERT_TRUE(frame.ok()) << frame.error().message;
  EXPECT_EQ(frame.value().variables[0].columns[0][0], 1);
  EXPECT_EQ(frame.value().variables[0].columns[0][1], 2);
  EXPECT_EQ(frame.value().incomplete, (std::vector<bool>{false, false, true}));
}

TEST(TermsRows, AColumnWithoutAnyValueIsMissingWhateverItsType) {
  for (const char* r_class : {"numeric", "logical", "factor"}) {
    Formula formula;
    formula.add("v", r_class,
                std::string(r_class) == "factor" ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{});
    const auto terms = formula.parse();
    table::Validity none(2);
    none.set_null(0);
    none.set_null(1);
    for (const ColumnPtr& column : {Column::text(std::vector<std::string>{"", ""}, none), Column::logical({0, 0}, none),
                                    Column::real({na_real(), na_real()})}) {
      const auto frame = terms.value().frame(one("v", column), 1);
      ASSERT_TRUE(frame.ok()) << r_class << ": " << frame.error().message;
      EXPECT_EQ(frame.value().incomplete, (std::vector<bool>{true, true})) << r_class;
    }
  }
}

TEST(TermsRows, NaAndNaNStayApart) {
  Formula formula;
  formula.add("x", "numeric");
  const auto terms = formula.parse();
  const auto frame = terms.value().frame(one("x", Column::real({na_real(), std::nan(""), 1})), 1);
  const std::span<const double> values = frame.value().variables[0].columns[0];
  EXPECT_TRUE(is_na(values[0]));
  EXPECT_TRUE(std::isnan(values[1]) && !is_na(values[1]));
  EXPECT_EQ(frame.value().incomplete, (std::vector<bool>{true, true, false}));
}

TEST(TermsRows, LackingColumnsAreNamedTogether) {
  Formula formula;
  formula.add("log(p)", "numeric").add("q", "numeric").offset("w + 1");
  EXPECT_EQ(refusal_of_rows(formula, one("z", Column::real({1}))), "the input lacks columns 'p', 'q', 'w'");
}

TEST(TermsRows, TextInAnExpressionOfNumbersNamesTheCell) {
  Formula formula;
  formula.add("log(p)", "numeric");
  EXPECT_EQ(refusal_of_rows(formula, one("p", texts({"1", "many"})), 5), "row 6, column 'p': 'many' is not a number");
}

TEST(TermsFormula, WhatIsNotUnderstoodIsNamed) {
  const std::pair<std::string, std::string> kCases[] = {
      {"x[1]", "the model's formula has 'x[1]': it takes elements by '['"},
      {"d$x", "the model's formula has 'd$x': it reads by `$`; fit with `data =` and the columns' names"},
      {"my_function(x)",
       "the model's formula has 'my_function(x)': the function 'my_function' is not one that is evaluated here"},
      {"mean(x)", "the model's formula has 'mean(x)': the value of mean() depends on which rows are scored together"},
      {"x - lag(x)",
       "the model's formula has 'x - lag(x)': the value of lag() depends on which rows are scored together"},
      {"poly(x, 2)",
       "the model's formula has 'poly(x, 2)': its poly() lacks coefs, which depends on the rows it was fitted with; "
       "fit it "
       "directly in the formula, as poly() alone, so that R stores them"},
      {"log(poly(x, 2))",
       "the model's formula has 'log(poly(x, 2))': the function 'poly' is not one that is evaluated here"},
      {"scale(x)",
       "the model's formula has 'scale(x)': its scale() lacks center, which depends on the rows it was fitted with; "
       "fit it "
       "directly in the formula, as scale() alone, so that R stores them"},
      {"ns(x, knots = k, Boundary.knots = c(0, 1))",
       "the model's formula has 'ns(x, knots = k, Boundary.knots = c(0, 1))': ns()'s knots must be given by numbers, "
       "not by 'k', "
       "whose value the file does not hold"},
      {"ns(x, knots = c(1, 9), Boundary.knots = c(0, 5))",
       "the model's formula has 'ns(x, knots = c(1, 9), Boundary.knots = c(0, 5))': a spline's knots must be numbers "
       "within two "
       "different Boundary.knots"},
  };
  for (const auto& [variable, message] : kCases) {
    Formula formula;
    formula.add(variable, "numeric");
    EXPECT_EQ(formula.refusal(), message);
  }
}

TEST(TermsFormula, AColumnCannotBeTextAndANumber) {
  Formula formula;
  formula.add("ifelse(x == \"a\", log(x), 0)", "numeric");
  EXPECT_EQ(formula.refusal(),
            "the model's formula has 'ifelse(x == \"a\", log(x), 0)': it takes column 'x' for a number in one "
            "place, for text in another");
}

TEST(TermsFormula, CutMustHaveItsBreaks) {
  Formula formula;
  formula.add("cut(x, 3)", "factor", {"a", "b"});
  EXPECT_NE(formula.refusal().find("a number of intervals depends on all rows"), std::string::npos)
      << formula.refusal();
}

TEST(TermsFormula, AFactorWithoutLevelsIsRefused) {
  Formula formula;
  formula.add("f", "factor");
  EXPECT_EQ(formula.refusal(), "the model keeps no levels (slot 'xlevels') of its factor 'f'");
}

TEST(TermsFormula, ContrastsThatTheFileDoesNotHoldAreRefused) {
  Formula formula;
  formula.add("f", "factor", {"a", "b"});
  formula.contrasts("f", formula.values().character({"contr.mine"}));
  EXPECT_EQ(
      formula.refusal(),
      "factor 'f' has contrasts 'contr.mine', which the file does not hold; contr.treatment, contr.sum, contr.helmert, "
      "contr.poly, contr.SAS, contr.sdif and matrices are understood");
}

TEST(TermsFormula, ContrastsOfOtherLevelsAreRefused) {
  Formula formula;
  formula.add("f", "factor", {"a", "b", "c"});
  RValues& values = formula.values();
  formula.contrasts("f", values.with(values.real({1, 0}), {{"dim", values.integer({2, 1})}}));
  EXPECT_EQ(formula.refusal(),
            "factor 'f' has contrasts that are no matrix of numbers with a row for each of its 3 levels");
}

TEST(TermsFormula, AnOffsetOfTrainingRowsIsRefused) {
  Formula formula;
  formula.add("x", "numeric").offset("c(1, 2, 3)");
  EXPECT_EQ(formula.refusal(), "the model's offset is given by the numbers of its training rows; use a column's name");
}

TEST(TermsFormula, ColumnsAreLimited) {
  std::vector<std::string> levels;
  for (int i = 0; i < 300; ++i) levels.push_back(std::to_string(i));
  RValues values;
  const auto name = [&](const char* text) { return values.symbol(text); };
  const auto vars = values.call("list", {name("f"), name("g")});
  const auto names = values.character({"f", "g"});
  const auto terms = values.with(
      values.call("~", {}), {{"variables", vars},
                             {"factors", values.with(values.integer({2, 2}),
                                                     {{"dimnames", values.list({names, values.character({"f:g"})})}})},
                             {"term.labels", values.character({"f:g"})},
                             {"intercept", values.integer({1})},
                             {"response", values.integer({0})},
                             {"dataClasses", values.with(values.character({"factor", "factor"}), {{"names", names}})}});
  const auto xlevels = values.object({{"f", values.character(levels)}, {"g", values.character(levels)}});
  const auto made = Terms::parse(*terms, {.xlevels = xlevels});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().message, "the model matrix would have more than 65536 columns with the term 'f:g'");
  EXPECT_EQ(made.error().code, Code::too_large);
  EXPECT_TRUE(Terms::parse(*terms, {.xlevels = xlevels, .needs_matrix = false}).ok()) << "trees need no columns";
}

TEST(TermsFormula, DamagedAttributesAreNamed) {
  for (const char* attribute : {"variables", "factors", "term.labels", "intercept"}) {
    RValues values;
    const auto names = values.character({"x"});
    RValues::Slots attributes = {{"variables", values.call("list", {values.symbol("x")})},
                                 {"factors", values.integer({1})},
                                 {"term.labels", names},
                                 {"intercept", values.integer({1})}};
    for (auto& [name, value] : attributes)
      if (name == attribute) value = values.null();
    const auto made = Terms::parse(*values.with(values.call("~", {}), attributes), {});
    ASSERT_FALSE(made.ok()) << attribute;
    EXPECT_EQ(made.error().code, Code::corrupt);
    EXPECT_NE(made.error().message.find(std::string("attribute '") + attribute + "'"), std::string::npos)
        << made.error().message;
  }
}

TEST(Language, ReadsAsTheSameTextWould) {
  for (const char* text : {"log(x + 1)", "poly(x, 2, coefs = list(alpha = c(1, 2), norm2 = c(1, 3, 4, 5)))", "-x^2",
                           "(a & !b) | `c d`", "ifelse(f == \"a\", NA, 1L)", "x %in% c(TRUE, FALSE)"}) {
    RValues values;
    const auto read = to_expression(*language(values, text));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(expr::deparse(read.value()), expr::deparse(expr::parse(text).value()));
  }
}

TEST(Language, DepthIsLimited) {
  RValues values;
  RValues::ValuePtr value = values.symbol("x");
  for (std::uint32_t i = 0; i < expr::kMaxDepth + 1; ++i) value = values.call("-", {value});
  const auto read = to_expression(*value);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::too_large);
}

TEST(Language, SizeIsLimited) {
  RValues values;
  const auto read = to_expression(*values.real(std::vector<double>(kMaxLanguageNodes + 1, 1.0)));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::too_large);
}

TEST(Language, AVectorIsACallOfC) {
  RValues values;
  EXPECT_EQ(expr::deparse(to_expression(*values.real({1, na_real(), 0.5})).value()), "c(1, NA_real_, 0.5)");
  EXPECT_EQ(expr::deparse(to_expression(*values.integer({3})).value()), "3L");
}

}  // namespace
}  // namespace scoria::model::terms
