#include "model/kernel_machine/r_svm_levels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/na.h"
#include "model/kernel_machine/r_svm_names.h"
#include "model/r_language_for_tests.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::kernel_machine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RSvmNames, AreAsRMakesThem) {
  // What make.names() of R 4.2.2 gives in a UTF-8 locale.
  const std::pair<const char*, const char*> names[] = {
      {"a b", "a.b"},
      {"1", "X1"},
      {".5", "X.5"},
      {".a", ".a"},
      {"", "X"},
      {"if", "if."},
      {"_a", "X_a"},
      {"net-price", "net.price"},
      {"a\u00e9", "a\u00e9"},
      {"\u00e9", "\u00e9"},
      {"a\u2013b", "a.b"},
      {"f(x)", "f.x."},
      {"TRUE", "TRUE."},
      {"`a b`c", "X.a.b.c"},
      {"a\u20ac", "a."},
  };
  for (const auto& [name, valid] : names) EXPECT_EQ(valid_name(name), valid) << name;
}

TEST(RSvmNames, AreDistinctAsRMakesThem) {
  // make.names(c("a b", "a-b", "a.b.1", "a.b"), unique = TRUE)
  const std::vector<std::string> names{"a b", "a-b", "a.b.1", "a.b"};
  EXPECT_THAT(valid_distinct_names(names), ElementsAre("a.b.2", "a.b.3", "a.b.1", "a.b"));
}

TEST(RSvmNames, TakeBytesThatAreNoTextForSigns) {
  EXPECT_EQ(valid_name("a\xff"), "a.");
  EXPECT_EQ(valid_name("a\xe2\x82"), "a..");
}

// Terms of a response and of variables that are terms of their own, and more terms by the variables in them.
class RSvmLevels : public testing::Test {
 protected:
  void add(const std::string& variable, const std::string& r_class) {
    variables.push_back(variable);
    classes.push_back(r_class);
    terms.push_back({variables.size() - 1});
  }
  Result<SvmLevels> read(const std::vector<std::string>& columns, bool are_valid = true) {
    std::vector<RValues::ValuePtr> parts;
    for (const std::string& variable : variables) parts.push_back(language(values, variable));
    std::vector<std::int32_t> factors;
    for (const std::vector<std::size_t>& term : terms) {
      for (std::size_t v = 0; v < variables.size(); ++v)
        factors.push_back(std::find(term.begin(), term.end(), v) == term.end() ? 0 : 1);
    }
    const auto names = values.character(variables);
    const auto object = values.with(
        values.call("~", {}),
        {{"variables", values.call("list", parts)},
         {"factors",
          values.with(values.integer(factors), {{"dim", values.integer({static_cast<std::int32_t>(variables.size()),
                                                                        static_cast<std::int32_t>(terms.size())})},
                                                {"dimnames", values.list({names, values.null()})}})},
         {"intercept", values.integer({0})},
         {"response", values.integer({0})},
         {"dataClasses", values.with(values.character(classes), {{"names", names}})}});
    return SvmLevels::read(*object, columns, are_valid);
  }
  std::string refusal(const std::vector<std::string>& columns) {
    const auto levels = read(columns);
    return levels.ok() ? "" : levels.error().message;
  }
  static Result<table::Table> apply(const SvmLevels& levels, const std::string& column, std::vector<std::string> cells,
                                    const Request& request = {}) {
    table::Table rows;
    rows.add(column, table::Column::text(cells));
    std::vector<std::string> notes;
    return levels.apply(rows, request, notes);
  }
  static std::string problem(const Result<table::Table>& applied) {
    return applied.ok() ? "" : applied.error().message;
  }

  RValues values;
  std::vector<std::string> variables;
  std::vector<std::string> classes;
  std::vector<std::vector<std::size_t>> terms;
};

TEST_F(RSvmLevels, AreWhatTheNamesOfColumnsSayBehindTheFactors) {
  add("g", "factor");
  add("gamma", "numeric");
  add("h", "factor");
  const auto levels = read({"gb", "ga", "gamma", "hx"});
  ASSERT_TRUE(levels.ok()) << levels.error().message;
  ASSERT_EQ(levels.value().factors().size(), 2u);
  EXPECT_THAT(levels.value().factors()[0].levels, ElementsAre("b", "a"));
  EXPECT_THAT(levels.value().factors()[1].levels, ElementsAre("(first)", "x"));
}

TEST_F(RSvmLevels, AreCountedWhereAnInteractionBeginsWithTheSameName) {
  add("f", "factor");
  add("x", "numeric");
  terms.push_back({0, 1});
  const auto levels = read({"fa", "fb", "fc", "x", "fb.x", "fc.x"});
  ASSERT_TRUE(levels.ok()) << levels.error().message;
  EXPECT_THAT(levels.value().factors()[0].levels, ElementsAre("a", "b", "c"));
  EXPECT_THAT(refusal({"fa", "fb", "fc", "x", "fb.x"}), HasSubstr("('f' is one)"));
}

TEST_F(RSvmLevels, RefusesColumnsThatTellNothing) {
  add("f", "factor");
  add("h", "factor");
  EXPECT_THAT(refusal({}), HasSubstr("does not keep the levels of its factors ('f' is one)"));
  EXPECT_THAT(refusal({"x", "y"}), HasSubstr("does not keep the levels"));
  EXPECT_THAT(refusal({"fa", "fb"}), HasSubstr("does not keep the levels"));
}

