// Steps of `prepare` beside dplyr and tidyr: every case of tests/data/plan/steps.json, which R wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plan/folder_for_tests.h"
#include "plan/prepare.h"
#include "table/csv.h"

namespace scoria::plan {
namespace {

using Json = nlohmann::json;

Json all_cases() {
  std::ifstream file(std::string(SCORIA_SOURCE_DIR) + "/tests/data/plan/steps.json");
  return Json::parse(file).at("cases");
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const Json& one : all_cases()) names.push_back(one.at("name"));
  return names;
}

std::string indented(const std::string& text) {
  std::string result = "    ";
  for (const char c : text) result += c == '\n' ? std::string("\n    ") : std::string(1, c);
  return result;
}

// A cell as both sides would write it: a whole double is the integer's text.
std::string cell(const table::Column& column, std::size_t row) {
  if (column.is_null(row)) return "NA";
  if (column.type() == table::Type::real && std::isnan(column.reals()[row])) return "NaN";
  return expr::Scalar::from(column, row).text();
}

class Steps : public FolderTest, public testing::WithParamInterface<std::string> {};

TEST_P(Steps, AreThoseOfR) {
  const Json cases = all_cases();
  const Json one =
      *std::find_if(cases.begin(), cases.end(), [](const Json& each) { return each.at("name") == GetParam(); });
  put("plan.yaml", "name: steps\ninput: {rows: rows.csv, second: second.csv}\nfeatures:\n  from: rows\n  prepare:\n" +
                       indented(one.at("steps")) + "\nmodels: {file: m.rds, column: p}\noutput: out.csv\n");
  const auto plan = read_plan(folder_ / "plan.yaml", {});
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const table::Table rows = table::read_csv(one.at("rows").get<std::string>()).value();
  const std::string second_text = one.at("second");
  table::Table second = second_text.empty() ? table::Table() : table::read_csv(second_text).value();
  StepLog log;
  const auto prepared = prepare(
      plan.value(), rows, {}, [&](const Join&, const table::Table&) -> table::Table { return second; }, log);
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  const table::Table expected = table::read_csv(one.at("expected").get<std::string>()).value();
  EXPECT_THAT(prepared.value().names(), testing::UnorderedElementsAreArray(expected.names()));
  ASSERT_EQ(prepared.value().rows(), expected.rows());
  EXPECT_EQ(log.steps().back().rows_out, expected.rows());
  for (const std::string& name : expected.names()) {
    const table::ColumnPtr ours = prepared.value().find(name);
    ASSERT_NE(ours, nullptr) << name;
    for (std::size_t row = 0; row < expected.rows(); ++row) {
      ASSERT_EQ(cell(*ours, row), cell(*expected.find(name), row)) << name << ", row " << row + 1;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(R, Steps, testing::ValuesIn(case_names()), [](const auto& param) { return param.param; });

}  // namespace
}  // namespace scoria::plan
