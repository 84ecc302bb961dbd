#include "report/format.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>

namespace scoria::report {
namespace {

// Any bytes, with those that markup and JSON care about more often.
std::string random_bytes(std::mt19937& random) {
  const std::string_view pool = "<>&\"'\\/!-]script\xE2\x80\xA8\xA9\xC3\xED\xA0\xF0\x9F\x98\x80";
  std::string text(random() % 40, ' ');
  for (char& c : text) c = random() % 3 == 0 ? static_cast<char>(random() & 0xFF) : pool[random() % pool.size()];
  return text;
}

std::string unescaped(std::string text) {
  const std::pair<const char*, const char*> entities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}};
  for (const auto& [entity, plain] : entities) {
    for (std::size_t at = 0; (at = text.find(entity, at)) != std::string::npos; at += 1) {
      text.replace(at, std::string(entity).size(), plain);
    }
  }
  return text;
}

TEST(PlainNumber, KeepsTheWholePartAndDropsTrailingZeros) {
  EXPECT_EQ(plain_number(6143.99999983099), "6144");
  EXPECT_EQ(plain_number(123456.7), "123457");
  EXPECT_EQ(plain_number(0.025), "0.025");
  EXPECT_EQ(plain_number(12.3456), "12.35");
  EXPECT_EQ(plain_number(-2.5), "-2.5");
  EXPECT_EQ(plain_number(0), "0");
}

TEST(PlainNumber, StaysShortAtTheEndsOfTheRange) {
  EXPECT_EQ(plain_number(1e300), "1e+300");
  EXPECT_EQ(plain_number(5e-324), "4.941e-324");
  EXPECT_EQ(plain_number(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(plain_number(-std::numeric_limits<double>::infinity()), "-");
}

TEST(GroupedNumber, PutsCommasBetweenThousandsOnly) {
  EXPECT_EQ(grouped_number(1234567), "1,234,567");
  EXPECT_EQ(grouped_number(-123456), "-123,456");
  EXPECT_EQ(grouped_number(-123), "-123");
  EXPECT_EQ(grouped_number(1234.5, 5), "1,234.5");
  EXPECT_EQ(grouped_number(0.12345), "0.1235");
  EXPECT_EQ(grouped_count(11440), "11,440");
  EXPECT_EQ(grouped_count(999), "999");
}

TEST(HtmlEscape, LeavesNoMarkupInAnyBytes) {
  std::mt19937 random(11);
  for (int i = 0; i < 5000; ++i) {
    const std::string escaped = html_escape(random_bytes(random));
    EXPECT_EQ(escaped.find_first_of("<>\"'"), std::string::npos) << escaped;
  }
}

TEST(HtmlEscape, ReadsBackToTheSameText) {
  const std::string text = "a <b> & 'c' \"d\" &amp; \xC3\xA9\xF0\x9F\x98\x80\n\t";
  EXPECT_EQ(unescaped(html_escape(text)), text);
}

TEST(HtmlEscape, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(html_escape("a\xFF"
                        "b\xC0\xAF"
                        "c\xED\xA0\x80"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD"
            "c\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(html_escape(std::string_view("\0\x01", 2)), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(JsonString, ParsesAndCannotEndAScriptForAnyBytes) {
  std::mt19937 random(12);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = random_bytes(random);
    const std::string json = json_string(text);
    EXPECT_EQ(json.find_first_of("<>&"), std::string::npos) << json;
    const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
    ASSERT_TRUE(parsed.is_string()) << json;
    EXPECT_EQ(html_escape(parsed.get<std::string>()), html_escape(text));
  }
}

}  // namespace
}  // namespace scoria::report
