// Several models, models of groups, and what becomes of their columns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/loaders.h"
#include "plan/folder_for_tests.h"
#include "plan/model_store.h"
#include "plan/provenance.h"
#include "plan/run.h"
#include "table/csv.h"

namespace scoria::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kStoreRows =
    "id,store,a,b,g,k\n1,n,0.5,0.25,mid,0\n2,s,-0.5,0.75,low,3\n3,n,1.5,-1,high,1\n4,w,2.5,0,low,2\n5,s,0,1,mid,1\n";

class RunModels : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    copy_model("gbm_default_trees_cv", "m_n.rds");
    copy_model("gbm_default_trees_test", "m_s.rds");
    copy_model("rf_class_xy", "class.rds");
    put("rows.csv", kStoreRows);
  }
  void copy_model(const std::string& golden, const std::string& name) {
    const auto from = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/golden" / golden / "model.rds";
    std::filesystem::copy_file(from, folder_ / name, std::filesystem::copy_options::overwrite_existing);
  }

  // A plan over rows.csv with these models, and more keys at its end.
  Result<RunResult> run(const std::string& models, const std::string& more = "", const RunOptions& options = {},
                        const std::string& features = "") {
    put("plan.yaml", "name: models\ninput: {rows: rows.csv}\nfeatures:\n  from: rows\n  arrange: id\n" + features +
                         "models:\n" + models + "output: out.csv\n" + more);
    auto plan = read_plan(folder_ / "plan.yaml", {});
    if (!plan.ok()) return plan.error();
    InlineExecutor executor;
    return run_plan(plan.value(), options, executor);
  }
  static std::string error_of(const Result<RunResult>& result) {
    return result.ok() ? "no error" : result.error().message;
  }
  table::Table out() const { return table::read_csv(get("out.csv")).value(); }
  // What one model alone says of all rows.
  table::Table scored(const std::string& file, const std::string& type = "") const {
    model::Request request;
    if (!type.empty()) request.types = {type};
    InlineExecutor executor;
    const auto model = model::open_model(FileBytes::open(folder_ / file).value().bytes()).value();
    return model->score(table::read_csv(kStoreRows).value(), request, executor).value().table;
  }
};

TEST_F(RunModels, StandSideBySideWithTheirTypesAndColumns) {
  const auto result = run(R"(  - {file: m_n.rds, column: "gbm_{type}", type: [link, response]}
  - {file: class.rds, column: "p_{label}", type: prob}
  - {file: class.rds, column: class, type: class}
  - {file: m_s.rds, column: twice, then: prediction * 2}
)");
  ASSERT_TRUE(result.ok()) << result.error().message;
  const table::Table rows = out();
  EXPECT_THAT(rows.names(),
              ElementsAre("id", "gbm_link", "gbm_response", "p_red", "p_green", "p_blue", "class", "twice"));
  const table::Table gbm = scored("m_n.rds", "response");
  const table::Table prob = scored("class.rds", "prob");
  const table::Table other = scored("m_s.rds");
  for (std::size_t row = 0; row < 5; ++row) {
    EXPECT_EQ(rows.find("gbm_response")->reals()[row], gbm.column(0)->reals()[row]);
    EXPECT_EQ(expr::Scalar::from(*rows.find("p_green"), row).text(), expr::Scalar::from(*prob.column(1), row).text());
    EXPECT_EQ(rows.find("twice")->reals()[row], 2 * other.column(0)->reals()[row]);
  }
  EXPECT_EQ(result.value().counts.models, 3u);
  EXPECT_EQ(result.value().counts.operations, 20u);
}

TEST_F(RunModels, OfOneTypeWithSeveralColumnsAreLabelledBehindAColon) {
  ASSERT_TRUE(run("  {file: class.rds, column: p, type: prob}\n").ok());
  EXPECT_THAT(out().names(), ElementsAre("id", "p:red", "p:green", "p:blue"));
}

