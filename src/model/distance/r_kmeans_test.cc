#include "model/distance/r_kmeans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/na.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::distance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RKmeans : public testing::Test {
 protected:
  Result<ModelPtr> load(RValues::ValuePtr centers) {
    return load_r_kmeans(*values.object({{"centers", centers}}, {"kmeans"}));
  }
  RValues::ValuePtr matrix(std::vector<double> numbers, int rows, int columns) {
    return values.with(values.real(std::move(numbers)),
                       {{"dim", values.integer({rows, columns})},
                        {"dimnames", values.list({values.character({"1", "2"}), values.character({"x", "y"})})}});
  }

  RValues values;
};

TEST_F(RKmeans, GivesTheFirstOfTheNearestCentersAndTheDistanceToEach) {
  const auto loaded = load(matrix({0, 6, 0, 8}, 2, 2));  // (0, 0) and (6, 8)
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  table::Table rows;
  rows.add("x", table::Column::real({0, 3, 6, na_real(), std::nan("")}));
  rows.add("y", table::Column::real({0, 4, 8, 1, 1}));
  InlineExecutor executor;
  const auto scored = loaded.value()->score(rows, {.types = {"cluster", "distance"}}, executor);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  const table::Table& table = scored.value().table;
  EXPECT_THAT(table.names(), ElementsAre("cluster", "distance:1", "distance:2"));
  EXPECT_THAT(table.column(0)->integers(), ElementsAre(1, 1, 2, kNaInt, kNaInt));
  EXPECT_EQ(table.column(2)->reals()[0], 10);
  EXPECT_TRUE(table.column(1)->is_null(3));
}

TEST_F(RKmeans, CountsCentersThatHaveNoNames) {
  const auto loaded = load(values.with(values.real({0, 3}), {{"dim", values.integer({2, 1})}}));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_TRUE(loaded.value()->description().labels.empty());  // clusters are no classes
  table::Table rows;
  rows.add("V1", table::Column::real({1}));
  InlineExecutor executor;
  const auto scored = loaded.value()->score(rows, {.types = {"distance"}}, executor);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.names(), ElementsAre("distance:1", "distance:2"));
}

TEST_F(RKmeans, NamesTheSlotThatIsWrong) {
  for (const auto centers : {values.null(), values.character({"a"}), values.real({1, 2}), matrix({}, 0, 2),
                             matrix({}, 2, 0), matrix({1, 2, 3}, 3, 1)}) {
    const auto loaded = load(centers);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, Code::corrupt);
    EXPECT_THAT(loaded.error().message, HasSubstr("kmeans object: slot 'centers'"));
  }
}

}  // namespace
}  // namespace scoria::model::distance
