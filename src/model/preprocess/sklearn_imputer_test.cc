#include "model/preprocess/sklearn_imputer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/preprocess/pickled_for_tests.h"

namespace scoria::model::preprocess {
namespace {

using pickle::integer;
using pickle::text;

using testing::HasSubstr;

Attributes imputer_of(const std::string& statistics, int count) {
  return {{"statistics_", statistics},
          {"missing_values", real(std::nan(""))},
          {"strategy", text("mean")},
          {"n_features_in_", integer(count)}};
}

std::string imputer(const Attributes& attributes) {
  return object("sklearn.impute._base", "SimpleImputer", attributes);
}

TEST(SimpleImputer, IndicatesOnlyColumnsThatAreThere) {
  const auto indicator = [](const std::string& features) {
    return object("sklearn.impute._base", "MissingIndicator", {{"features_", features}});
  };
  const Attributes good =
      with(with(imputer_of(numbers({1, 2}), 2), "add_indicator", kTrue), "indicator_", indicator(list({integer(1)})));
  ASSERT_EQ(error_of(imputer(good)), "");
  EXPECT_THAT(error_of(imputer(with(good, "indicator_", indicator(list({integer(2)}))))),
              HasSubstr("attribute 'features_' has 2 for 2 columns"));
  EXPECT_THAT(error_of(imputer(with(good, "indicator_", indicator(list({integer(-1)}))))),
              HasSubstr("'features_' has -1"));
  EXPECT_THAT(error_of(imputer(with(good, "indicator_", kNone))), HasSubstr("'indicator_' is absent"));
}

TEST(SimpleImputer, StatisticsOfOtherShapesAndKindsAreCorrupt) {
  EXPECT_THAT(error_of(imputer(imputer_of(numbers({}), 0))),
              HasSubstr("'statistics_' must have a value for each column"));
  EXPECT_THAT(error_of(imputer(imputer_of(numbers({1, 2}, tuple({integer(1), integer(2)})), 2))),
              HasSubstr("'statistics_'"));
  EXPECT_THAT(error_of(imputer(imputer_of(objects({list({})}), 1))), HasSubstr("must have numbers or texts"));
  EXPECT_THAT(error_of(imputer(with(imputer_of(numbers({1}), 1), "missing_values", list({})))),
              HasSubstr("unsupported: "));
}

// scikit-learn 0.20 shows all columns where none had a missing value at fit; later versions show none.
TEST(MissingIndicator, ShowsAllColumnsForNoneIn0_20) {
  const Attributes attributes{{"features_", list({})},
                              {"features", text("missing-only")},
                              {"error_on_new", kFalse},
                              {"missing_values", real(std::nan(""))},
                              {"_n_features", integer(1)}};
  for (const auto& [version, columns] : {std::pair{"0.20.4", 1U}, std::pair{"0.21.3", 0U}}) {
    const auto answer =
        transform(object("sklearn.impute", "MissingIndicator", with(attributes, "_sklearn_version", text(version))),
                  one_column(table::Column::real({1, std::nan("")})));
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    ASSERT_EQ(answer.value().table.columns(), columns) << version;
  }
}

}  // namespace
}  // namespace scoria::model::preprocess
