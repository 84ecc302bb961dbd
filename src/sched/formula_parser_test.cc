#include "sched/formula_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sched/formula_for_tests.h"

namespace scoria::sched {
namespace {

using ::testing::HasSubstr;

TEST(FormulaParser, BindsOperatorsInTheOrderOfTheGrammar) {
  EXPECT_EQ(value_of("1 + 2 * 3"), "7");
  EXPECT_EQ(value_of("(1 + 2) * 3"), "9");
  EXPECT_EQ(value_of("10 - 4 - 3"), "3");
  EXPECT_EQ(value_of("16 / 4 / 2"), "2");
  EXPECT_EQ(value_of("2 + 3 < 4 + 5"), "1");
  EXPECT_EQ(value_of("1 || 0 && 0"), "1");
  EXPECT_EQ(value_of("0 && 0 || 1"), "1");
  EXPECT_EQ(value_of("1 < 2 && 3 < 2"), "0");
  EXPECT_EQ(value_of("-2 * -3"), "6");
  EXPECT_EQ(value_of("2 - -3"), "5");
  EXPECT_EQ(value_of("--2"), "2");
  EXPECT_EQ(value_of("!0 + 1"), "2");
  EXPECT_EQ(value_of("!!7"), "1");
  EXPECT_EQ(value_of("!1 == 0"), "1");
  EXPECT_EQ(value_of("-time().day"), "-25");
  EXPECT_EQ(value_of("1 > 2 ? 3 : 4 + 5"), "9");
}

TEST(FormulaParser, ReadsChoicesFromTheRight) {
  EXPECT_EQ(value_of("0 ? 1 : 0 ? 2 : 3"), "3");
  EXPECT_EQ(value_of("1 ? 0 ? 1 : 2 : 3"), "2");
  EXPECT_EQ(value_of("1 || 0 ? 5 : 6"), "5");
}

TEST(FormulaParser, ReadsNumbersOfEveryForm) {
  EXPECT_EQ(value_of("0.5 + .5"), "1");
  EXPECT_EQ(value_of("5. + 1"), "6");
  EXPECT_EQ(value_of("1e3"), "1000");
  EXPECT_EQ(value_of("25E-1"), "2.5");
  EXPECT_EQ(value_of("007"), "7");
}

TEST(FormulaParser, IgnoresCommentsAndLineBreaks) {
  const auto outcome = evaluate("// first; a = 1\r\n$TargetDedicatedNodes // here\n =\t2 // to the end");
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome.value().target_dedicated, 2);
}

TEST(FormulaParser, TakesTheLastSemicolonAsOptional) {
  EXPECT_EQ(code_of("$TargetDedicatedNodes=1"), "no error");
  EXPECT_EQ(code_of("$TargetDedicatedNodes=1;"), "no error");
  EXPECT_EQ(code_of("$TargetDedicatedNodes=1;;"), "no error");
}

TEST(FormulaParser, TakesUserVariablesWithAndWithoutDollarAsOne) {
  EXPECT_THAT(message_of("$a = 1; b = a + 1; $TargetDedicatedNodes = $b"),
              HasSubstr("$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$"
                        "NodeDeallocationOption=requeue;$a=1;b=2"));
}

TEST(FormulaParser, LetsVariablesBearTheNamesOfFunctions) {
  EXPECT_EQ(value_of("5; $round = 2; y = round(2.4) + round"), "5;y=4");
}

TEST(FormulaParser, MissingSemicolonOnANewLineIsASyntaxErrorWithItsPlace) {
  const auto parsed = Formula::parse("a = 1;\nb = 2\n  c = 3;");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().api_code, kSyntaxError);
  EXPECT_THAT(parsed.error().message, HasSubstr("line 3, column 3: unexpected 'c': expected an operator, or ';'"));
  ASSERT_EQ(parsed.error().values.size(), 2u);
  EXPECT_EQ(parsed.error().values[0], (std::pair<std::string, std::string>("Line", "3")));
  EXPECT_EQ(parsed.error().values[1], (std::pair<std::string, std::string>("Column", "3")));
}

struct WrongFormulaText {
  const char* text;
  const char* message;
};

class WrongFormula : public ::testing::TestWithParam<WrongFormulaText> {};