TEST_F(RunModels, WithOneNameForTwoColumnsAreRefused) {
  EXPECT_THAT(error_of(run("  - {file: m_n.rds, column: p}\n  - {file: m_s.rds, column: p}\n")),
              HasSubstr("line 8, column 29: models.2.column: the output has a column 'p' already"));
  EXPECT_THAT(error_of(run("  - {file: m_n.rds, column: id}\n")),
              HasSubstr("models.1.column: the output has a column 'id'"));
}

TEST_F(RunModels, OfGroupsScoreTheirOwnRows) {
  put("rows.csv", std::string(kStoreRows).replace(std::string(kStoreRows).find("4,w"), 3, "4,s"));
  const auto result = run("  {file: \"m_{store}.rds\", column: p}\n");
  ASSERT_TRUE(result.ok()) << result.error().message;
  const table::Table north = scored("m_n.rds");
  const table::Table south = scored("m_s.rds");
  const std::vector<bool> is_north = {true, false, true, false, false};
  for (std::size_t row = 0; row < 5; ++row) {
    const table::Table& own = is_north[row] ? north : south;
    EXPECT_EQ(out().find("p")->reals()[row], own.column(0)->reals()[row]) << row;
  }
  EXPECT_EQ(result.value().counts.operations, 5u);
  EXPECT_EQ(result.value().models[0].path, "m_n.rds");
  EXPECT_EQ(result.value().models[0].rows, 2u);
}

TEST_F(RunModels, OfGroupsMayBeNamedByWhatTheFeaturesDefine) {
  const auto result =
      run("  {file: \"m_{which}.rds\", column: p}\n", "", {}, "  mutate: {which: 'ifelse(id > 2, \"n\", \"s\")'}\n");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(out().find("p")->reals()[0], scored("m_s.rds").column(0)->reals()[0]);
  EXPECT_EQ(out().find("p")->reals()[4], scored("m_n.rds").column(0)->reals()[4]);
}

TEST_F(RunModels, ThatAreMissingAreAnErrorUnlessThePlanSaysOtherwise) {
  EXPECT_THAT(error_of(run("  {file: \"m_{store}.rds\", column: p}\n")),
              HasSubstr("line 7, column 10: models.file: there is no model 'm_w.rds', which rows with store w need"));
}

TEST_F(RunModels, ThatAreMissingMayBeSkipped) {
  const auto result = run("  {file: \"m_{store}.rds\", column: p, missing: skip}\n");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(out().find("p")->is_null(3));
  EXPECT_EQ(out().find("p")->validity().null_count(5), 1u);
  EXPECT_EQ(result.value().counts.missing_models, 1u);
  EXPECT_EQ(result.value().counts.missing_rows, 1u);
  EXPECT_EQ(result.value().counts.operations, 4u);
  EXPECT_THAT(read_provenance(folder_ / "out.csv").value().missing_models, ElementsAre("m_w.rds"));
}

TEST_F(RunModels, ThatAreAllMissingLeaveAColumnOfNA) {
  ASSERT_TRUE(run("  {file: \"x_{store}.rds\", column: p, missing: skip}\n").ok());
  EXPECT_EQ(out().find("p")->validity().null_count(5), 5u);
}

TEST_F(RunModels, ThatAreMissingMayHaveAnotherInTheirPlace) {
  const auto result = run("  {file: \"m_{store}.rds\", column: p, missing: m_s.rds}\n");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(out().find("p")->reals()[3], scored("m_s.rds").column(0)->reals()[3]);
  EXPECT_EQ(result.value().counts.missing_rows, 1u);
  EXPECT_THAT(error_of(run("  {file: \"m_{store}.rds\", column: p, missing: no.rds}\n")),
              HasSubstr("'no.rds', which 'missing' names"));
}

TEST_F(RunModels, OfAMissingKeyFollowTheSameRule) {
  put("rows.csv", "id,store,a,b\n1,NA,1,1\n2,n,1,1\n");
  EXPECT_THAT(error_of(run("  {file: \"m_{store}.rds\", column: p}\n")), HasSubstr("a row with store NA has no model"));
  ASSERT_TRUE(run("  {file: \"m_{store}.rds\", column: p, missing: skip}\n").ok());
  EXPECT_TRUE(out().find("p")->is_null(0));
  EXPECT_FALSE(out().find("p")->is_null(1));
}

