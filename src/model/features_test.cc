#include "model/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/na.h"

namespace scoria::model {
namespace {

using table::Column;
using table::Table;
using testing::ElementsAre;
using testing::HasSubstr;

const Feature kNumber{.name = "x"};
const Feature kFactor{.name = "g", .kind = FeatureKind::factor, .levels = {"low", "mid", "high"}};

Table with(const std::string& name, table::ColumnPtr column) {
  Table table;
  table.add(name, std::move(column));
  return table;
}

std::vector<double> bound(const Table& table, const Feature& feature, UnseenLevel unseen = UnseenLevel::refuse) {
  const auto matrix = bind_features(table, std::span(&feature, 1), unseen, 1);
  EXPECT_TRUE(matrix.ok()) << (matrix.ok() ? "" : matrix.error().message);
  if (!matrix.ok()) return {};
  return {matrix.value().columns[0], matrix.value().columns[0] + matrix.value().rows};
}

std::string refusal(const Table& table, const Feature& feature, UnseenLevel unseen = UnseenLevel::refuse) {
  const auto matrix = bind_features(table, std::span(&feature, 1), unseen, 101);
  return matrix.ok() ? "it was taken" : matrix.error().message;
}

TEST(Features, BorrowAColumnOfDoubles) {
  const Table table = with("x", Column::real({1, 2, 3}));
  const auto matrix = bind_features(table, std::span(&kNumber, 1), UnseenLevel::refuse, 1);
  ASSERT_TRUE(matrix.ok());
  EXPECT_EQ(matrix.value().columns[0], table.column(0)->reals().data());
}

TEST(Features, TakeIntegersAndLogicalsForNumbers) {
  EXPECT_THAT(bound(with("x", Column::integer({1, -2})), kNumber), ElementsAre(1, -2));
  EXPECT_THAT(bound(with("x", Column::logical({1, 0})), kNumber), ElementsAre(1, 0));
}

TEST(Features, KeepMissingIntegersMissing) {
  EXPECT_TRUE(is_na(bound(with("x", Column::integer({kNaInt})), kNumber)[0]));
}

TEST(Features, TakeATextColumnWithoutAValueForMissingNumbers) {
  table::Validity none(2);
  none.set_null(0);
  none.set_null(1);
  const std::vector<std::string> empty{"", ""};
  for (const double value : bound(with("x", Column::text(empty, none)), kNumber)) EXPECT_TRUE(is_na(value));
}

TEST(Features, NameTheCellThatIsNotANumberAndNotTheFirstOfItsColumn) {
  const std::vector<std::string> cells{"1.5", " ", "abc", "def"};
  EXPECT_EQ(refusal(with("x", Column::text(cells)), kNumber), "row 103, column 'x': 'abc' is not a number");
}

TEST(Features, RefuseNumbersThatAreText) {
  const std::vector<std::string> cells{"1.5"};
  EXPECT_EQ(refusal(with("x", Column::text(cells)), kNumber), "row 101, column 'x': '1.5' is text, must be a number");
}

TEST(Features, NameTheColumnsThatAreLacking) {
  const Feature features[] = {kNumber, kFactor};
  const auto matrix = bind_features(with("y", Column::real({1})), features, UnseenLevel::refuse, 1);
  ASSERT_FALSE(matrix.ok());
  EXPECT_EQ(matrix.error().message, "the input lacks columns 'x', 'g'");
}

TEST(Features, MatchLevelsByTextWhateverTheirOrder) {
  const std::vector<std::string> cells{"high", "low"};
  EXPECT_THAT(bound(with("g", Column::text(cells)), kFactor), ElementsAre(2, 0));
  const auto levels = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"mid", "low"});
  EXPECT_THAT(bound(with("g", Column::factor({0, 1, 0}, levels)), kFactor), ElementsAre(1, 0, 1));
}

TEST(Features, RefuseALevelThatTheModelHasNotSeen) {
  const std::vector<std::string> cells{"low", "huge"};
  EXPECT_EQ(refusal(with("g", Column::text(cells)), kFactor),
            "row 102, column 'g': 'huge' is not a level of this model; levels: 'low', 'mid', 'high'");
}

TEST(Features, CountUnseenLevelsAsMissingWhereTheFamilyDoes) {
  const std::vector<std::string> cells{"huge", "low", ""};
  const Table table = with("g", Column::text(cells));
  const auto matrix = bind_features(table, std::span(&kFactor, 1), UnseenLevel::missing, 1);
  ASSERT_TRUE(matrix.ok());
  EXPECT_TRUE(is_na(matrix.value().columns[0][0]));
  EXPECT_EQ(matrix.value().columns[0][1], 0);
  ASSERT_EQ(matrix.value().notes.size(), 1u);
  EXPECT_THAT(matrix.value().notes[0], HasSubstr("2 values are levels that the model has not seen (first: 'huge')"));
}

TEST(Features, MatchNumbersWithLevelsAsRWritesThem) {
  const Feature feature{.name = "k", .kind = FeatureKind::factor, .levels = {"0.3", "1e+05", "5"}};
  EXPECT_THAT(bound(with("k", Column::real({0.1 + 0.2, 100000, 5})), feature), ElementsAre(0, 1, 2));
  EXPECT_THAT(bound(with("k", Column::integer({100000, 5})), feature), ElementsAre(1, 2));
}

TEST(Features, TellLevelsOfOneNumberApartByTheirText) {
  const Feature feature{.name = "k", .kind = FeatureKind::factor, .levels = {"1.0", "1"}};
  EXPECT_THAT(bound(with("k", Column::real({1})), feature), ElementsAre(1));
}

TEST(Features, RefuseNumbersWhereNoLevelIsOne) {
  EXPECT_THAT(refusal(with("g", Column::real({1})), kFactor, UnseenLevel::missing),
              HasSubstr("row 101, column 'g': '1' is not a level of this model"));
}

TEST(Features, TakeCodesForAnOrderedFactorWithoutKnownLevels) {
  const Feature feature{.name = "o", .kind = FeatureKind::ordered};
  EXPECT_THAT(bound(with("o", Column::real({2, 1})), feature), ElementsAre(2, 1));
  const auto levels = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"S", "L"});
  EXPECT_THAT(bound(with("o", Column::factor({1, 0}, levels, /*ordered=*/true)), feature), ElementsAre(2, 1));
  const std::vector<std::string> cells{"S"};
  EXPECT_THAT(refusal(with("o", Column::text(cells)), feature), HasSubstr("give their positions 1, 2, ... instead"));
}

TEST(Features, RefuseTextWhoseCodesWereNotKept) {
  const Feature feature{.name = "t", .kind = FeatureKind::factor};
  const std::vector<std::string> cells{"a"};
  EXPECT_THAT(refusal(with("t", Column::text(cells)), feature), HasSubstr("fit it with a factor"));
}

TEST(Features, TellIncompleteRows) {
  const Table table = with("x", Column::real({1, na_real(), std::nan("")}));
  const auto matrix = bind_features(table, std::span(&kNumber, 1), UnseenLevel::refuse, 1);
  ASSERT_TRUE(matrix.ok());
  EXPECT_THAT(incomplete_rows(matrix.value()), ElementsAre(false, true, true));
}

TEST(Features, ListAtMostTwelveNames) {
  std::vector<std::string> names(15, "n");
  EXPECT_THAT(listed(names), HasSubstr("'n' and 3 more"));
  EXPECT_EQ(listed({}), "none");
}

}  // namespace
}  // namespace scoria::model
