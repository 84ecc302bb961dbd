#include "plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/folder_for_tests.h"

namespace scoria::plan {
namespace {

using testing::HasSubstr;

constexpr const char* kValid = R"(name: small
input:
  rows: rows.csv
features:
  from: rows
models:
  file: model.rds
  column: p
output: out.csv
)";

class PlanFile : public FolderTest {
 protected:
  Result<Plan> read(const std::string& text, const std::vector<Setting>& settings = {}) {
    put("plan.yaml", text);
    return read_plan(folder_ / "plan.yaml", settings);
  }
  // The valid plan with `from` replaced by `to`.
  Result<Plan> changed(const std::string& from, const std::string& to) {
    std::string text = kValid;
    text.replace(text.find(from), from.size(), to);
    return read(text);
  }
  std::string error_of(const Result<Plan>& result) { return result.ok() ? "no error" : result.error().message; }
};

TEST_F(PlanFile, ASmallPlanIsRead) {
  const auto plan = read(kValid);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan.value().name, "small");
  EXPECT_EQ(plan.value().inputs.size(), 1u);
}

TEST_F(PlanFile, RangesAndListsGiveValues) {
  const auto plan = changed("features:", "each: {step: \"1:3\", kind: [a, b], share: [0.5, 1]}\nfeatures:");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan.value().each[0].second->size(), 3u);
  EXPECT_EQ(plan.value().each[0].second->type(), table::Type::integer);
  EXPECT_EQ(plan.value().each[1].second->type(), table::Type::text);
  EXPECT_EQ(plan.value().each[2].second->type(), table::Type::real);
}

TEST_F(PlanFile, AnUnknownKeyIsNamedWithItsLine) {
  EXPECT_THAT(error_of(changed("output:", "outptu:")),
              HasSubstr("plan.yaml', line 9, column 1: outptu: unknown key 'outptu'"));
  EXPECT_THAT(error_of(changed("  from: rows", "  from: rows\n  fliter: x > 1")),
              HasSubstr("features.fliter: unknown key"));
  EXPECT_THAT(error_of(changed("  column: p", "  column: p\n  quantile: [5]")),
              HasSubstr("models.quantile: unknown key"));
}

TEST_F(PlanFile, AMissingKeyIsNamed) {
  EXPECT_THAT(error_of(changed("output: out.csv", "")), HasSubstr("needs 'output'"));
  EXPECT_THAT(error_of(changed("  file: model.rds\n", "")), HasSubstr("models: needs 'file'"));
}

TEST_F(PlanFile, AnExpressionThatDoesNotParseIsShownWithItsPlace) {
  const std::string message = error_of(changed("  from: rows", "  from: rows\n  mutate:\n    y: log(sales"));
  EXPECT_THAT(message, HasSubstr("line 7, column 17: features.mutate.y:"));
  EXPECT_THAT(message, HasSubstr("log(sales"));
}

TEST_F(PlanFile, AnInputThatIsNotThereIsNamed) {
  EXPECT_THAT(error_of(changed("from: rows", "from: row")), HasSubstr("there is no input 'row'"));
}

TEST_F(PlanFile, PartitionsMustNotOverwriteEachOther) {
  EXPECT_THAT(error_of(changed("input:", "partition: product\ninput:")), HasSubstr("output: must hold {product}"));
}

TEST_F(PlanFile, ARepeatedKeyIsRefused) {
  EXPECT_THAT(error_of(changed("name: small", "name: small\nname: other")), HasSubstr("given twice"));
}

TEST_F(PlanFile, BrokenYamlNamesItsLine) {
  EXPECT_THAT(error_of(changed("  rows: rows.csv", "  rows: [rows.csv")), HasSubstr("plan.yaml', line "));
}

TEST_F(PlanFile, SettingsReplaceValuesByTheirPath) {
  const auto plan = read(kValid, {{"output", "other.csv"}, {"models.column", "q{1 + 1}"}});
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan.value().output.text(), "other.csv");
  EXPECT_EQ(plan.value().models[0].column.fill({}).value(), "q2");
}

TEST_F(PlanFile, ASettingForSomethingThatIsNotThereIsRefused) {
  EXPECT_THAT(error_of(read(kValid, {{"model.column", "q"}})),
              HasSubstr("--set model.column: the plan has no 'model'"));
}

TEST_F(PlanFile, AHugePlanIsRefused) { EXPECT_EQ(read(std::string(2 << 20, '#')).error().code, Code::too_large); }

}  // namespace
}  // namespace scoria::plan