TEST_F(RunModels, OfAKeyThatLeavesTheFolderAreRefusedWhateverMissingSays) {
  for (const char* key : {"../n", "..", ".", "/etc/passwd", "a\\b", "n/../n"}) {
    put("rows.csv", "id,store,a,b\n1,\"" + std::string(key) + "\",1,1\n");
    const auto result = run("  {file: \"{store}.rds\", column: p, missing: skip}\n");
    EXPECT_THAT(error_of(result), HasSubstr("cannot be part of a file's name")) << key;
    EXPECT_EQ(result.error().code, Code::denied) << key;
  }
  // Whatever an expression makes of it.
  put("rows.csv", "id,store,a,b\n1,\"x/../m_n\",1,1\n");
  EXPECT_THAT(error_of(run("  {file: \"{as.character(store)}.rds\", column: p}\n")), HasSubstr("cannot be part"));
}

TEST_F(RunModels, OfHundredsOfGroupsAreAllUsed) {
  std::string rows = "id,store,a,b\n";
  for (int i = 0; i < 600; ++i) {
    rows += std::to_string(i) + "," + std::to_string(i % 300) + ",0.5," + std::to_string(i % 7) + "\n";
    if (i < 300)
      std::filesystem::create_symlink(folder_ / (i % 2 == 0 ? "m_n.rds" : "m_s.rds"),
                                      folder_ / ("g" + std::to_string(i) + ".rds"));
  }
  put("rows.csv", rows);
  const auto result = run("  {file: \"g{store}.rds\", column: p}\n");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result.value().counts.models, 300u);
  EXPECT_EQ(result.value().counts.operations, 600u);
  EXPECT_EQ(out().find("p")->validity().null_count(600), 0u);
}

TEST_F(RunModels, OfGroupsAreLookedAtByResume) {
  const std::string models = "  {file: \"m_{store}.rds\", column: p, missing: skip}\n";
  ASSERT_TRUE(run(models).ok());
  EXPECT_EQ(run(models, "", {.resume = true}).value().counts.partitions_skipped, 1u);
  copy_model("gbm_default_trees_test", "m_n.rds");  // one has changed
  EXPECT_EQ(run(models, "", {.resume = true}).value().counts.partitions_done, 1u);
  copy_model("gbm_default_trees_test", "m_w.rds");  // the missing one is there
  EXPECT_EQ(run(models, "", {.resume = true}).value().counts.partitions_done, 1u);
  EXPECT_EQ(run(models, "", {.resume = true}).value().counts.partitions_skipped, 1u);
}

TEST_F(RunModels, OfGroupsDropTheRowsThatTheirOwnModelCannotScore) {
  put("rows.csv", "id,store,a,b,g,k\n1,n,NA,1,low,1\n2,n,1,1,low,NA\n3,class,1,1,low,1\n4,class,1,1,low,NA\n");
  std::filesystem::rename(folder_ / "class.rds", folder_ / "m_class.rds");
  const auto result =
      run("  {file: \"m_{store}.rds\", column: p, type: response}\n", "", {}, "  drop_incomplete: true\n");
  // gbm's response is a number and the forest's a class: the two have no common column.
  EXPECT_THAT(error_of(result), HasSubstr("models"));
  std::filesystem::copy_file(folder_ / "m_n.rds", folder_ / "m_class.rds",
                             std::filesystem::copy_options::overwrite_existing);
  ASSERT_TRUE(run("  {file: \"m_{store}.rds\", column: p}\n", "", {}, "  drop_incomplete: true\n").ok());
  EXPECT_EQ(out().rows(), 3u) << "k is not what gbm uses";
}

