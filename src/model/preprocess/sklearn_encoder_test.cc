#include "model/preprocess/sklearn_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "model/preprocess/pickled_for_tests.h"

namespace scoria::model::preprocess {
namespace {

using pickle::integer;
using pickle::text;
using table::Column;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(OneHotEncoder, NamesRowColumnValueAndTheKnownCategoriesOfAnUnknownOne) {
  const auto answer = transform(one_hot(one_hot_of(objects({text("Bern"), text("Oslo")}))),
                                one_column(Column::text(std::vector<std::string>{"Oslo", "Rome"})));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::invalid);
  EXPECT_THAT(answer.error().message, HasSubstr("row 2, column 'x0': 'Rome' is none of the categories"));
  EXPECT_THAT(answer.error().message, HasSubstr("'Bern', 'Oslo'"));
}

TEST(OneHotEncoder, AMissingCellAndAnEmptyTextAreTheMissingCategory) {
  table::Validity validity(3);
  validity.set_null(1);
  const auto answer = transform(one_hot(one_hot_of(kCities)),
                                one_column(Column::text(std::vector<std::string>{"Oslo", "", ""}, validity)));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_THAT(values_of(answer.value(), 2), ElementsAre(0, 1, 1));
  EXPECT_EQ(answer.value().table.names()[2], "transform:x0_nan");
}

// What scikit-learn 0.20 to 0.23 answer: "Input contains NaN", whatever handle_unknown says.
TEST(OneHotEncoder, MissingValuesAreRefusedUntil0_23) {
  const Attributes ignoring = with(one_hot_of(objects({text("Bern"), text("Oslo")})), "handle_unknown", text("ignore"));
  table::Validity validity(3);
  validity.set_null(2);
  const auto rows = one_column(Column::text(std::vector<std::string>{"Oslo", "Rome", ""}, validity));
  const auto old = transform(one_hot(with(ignoring, "_sklearn_version", text("0.23.2"))), rows);
  ASSERT_FALSE(old.ok());
  EXPECT_THAT(old.error().message, HasSubstr("row 3, column 'x0': the missing value is none of the categories"));
  EXPECT_TRUE(transform(one_hot(with(ignoring, "_sklearn_version", text("0.24.2"))), rows).ok());
}

// What scikit-learn 1.7 answers, and 1.8: the group of the infrequent ones meets unknown ones only since then.
TEST(OneHotEncoder, UnknownOnesAreInfrequentWithWarnSince1_8) {
  Attributes attributes = with(one_hot_of(objects({text("a"), text("b"), text("c")})), "handle_unknown", text("warn"));
  attributes["_infrequent_enabled"] = kTrue;
  std::string mapping = numbers({0, std::bit_cast<double>(std::int64_t{1}), std::bit_cast<double>(std::int64_t{1})});
  mapping.replace(mapping.find("f8"), 2, "i8");
  attributes["_default_to_infrequent_mappings"] = list({mapping});
  for (const auto& [version, infrequent] : {std::pair{"1.7.2", 0.0}, std::pair{"1.8.0", 1.0}}) {
    const auto answer = transform(one_hot(with(attributes, "_sklearn_version", text(version))),
                                  one_column(Column::text(std::vector<std::string>{"z"})));
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_THAT(values_of(answer.value(), 1), ElementsAre(infrequent)) << version;
  }
}

TEST(OneHotEncoder, AnEmptyTextIsItselfWhereThereIsSuchACategory) {
  const auto answer = transform(one_hot(one_hot_of(objects({text(""), text("Oslo"), real(std::nan(""))}))),
                                one_column(Column::text(std::vector<std::string>{""})));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_THAT(values_of(answer.value(), 0), ElementsAre(1));
}

TEST(OneHotEncoder, ReadsAColumnOfTextsAsTexts) {
  const auto model = load(one_hot(one_hot_of(objects({text("01"), text("1")}))));
  ASSERT_TRUE(model.ok()) << model.error().message;
  const Feature& feature = model.value()->description().features[0];
  EXPECT_EQ(feature.kind, FeatureKind::factor);
  EXPECT_THAT(feature.levels, ElementsAre("01", "1"));
}

TEST(OneHotEncoder, NumbersMeetTextsOnlyWhereOneTextIsMeant) {
  const std::string encoder = one_hot(one_hot_of(objects({text("01"), text("1"), text("7.0")})));
  const auto seven = transform(encoder, one_column(Column::real({7})));
  ASSERT_TRUE(seven.ok()) << seven.error().message;
  EXPECT_THAT(values_of(seven.value(), 2), ElementsAre(1));
  EXPECT_FALSE(transform(encoder, one_column(Column::real({1}))).ok());  // "01" or "1"
}

TEST(OneHotEncoder, PositionsThatAreNotThereAreCorrupt) {
  const Attributes good = with(one_hot_of(kCities), "drop_idx_", objects({integer(1)}));
  ASSERT_EQ(error_of(one_hot(good)), "");
  for (const int position : {-1, 3, 2'000'000'000}) {
    EXPECT_THAT(
        error_of(one_hot(with(good, "drop_idx_", objects({integer(position)})))),
        HasSubstr("corrupt: the file's object (sklearn.preprocessing.OneHotEncoder): attribute 'drop_idx_' has " +
                  std::to_string(position)));
  }
  EXPECT_THAT(error_of(one_hot(with(good, "drop_idx_", objects({integer(0), integer(0)})))),
              HasSubstr("an element for each of 1 columns"));
  EXPECT_THAT(error_of(one_hot(with(good, "drop_idx_", numbers({0.5})))), HasSubstr("corrupt"));
}

TEST(OneHotEncoder, GroupsThatAreNotThereAreCorrupt) {
  const Attributes good =
      with(with(one_hot_of(kCities), "_infrequent_enabled", kTrue), "_default_to_infrequent_mappings", list({kNone}));
  ASSERT_EQ(error_of(one_hot(good)), "");
  constexpr std::string_view kAttribute = "_default_to_infrequent_mappings";
  for (const auto& mapping : {numbers({0, 1}), numbers({0, 1, 2}, tuple({integer(3), integer(1)})), integer(7)}) {
    EXPECT_THAT(error_of(one_hot(with(good, std::string(kAttribute), list({mapping})))), HasSubstr("corrupt"));
  }
  EXPECT_THAT(error_of(one_hot(with(good, std::string(kAttribute), list({})))), HasSubstr("for each of 1 columns"));
}

TEST(OneHotEncoder, CategoriesOfOtherKindsAreNamed) {
  EXPECT_THAT(error_of(one_hot(one_hot_of(objects({tuple({integer(1), integer(2)})})))), HasSubstr("unsupported: "));
  EXPECT_THAT(error_of(one_hot(one_hot_of(numbers({1, 2}, tuple({integer(2), integer(1)}))))),
              HasSubstr("attribute 'categories_' must hold one array"));
  EXPECT_THAT(error_of(one_hot(with(one_hot_of(kCities), "handle_unknown", text("guess")))),
              HasSubstr("unsupported: sklearn.preprocessing.OneHotEncoder: handle_unknown is 'guess'"));
  EXPECT_THAT(error_of(one_hot(with(one_hot_of(kCities), "n_features_in_", integer(2)))),
              HasSubstr("attribute 'n_features_in_' is 2, must be 1"));
}

}  // namespace
}  // namespace scoria::model::preprocess
