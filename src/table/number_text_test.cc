#include "table/number_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "table/number_fast.h"

namespace scoria::table {
namespace {

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

// The C library's answer, in its default "C" locale.
void expect_as_strtod(const std::string& text) {
  const auto ours = parse_real(text);
  ASSERT_TRUE(ours.has_value()) << text;
  EXPECT_EQ(bits(*ours), bits(std::strtod(text.c_str(), nullptr))) << text;
  const std::string padded = std::string(kFastNumberReach, '7') + text;
  const char* end = padded.data() + padded.size();
  double fast = 0;
  double portable = 0;
  const bool answered = fast_real(end - text.size(), end, fast);
  EXPECT_EQ(answered, fast_real_portable(end - text.size(), end, portable)) << text;
  if (answered) {
    EXPECT_EQ(bits(fast), bits(*ours)) << text;
    EXPECT_EQ(bits(portable), bits(*ours)) << text;
  }
}

std::string printed(const char* format, double x) {
  char buffer[1200];
  std::snprintf(buffer, sizeof buffer, format, x);
  return buffer;
}

TEST(ParseReal, AgreesWithStrtodOnRandomDecimalStrings) {
  std::mt19937_64 random(20240501);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  for (int i = 0; i < 1'000'000; ++i) {
    std::string text;
    if (below(4) == 0) text += '-';
    const std::size_t digits = 1 + below(below(8) == 0 ? 40 : 19);
    const std::size_t point = below(digits + 2);
    for (std::size_t k = 0; k < digits; ++k) {
      if (k == point) text += '.';
      text += static_cast<char>('0' + below(10));
    }
    if (below(3) == 0) text += "e" + std::to_string(static_cast<int>(below(700)) - 350);
    expect_as_strtod(text);
    if (HasFailure()) return;
  }
}

TEST(ParseReal, AgreesWithStrtodOnEveryKindOfDouble) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto x = std::bit_cast<double>(random());
    if (!std::isfinite(x)) continue;
    for (const char* format : {"%.17g", "%.15g", "%.16e", "%.20e", "%a"}) expect_as_strtod(printed(format, x));
    const auto subnormal = std::bit_cast<double>(random() & 0x800FFFFFFFFFFFFFull);
    for (const char* format : {"%.17g", "%.3g", "%a"}) expect_as_strtod(printed(format, subnormal));
    if (HasFailure()) return;
  }
}

// The exact middle between two neighbours, which must go to the even one, and one digit to either side of it.
TEST(ParseReal, RoundsHalfwayCasesToEven) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t exponent = 970 + random() % 100;
    const std::uint64_t low = (exponent << 52) | (random() >> 12);
    // Doubles have at most 53 bits, so the middle is exact in 80-bit arithmetic and prints exactly.
    const long double middle =
        (static_cast<long double>(std::bit_cast<double>(low)) + std::bit_cast<double>(low + 1)) / 2;
    char buffer[400];
    std::snprintf(buffer, sizeof buffer, "%.160Lf", middle);
    std::string text = buffer;
    expect_as_strtod(text);
    expect_as_strtod(text + "1");
    text.erase(text.find_last_not_of('0') + 1);
    text.back() = static_cast<char>(text.back() - 1);
    expect_as_strtod(text + "9");
    if (HasFailure()) return;
  }
}