TEST_F(RSvmLevels, RefusesAFactorThatIsOnlyPartOfAnInteraction) {
  add("f", "factor");
  add("h", "factor");
  terms = {{0}, {0, 1}};
  EXPECT_THAT(refusal({"fa", "fb", "fa.hx", "fb.hx"}), HasSubstr("'h' is only part of an interaction"));
}

TEST_F(RSvmLevels, AreToldByAnInteractionWithNumbers) {
  add("f", "factor");
  add("a", "numeric");
  add("h", "factor");
  add("z", "numeric");
  terms = {{0}, {1}, {1, 2, 3}};
  const auto levels = read({"fp", "fq", "a", "a.hx.z", "a.hy.z"});
  ASSERT_TRUE(levels.ok()) << levels.error().message;
  EXPECT_THAT(levels.value().factors()[1].levels, ElementsAre("(first)", "x", "y"));
  const auto matched = apply(levels.value(), "h", {"y", "u", "x"});
  ASSERT_TRUE(matched.ok()) << matched.error().message;
  EXPECT_THAT(matched.value().column(0)->codes(), ElementsAre(2, 0, 1));
}

TEST_F(RSvmLevels, RefusesAFactorWithoutAFirstLevelThatTheFormulaComputes) {
  add("f", "factor");
  add("factor(paste(a, b))", "factor");
  EXPECT_THAT(refusal({"fa", "fb", "factor.paste.a..b..u"}),
              HasSubstr("does not keep all levels of its factor 'factor(paste(a, b))'"));
}

TEST_F(RSvmLevels, GivesUpOnNamesThatCanBeSharedOutInTooManyWays) {
  std::vector<std::string> columns;
  for (int i = 0; i < 40; ++i) {
    add("a", "factor");
    for (int j = 0; j < 40; ++j) columns.push_back("ax");
  }
  terms.clear();
  for (std::size_t i = 0; i < variables.size(); ++i) {
    variables[i] = "a";
    terms.push_back({i});
  }
  columns.emplace_back("b");
  EXPECT_THAT(refusal(columns), HasSubstr("does not keep the levels"));
}

TEST_F(RSvmLevels, TakesTheOneOtherValueForTheFirstLevel) {
  add("f", "factor");
  add("h", "factor");
  const auto levels = read({"fa", "fb", "hx", "hy"});
  ASSERT_TRUE(levels.ok()) << levels.error().message;
  const auto matched = apply(levels.value(), "h", {"y", "u", "x", "u"});
  ASSERT_TRUE(matched.ok()) << matched.error().message;
  EXPECT_THAT(matched.value().column(0)->codes(), ElementsAre(2, 0, 1, 0));
  EXPECT_THAT(problem(apply(levels.value(), "h", {"u", "x", "v"}, {.first_row = 10})),
              HasSubstr("row 12, column 'h': 'v' is not a level of this model"));
  EXPECT_THAT(problem(apply(levels.value(), "h", {""})), HasSubstr("row 1, column 'h'"));
  EXPECT_THAT(problem(apply(levels.value(), "f", {"c"})),
              HasSubstr("'c' is not a level of this model; levels: 'a', 'b'"));
}

TEST_F(RSvmLevels, TakesLevelsThatAreGiven) {
  add("f", "factor");
  add("h", "factor");
  const auto levels = read({"fa.b", "fa.b.1", "hx", "hy"});
  ASSERT_TRUE(levels.ok()) << levels.error().message;
  EXPECT_THAT(problem(apply(levels.value(), "f", {"a b"})), HasSubstr("may be one of several levels"));
  const auto matched = apply(levels.value(), "f", {"a b", "a-b"}, {.parameters = {{"levels.f", "a-b,a b"}}});
  ASSERT_TRUE(matched.ok()) << matched.error().message;
  EXPECT_THAT(matched.value().column(0)->codes(), ElementsAre(1, 0));
  for (const char* given : {"x,y", "u,x", "u,x,y,z", "u,u,x", "u,y,x"}) {
    EXPECT_THAT(problem(apply(levels.value(), "h", {"x"}, {.parameters = {{"levels.h", given}}})),
                HasSubstr("parameter 'levels.h'"))
        << given;
  }
  EXPECT_THAT(problem(apply(levels.value(), "h", {"w"}, {.parameters = {{"levels.h", "u,x,y"}}})),
              HasSubstr("'w' is not a level of this model; levels: 'u', 'x', 'y'"));
}

TEST_F(RSvmLevels, TakesNumbersForAnOrderedFactorByPolynomials) {
  add("f", "factor");
  add("o", "ordered");
  const auto levels = read({"fa", "fb", "o.L", "o.Q"});
  ASSERT_TRUE(levels.ok()) << levels.error().message;
  const auto matched = apply(levels.value(), "o", {"3", "1"});
  ASSERT_TRUE(matched.ok()) << matched.error().message;
  EXPECT_THAT(matched.value().column(0)->codes(), ElementsAre(2, 0));
  EXPECT_THAT(problem(apply(levels.value(), "o", {"M"})), HasSubstr("'M' is no number from 1 to 3"));
  const auto given = apply(levels.value(), "o", {"M", "L"}, {.parameters = {{"levels.o", "S,M,L"}}});
  ASSERT_TRUE(given.ok()) << given.error().message;
  EXPECT_THAT(given.value().column(0)->codes(), ElementsAre(1, 2));
}

}  // namespace
}  // namespace scoria::model::kernel_machine
