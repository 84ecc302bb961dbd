#include "report/html.h"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "report/tables_for_tests.h"

namespace scoria::report {
namespace {

using nlohmann::json;

// Reads one tag at the front of `text`, attributes and all, and says what is wrong with it; empty when nothing is.
struct Tag {
  std::string name;
  bool is_end = false;
  bool is_closed = false;  // <path .../>
  std::size_t length = 0;
  std::string fault;
};

Tag read_tag(std::string_view text) {
  Tag tag;
  std::size_t at = 1;
  const auto word = [&] {
    const std::size_t begin = at;
    while (at < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '-' || text[at] == ':'))
      ++at;
    return std::string(text.substr(begin, at - begin));
  };
  tag.is_end = text[at] == '/';
  at += tag.is_end;
  tag.name = word();
  while (at < text.size() && text[at] == ' ') {
    ++at;
    const std::string attribute = word();
    if (attribute == "hidden") continue;
    if (attribute.empty() || attribute.starts_with("on") || text.substr(at, 2) != "=\"") {
      tag.fault = "attribute '" + attribute + "'";
      return tag;
    }
    const std::size_t end = text.find('"', at + 2);
    const std::string_view value = text.substr(at + 2, end - at - 2);
    // Coordinates: digits, signs, letters of path commands, spaces.
    const bool is_drawn =
        std::set<std::string>{"d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r"}.contains(attribute);
    if (value.find_first_of("<>") != std::string_view::npos ||
        (is_drawn && value.find_first_not_of("0123456789.-MLZ ") != std::string_view::npos)) {
      tag.fault = "the value of " + attribute + ": " + std::string(value);
      return tag;
    }
    at = end + 1;
  }
  tag.is_closed = text[at] == '/';
  at += tag.is_closed;
  if (text[at] != '>') tag.fault = "no end";
  tag.length = at + 1;
  return tag;
}

// What is wrong with the markup of `page`: a tag that the report never writes, one left open or closed twice, a handler, a
// coordinate that is no number. Empty when nothing is.
std::string fault(std::string_view page) {
  static const std::set<std::string> kTags = {
      "html",   "head",  "meta",    "title",  "style", "body",  "main",    "header", "h1",
      "h2",     "p",     "div",     "b",      "span",  "small", "section", "ul",     "li",
      "svg",    "path",  "rect",    "circle", "line",  "text",  "g",       "figure", "figcaption",
      "script", "table", "caption", "thead",  "tbody", "tfoot", "tr",      "th",     "td"};
  std::vector<std::string> open;
  std::size_t at = page.starts_with("<!doctype html>") ? 15 : 0;
  while ((at = page.find('<', at)) != std::string_view::npos) {
    const std::string_view here = page.substr(at);
    const Tag tag = read_tag(here);
    if (!tag.fault.empty()) return tag.fault + " in " + std::string(here.substr(0, 200));
    if (!kTags.contains(tag.name)) return "not a tag of ours: " + std::string(here.substr(0, 60));
    at += tag.length;
    if (tag.is_end) {
      if (open.empty() || open.back() != tag.name) return "closes what is not open: " + tag.name;
      open.pop_back();
    } else if (!tag.is_closed && tag.name != "meta") {
      open.push_back(tag.name);
      const bool is_raw = tag.name == "script" || tag.name == "style";  // what is in it is not markup
      if (is_raw) at = page.find("</" + tag.name, at);
    }
  }
  return open.empty() ? "" : "left open: " + open.back();
}

json data_of(const std::string& page) {
  const std::string head = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(head);
  if (begin == std::string::npos) return nullptr;
  const std::size_t end = page.find("</script>", begin);
  return json::parse(page.substr(begin + head.size(), end - begin - head.size()), nullptr, false);
}

ReportInput input_of(const Case& c) {
  ReportInput input{.title = "Test", .spec = c.spec, .forecast = c.forecast, .history = c.history, .actual = c.actual};
  const Result<Evaluation> evaluation = evaluate(c.forecast, c.actual, c.history, c.spec);
  if (evaluation.ok()) input.evaluation = evaluation.value();
  return input;
}

// Read and evaluated once for all tests.
const ReportInput& retail() {
  static const ReportInput input = input_of(retail_case(SCORIA_SOURCE_DIR).value());
  return input;
}

ReportInput small(std::string_view forecast, std::string_view history) {
  const table::Table table = csv(forecast);
  return {.title = "Test",
          .spec = {.keys = {"sku"}, .time = "week", .step = "", .value = "sales", .quantiles = quantile_columns(table)},
          .forecast = table,
          .history = history.empty() ? table::Table{} : csv(history)};
}

table::ColumnPtr texts(const std::vector<std::string>& values) { return table::Column::text(values); }

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++found;
  return found;
}

