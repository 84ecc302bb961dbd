// Every error of a plan names its file, line and column.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/folder_for_tests.h"
#include "plan/run.h"

namespace scoria::plan {
namespace {

using testing::HasSubstr;

struct Wrong {
  const char* name;
  const char* from;  // replaced in the plan below ...
  const char* to;    // ... by this
  const char* message;
};

constexpr const char* kRightPlan = R"(name: errors
input:
  rows: rows.csv
  second: second.csv
let: {least: min(rows$week)}
each: {step: "1:2"}
features:
  from: rows
  prepare:
    - join: second
      by: id
    - fill: v
  group_by: id
  arrange: week
  mutate:
    before: lag(a, step)
  filter: week > least
models:
  - file: model.rds
    column: p
    then: prediction * 2
result:
  mutate: {q: p + 1}
  select: [id, q]
output: out.csv
)";

class PlanErrors : public FolderTest, public testing::WithParamInterface<Wrong> {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    const auto model = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/golden/gbm_default_trees_cv/model.rds";
    std::filesystem::copy_file(model, folder_ / "model.rds");
    put("rows.csv", "id,week,a,b,s\n1,1,1,1,x\n1,2,2,1,y\n2,1,3,1,z\n");
    put("second.csv", "id,v\n1,7\n2,8\n");
    put("twice.csv", "id,v\n1,7\n2,8\n1,9\n");
  }
  std::string error_of(const std::string& text, const std::vector<Setting>& settings = {}) {
    put("plan.yaml", text);
    auto plan = read_plan(folder_ / "plan.yaml", settings);
    if (!plan.ok()) return plan.error().message;
    InlineExecutor executor;
    const auto result = run_plan(plan.value(), {}, executor);
    return result.ok() ? "no error" : result.error().message;
  }
};

TEST_F(PlanErrors, ThePlanItselfIsRight) { EXPECT_EQ(error_of(kRightPlan), "no error"); }

TEST_P(PlanErrors, AreToldWithTheirPlace) {
  std::string text = kRightPlan;
  const std::size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string_view(GetParam().from).size(), GetParam().to);
  EXPECT_THAT(error_of(text), HasSubstr("plan.yaml', line " + std::string(GetParam().message)));
}