TEST(ParseReal, ReachesTheEdgesOfTheRange) {
  for (const char* text : {"1e400",
                           "-1e400",
                           "1e-400",
                           "-1e-400",
                           "1.7976931348623157e308",
                           "1.7976931348623158e308",
                           "1.7976931348623159e308",
                           "17976931348623159e292",
                           "4.9e-324",
                           "2.4703282292062327e-324",
                           "2.4703282292062328e-324",
                           "2.2250738585072011e-308",
                           "2.2250738585072014e-308",
                           "0e999999",
                           "0.0e-999999",
                           "1e99999999999999999999",
                           "1e-99999999999999999999",
                           "0x1p1024",
                           "0x1.fffffffffffffp1023",
                           "0x1.fffffffffffff8p1023",
                           "0x1p-1074",
                           "0x1p-1075",
                           "0x1.8p-1075",
                           "0x1p-2000",
                           "-0x1p-2000",
                           "0x0p99999",
                           "0x.8",
                           "0X1A",
                           "0x1.8",
                           "0x1p-99999999999",
                           "0x1.00000000000008p0",
                           "0x1.000000000000080000000000001p0",
                           "0x0.0000000000001p-1022",
                           "0x10000000000000000000000",
                           "0x.0000000000000000000000001p90"}) {
    expect_as_strtod(text);
  }
  expect_as_strtod("1" + std::string(2000, '0') + "e-2000");
  expect_as_strtod("0." + std::string(2000, '0') + "1e2000");
  expect_as_strtod("9007199254740993");
  expect_as_strtod("9007199254740992");
  expect_as_strtod("9007199254740993" + std::string(800, '0'));
  expect_as_strtod("9007199254740993." + std::string(800, '0') + "1");
}

TEST(ParseReal, ReadsTheFormsOfR) {
  EXPECT_TRUE(std::isnan(*parse_real("NaN")));
  EXPECT_TRUE(std::isnan(*parse_real("nan")));
  for (const char* text : {"Inf", "inf", "INF", "+Inf", "infinity", "Infinity"}) {
    EXPECT_EQ(parse_real(text), std::numeric_limits<double>::infinity()) << text;
  }
  EXPECT_EQ(parse_real("-Inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_real("+5"), 5.0);
  EXPECT_EQ(parse_real("5."), 5.0);
  EXPECT_EQ(parse_real(".5"), 0.5);
  EXPECT_EQ(parse_real("1E5"), 1e5);
  EXPECT_EQ(parse_real(" 5\t"), 5.0);
  EXPECT_TRUE(std::signbit(*parse_real("-0")));
}

TEST(ParseReal, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"",     " ",   ".",     "-",  "+",  "e5",  "1e",  "1e+", "--5",     "1_000", "1,5",   "0x",          "0x.",
        "0x1p", "0xg", "1.2.3", "NA", "1L", "1d5", "5 5", "in",  "infinit", "-+1",   "1e5.5", "\xEF\xBC\x95"}) {
    EXPECT_EQ(parse_real(text), std::nullopt) << text;
  }
}

TEST(ParseInteger, KeepsToTheRangeOfR) {
  EXPECT_EQ(parse_integer("2147483647"), 2147483647);
  EXPECT_EQ(parse_integer("-2147483647"), -2147483647);
  EXPECT_EQ(parse_integer("2147483648"), std::nullopt);
  EXPECT_EQ(parse_integer("-2147483648"), std::nullopt);
  EXPECT_EQ(parse_integer("99999999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_integer("+007"), 7);
  EXPECT_EQ(parse_integer(" 5 "), 5);
  for (const char* text : {"", "-", "1.0", "1e5", "0x1A", "5 5", "+-5"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

TEST(FastInteger, AnswersAsTheFullParserOrDeclines) {
  std::mt19937_64 random(5);
  const std::string alphabet = "0123456789-.+ ";
  for (int i = 0; i < 300'000; ++i) {
    std::string text(random() % 11, ' ');
    for (char& c : text) c = alphabet[random() % (random() % 4 == 0 ? alphabet.size() : 10)];
    const std::string padded = std::string(kFastNumberReach, '3') + text;
    std::int32_t value = 0;
    const char* end = padded.data() + padded.size();
    if (fast_integer(end - text.size(), end, value)) {
      ASSERT_EQ(parse_integer(text), value) << text;
    } else {
      ASSERT_FALSE(!text.empty() && text.size() <= 8 && text.find_first_not_of("0123456789") == text.npos) << text;
    }
  }
}

TEST(ParseLogical, ReadsRsWordsOnly) {
  for (const char* text : {"TRUE", "T", "true", "True"}) EXPECT_EQ(parse_logical(text), true);
  for (const char* text : {"FALSE", "F", "false", "False"}) EXPECT_EQ(parse_logical(text), false);
  for (const char* text : {"", "1", "t", "f", "yes", " T", "tRUE"}) EXPECT_EQ(parse_logical(text), std::nullopt);
}

}  // namespace
}  // namespace scoria::table