TEST(Html, TheRetailPageIsWellFormedAndBelowAMegabyteAndAHalf) {
  const std::string page = render(retail());
  EXPECT_EQ(fault(page), "");
  EXPECT_LT(page.size(), 1'500'000u);
  const json data = data_of(page);
  EXPECT_EQ(data["series"].size(), 880u);
  EXPECT_EQ(data["chosen"], 4);
  EXPECT_EQ(data["series"][0]["k"], json({"1", "1"}));
  EXPECT_EQ(data["series"][3]["k"], json({"4", "1"}));
}

TEST(Html, NeedsNothingFromElsewhere) {
  std::string page = render(retail());
  const std::string_view name_of_svg = "http://www.w3.org/2000/svg";
  for (std::size_t at = 0; (at = page.find(name_of_svg)) != std::string::npos;) page.erase(at, name_of_svg.size());
  for (const char* word : {"http:", "https:", "src=", "href=", "url(", "@import", "fetch(", "innerHTML", "eval("}) {
    EXPECT_EQ(page.find(word), std::string::npos) << word;
  }
}

TEST(Html, HostileNamesStayTextEverywhere) {
  std::mt19937 random(5);
  const std::array<std::string, 8> pieces = {
      "<script>alert(1)</script>", "</script>", "\"><img onerror=x>", "<!--", "]]>", "' onload='x", "\xFF\xC3", "&lt;"};
  for (int round = 0; round < 200; ++round) {
    const auto name = [&] {
      std::string text;
      for (int i = 0; i < 3; ++i)
        text += pieces[random() % pieces.size()] + std::string(1, static_cast<char>(random() % 256));
      return text;
    };
    const std::string key = name();
    const std::string time = name() + "t";
    const std::string value = name() + "v";
    const std::vector<std::string> series = {name() + "1", name() + "2"};
    table::Table forecast;
    forecast.add(key, texts(series));
    forecast.add(time, table::Column::integer({3, 3}));
    for (const char* quantile : {"q5", "q50", "q95"}) forecast.add(quantile, table::Column::real({1, 2}));
    table::Table actual;
    actual.add(key, texts(series));
    actual.add(time, table::Column::integer({3, 3}));
    actual.add(value, table::Column::real({1, 3}));
    const ForecastSpec spec{
        .keys = {key}, .time = time, .step = "", .value = value, .quantiles = quantile_columns(forecast)};
    ReportInput input = input_of({.spec = spec, .forecast = forecast, .history = {}, .actual = actual});
    ASSERT_TRUE(input.evaluation.has_value());
    input.title = name();
    input.subtitle = name();
    input.facts = {{name(), name()}};
    input.provenance = {{name(), name()}};
    const std::string page = render(input);
    EXPECT_EQ(fault(page), "");
    EXPECT_EQ(count(page, "<script"), 2u);
    EXPECT_EQ(count(page, "</script"), 2u);
    EXPECT_EQ(data_of(page)["series"].size(), 2u);
    const Result<std::string> svg = fan_svg(input);
    ASSERT_TRUE(svg.ok()) << svg.error().message;
    EXPECT_EQ(fault(svg.value()), "");
    input.choice = {{{key, {name()}}}};
    EXPECT_EQ(fault(render(input)), "");
    input.spec.value = name();
    EXPECT_EQ(fault(render(input)), "");
  }
}

TEST(Html, AForecastWithoutRowsSaysSoAndWhatToDo) {
  ReportInput input = small("sku,week,q50\n", "");
  EXPECT_NE(render(input).find("The forecast has no rows"), std::string::npos);
  EXPECT_EQ(fault(render(input)), "");
  EXPECT_TRUE(fan_svg(input).ok());
}

TEST(Html, WithoutQuantilesItNamesTheColumnsThatItLooksFor) {
  const std::string page = render(small("sku,week,prediction\n1,3,4\n", ""));
  EXPECT_NE(page.find("no quantile columns; they are named q5"), std::string::npos);
}

TEST(Html, AMissingColumnIsNamedOnThePage) {
  const std::string page = render(small("sku,week,q50\n1,3,4\n", "sku,day,sales\n1,2,3\n"));
  EXPECT_NE(page.find("the history table has no column &#39;week&#39;"), std::string::npos);
}

TEST(Html, AChoiceThatMatchesNothingNamesASeriesThatIsThere) {
  ReportInput input = small("sku,week,q50\n7,3,4\n", "");
  input.choice = {{{"sku", {"8"}}}};
  EXPECT_NE(render(input).find("It has, for example: sku 7."), std::string::npos);
}