const Wrong kWrong[] = {
    {"UnknownKey", "output:", "outptu:", "25, column 1: outptu: unknown key 'outptu'; did you mean 'output'?"},
    {"UnknownFeatureKey", "  group_by", "  grup_by",
     "13, column 3: features.grup_by: unknown key 'grup_by'; did you mean 'group_by'?"},
    {"UnknownModelsKey",
     "    then:", "    than:", "21, column 5: models.1.than: unknown key 'than'; did you mean 'then'?"},
    {"UnknownStep", "- join: second", "- jion: second",
     "10, column 7: features.prepare.1.jion: unknown step 'jion'; did you mean 'join'?"},
    {"UnknownStepOption", "      by: id", "      on: id", "11, column 7: features.prepare.1.on: unknown key 'on'"},
    {"MissingKey", "      by: id\n", "", "10, column 7: features.prepare.1: needs 'by'"},
    {"RepeatedKey", "name: errors", "name: errors\nname: again", "2, column 1: name: key 'name' is given twice"},
    {"KeyThatIsAList", "name: errors", "name: errors\n[a, b]: 1", "2, column 1"},
    {"ListForText", "output: out.csv", "output: [out.csv]", "25, column 9: output: must be a text"},
    {"TextForMapping", "let: {least: min(rows$week)}", "let: yes", "5, column 6: let: must be a mapping"},
    {"NothingForText", "output: out.csv", "output:", "25, column 1: output: must be a text"},
    {"MappingForList", "  prepare:\n    - join: second\n      by: id\n    - fill: v\n", "  prepare: {join: second}\n",
     "9, column 12: features.prepare: must be a list"},
    {"FlagThatIsNone", "  filter: week > least", "  drop_incomplete: perhaps",
     "17, column 20: features.drop_incomplete: must be true or false"},
    {"UnknownDirection", "- fill: v", "- {fill: v, direction: sideways}",
     "12, column 28: features.prepare.2.direction: must be down, up"},
    {"UnknownPeriod", "- fill: v", "- {complete: [week], range: {week: fortnight}}",
     "12, column 40: features.prepare.2.range.week: 'fortnight' is no period"},
    {"UnknownInput", "from: rows", "from: row",
     "8, column 9: features.from: there is no input 'row'; did you mean 'rows'?"},
    {"UnknownJoinedInput", "join: second", "join: sekond",
     "10, column 13: features.prepare.1.join: there is no input 'sekond'; did you mean 'second'?"},
    {"Brace", "output: out.csv", "output: \"out{.csv\"", "25, column 9: output: 'out{.csv', character 4"},
    {"BrokenYaml", "  rows: rows.csv", "  rows: [rows.csv", "4, column"},
    {"UnknownTypeOfAColumn", "output: out.csv", "output: out.csv\ntypes: {id: number}",
     "26, column 13: types.id: must be character"},
    {"TypeOfAColumnThatNoInputHas", "output: out.csv", "output: out.csv\ntypes: {id: integer, v: double, wek: integer}",
     "26, column 33: types.wek: no input has a column 'wek'; did you mean 'week'?"},
    {"ColumnsOfTypesTold", "    then: prediction * 2", "    type: [link, response]",
     "20, column 13: models.1.column: must hold {type}"},
    {"NameInColumn", "column: p", "column: \"p{stp}\"",
     "20, column 13: models.1.column: {stp} has no value here; did you mean 'step'?"},
    {"VariableThatIsOneAlready", "    then: prediction * 2", "    step: [1, 2]", "21"},
    // Expressions, with their own column in the file's line.
    {"Parse", "lag(a, step)", "lag(a, step",
     "16, column 24: features.mutate.before: expression 'lag(a, step', column 12"},
    {"ParseQuoted", "  filter: week > least", "  filter: \"week > > least\"",
     "17, column 19: features.filter: expression 'week > > least', column 8"},
    {"ParseBlock", "before: lag(a, step)", "before: |\n      lag(a,\n        stop)",
     "18, column 9: features.mutate.before"},
    {"UnknownColumn", "lag(a, step)", "lag(aa, step)",
     "16, column 17: features.mutate.before: 'before': expression 'lag(aa, step)', column 5"},
    {"UnknownFunction", "lag(a, step)", "1 + lagg(a, step)",
     "16, column 17: features.mutate.before: 'before': expression '1 + lagg(a, step)', column 5"},
    {"WrongType", "  filter: week > least", "  filter: week + least",
     "17, column 16: features.filter: expression 'week + least', column 6: a condition must be logical"},
    {"TextInArithmetic", "lag(a, step)", "1 + s", "16, column 15: features.mutate.before"},
    {"Let", "min(rows$week)", "min(rows$wek)", "5, column 23: let.least: expression 'min(rows$wek)', column 10"},
    {"Each", "\"1:2\"", "\"1:\"", "6, column 17: each.step"},
    {"Then", "prediction * 2", "predicted * 2", "21, column 11: models.1.then: expression 'predicted * 2', column 1"},
    {"FileExpression", "file: model.rds", "file: \"model{min(stp, 1)}.rds\"",
     "19, column 11: models.1.file: 'stp' is not known here; did you mean 'step'?"},
    {"ResultMutate", "{q: p + 1}", "{q: pp + 1}", "23, column 15: result.mutate.q"},
    {"ResultSelect", "[id, q]", "[id, qq]", "24, column 11: result.select: there is no column 'qq'; did you mean 'q'?"},
    {"GroupBy", "    - fill: v\n  group_by: id", "  group_by: idd",
     "12, column 13: features.group_by: there is no column 'idd' to order rows by; did you mean 'id'?"},
    {"GroupByOfAStep", "group_by: id", "group_by: idd",
     "12, column 7: features.prepare.2: there is no column 'idd' to order rows by"},
    {"Arrange", "arrange: week", "arrange: wek", "12, column 7: features.prepare.2: there is no column 'wek'"},
    {"OutputName", "output: out.csv", "output: \"{no}.csv\"", "25, column 11: output: '{no}.csv'"},
    {"PartitionedOutput", "name: errors", "name: errors\npartition: p", "26, column 9: output: must hold {p}"},
    {"InputThatIsNotThere", "rows: rows.csv", "rows: none.csv", "3, column 9: input.rows:"},
    {"Columns", "output: out.csv", "output: out.csv\ncolumns: [id, wek]", "26, column 10: columns"},
    // Steps.
    {"FilterStep", "- fill: v", "- filter: v + 1", "12, column 17: features.prepare.2.filter"},
    {"MutateStep", "- fill: v", "- mutate: {w: vv}", "12, column 19: features.prepare.2.mutate.w"},
    {"FillColumn", "- fill: v", "- fill: w", "12, column 7: features.prepare.2: there is no column 'w' to fill"},
    {"CompleteColumn", "- fill: v", "- complete: [wek]",
     "12, column 7: features.prepare.2: there is no column 'wek'; did you mean 'week'?"},
    {"CompleteText", "- fill: v", "- {complete: s, range: {s: day}}",
     "12, column 7: features.prepare.2: column 's': row 1 holds 'x', which is no date"},
    {"CompleteFill", "- fill: v", "- {complete: [id, week], fill: {v: none}}",
     "12, column 7: features.prepare.2: fill.v: 'none' is not integer"},
    {"JoinKey", "      by: id", "      by: idd",
     "10, column 7: features.prepare.1: the rows have no column 'idd' to join by; did you mean 'id'?"},
    {"JoinSecondKey", "      by: id", "      by: {id: key}",
     "10, column 7: features.prepare.1: input 'second' has no column 'key' to join by"},
    {"JoinTypes", "      by: id", "      by: {s: v}", "10, column 7: features.prepare.1"},
    {"JoinTwice", "second: second.csv", "second: twice.csv",
     "10, column 7: features.prepare.1: input 'second' has id 1 in row 1 and again in row 3; a join needs one row for "
     "each key"},
    {"JoinCollision", "      by: id", "      by: id\n      columns: {a: v}",
     "10, column 7: features.prepare.1: the rows have a column 'a' already"},
    {"JoinColumn", "      by: id", "      by: id\n      columns: [w]",
     "10, column 7: features.prepare.1: input 'second' has no column 'w'"},
    {"Model", "file: model.rds", "file: rows.csv", "19, column 11: models.1.file: model 'rows.csv'"},
    {"FeaturesCount", "    then: prediction * 2", "    features: [a, b, v]",
     "21, column 15: models.1.features: 3 are given, model 'model.rds' has 2: 'a', 'b'"},
    {"FeatureColumn", "    then: prediction * 2", "    features: [a, bb]",
     "19, column 5: models.1: neither the inputs nor features have column 'bb'"},
    {"NoFeatures", "    then: prediction * 2", "    features: []",
     "21, column 15: models.1.features: needs at least one"},
    {"FlaggedShare", "    then: prediction * 2", "    warn_flagged: 50",
     "21, column 19: models.1.warn_flagged: must be a share of a model's rows from 0 to 1"},
    {"FlaggedWord", "    then: prediction * 2", "    warn_flagged: never", "21, column 19: models.1.warn_flagged"},
    {"SplitByNothing", "output: out.csv", "output: out.csv\nsplit: parts.csv",
     "26, column 8: split: must hold columns of the output in braces"},
    {"SplitColumn", "output: out.csv", "output: out.csv\nsplit: \"{idd}.csv\"",
     "26, column 8: split: {idd}: the output has no such column; did you mean 'id'?"},
    {"SplitFormat", "output: out.csv", "output: out.csv\nsplit: \"{id}.xls\"", "26, column 8: split: "},
    {"SplitOverTheOutput", "output: out.csv", "output: 1.csv\nsplit: \"{id}.csv\"",
     "26, column 8: split: '1.csv' is the output of all rows"},
    {"SplitOfPartitions", "name: errors", "name: errors\npartition: p\nsplit: \"{id}.csv\"", "27, column 9: output"},
    {"FlagReport", "output: out.csv", "output: out.csv\nreport: {flag: q, value: p, time: week}",
     "26, column 9: report: needs 'keys'"},
    {"FlagReportKey", "output: out.csv", "output: out.csv\nreport: {flag: q, history: rows}",
     "26, column 19: report.history: unknown key 'history'"},
    {"ModelParameter", "    then: prediction * 2", "    parameters: {trees: 3}",
     "19, column 5: models.1: model 'model.rds'"},
};

