// What R 4.2.2 and dplyr 1.0.10 give for the expressions of tests/data/expr, bit for bit. make.R there writes the files.
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "base/na.h"
#include "expr/frame.h"
#include "expr/parse.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = line.find(separator); end != std::string::npos; end = line.find(separator, begin)) {
    parts.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.push_back(line.substr(begin));
  return parts;
}

double number(const std::string& text) {
  if (text == "NA") return na_real();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  return std::strtod(text.c_str(), nullptr);
}

ColumnPtr read_text(std::span<const std::string> values) {
  std::vector<std::string> texts;
  table::Validity validity(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (values[row] == "NA") validity.set_null(row);
    texts.push_back(values[row] == "NA" ? "" : values[row].substr(1));
  }
  std::vector<std::int64_t> offsets{0};
  std::string bytes;
  for (const std::string& text : texts) {
    bytes += text;
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return Column::text(offsets, bytes, validity);
}

ColumnPtr read_factor(const std::string& type, std::span<const std::string> values) {
  auto levels = std::make_shared<const std::vector<std::string>>(split(type.substr(7), ','));
  std::vector<std::int32_t> codes;
  for (const std::string& value : values) {
    const auto found = std::find(levels->begin(), levels->end(), value.substr(value == "NA" ? 0 : 1));
    codes.push_back(found == levels->end() ? -1 : static_cast<std::int32_t>(found - levels->begin()));
  }
  return Column::factor(codes, levels);
}

ColumnPtr read_column(const std::string& type, std::span<const std::string> values) {
  if (type == "character") return read_text(values);
  if (type.starts_with("factor:")) return read_factor(type, values);
  if (type == "double") {
    std::vector<double> numbers;
    for (const std::string& value : values) numbers.push_back(number(value));
    return Column::real(numbers);
  }
  std::vector<std::int32_t> integers;
  table::Validity validity(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (values[row] == "NA") validity.set_null(row);
    integers.push_back(values[row] == "TRUE" ? 1 : std::atoi(values[row].c_str()));
  }
  if (type == "logical") return Column::logical({integers.begin(), integers.end()}, validity);
  EXPECT_EQ(type, "integer");
  return Column::integer(integers, validity);
}

struct Expected {
  std::string text;
  std::string type;
  ColumnPtr values;
};

struct Golden {
  table::Table rows;
  std::vector<std::uint32_t> starts;
  std::vector<Expected> expected;
};

Golden read_golden(const std::string& name) {
  const std::string path = std::string(SCORIA_SOURCE_DIR) + "/tests/data/expr/" + name + ".golden";
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  Golden golden;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> parts = split(line, '\t');
    if (parts[0] == "groups") {
      for (std::size_t i = 1; i < parts.size(); ++i)
        golden.starts.push_back(static_cast<std::uint32_t>(std::stoul(parts[i])));
    } else if (parts[0] == "column") {
      golden.rows.add(parts[1], read_column(parts[2], std::span(parts).subspan(3)));
    } else {
      golden.expected.push_back({parts[1], parts[2], read_column(parts[2], std::span(parts).subspan(3))});
    }
  }
  return golden;
}

Frame frame_of(const Golden& golden) {
  Frame frame(golden.rows, golden.starts);
  EXPECT_TRUE(frame.declare("step", Type::integer).ok());
  EXPECT_TRUE(frame.declare("rate", Type::real).ok());
  return frame.with({{"step", Scalar{3}}, {"rate", Scalar{0.25}}}).value();
}

std::string show(const Column& column, std::size_t row) {
  if (column.is_null(row)) return "NA";
  if (column.type() != Type::real) return Scalar::from(column, row).text();
  if (std::isnan(column.reals()[row])) return "NaN";
  std::ostringstream out;
  out << std::hexfloat << column.reals()[row] << " (" << std::defaultfloat << column.reals()[row] << ")";
  return out.str();
}

// Nothing when both are the same, to the bit; every NaN is the same as every other.
std::string difference(const Column& ours, const Column& theirs) {
  if (ours.type() != theirs.type())
    return "type " + std::string(table::type_name(ours.type())) + ", R gives " +
           std::string(table::type_name(theirs.type()));
  if (ours.size() != theirs.size()) return "length " + std::to_string(ours.size());
  for (std::size_t row = 0; row < ours.size(); ++row) {
    std::string a = show(ours, row);
    std::string b = show(theirs, row);
    if (a != b || ours.is_null(row) != theirs.is_null(row))
      return "row " + std::to_string(row) + ": " + a + ", R gives " + b;
  }
  return "";
}

// Where we mean to differ, and why.
const std::map<std::string, std::string> kExceptions = {
    {"x %% 0", "NA %% 0 is NaN in R; NA in, NA out here"},
};

void compare(const std::string& name) {
  const Golden golden = read_golden(name);
  const Frame frame = frame_of(golden);
  for (const Expected& expected : golden.expected) {
    auto parsed = parse(expected.text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    auto ours = frame.evaluate(parsed.value());
    if (!ours.ok()) {
      ADD_FAILURE() << expected.text << ": " << ours.error().message;
      continue;
    }
    const std::string found = difference(*ours.value(), *expected.values);
    EXPECT_EQ(found.empty(), kExceptions.count(expected.text) == 0) << expected.text << ": " << found;
  }
}

TEST(Golden, ExpressionsGiveWhatRGives) { compare("expressions"); }

TEST(Golden, ArithmeticOfRandomNumbersGivesWhatRGives) { compare("arithmetic"); }

// The lazy evaluation against the plain one: a fresh frame, so that nothing is there to be taken from.
TEST(Golden, RowsAskedForAloneAreTheRowsOfTheWhole) {
  const Golden golden = read_golden("expressions");
  std::mt19937 random(7);  // the seed; fixed, so a failure repeats
  for (const Expected& expected : golden.expected) {
    const Expression parsed = parse(expected.text).value();
    const ColumnPtr whole = frame_of(golden).evaluate(parsed).value();
    for (std::size_t count : {0u, 1u, 5u, 23u}) {
      std::vector<std::uint32_t> wanted(count);
      for (std::uint32_t& row : wanted) row = random() % static_cast<std::uint32_t>(golden.rows.rows());
      auto some = frame_of(golden).evaluate(parsed, wanted);
      ASSERT_TRUE(some.ok()) << expected.text;
      EXPECT_EQ(difference(*some.value(), *whole->take(wanted)), "") << expected.text;
    }
  }
}

}  // namespace
}  // namespace scoria::expr