TEST(Html, WithoutActualValuesItSaysThatTheyAreNotKnownYet) {
  EXPECT_NE(render(small("sku,week,q50\n7,3,4\n", "")).find("no actual values were given"), std::string::npos);
}

TEST(Html, OddSeriesAreDrawnWithoutNumbersThatAreNone) {
  const std::array<std::pair<const char*, const char*>, 9> odd = {{
      {"sku,week,q5,q50,q95\n1,3,1,2,3\n", ""},                                           // no history, one point
      {"sku,week,q5,q50,q95\n1,3,NA,NA,NA\n1,4,NA,NA,NA\n", "sku,week,sales\n1,2,NA\n"},  // all missing
      {"sku,week,q5,q50,q95\n1,3,2,2,2\n1,4,2,2,2\n", "sku,week,sales\n1,1,2\n1,2,2\n"},  // constant
      {"sku,week,q5,q50,q95\n1,3,0,0,0\n1,4,0,0,0\n", "sku,week,sales\n1,1,0\n1,2,0\n"},  // all zero
      {"sku,week,q5,q50,q95\n1,3,-1e308,0,1e308\n1,4,-1.7e308,1,1.7e308\n", "sku,week,sales\n1,2,1e308\n"},
      {"sku,week,q5,q50,q95\n1,3,1e-300,2e-300,3e-300\n1,4,1e-320,1e-310,1\n", "sku,week,sales\n1,2,0\n"},
      {"sku,week,q5,q50,q95\n1,3,5,2,1\n1,4,NA,2,9\n1,5,1,NaN,Inf\n", "sku,week,sales\n1,-1e300,3\n1,2,Inf\n"},
      {"sku,week,q5,q50,q95\n1,2026-02-28,1,2,3\n1,2026-03-01,1,2,3\n", "sku,week,sales\n1,1999-01-01,4\n"},
      {"sku,week,q10,q50\n1,3,1,2\n1,4,1,2\n", "sku,week,sales\n1,1,2\n1,1,3\n"},  // no band; a time twice
  }};
  for (const auto& [forecast, history] : odd) {
    const ReportInput input = small(forecast, history);
    EXPECT_EQ(fault(render(input)), "") << forecast;
    const Result<std::string> svg = fan_svg(input);
    ASSERT_TRUE(svg.ok()) << svg.error().message;
    EXPECT_EQ(fault(svg.value()), "") << forecast;
    EXPECT_FALSE(data_of(render(input)).is_discarded()) << forecast;
  }
}

TEST(Html, RandomSeriesAreDrawnWellFormed) {
  std::mt19937_64 random(9);
  const auto number = [&]() -> std::string {
    switch (random() % 5) {
      case 0: return "NA";
      case 1: return std::to_string(static_cast<int>(random() % 100));
      case 2: return "-" + std::to_string(random() % 1000) + "e" + std::to_string(random() % 300);
      case 3: return std::to_string(random() % 1000) + "e-" + std::to_string(random() % 320);
      default: return "0";
    }
  };
  for (int round = 0; round < 300; ++round) {
    std::string forecast = "sku,week,q2.5,q25,q50,q75,q97.5\n";
    std::string history = "sku,week,sales\n";
    for (std::size_t i = random() % 5; i-- > 0;) {
      forecast += "1," + std::to_string(random() % 6);
      for (int q = 0; q < 5; ++q) forecast += "," + number();
      forecast += "\n";
    }
    for (std::size_t i = random() % 5; i-- > 0;) history += "1," + number() + "," + number() + "\n";
    EXPECT_EQ(fault(render(small(forecast, history))), "") << forecast << history;
  }
}

TEST(Html, EmbedsOnlyAsManySeriesAsTheBudgetAllowsButAllThatWereChosen) {
  ReportInput input = retail();
  input.embedded_numbers = 0;
  input.choice = {{{"store", {"8"}}, {"sku", {"3", "11"}}}};
  const json data = data_of(render(input));
  ASSERT_EQ(data["series"].size(), 2u);
  EXPECT_EQ(data["series"][1]["k"], json({"11", "8"}));
  EXPECT_EQ(data["total"], 880);
}

TEST(Html, AFactorIsANameLikeAnyOther) {
  ReportInput input = small("sku,week,q50\n1,3,4\n", "");
  table::Table forecast;
  forecast.add("sku", table::Column::factor({1, 0}, std::make_shared<const std::vector<std::string>>(
                                                        std::vector<std::string>{"beans", "apples"})));
  forecast.add("week", table::Column::integer({3, 3}));
  forecast.add("q50", table::Column::real({4, 5}));
  input.forecast = forecast;
  EXPECT_EQ(data_of(render(input))["series"][0]["k"], json({"apples"}));
}

}  // namespace
}  // namespace scoria::report