INSTANTIATE_TEST_SUITE_P(Of, PlanErrors, testing::ValuesIn(kWrong), [](const auto& param) { return param.param.name; });

TEST_F(PlanErrors, OfASettingNameTheSetting) {
  EXPECT_THAT(error_of(kRightPlan, {{"features.filter", "week >"}}),
              HasSubstr("plan.yaml', --set features.filter: features.filter: "));
  EXPECT_THAT(error_of(kRightPlan, {{"features", "{from: rows, filtr: x}"}}),
              HasSubstr("plan.yaml', --set features: features.filtr: unknown key"));
  EXPECT_THAT(error_of(kRightPlan, {{"output", "[a"}}), HasSubstr("--set output: '[a', column 1"));
}

TEST_F(PlanErrors, OfTypesLookIntoEveryRowOfJsonLines) {
  std::string rows;  // more than one batch
  for (int id = 1; id < 100'000; ++id) rows += "{\"id\":" + std::to_string(id) + ",\"v\":7,\"w\":7}\n";
  put("second.jsonl", rows + "{\"id\":100000,\"v\":8,\"w\":\"seven\",\"late\":\"a text\"}\n");
  std::string text = kRightPlan;
  text.replace(text.find("second.csv"), 10, "second.jsonl");
  EXPECT_EQ(error_of(text + "types: {w: character, late: character}\n"), "no error");
  EXPECT_THAT(error_of(text + "types: {later: double}\n"),
              HasSubstr("plan.yaml', line 26, column 9: types.later: no input has a column 'later'"));
}

TEST_F(PlanErrors, OfItemsOfAListCountFromOne) {
  EXPECT_EQ(error_of(kRightPlan, {{"models.1.column", "x"}, {"result", "{select: [id, x]}"}}), "no error");
  EXPECT_THAT(error_of(kRightPlan, {{"models.2.column", "x"}}),
              HasSubstr("--set models.2.column: the plan has no 'models.2'"));
  EXPECT_THAT(error_of(kRightPlan, {{"models.0.column", "x"}}), HasSubstr("the plan has no 'models.0'"));
}

TEST_F(PlanErrors, OfDocumentsThatAreNone) {
  EXPECT_THAT(error_of(""), HasSubstr("is empty"));
  EXPECT_THAT(error_of("a text"), HasSubstr("must be a mapping"));
  EXPECT_THAT(error_of(std::string(kRightPlan) + "---\nname: other\n"), HasSubstr("holds more than one document"));
}

TEST_F(PlanErrors, OfHostileYamlComeSoon) {
  std::string laughs = "name: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + ", " + before +
              ", " + before + "]\n";
  }
  EXPECT_THAT(error_of(laughs), HasSubstr("line 2, column 1: k1: unknown key 'k1'"));
  EXPECT_THAT(error_of("name: " + std::string(100'000, '[')), HasSubstr("plan.yaml'"));
  EXPECT_THAT(error_of("name: &a [*a]\n"), HasSubstr("plan.yaml'"));
  // Found by fuzzing: read as a list of documents, yaml-cpp finds one before every stray comma, for ever.
  EXPECT_THAT(error_of("a: {store: shop}\n,,,,\n    - fill: price\n"), HasSubstr("plan.yaml', line 2, column 1"));
}

}  // namespace
}  // namespace scoria::plan
