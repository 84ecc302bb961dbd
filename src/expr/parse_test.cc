#include "expr/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace scoria::expr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The expression with every call written as a function, so that the grouping shows.
std::string grouped(const Expression& expression) {
  const Node& node = *expression;
  if (node.kind != Kind::call) return deparse(expression);
  std::string out = node.text + "[";
  for (const Argument& argument : node.args) {
    if (out.back() != '[') out += ' ';
    if (!argument.name.empty()) out += argument.name + "=";
    out += grouped(argument.value);
  }
  return out + "]";
}

std::string groups(std::string_view text) {
  auto parsed = parse(text);
  return parsed.ok() ? grouped(parsed.value()) : parsed.error().message;
}

std::string printed(std::string_view text) {
  auto parsed = parse(text);
  return parsed.ok() ? deparse(parsed.value()) : parsed.error().message;
}

std::string refused(std::string_view text) {
  auto parsed = parse(text);
  return parsed.ok() ? "accepted as " + grouped(parsed.value()) : parsed.error().message;
}

// Groupings as R 4.2.2 gives them for the same text.
TEST(Parse, OperatorsBindAsInR) {
  EXPECT_EQ(groups("-2^2"), "-[^[2 2]]");
  EXPECT_EQ(groups("2^-1"), "^[2 -[1]]");
  EXPECT_EQ(groups("2^3^2"), "^[2 ^[3 2]]");
  EXPECT_EQ(groups("-1:3"), ":[-[1] 3]");
  EXPECT_EQ(groups("1:3*2"), "*[:[1 3] 2]");
  EXPECT_EQ(groups("2 %% 3 * 4"), "*[%%[2 3] 4]");
  EXPECT_EQ(groups("a - b - c"), "-[-[a b] c]");
  EXPECT_EQ(groups("!a == b"), "![==[a b]]");
  EXPECT_EQ(groups("a + !b + c"), "+[a ![+[b c]]]");
  EXPECT_EQ(groups("a + !b & c"), "&[+[a ![b]] c]");
  EXPECT_EQ(groups("a | b & c == d"), "|[a &[b ==[c d]]]");
  EXPECT_EQ(groups("a || b && c"), "||[a &&[b c]]");
  EXPECT_EQ(groups("a %in% 1:3"), "%in%[a :[1 3]]");
  EXPECT_EQ(groups("2**3"), "^[2 3]");
  EXPECT_EQ(groups("-a$b"), "-[$[a b]]");
  EXPECT_EQ(groups("(a + b) * c"), "*[([+[a b]] c]");
}

TEST(Parse, CallsTakeNamedArguments) {
  EXPECT_EQ(groups("lag(y, n = step + 1, 'default' = NA)"), "lag[y n=+[step 1] default=NA]");
  EXPECT_EQ(groups("n()"), "n[]");
  EXPECT_EQ(groups("sum(x, na.rm = TRUE)"), "sum[x na.rm=TRUE]");
}

TEST(Parse, ReadsNumbersAsR) {
  EXPECT_EQ(parse("0x1F").value()->number, 31);
  EXPECT_EQ(parse("1e3L").value()->integer, 1000);
  EXPECT_EQ(parse("1e3L").value()->kind, Kind::integer);
  EXPECT_EQ(parse(".5").value()->number, 0.5);
  EXPECT_EQ(parse("1.").value()->number, 1.0);
  EXPECT_EQ(parse("0x1.8p1").value()->number, 3.0);
  EXPECT_EQ(parse("1.5L").value()->kind, Kind::number);
  EXPECT_EQ(parse("3000000000L").value()->kind, Kind::number);
  EXPECT_TRUE(std::isinf(parse("1e999").value()->number));
  EXPECT_EQ(parse("1e-999").value()->number, 0);
}

TEST(Parse, ReadsConstantsAndNames) {
  EXPECT_EQ(parse("NA_integer_").value()->na_type, table::Type::integer);
  EXPECT_EQ(parse("NA").value()->na_type, table::Type::logical);
  EXPECT_EQ(parse("T").value()->kind, Kind::name);
  EXPECT_EQ(parse("TRUE").value()->kind, Kind::logical);
  EXPECT_EQ(parse("`my column`").value()->text, "my column");
  EXPECT_EQ(parse("`TRUE`").value()->kind, Kind::name);
  EXPECT_EQ(parse(".x_1.b").value()->text, ".x_1.b");
  EXPECT_EQ(parse("# why\n x # so").value()->text, "x");
}