TEST_F(RunModels, GiveColumnsThatTheResultMayUseRenameAndLeaveOut) {
  const auto result =
      run("  - {file: m_n.rds, column: x}\n  - {file: m_s.rds, column: y}\n",
          "result:\n  mutate: {mean: (x + y) / 2, wide: mean * scale}\n  select: [mean, row: id, wide, store]\n", {},
          "  mutate: {scale: a + 1}\n");
  ASSERT_TRUE(result.ok()) << result.error().message;
  const table::Table rows = out();
  EXPECT_THAT(rows.names(), ElementsAre("mean", "row", "wide", "store"));
  const double mean = (scored("m_n.rds").column(0)->reals()[2] + scored("m_s.rds").column(0)->reals()[2]) / 2;
  EXPECT_EQ(rows.find("mean")->reals()[2], mean);
  EXPECT_EQ(rows.find("wide")->reals()[2], mean * 2.5);
}

TEST_F(RunModels, LeaveOutWhatOnlyTheResultReads) {
  ASSERT_TRUE(run("  {file: m_n.rds, column: p}\n", "result: {mutate: {q: p * b}}\n").ok());
  EXPECT_THAT(out().names(), ElementsAre("id", "p", "q"));
}

TEST_F(RunModels, TakePrecedenceOverAnInputColumnThatOnlyTheResultReads) {
  ASSERT_TRUE(run("  {file: m_n.rds, column: k}\n", "result: {select: [id, k]}\n").ok());
  EXPECT_EQ(out().find("k")->reals()[0], scored("m_n.rds").column(0)->reals()[0]);
}

TEST_F(RunModels, SortAcrossOneEntryOnly) {
  ASSERT_TRUE(run("  - {file: \"m_{w}.rds\", w: [n, s], column: \"q{w}\", sort_across: true}\n"
                  "  - {file: m_n.rds, column: z, then: -1e9}\n")
                  .ok());
  for (std::size_t row = 0; row < 5; ++row) {
    EXPECT_LE(out().find("qn")->reals()[row], out().find("qs")->reals()[row]);
    EXPECT_EQ(expr::Scalar::from(*out().find("z"), row).as(table::Type::real).value().text(), "-1e+09");
  }
}

TEST_F(RunModels, AreTellsWhatTheStepsDid) {
  const auto result = run("  - {file: m_n.rds, column: p}\n", "", {}, "  filter: id > 3\n");
  ASSERT_TRUE(result.ok()) << result.error().message;
  std::vector<std::string> names;
  for (const Step& step : result.value().steps) names.push_back(step.name);
  EXPECT_THAT(names,
              ElementsAre("read models", "input rows", "stack", "order", "filter", "features", "models.1", "write"));
  EXPECT_EQ(result.value().steps[4].rows_in, 5u);
  EXPECT_EQ(result.value().steps[4].rows_out, 2u);
  EXPECT_EQ(result.value().steps[6].rows_out, 2u);
  EXPECT_THAT(get("out.csv.run.json"), HasSubstr("\"rows_out\": 2"));
}

TEST_F(RunModels, LeaveMemoryWhenTheyAreTooManyAndComeBack) {
  const std::uint64_t one = std::filesystem::file_size(folder_ / "m_n.rds");
  ModelStore store(folder_, one);  // room for one
  ASSERT_TRUE(store.facts("m_n.rds").ok());
  ASSERT_TRUE(store.get("m_n.rds").ok());
  EXPECT_EQ(store.reads(), 1u);
  ASSERT_TRUE(store.get("m_s.rds").ok());
  ASSERT_TRUE(store.get("m_n.rds").ok());
  EXPECT_EQ(store.reads(), 3u);
  ASSERT_TRUE(store.facts("m_s.rds").ok());
  EXPECT_EQ(store.reads(), 3u) << "what is told of a model stays";
  copy_model("rf_class_xy", "m_s.rds");
  EXPECT_THAT(store.get("m_s.rds").error().message, HasSubstr("has changed while the plan runs"));
  EXPECT_FALSE(store.get("none.rds").ok());
}

}  // namespace
}  // namespace scoria::plan
