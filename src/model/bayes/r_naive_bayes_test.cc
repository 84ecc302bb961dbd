#include "model/bayes/r_naive_bayes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/na.h"
#include "model/bayes/naive_bayes.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::bayes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using ValuePtr = RValues::ValuePtr;

// Two classes; x is a number, g a factor of two levels.
class RNaiveBayes : public testing::Test {
 protected:
  RNaiveBayes() {
    const auto classes = values.character({"no", "yes"});
    object
        .set("apriori", values.with(values.integer({30, 10}),
                                    {{"dim", values.integer({2})}, {"dimnames", values.list({classes})}}))
        .set("tables", tables({{"x", of_x()}, {"g", of_g()}}))
        .set("isnumeric", values.integer({1, 0}));
  }

  ValuePtr matrix(std::vector<double> numbers, int rows, int columns, ValuePtr column_names) {
    return values.with(values.real(std::move(numbers)), {{"dim", values.integer({rows, columns})},
                                                         {"dimnames", values.list({values.null(), column_names})}});
  }
  ValuePtr of_x() { return matrix({0, 1, 1, 0.5}, 2, 2, values.null()); }
  ValuePtr of_g() { return matrix({0.9, 0.2, 0.1, 0.8}, 2, 2, values.character({"p", "q"})); }
  ValuePtr tables(const RValues::Slots& slots) { return values.object(slots); }

  Result<ModelPtr> load() { return load_r_naive_bayes(*object.object(values, {"naiveBayes"})); }
  std::string load_error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : loaded.error().message;
  }
  Result<Prediction> score(std::vector<double> x, const std::vector<std::string>& g, const Request& request) {
    table::Table rows;
    rows.add("x", table::Column::real(std::move(x)));
    rows.add("g", table::Column::text(g));
    InlineExecutor executor;
    auto loaded = load();
    if (!loaded.ok()) return loaded.error();
    return loaded.value()->score(rows, request, executor);
  }

  RValues values;
  RSlots object;
};

TEST_F(RNaiveBayes, LeavesOutWhatIsMissingOrUnseen) {
  const auto scored = score({na_real(), na_real()}, {"q", "other"}, {.types = {"class", "raw"}});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.names(), ElementsAre("class", "raw:no", "raw:yes"));
  EXPECT_THAT(scored.value().table.column(0)->codes(), ElementsAre(1, 0));  // 30 * 0.1 < 10 * 0.8; 30 > 10
  EXPECT_NEAR(scored.value().table.column(1)->reals()[1], 0.75, 1e-15);
  EXPECT_THAT(scored.value().notes,
              ElementsAre(HasSubstr("column 'g': 1 values are levels that the model has not seen")));
}

TEST_F(RNaiveBayes, KnowsNumbersByTheirUnnamedTablesInOlderFiles) {
  object.drop("isnumeric");
  const auto scored = score({0.5}, {"p"}, {});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_EQ(load().value()->description().features[1].kind, FeatureKind::factor);
}

TEST_F(RNaiveBayes, RefusesParametersThatAreNoProbability) {
  for (const char* name : {"eps", "threshold"}) {
    for (const char* value : {"-1", "x", "0.1,0.2", "nan"}) {
      const auto scored = score({0.5}, {"p"}, {.parameters = {{name, value}}});
      ASSERT_FALSE(scored.ok()) << name << "=" << value;
      EXPECT_THAT(scored.error().message, HasSubstr("parameter '" + std::string(name) + "'"));
    }
  }
}

TEST_F(RNaiveBayes, NamesSlotsThatAreAbsentOrDoNotFit) {
  const auto classes = values.character({"no", "yes"});
  const std::pair<const char*, ValuePtr> broken[] = {
      {"apriori", values.null()},
      {"apriori", values.character({"a"})},
      {"apriori", values.integer({30, 10})},
      {"apriori", values.with(values.integer({1, 2, 3}), {{"names", classes}})},
      {"apriori", values.with(values.integer({}), {{"names", values.character({})}})},
      {"tables", values.null()},
      {"tables", values.real({1})},
      {"tables", values.list({of_x(), of_g()})},
      {"tables", tables({})},
      {"tables", tables({{"x", of_x()}, {"g", values.real({1, 2})}})},
      {"tables", tables({{"x", of_x()}, {"g", matrix({1, 2, 3}, 3, 1, values.character({"p"}))}})},
      {"tables", tables({{"x", matrix({1, 2, 3, 4, 5, 6}, 2, 3, values.null())}, {"g", of_g()}})},
      {"tables", tables({{"x", of_x()}, {"g", matrix({1, 2, 3, 4}, 2, 2, values.null())}})},
      {"isnumeric", values.integer({1})},
      {"isnumeric", values.integer({1, 1, 0})},
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = object;
    object.set(slot, value);
    EXPECT_THAT(load_error(), HasSubstr("naiveBayes object: slot '" + std::string(slot))) << slot;
    object = whole;
  }
}

TEST_F(RNaiveBayes, RefusesASingleClass) {
  object.set("apriori", values.with(values.integer({30}), {{"names", values.character({"no"})}}));
  EXPECT_THAT(load_error(), HasSubstr("one class, 'no'"));
}

// Right-hand sides are R's dnorm().
TEST(NormalDensity, IsRsToFourteenDigitsFarIntoTheTail) {
  const std::pair<double, double> known[] = {{0, 3.9894228040143270e-01},        {1.3, 1.7136859204780736e-01},
                                             {4.99, 1.5628671089492902e-06},     {5, 1.4867195147342977e-06},
                                             {8.123456, 1.8674412338990109e-15}, {20.5, 2.2119843802105703e-92}};
  for (const auto& [x, density] : known) {
    EXPECT_NEAR(normal_density(x, 0, 1) / density, 1, 1e-14) << x;
    EXPECT_EQ(normal_density(-x, 0, 1), normal_density(x, 0, 1));
  }
  EXPECT_NEAR(normal_density(7.5, 2, 0.3) / 1.3746381105237668e-73, 1, 1e-14);
}

TEST(NormalDensity, VanishesWhereRsDoes) {
  EXPECT_EQ(normal_density(38.5, 0, 1), 5.4347221042537120e-323);
  EXPECT_EQ(normal_density(38.567, 0, 1), 4.9406564584124654e-324);
  EXPECT_EQ(normal_density(38.6, 0, 1), 0);
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(normal_density(inf, 0, 1), 0);
  EXPECT_EQ(normal_density(1, 0, inf), 0);
  EXPECT_EQ(normal_density(1, 1, 0), inf);
  EXPECT_EQ(normal_density(2, 1, 0), 0);
  EXPECT_TRUE(std::isnan(normal_density(1, 1, -1)));
}

}  // namespace
}  // namespace scoria::model::bayes