TEST(Parse, ReadsEscapesInText) {
  EXPECT_EQ(parse(R"("a\tb\\\"\x41\101\u00e9")").value()->text, "a\tb\\\"AA\u00e9");
  EXPECT_EQ(parse(R"('it\'s "so"')").value()->text, "it's \"so\"");
}

TEST(Parse, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(refused("log(sales"),
            "expression 'log(sales', column 10: the expression ends, but '(' of column 4 is not closed");
  EXPECT_THAT(refused("a <- 1"), HasSubstr("column 3: assignment by '<-' is not supported"));
  EXPECT_THAT(refused("a = 1"), HasSubstr("column 3: assignment by '=' is not supported; compare with =="));
  EXPECT_THAT(refused("x[1]"), HasSubstr("column 2: indexing by '[' is not supported"));
  EXPECT_THAT(refused("function(x) x"), HasSubstr("column 1: 'function' is not supported"));
  EXPECT_THAT(refused("1 < x < 2"), HasSubstr("column 7: comparisons cannot be chained"));
  EXPECT_THAT(refused("f(a)(b)"), HasSubstr("column 5: only a function's name can be called"));
  EXPECT_THAT(refused("f(a, )"), HasSubstr("column 6: an argument is empty"));
  EXPECT_THAT(refused("a %o% b"), HasSubstr("column 3: unknown operator '%o%'"));
  EXPECT_THAT(refused("'abc"), HasSubstr("column 1: no closing '"));
  EXPECT_THAT(refused("_x"), HasSubstr("column 1: a name cannot start with '_'"));
  EXPECT_THAT(refused("a b"), HasSubstr("column 3: unexpected name 'b'"));
  EXPECT_THAT(refused(""), HasSubstr("the expression is empty"));
  EXPECT_THAT(refused("é + "), HasSubstr("column 5: the expression ends too early"));
  EXPECT_THAT(refused("a; b"), HasSubstr("column 2: ';' is not supported"));
  EXPECT_THAT(refused("1i"), HasSubstr("complex numbers are not supported"));
  EXPECT_THAT(refused("{a}"), HasSubstr("'{' is not supported"));
}

TEST(Parse, RefusesWhatIsTooDeepOrTooLong) {
  EXPECT_EQ(parse(std::string(100'000, '(')).error().code, Code::too_large);
  EXPECT_EQ(parse(std::string(60'000, '(')).error().code, Code::too_large);
  EXPECT_EQ(parse(std::string(60'000, '-') + "1").error().code, Code::too_large);
  std::string sum = "a";
  for (int i = 0; i < 30'000; ++i) sum += "+a";
  EXPECT_EQ(parse(sum).error().code, Code::too_large);
}

TEST(Deparse, PrintsWhatParsesBackToTheSame) {
  for (const char* text : {"-2^2", "(-2)^2", "2^(-1)", "a - (b - c)", "!a == b", "-(a:b)", "f(x, `n 1` = 2L, 'q\\n')",
                           "future$week + `a b`$`c d`", "1e-300 + 0.1 + 1e22", "a %in% c(1, NA, NA_real_)",
                           "(a < b) < c", "if_else(!a, NULL, NaN)", "`if`(a)", "`..1` + `_x`", "--a", "!(!a)"}) {
    const std::string once = printed(text);
    EXPECT_EQ(printed(once), once) << text;
    EXPECT_EQ(groups(once), groups(printed(once))) << text;
  }
  EXPECT_EQ(printed("a+b *c"), "a + b * c");
  EXPECT_EQ(printed("2^-1"), "2^(-1)");
}

TEST(Deparse, AddsParenthesesThatAnExpressionFromRObjectsLacks) {
  const auto sum = Expression::call("+", {{"", Expression::name("a")}, {"", Expression::name("b")}});
  EXPECT_EQ(deparse(Expression::call("*", {{"", sum}, {"", Expression::number(-2)}})), "(a + b) * -2");
  EXPECT_EQ(deparse(Expression::call("^", {{"", Expression::integer(-2)}, {"", Expression::number(2)}})), "(-2L)^2");
}

TEST(NamesUsed, LeavesOutFunctionsArgumentNamesAndTables) {
  const auto parsed = parse("lag(y, n = step + 1) + min(future$week) + pi").value();
  EXPECT_THAT(names_used(parsed), ElementsAre("pi", "step", "y"));
  EXPECT_THAT(table_references(parsed), ElementsAre(TableReference{"future", "week"}));
  EXPECT_THAT(functions_used(parsed), ElementsAre("$", "+", "lag", "min"));
}

}  // namespace
}  // namespace scoria::expr
