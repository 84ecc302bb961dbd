// Models by key: which model scores a row, what becomes of keys without one, what errors say.
#include "plan/model_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/loaders.h"
#include "plan/folder_for_tests.h"
#include "plan/model_files.h"
#include "plan/model_store.h"
#include "plan/set_rows.h"
#include "table/csv.h"

namespace scoria::plan {
namespace {

using table::Table;
using table::Type;
using testing::ElementsAre;
using testing::HasSubstr;
using Missing = SetOptions::Missing;

Table rows_of(const std::string& csv) {
  table::CsvOptions options;
  options.types = {{"k", Type::text}, {"l", Type::text}};
  return table::read_csv(csv, options).value();
}

class ModelSetTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    // Three fitted on other data each: boosted trees over a and b, and scikit-learn's of columns without names.
    copy("gbm_default_trees_cv/model.rds", "m_1.rds");
    copy("gbm_default_trees_test/model.rds", "m_01.rds");
    for (const char* name : {"1_1", "1_5", "3_1"}) example(std::string("model_") + name);
  }
  void copy(const std::string& golden, const std::string& name) {
    std::filesystem::copy_file(std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/golden" / golden, folder_ / name);
  }
  void example(const std::string& name) {
    std::filesystem::copy_file(std::filesystem::path(SCORIA_SOURCE_DIR) / "examples/sensor-anomaly/models" / name,
                               folder_ / name);
  }
  std::unique_ptr<ModelSet> open(const std::string& name) { return open_model_set((folder_ / name).string()).value(); }
  std::string error_of(ModelSet& set, const Table& rows, const SetOptions& options,
                       const model::Request& request = {}) {
    SetTally tally;
    const auto scored = set.score(rows, request, options, tally, executor_);
    return scored.ok() ? "no error" : scored.error().message;
  }
  Table alone(const std::string& file, const Table& rows) {
    const auto bytes = FileBytes::open(folder_ / file).value();
    return model::open_model(bytes.bytes()).value()->score(rows, {}, executor_).value().table;
  }

  InlineExecutor executor_;
};

constexpr const char* kKeyedRows = "k,a,b\n1,0.5,0.25\n01,-0.5,0.75\n1,1.5,-1\n01,2.5,0\n";

TEST_F(ModelSetTest, ScoresEachRowByItsKeysModelInTheInputsOrder) {
  const auto set = open("m_{k}.rds");
  EXPECT_THAT(set->keys(), ElementsAre("k"));
  const Table rows = rows_of(kKeyedRows);
  SetTally tally;
  const auto scored = set->score(rows, {}, {}, tally, executor_);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  const Table one = alone("m_1.rds", rows);
  const Table other = alone("m_01.rds", rows);
  ASSERT_NE(one.column(0)->reals()[0], other.column(0)->reals()[0]);
  for (std::size_t row = 0; row < 4; ++row) {
    const Table& expected = row % 2 == 0 ? one : other;
    EXPECT_EQ(scored.value().table.column(0)->reals()[row], expected.column(0)->reals()[row]) << "1 is not 01";
  }
  EXPECT_EQ(tally.models[0].rows, 2u);
  EXPECT_EQ(set->entry(1).key, std::vector<std::string>{"01"});
}

TEST_F(ModelSetTest, NamesKeyAndFileOfAModelThatIsNotThere) {
  const auto set = open("m_{k}.rds");
  EXPECT_THAT(error_of(*set, rows_of("k,a,b\n1,1,1\n7,1,1\n"), {}),
              AllOf(HasSubstr("m_7.rds"), HasSubstr("rows with k 7 need"), HasSubstr("--missing skip")));
}

TEST_F(ModelSetTest, LeavesRowsWithoutModelNullWhereAsked) {
  const auto set = open("m_{k}.rds");
  SetTally tally;
  const Table rows = rows_of("k,a,b\n7,1,1\n1,1,1\n8,1,1\n7,1,1\nNA,1,1\n");
  const auto scored = set->score(rows, {}, {.missing = Missing::skip}, tally, executor_);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  const table::Column& column = *scored.value().table.column(0);
  for (const std::size_t row : {0, 2, 3, 4}) EXPECT_TRUE(column.is_null(row));
  EXPECT_FALSE(column.is_null(1));
  EXPECT_EQ(tally.missing_rows, 4u);
  EXPECT_EQ(missing_note(tally, Missing::skip),
            "3 keys have no model: 4 rows without prediction (k 7: 2; k 8: 1; k NA: 1)");
  const auto none = set->score(rows_of("k,a,b\n7,1,1\n"), {}, {.missing = Missing::skip}, tally, executor_);
  EXPECT_EQ(none.value().table.columns(), 0u);
  EXPECT_EQ(none.value().table.rows(), 1u);
}

TEST_F(ModelSetTest, ScoresThemByTheDefaultModelWhereAsked) {
  const auto set = open("m_{k}.rds");
  const auto bytes = FileBytes::open(folder_ / "m_01.rds").value();
  const SetOptions options{.missing = Missing::other, .otherwise = model::open_model(bytes.bytes()).value()};
  SetTally tally;
  const Table rows = rows_of("k,a,b\n7,1,1\n1,1,1\n");
  const auto scored = set->score(rows, {}, options, tally, executor_);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_EQ(scored.value().table.column(0)->reals()[0], alone("m_01.rds", rows).column(0)->reals()[0]);
  EXPECT_EQ(tally.missing_rows, 1u);
}

TEST_F(ModelSetTest, RefusesAKeyThatLeavesTheFolder) {
  const auto set = open("m_{k}.rds");
  for (const char* key : {"../1", "..", ".", "a/b", "\"\"", "a\\b"}) {
    const std::string error =
        error_of(*set, rows_of("k,a,b\n" + std::string(key) + ",1,1\n"), {.missing = Missing::skip});
    EXPECT_THAT(error, HasSubstr("cannot be part of a file's name")) << key;
  }
}

TEST_F(ModelSetTest, TakesNamelessFeaturesFromTheColumnsGiven) {
  const auto set = open("model_{k}_{l}");
  SetTally tally;
  const Table rows = rows_of("other,k,v,l\n9,1,12.5,1\n9,1,500,1\n9,1,105,5\n");
  const model::Request request{.types = {"predict", "decision"}};
  const auto scored = set->score(rows, request, {.features = {"v"}}, tally, executor_);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.names(), ElementsAre("predict", "decision"));
  EXPECT_TRUE(tally.has_flags);
  EXPECT_EQ(tally.models[0].flagged, 1u);
  EXPECT_EQ(tally.models[1].flagged, 0u);
  EXPECT_THAT(flag_warnings(*set, tally, 0.4), ElementsAre(HasSubstr("model_1_1 flags 1 of 2 rows")));
  EXPECT_THAT(flag_warnings(*set, tally, 0.5), testing::IsEmpty()) << "half is not more than half";
  EXPECT_THAT(error_of(*set, rows, {.features = {"v", "other"}}),
              HasSubstr("2 features are given ('v', 'other'), the model has 1"));
  EXPECT_THAT(error_of(*set, rows, {.features = {"w"}}), HasSubstr("no column 'w'"));
}

