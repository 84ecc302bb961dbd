#include "table/csv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "base/file.h"
#include "base/na.h"
#include "table/csv_masks.h"
#include "table/csv_reference.h"

namespace scoria::table {
namespace {

std::string csv_refusal(std::string_view text, const CsvOptions& options = {}) {
  const auto result = read_csv(text, options);
  return result.ok() ? "accepted" : result.error().message;
}

std::string csv_text(const Table& table, CsvText style = CsvText::quoted) {
  std::string out;
  append_csv_header(table, out);
  append_csv_rows(table, out, style);
  return out;
}

CsvOptions typed(std::string name, Type type) {
  CsvOptions options;
  options.types.emplace(std::move(name), type);
  return options;
}

TEST(ReadCsv, AgreesWithReadCsvOfR) {
  const std::string folder = std::string(SCORIA_SOURCE_DIR) + "/tests/data/csv/";
  const auto file = FileBytes::open(folder + "types.csv");
  ASSERT_TRUE(file.ok());
  const Table table = read_csv(file.value().text()).value();
  std::ifstream expected(folder + "types.expected.tsv");
  std::size_t cells = 0;
  for (std::string line; std::getline(expected, line); ++cells) {
    std::istringstream fields(line);
    std::string name, row_text, r_class, value;
    std::getline(fields, name, '\t');
    std::getline(fields, row_text, '\t');
    std::getline(fields, r_class, '\t');
    std::getline(fields, value);
    const Column& column = *table.find(name);
    const std::size_t row = std::stoul(row_text) - 1;
    ASSERT_EQ(type_name(column.type()), r_class == "numeric" ? "double" : r_class) << line;
    ASSERT_EQ(column.is_null(row), value == "<missing>") << line;
    if (column.is_null(row)) continue;
    switch (column.type()) {
      case Type::real:
        EXPECT_TRUE(reference::same_number(column.reals()[row], std::strtod(value.c_str(), nullptr))) << line;
        break;
      case Type::integer: EXPECT_EQ(column.integers()[row], std::stoi(value)) << line; break;
      case Type::logical: EXPECT_EQ(column.logicals()[row] != 0, value == "TRUE") << line; break;
      default: {
        std::string text(column.text_at(row));
        if (const auto at = text.find('\n'); at != text.npos) text.replace(at, 1, "\\n");
        EXPECT_EQ(text, value) << line;
      }
    }
  }
  EXPECT_EQ(cells, table.rows() * table.columns());
}

TEST(ReadCsv, RefusalsNameLineAndColumn) {
  const struct {
    const char* text;
    const char* expected;
  } cases[] = {
      {"", "input is empty"},
      {"\n\r\n\n", "input is empty"},
      {"\xEF\xBB\xBF", "input is empty"},
      {"a,b\n1,2\n\n3\n", "input, line 4: the record has 1 field, the header has 2"},
      {"a,b\n1,2,3\n", "input, line 2: the record has 3 fields, the header has 2"},
      {"a,b\n\"x\ny\",2\n3\n", "input, line 4: the record has 1 field"},
      {"a,b\n1,\"x\n2,3\n", "input, line 2, column 'b': the quote that opens here is never closed"},
      {"a,b\n1,x\"y\n", "input, line 2, column 'b': a quote inside an unquoted field"},
      {"a,b\n1,\"x\"y\n", "input, line 2, column 'b': text after the closing quote"},
      {"a,b\n1,x\ry\n", "input, line 2, column 'b': a carriage return that ends no line"},
      {"a,b\n1,x\r", "input, line 2, column 'b': a carriage return"},
      {"a,a\n1,2\n", "two columns are named 'a'"},
      {"a,b\n1,\xFF\n", "input, line 2, column 'b': a byte that is not UTF-8"},
      {"a,b\n1,\xED\xA0\x80\n", "line 2, column 'b': a byte that is not UTF-8"},
      {"a,b\n1,\xC0\x80\n", "line 2, column 'b': a byte that is not UTF-8"},
      {"a,\xFF\n1,2\n", "input, line 1: a byte that is not UTF-8"},
      {"a,\"b\n1,2\n", "input, line 1, field 2: the quote"},
  };
  for (const auto& one : cases) {
    EXPECT_NE(csv_refusal(one.text).find(one.expected), std::string::npos)
        << one.text << " -> " << csv_refusal(one.text);
  }
  EXPECT_NE(csv_refusal(std::string_view("a,b\n1,x\0y\n", 10)).find("line 2, column 'b': a NUL byte"),
            std::string::npos);
}

TEST(ReadCsv, ACellNotOfItsGivenTypeIsRefused) {
  EXPECT_NE(csv_refusal("age\n1\n12a\n", typed("age", Type::real)).find("line 3, column 'age': '12a' is not a double"),
            std::string::npos);
  EXPECT_NE(csv_refusal("age\n1.5\n", typed("age", Type::integer)).find("'1.5' is not an integer"), std::string::npos);
  EXPECT_NE(csv_refusal("x\n1\n", typed("x", Type::logical)).find("'1' is not a logical"), std::string::npos);
  EXPECT_NE(csv_refusal("x\n\"\"\n", typed("x", Type::real)), "accepted");
  EXPECT_NE(csv_refusal("x\n\"NA\"\n", typed("x", Type::real)), "accepted");
  CsvOptions named = typed("x", Type::real);
  named.source_name = "input 'x.csv'";
  EXPECT_EQ(csv_refusal("x\ny\n", named), "input 'x.csv', line 2, column 'x': 'y' is not a double");
}

TEST(ReadCsv, GivenTypesHold) {
  CsvOptions options;
  options.types = {{"id", Type::text}, {"n", Type::real}, {"f", Type::factor}, {"absent", Type::real}};
  const Table table = read_csv("id,n,f\n007,1,u\nNA,,NA\n,3,v\n\"NA\",4,u\n", options).value();
  EXPECT_EQ(table.find("id")->text_at(0), "007");
  EXPECT_TRUE(table.find("id")->is_null(1));
  EXPECT_EQ(table.find("id")->text_at(2), "");
  EXPECT_EQ(table.find("id")->text_at(3), "NA");
  EXPECT_EQ(table.find("n")->type(), Type::real);
  EXPECT_TRUE(table.find("n")->is_null(1));
  EXPECT_EQ(table.find("f")->levels(), (std::vector<std::string>{"u", "v"}));
  EXPECT_EQ(table.find("f")->codes()[3], 0);
  EXPECT_TRUE(table.find("f")->is_null(1));
}

TEST(ReadCsv, QuotedNaIsTextAndUnquotedNaIsMissing) {
  const Table table = read_csv("a\n\"NA\"\nNA\nx\n").value();
  EXPECT_FALSE(table.column(0)->is_null(0));
  EXPECT_TRUE(table.column(0)->is_null(1));
}

TEST(ReadCsv, LineEndsMarksAndBlankLinesDoNotMatter) {
  const Table plain = read_csv("a,b\n1,x\n2,y\n").value();
  for (const char* text : {"a,b\n1,x\n2,y", "a,b\r\n1,x\r\n2,y\r\n",
                           "\xEF\xBB\xBF"
                           "a,b\n1,x\n2,y\n",
                           "\n\na,b\n\n1,x\n\r\n2,y\n\n\n", "\"a\",\"b\"\n\"1\",\"x\"\n2,y\n"}) {
    EXPECT_TRUE(reference::same(read_csv(text).value(), plain)) << text;
  }
}

TEST(ReadCsv, AHeaderAloneGivesNoRows) {
  for (const char* text : {"a,b", "a,b\n", "a,b\r\n\n"}) {
    const Table table = read_csv(text).value();
    EXPECT_EQ(table.rows(), 0u);
    EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "b"}));
  }
}

