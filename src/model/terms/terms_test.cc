// Model matrices against R's, for the formulas of tests/data/terms/formulas.txt.
#include "model/terms/terms.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/na.h"
#include "expr/date.h"
#include "model/r_object.h"
#include "rdata/reader.h"

namespace scoria::model::terms {
namespace {

using rdata::Value;
using table::Column;
using table::ColumnPtr;

rdata::Document read_formulas() {
  const auto file = FileBytes::open(std::string(SCORIA_SOURCE_DIR) + "/tests/data/terms/formulas.rds");
  return rdata::read(file.value().bytes()).value();
}

// A column of R's data frame as a table holds it: factors, dates and times as text, as a CSV file would bring them.
ColumnPtr column_of(const Value& value) {
  if (rdata::inherits(value, "Date") || rdata::inherits(value, "POSIXct")) {
    const bool is_date = rdata::inherits(value, "Date");
    std::vector<std::string> texts;
    table::Validity validity(value.size());
    for (std::size_t row = 0; row < value.size(); ++row) {
      const double x = value.reals[row];
      if (std::isnan(x)) validity.set_null(row);
      expr::Moment moment{static_cast<std::int64_t>(std::floor(is_date ? x : x / 86400))};
      moment.seconds = is_date ? 0 : x - static_cast<double>(moment.days) * 86400;
      texts.push_back(std::isnan(x) ? "" : expr::format_moment(moment, is_date ? "%F" : "%F %T"));
    }
    return Column::text(texts, std::move(validity));
  }
  if (value.kind == rdata::Kind::real) return Column::real({value.reals.begin(), value.reals.end()});
  const Value* levels = value.attribute("levels");
  if (value.kind == rdata::Kind::character || levels != nullptr) {
    std::vector<std::string> texts;
    table::Validity validity(value.size());
    for (std::size_t row = 0; row < value.size(); ++row) {
      const bool is_null = levels != nullptr ? value.integers[row] == kNaInt : value.texts[row].is_na;
      if (is_null) validity.set_null(row);
      const rdata::Text none;
      texts.push_back(rdata::utf8(is_null             ? none
                                  : levels != nullptr ? levels->texts[static_cast<std::size_t>(value.integers[row] - 1)]
                                                      : value.texts[row]));
    }
    return Column::text(texts, std::move(validity));
  }
  if (value.kind == rdata::Kind::integer) return Column::integer({value.integers.begin(), value.integers.end()});
  std::vector<std::uint8_t> logicals;
  table::Validity validity(value.size());
  for (std::size_t row = 0; row < value.size(); ++row) {
    if (value.integers[row] == kNaInt) validity.set_null(row);
    logicals.push_back(value.integers[row] == 1);
  }
  return Column::logical(std::move(logicals), std::move(validity));
}

table::Table table_of(const Value& data_frame) {
  table::Table table;
  const std::vector<std::string> names = rdata::strings(*data_frame.attribute("names"));
  for (std::size_t i = 0; i < names.size(); ++i) table.add(names[i], column_of(*data_frame.items[i]));
  return table;
}

// How far two answers are apart, relative to the larger; missing only equals missing.
double distance(double ours, double theirs) {
  if (std::isnan(ours) || std::isnan(theirs)) return std::isnan(ours) == std::isnan(theirs) ? 0 : 1;
  if (ours == theirs) return 0;
  return std::fabs(ours - theirs) / std::max(std::fabs(theirs), 1e-3);
}

struct Case {
  std::string formula;
  const Value* value;
};

std::vector<Case> cases_of(const rdata::Document& document) {
  std::vector<Case> cases;
  for (const Value* value : rdata::member(document.root(), "cases")->items)
    cases.push_back({rdata::strings(*rdata::member(*value, "formula"))[0], value});
  return cases;
}

Result<Terms> parse(const Value& value) {
  const RObject object(value, "case");
  return Terms::parse(
      *object.find("terms"),
      {.xlevels = object.find("xlevels"), .contrasts = object.find("contrasts"), .call = object.find("call")});
}

TEST(Terms, MatricesAreWhatRMakesOfNewRows) {
  const rdata::Document document = read_formulas();
  const table::Table rows = table_of(*rdata::member(document.root(), "newdata"));
  for (const Case& given : cases_of(document)) {
    SCOPED_TRACE(given.formula);
    const auto terms = parse(*given.value);
    if (!terms.ok()) {
      ADD_FAILURE() << terms.error().message;
      continue;
    }
    const auto frame = terms.value().frame(rows, 1);
    if (!frame.ok()) {
      ADD_FAILURE() << frame.error().message;
      continue;
    }
    EXPECT_EQ(terms.value().columns(), rdata::strings(*rdata::member(*given.value, "columns")));
    const std::vector<std::uint32_t>& assign = terms.value().assign();
    const auto expected_assign = rdata::member(*given.value, "assign")->integers;
    EXPECT_TRUE(std::equal(assign.begin(), assign.end(), expected_assign.begin(), expected_assign.end()));
    const std::span<const double> expected = rdata::member(*given.value, "matrix")->reals;
    std::vector<double> ours(rows.rows() * terms.value().columns().size());
    ASSERT_EQ(ours.size(), expected.size());
    terms.value().fill(frame.value(), 0, rows.rows(), ours);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      if (distance(ours[i], expected[i]) > 1e-12) {
        ADD_FAILURE() << "row " << i % rows.rows() + 1 << ", " << terms.value().columns()[i / rows.rows()] << ": "
                      << ours[i] << ", R gives " << expected[i] << ", distance " << distance(ours[i], expected[i]);
        break;
      }
    }
    const Value* offset = rdata::member(*given.value, "offset");
    EXPECT_EQ(terms.value().has_offset(), offset->kind == rdata::Kind::real);
    ASSERT_EQ(frame.value().offset.size(), offset->size());
    for (std::size_t i = 0; i < offset->size(); ++i)
      EXPECT_LE(distance(frame.value().offset[i], offset->reals[i]), 1e-12) << "offset of row " << i + 1;
  }
}

}  // namespace
}  // namespace scoria::model::terms