TEST_P(WrongFormula, IsASyntaxErrorThatSaysWhatWasExpected) {
  const auto parsed = Formula::parse(GetParam().text);
  ASSERT_FALSE(parsed.ok()) << GetParam().text;
  EXPECT_EQ(parsed.error().api_code, kSyntaxError);
  EXPECT_EQ(parsed.error().code, Code::invalid);
  EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().message)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, WrongFormula,
    ::testing::Values(
        WrongFormulaText{"", "line 1, column 1: the formula has no statement"},
        WrongFormulaText{" // nothing\n;", "has no statement"},
        WrongFormulaText{"a =", "column 4: unexpected the end of the formula: expected a number"},
        WrongFormulaText{"a = 1 +", "unexpected the end of the formula"},
        WrongFormulaText{"a = (1", "expected ')' to close the '(' of line 1"},
        WrongFormulaText{"a = [1, 2", "expected ']' or ','"},
        WrongFormulaText{"a = max(1 2)", "column 11: unexpected '2': expected ')' or ','"},
        WrongFormulaText{"a = 1 ? 2", "expected ':'"}, WrongFormulaText{"a = b = 1", "column 7: unexpected '='"},
        WrongFormulaText{"1 = a", "column 3: unexpected '='"},
        WrongFormulaText{"a = 1 < 2 < 3", "comparisons do not chain"},
        WrongFormulaText{"a = 1 == 1 != 0", "comparisons do not chain"}, WrongFormulaText{"a = \"open", "does not end"},
        WrongFormulaText{"a = \"open\nb\"", "does not end"}, WrongFormulaText{"a = 5x", "'5x' is no number"},
        WrongFormulaText{"a = 1e999", "out of range"}, WrongFormulaText{"a = $", "expected a name after '$'"},
        WrongFormulaText{"a = 1 & 2", "column 7: unexpected '&'"}, WrongFormulaText{"a = 1 # 2", "unexpected '#'"},
        WrongFormulaText{"a = \xc3\xa4", "unexpected the byte 0xC3"},
        WrongFormulaText{"a = average(1)", "'average' is no function: expected avg"},
        WrongFormulaText{"a = $max(1)", "'$max' is no function"},
        WrongFormulaText{"a = rand(1)", "'rand' has 1 arguments: expected 0"},
        WrongFormulaText{"a = percentile(1)", "'percentile' has 1 arguments: expected 2"},
        WrongFormulaText{"a = avg()", "'avg' has 0 arguments: expected 1 or more"},
        WrongFormulaText{"a = time(1, 2)", "'time' has 2 arguments: expected 0 to 1"},
        WrongFormulaText{"a = $ActiveTasks.Average(1)", "'Average' is no method"},
        WrongFormulaText{"a = time().hours", "'hours' is no part"},
        WrongFormulaText{"a = $ActiveTasks.GetSample", "'GetSample' must be called"},
        WrongFormulaText{"a = time().5", "unexpected"},
        WrongFormulaText{"$ActiveTasks = 1", "'$ActiveTasks' cannot be set"},
        WrongFormulaText{"TimeInterval_Hour = 1", "'TimeInterval_Hour' cannot be set"},
        WrongFormulaText{"a = (1, 2)", "expected ')'"}, WrongFormulaText{"a = 1; )", "column 8: unexpected ')'"}));

TEST(FormulaParser, LimitsTheText) {
  const std::string fits = "a=1;" + std::string(8 * 1024 - 4, ' ');
  EXPECT_TRUE(Formula::parse(fits).ok());
  const auto parsed = Formula::parse(fits + " ");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().api_code, "AutoScaleFormulaTooLong");
  EXPECT_THAT(parsed.error().message, HasSubstr("8193 bytes: at most 8192"));
}

TEST(FormulaParser, LimitsTheStatements) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "a=1;";
  EXPECT_TRUE(Formula::parse(text).ok());
  EXPECT_THAT(message_of(text + "a=1"), HasSubstr("more than 100 statements"));
}

TEST(FormulaParser, LimitsTheDepth) {
  const auto nested = [](const std::string& open, const std::string& close, int count) {
    std::string text = "a=";
    for (int i = 0; i < count; ++i) text += open;
    text += "1";
    for (int i = 0; i < count; ++i) text += close;
    return text;
  };
  EXPECT_EQ(code_of(nested("(", ")", 99)), "no error");
  EXPECT_THAT(message_of(nested("(", ")", 4000)), HasSubstr("more than 100 levels"));
  EXPECT_THAT(message_of(nested("[", "]", 4000)), HasSubstr("more than 100 levels"));
  EXPECT_THAT(message_of(nested("0?1:", "", 2000)), HasSubstr("more than 100 levels"));
  EXPECT_THAT(message_of(nested("max(", ")", 1000)), HasSubstr("more than 100 levels"));
  EXPECT_EQ(code_of(nested("-", "", 8000)), "no error");   // signs need no depth
  EXPECT_EQ(code_of(nested("1+", "", 4000)), "no error");  // nor do sums
}

}  // namespace
}  // namespace scoria::sched