TEST_F(ModelSetTest, DoesNotTakeKeysForNamelessFeatures) {
  const auto set = open("model_{k}_{l}");
  SetTally tally;
  EXPECT_TRUE(set->score(rows_of("k,v,l\n1,12.5,1\n"), {}, {}, tally, executor_).ok());
  EXPECT_THAT(error_of(*set, rows_of("k,v,w,l\n1,12.5,1,1\n"), {}),
              HasSubstr("the input has 2 columns and the model 1"));
}

TEST_F(ModelSetTest, TellsTheRowOfTheInputInErrors) {
  const auto set = open("model_{k}_{l}");
  const std::string error =
      error_of(*set, rows_of("k,l,v\n1,1,1\n3,1,1\n1,1,2\n3,1,Inf\n"), {.features = {"v"}}, {.first_row = 101});
  EXPECT_THAT(error, AllOf(HasSubstr("model_3_1"), HasSubstr("row 104"), HasSubstr("'v'")));
}

TEST_F(ModelSetTest, SaysWhichModelsFileIsDamaged) {
  put("model_9_9", "no model");
  EXPECT_THAT(error_of(*open("model_{k}_{l}"), rows_of("k,l,v\n9,9,1\n"), {}), HasSubstr("model_9_9"));
}

TEST_F(ModelSetTest, LacksAKeyColumn) {
  EXPECT_THAT(error_of(*open("model_{k}_{z}"), rows_of("k,l,v\n9,9,1\n"), {}), HasSubstr("no column 'z'"));
}

TEST_F(ModelSetTest, IsOneModelWhereAFileHasThatVeryNameOrNoBraces) {
  put("literal_{k}", "x");
  EXPECT_EQ(open("literal_{k}"), nullptr);
  EXPECT_EQ(open("m_1.rds"), nullptr);
  EXPECT_FALSE(open_model_set("m_{k.rds").ok());
}

TEST_F(ModelSetTest, DescribesTheModelOfTheFirstRowThatHasOne) {
  const auto set = open("m_{k}.rds");
  EXPECT_FALSE(set->describe(rows_of("k\n8\n9\n")).value().has_value());
  EXPECT_EQ(set->describe(rows_of("k\n8\n1\n")).value()->family, "gbm");
}

TEST(KeyText, WritesWholeNumbersAsTheyStandInAnInput) {
  EXPECT_EQ(key_text(*table::Column::real({100000, 0.5, -3, 1e300}), 0), "100000");
  EXPECT_EQ(key_text(*table::Column::real({100000, 0.5, -3, 1e300}), 1), "0.5");
  EXPECT_EQ(key_text(*table::Column::real({100000, 0.5, -3, 1e300}), 2), "-3");
  EXPECT_EQ(key_text(*table::Column::real({100000, 0.5, -3, 1e300}), 3), "1e+300");
  EXPECT_EQ(key_text(*table::Column::integer({7}), 0), "7");
}

TEST(FlagWarnings, ListADozenInOrderOfKey) {
  std::vector<FlagCount> counts;
  for (int i = 30; i > 0; --i) counts.push_back({"m" + std::to_string(i), {std::to_string(i)}, 2000, 1500});
  const auto warnings = flag_warnings(counts);
  ASSERT_EQ(warnings.size(), 13u);
  EXPECT_EQ(warnings[0], "m1 flags 1,500 of 2,000 rows");
  EXPECT_EQ(warnings[9], "m10 flags 1,500 of 2,000 rows");
  EXPECT_THAT(warnings[12], HasSubstr("18 more models"));
}

}  // namespace
}  // namespace scoria::plan
