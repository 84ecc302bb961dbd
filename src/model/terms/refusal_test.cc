// What formulas and new rows are refused, and what the messages say. Formulas are built in memory as the reader would give them.
#include <gmock/gmock.h>
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
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  // A data frame of the fit, by one of its columns.
  Formula& data(const std::string& column, RValues::ValuePtr value) {
    data_ = values_.object({{column, value}});
    return *this;
  }
  Formula& frame(const std::string& column, RValues::ValuePtr value) {
    frame_ = values_.object({{column, value}});
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
    return Terms::parse(*terms, {.xlevels = values_.object(xlevels_),
                                 .contrasts = values_.object(contrasts_),
                                 .call = call,
                                 .data = data_,
                                 .frame = frame_});
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
  RValues::ValuePtr data_ = nullptr;
  RValues::ValuePtr frame_ = nullptr;
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

TEST(TermsRows, CodesOfAColumnThatTheFitHasNoLevelsForAreOfTheLevelsOfItsData) {
  Formula formula;
  formula.add("as.numeric(f)", "numeric");
  RValues& values = formula.values();
  formula.data("f", values.with(values.integer({1, 2}), {{"levels", values.character({"20", "3"})}}));
  const auto terms = formula.parse();
  ASSERT_TRUE(terms.ok()) << terms.error().message;
  const auto frame = terms.value().frame(one("f", Column::integer({3, 20, 3})), 1);
  ASSERT_TRUE(frame.ok()) << frame.error().message;
  EXPECT_THAT(frame.value().variables[0].columns[0], ElementsAre(2, 1, 2));
  EXPECT_TRUE(frame.value().notes.empty());
  EXPECT_EQ(refusal_of_rows(formula, one("f", texts({"20", "b"}))),
            "column 'f' was a factor when the model was fitted: row 2 "
            "holds 'b', must be one of '20', '3'");
}

TEST(TermsRows, UnclassInTheModelFrameKeepsTheLevels) {
  Formula formula;
  formula.add("unclass(f)", "numeric");
  RValues& values = formula.values();
  formula.frame("unclass(f)", values.with(values.integer({1, 2}), {{"levels", values.character({"lo", "hi"})}}));
  const auto terms = formula.parse();
  ASSERT_TRUE(terms.ok()) << terms.error().message;
  const auto frame = terms.value().frame(one("f", texts({"hi", "lo"})), 1);
  ASSERT_TRUE(frame.ok()) << frame.error().message;
  EXPECT_THAT(frame.value().variables[0].columns[0], ElementsAre(2, 1));
}

TEST(TermsRows, ANoteTellsThatNumbersMayHaveBeenAFactor) {
  Formula formula;
  formula.add("as.integer(f)", "numeric");
  const auto notes = [&] {
    const auto terms = formula.parse();
    return terms.value().frame(one("f", Column::integer({3, 20})), 1).value().notes;
  };
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("column 'f': the formula takes its numbers, or its codes")));
  formula.frame("as.integer(f)", formula.values().integer({1, 2}));
  EXPECT_EQ(notes().size(), 1u);
  formula.frame("as.integer(f)", formula.values().integer({0, 2}));
  EXPECT_TRUE(notes().empty()) << "0 is no code";
}

TEST(TermsRows, TextForCodesOfUnknownLevelsIsRefusedWithTheReason) {
  Formula formula;
  formula.add("as.numeric(f)", "numeric");
  EXPECT_THAT(refusal_of_rows(formula, one("f", texts({"a"}))),
              HasSubstr("codes of a factor whose levels the model's file does not hold"));
}

TEST(TermsRows, ColumnsNamedLikeConstantsAreColumns) {
  for (const std::string name : {"T", "F", "pi"}) {
    Formula formula;
    formula.add(name, "numeric");
    formula.add("I(" + name + " * 2 * x)", "numeric");
    const auto terms = formula.parse();
    ASSERT_TRUE(terms.ok()) << terms.error().message;
    table::Table rows = one(name, Column::real({5, 7}));
    rows.add("x", Column::real({1, 10}));
    const auto frame = terms.value().frame(rows, 1);
    ASSERT_TRUE(frame.ok()) << frame.error().message;
    EXPECT_THAT(frame.value().variables[0].columns[0], ElementsAre(5, 7));
    EXPECT_THAT(frame.value().variables[1].columns[0], ElementsAre(10, 140));
    Formula alone;
    alone.add("log(" + name + ")", "numeric");
    EXPECT_EQ(alone.parse().value().features()[0].name, name);
  }
}

TEST(TermsFormula, FactorWithLabelsAndNoLevelsIsRefused) {
  Formula formula;
  formula.add("factor(am, labels = c(\"auto\", \"man\"))", "factor", {"auto", "man"});
  EXPECT_THAT(formula.refusal(), HasSubstr("factor() without levels= takes them from the rows"));
}

TEST(TermsFormula, AColumnOfLevelsThatNumbersLoseIsText) {
  for (const auto& [level, kind] : {std::pair{"1.0", FeatureKind::factor}, std::pair{"1", FeatureKind::number}}) {
    Formula formula;
    formula.add("factor(a, levels = c(\"2\", \"" + std::string(level) + "\"))", "factor", {"2", level});
    const auto terms = formula.parse();
    ASSERT_TRUE(terms.ok()) << terms.error().message;
    EXPECT_EQ(terms.value().features()[0].kind, kind) << level;
  }
}

TEST(TermsFormula, CodesOfAnInteractionAreRefused) {
  Formula formula;
  formula.add("as.numeric(interaction(a, b))", "numeric");
  EXPECT_THAT(formula.refusal(), HasSubstr("codes of interaction() depend on which rows"));
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
  const std::pair<std::string, std::string> cases[] = {
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
  for (const auto& [variable, message] : cases) {
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
