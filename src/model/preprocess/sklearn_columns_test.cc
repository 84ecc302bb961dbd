#include "model/preprocess/sklearn_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/preprocess/pickled_for_tests.h"

namespace scoria::model::preprocess {
namespace {

using pickle::integer;
using pickle::text;
using table::Column;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kScale =
    object("sklearn.preprocessing._data", "StandardScaler",
           {{"with_mean", kTrue}, {"with_std", kFalse}, {"mean_", numbers({1})}, {"n_features_in_", integer(1)}});

std::string columns(const std::vector<std::string>& transformers, Attributes more = {}) {
  more.insert({{"n_features_in_", integer(3)}, {"transformers_", list(transformers)}});
  return object("sklearn.compose._column_transformer", "ColumnTransformer", more);
}

std::string entry(const std::string& name, const std::string& transformer, const std::string& chosen) {
  return tuple({text(name), transformer, chosen});
}

std::string slice(const std::string& start, const std::string& stop, const std::string& step) {
  return pickle::global("builtins", "slice") + start + stop + step + "\x87R";
}

table::Table three() {
  table::Table rows(1);
  rows.add("x0", Column::real({10}));
  rows.add("x1", Column::real({20}));
  rows.add("x2", Column::real({30}));
  return rows;
}

// The first row of what a ColumnTransformer passes.
std::vector<double> passed(const std::string& chosen) {
  const auto answer = transform(columns({entry("p", text("passthrough"), chosen)}), three());
  EXPECT_TRUE(answer.ok()) << answer.error().message;
  std::vector<double> row;
  for (std::size_t j = 0; answer.ok() && j < answer.value().table.columns(); ++j)
    row.push_back(values_of(answer.value(), j)[0]);
  return row;
}

TEST(ColumnTransformer, TakesSlicesAsPythonDoes) {
  EXPECT_THAT(passed(slice(kNone, kNone, kNone)), ElementsAre(10, 20, 30));
  EXPECT_THAT(passed(slice(integer(-2), kNone, kNone)), ElementsAre(20, 30));
  EXPECT_THAT(passed(slice(kNone, integer(-1), kNone)), ElementsAre(10, 20));
  EXPECT_THAT(passed(slice(kNone, kNone, integer(-1))), ElementsAre(30, 20, 10));
  EXPECT_THAT(passed(slice(integer(5), integer(-5), integer(-2))), ElementsAre(30, 10));
  EXPECT_THAT(passed(slice(integer(-2147483647), integer(2147483647), integer(2147483647))), ElementsAre(10));
  EXPECT_THAT(passed(integer(-1)), ElementsAre(30));
  EXPECT_THAT(passed(list({kTrue, kFalse, kTrue})), ElementsAre(10, 30));
  EXPECT_THAT(passed(list({integer(2), integer(-3)})), ElementsAre(30, 10));
}

TEST(ColumnTransformer, ColumnsThatAreNotThereAreCorrupt) {
  const auto chosen = [](const std::string& what) {
    return error_of(columns({entry("p", text("passthrough"), what)}));
  };
  EXPECT_THAT(chosen(list({integer(3)})), HasSubstr("attribute 'transformers_' has position 3 among 3 columns of 'p'"));
  EXPECT_THAT(chosen(list({integer(-4)})), HasSubstr("has position -4"));
  EXPECT_THAT(chosen(list({kTrue, kFalse})), HasSubstr("a mask of 2 for 3 columns"));
  EXPECT_THAT(chosen(list({text("age")})), HasSubstr("has the column 'age'"));
  EXPECT_THAT(chosen(slice(text("a"), text("b"), kNone)), HasSubstr("has the column 'a'"));
  EXPECT_THAT(chosen(slice(kNone, kNone, integer(0))), HasSubstr("corrupt"));
  EXPECT_THAT(chosen(real(0.5)), HasSubstr("has 0.5 for columns"));
  EXPECT_THAT(chosen(pickle::global("numpy", "abs")), HasSubstr("unsupported: "));
}

TEST(ColumnTransformer, ATransformerOfAnotherNumberOfColumnsIsCorrupt) {
  EXPECT_EQ(error_of(columns({entry("s", kScale, list({integer(1)}))})), "");
  EXPECT_THAT(error_of(columns({entry("s", kScale, list({integer(1), integer(2)}))})),
              HasSubstr("gives 2 columns to 's' (StandardScaler), which was fitted on 1"));
}

TEST(ColumnTransformer, AColumnThatNothingReadsNeedNotBeThere) {
  const Attributes named{{"feature_names_in_", objects({text("a"), text("b"), text("c")})}};
  const auto model =
      load(columns({entry("s", kScale, list({text("b")})), entry("d", text("drop"), list({text("c")}))}, named));
  ASSERT_TRUE(model.ok()) << model.error().message;
  ASSERT_EQ(model.value()->description().features.size(), 1u);
  EXPECT_EQ(model.value()->description().features[0].name, "b");
}

TEST(ColumnTransformer, AColumnThatOneTransformerReadsAsTextIsText) {
  const std::string encoder = one_hot(one_hot_of(kCities));
  for (const auto& order :
       {std::vector{entry("e", encoder, list({integer(0)})), entry("p", text("passthrough"), list({integer(0)}))},
        std::vector{entry("p", text("passthrough"), list({integer(0)})), entry("e", encoder, list({integer(0)}))}}) {
    const auto model = load(columns(order));
    ASSERT_TRUE(model.ok()) << model.error().message;
    EXPECT_EQ(model.value()->description().features[0].kind, FeatureKind::factor);
  }
}

// Each level takes the one below twice, from the memo: 2^60 transformers, were each loaded and kept.
TEST(ColumnTransformer, PartsThatAreSharedWithoutEndAreAnError) {
  std::string nested = kScale + "q";
  nested += '\0';
  for (int level = 1; level <= 7; ++level) {
    const std::string below = std::string("h") + static_cast<char>(level - 1);
    const std::string both = list({tuple({text("a"), below}), tuple({text("b"), below})});
    nested +=
        "0" + object("sklearn.pipeline", "FeatureUnion", {{"transformer_list", both}}) + "q" + static_cast<char>(level);
  }
  const auto model = load(nested);
  ASSERT_TRUE(model.ok()) << model.error().message;  // 2^7 columns
  for (int level = 8; level <= 30; ++level) {
    const std::string below = std::string("h") + static_cast<char>(level - 1);
    std::vector<std::string> many;
    for (int i = 0; i < 50; ++i) many.push_back(tuple({text("a"), below}));
    nested += "0" + object("sklearn.pipeline", "FeatureUnion", {{"transformer_list", list(many)}}) + "q" +
              static_cast<char>(level);
  }
  EXPECT_THAT(error_of(nested), HasSubstr("too_large: "));
}

TEST(ColumnTransformer, AnObjectWithinItselfIsAnError) {
  // The FeatureUnion is memoized before its state is set, and its list holds it.
  const std::string self = pickle::global("sklearn.pipeline", "FeatureUnion") + std::string(")\x81q\x07}(") +
                           text("transformer_list") + list({tuple({text("a"), "h\x07"})}) + "ub";
  EXPECT_THAT(error_of(self), HasSubstr("too_large: "));
}

}  // namespace
}  // namespace scoria::model::preprocess