TEST(ReadCsv, QuotedNamesAndFieldsHoldAnything) {
  const Table table = read_csv("\"a,\"\"b\n\"\n\"x\r\ny\"\n\"\"\"\"\n").value();
  EXPECT_EQ(table.names()[0], "a,\"b\n");
  EXPECT_EQ(table.column(0)->text_at(0), "x\r\ny");
  EXPECT_EQ(table.column(0)->text_at(1), "\"");
}

TEST(ReadCsv, NegativeZeroSurvivesWidening) {
  const Table table = read_csv("a\n-0\n1.5\n").value();
  EXPECT_TRUE(std::signbit(table.column(0)->reals()[0]));
}

// Widening needs earlier cells again: each column here turns out wider far behind the first block.
TEST(ReadCsv, TypesAreInferredOverAllRows) {
  std::string text = "a,b,c,d,e\n";
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + ",-0," + (i % 2 ? "" : "NA") + ",TRUE,0x" + "1\n";
  text += "0.5,2.5,,1,x\n";
  const Table table = read_csv(text).value();
  EXPECT_EQ(table.find("a")->type(), Type::real);
  EXPECT_EQ(table.find("a")->reals()[19'999], 19'999.0);
  EXPECT_TRUE(std::signbit(table.find("b")->reals()[0]));
  EXPECT_EQ(table.find("c")->type(), Type::logical);
  EXPECT_EQ(table.find("d")->text_at(0), "TRUE");
  EXPECT_EQ(table.find("e")->text_at(0), "0x1");
  EXPECT_EQ(table.find("e")->text_at(20'000), "x");
}

TEST(ReadCsv, OnlyTheNamedColumnsAreParsed) {
  CsvOptions options;
  options.only = {{"c", "a", "absent"}};
  options.types = {{"b", Type::real}};
  const Table table = read_csv("a,b,c\n1,not a number,2.5\n", options).value();
  EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(table.find("c")->reals()[0], 2.5);
  EXPECT_NE(csv_refusal("a,b,c\n1,x\"y,2\n", options), "accepted");
  options.only = std::vector<std::string>{};
  EXPECT_EQ(read_csv("a\n1\n2\n", options).value().rows(), 2u);
}

TEST(ReadCsv, LimitsHold) {
  CsvOptions options;
  options.max_record_bytes = 100'000;
  const std::string longest = std::string(99'999, 'x') + "\n";
  EXPECT_EQ(read_csv("a\n" + longest + longest, options).value().rows(), 2u);
  EXPECT_NE(csv_refusal("a\nb\nx" + longest, options).find("line 3: the record is longer"), std::string::npos);
  EXPECT_NE(csv_refusal("a\n\"" + longest, options).find("line 2"), std::string::npos);
  std::string wide = "c0";
  for (int i = 1; i < 100'000; ++i) wide += ",c" + std::to_string(i);
  EXPECT_EQ(read_csv(wide + "\n" + std::string(99'999, ',') + "\n").value().columns(), 100'000u);
  EXPECT_NE(csv_refusal(wide + ",c\n").find("line 1: more than 100000 fields"), std::string::npos);
}

TEST(ReadCsv, ASeparatorThatCannotBeToldApartIsRefused) {
  for (const char separator : {'"', '\n', '\r', '\0', '\xE9'}) {
    CsvOptions options;
    options.separator = separator;
    EXPECT_NE(csv_refusal("a\n1\n", options).find("separator"), std::string::npos);
  }
}

TEST(CsvMasks, TheFastFormFindsWhatThePlainOneFinds) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    char bytes[64];
    for (char& c : bytes) c = random() % 3 ? 'x' : static_cast<char>(",\n\"\r\0\xC3;5"[random() % 8]);
    if (i % 2)
      std::replace_if(
          std::begin(bytes), std::end(bytes), [](char c) { return c != ',' && c != '\n'; }, 'y');
    const CsvMasks fast = csv_masks(bytes, ',');
    const CsvMasks plain = csv_masks_portable(bytes, ',');
    ASSERT_EQ(fast.separators, plain.separators);
    ASSERT_EQ(fast.newlines, plain.newlines);
    ASSERT_EQ(fast.quotes, plain.quotes);
    ASSERT_EQ(fast.returns, plain.returns);
    ASSERT_EQ(fast.zeros, plain.zeros);
    ASSERT_EQ(fast.non_ascii, plain.non_ascii);
  }
}

// Texts longer than the reader's window, with every kind of cell and now and then a flaw.
TEST(ReadCsv, AgreesWithThePlainReaderOnLongRandomTexts) {
  const char* const cells[] = {"1",        "-2.5",           "NA",
                               "",         "TRUE",           "\"q\"",
                               "\"a,b\"",  "\"two\nlines\"", "\"\"\"\"",
                               "1e-7",     "0.0605882103",   "word",
                               "\xC3\xA9", "\"\r\n\"",       "12345678901234567890"};
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const std::size_t columns = 1 + random() % 6;
    const std::size_t kinds = 1 + random() % std::size(cells);
    const char* const line_end = random() % 2 ? "\n" : "\r\n";
    std::string text;
    for (std::size_t row = 0, rows = random() % 12'000; row <= rows; ++row) {
      for (std::size_t i = 0; i < columns; ++i) {
        if (i > 0) text += ',';
        text += row == 0 ? "c" + std::to_string(i) : cells[random() % kinds];
      }
      if (row > 0 && seed % 3 == 0 && random() % 9'000 == 0) text += "\",x\r"[random() % 4];
      text += line_end;
      if (seed % 5 == 0 && random() % 4 == 0) text += line_end;
    }
    ASSERT_EQ(reference::difference(text, {}, 1 + random() % 100'000, 1 + random() % 5'000), "") << "seed " << seed;
  }
}

TEST(WriteCsv, WritesEveryKindOfCell) {
  Table table;
  table.add("n", Column::real({0.1, 1e-5, 100000, -0.0, std::nan("")}));
  table.add("i", Column::integer({1, kNaInt, -3, 4, 5}));
  Validity validity(5);
  validity.set_null(2);
  table.add("l", Column::logical({1, 0, 0, 1, 1}, validity));
  const std::vector<std::string> words{"a\"b", "NA", "", "x,y", "two\nlines"};
  table.add("a,b", Column::text(words));
  EXPECT_EQ(csv_text(table),
            "n,i,l,\"a,b\"\n0.1,1,TRUE,\"a\"\"b\"\n1e-05,NA,FALSE,\"NA\"\n100000,-3,NA,\"\"\n-0,4,TRUE,\"x,y\"\n"
            "NaN,5,TRUE,\"two\nlines\"\n");
  EXPECT_EQ(csv_text(table.slice(1, 3), CsvText::as_it_came),
            "n,i,l,\"a,b\"\n1e-05,NA,FALSE,NA\n100000,-3,NA,\n-0,4,TRUE,\"x,y\"\n");
  const double infinity = std::numeric_limits<double>::infinity();
  Table edges;
  edges.add("x", Column::real({infinity, -infinity, na_real(), 9007199254740992.0, 5e-324, 1e300}));
  EXPECT_EQ(csv_text(edges), "x\nInf\n-Inf\nNA\n9007199254740992\n5e-324\n1e+300\n");
}

TEST(WriteCsv, DoublesReadBackToTheSameBits) {
  std::mt19937_64 random(17);
  std::vector<double> values;
  for (int i = 0; i < 200'000; ++i) {
    const auto x = std::bit_cast<double>(random());
    values.push_back(i % 2 ? static_cast<double>(static_cast<std::int64_t>(random() >> 10)) / 1e4 : is_na(x) ? 0 : x);
  }
  Table table;
  table.add("x", Column::real(values));
  EXPECT_TRUE(reference::same(read_csv(csv_text(table), typed("x", Type::real)).value(), table));
}

TEST(WriteCsv, LongTextsGoThroughWhole) {
  const std::vector<std::string> words{std::string(100'000, 'x'), std::string(40'000, '"'), "end"};
  Table table;
  table.add("w", Column::text(words));
  EXPECT_TRUE(reference::same(read_csv(csv_text(table)).value(), table));
}

}  // namespace
}  // namespace scoria::table
