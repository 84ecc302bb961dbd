#include "model/dense_net/r_nnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::dense_net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using ValuePtr = RValues::ValuePtr;

// 1-1-1: hidden = logistic(0 + 1 x), out = 2 + 10 hidden, linear.
class RNnet : public testing::Test {
 protected:
  RNnet() {
    object.set("n", values.real({1, 1, 1}))
        .set("nconn", values.real({0, 0, 0, 2, 4}))
        .set("conn", values.real({0, 1, 0, 2}))
        .set("wts", values.real({0, 1, 2, 10}))
        .set("nsunits", values.real({3}))
        .set("softmax", values.integer({0}));
  }
  Result<ModelPtr> load() { return load_r_nnet(*object.object(values, {"nnet"})); }
  std::string load_error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : loaded.error().message;
  }
  Result<Prediction> score(std::vector<double> x, const Request& request = {}) {
    table::Table rows;
    rows.add("x", table::Column::real(std::move(x)));
    InlineExecutor executor;
    auto loaded = load();
    if (!loaded.ok()) return loaded.error();
    return loaded.value()->score(rows, request, executor);
  }

  RValues values;
  RSlots object;
};

TEST_F(RNnet, IsFlatBeyondFifteen) {
  const auto scored = score({0, 15, std::nextafter(15, 16), -15, std::nextafter(-15, -16)});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  // 0.99999969409777301 and 3.0590222692562472e-07 are nnet's own units at +-15.
  EXPECT_THAT(scored.value().table.column(0)->reals(),
              ElementsAre(7, 2 + 10 * 0.99999969409777301, 12, 2 + 10 * 3.0590222692562472e-07, 2));
}

TEST_F(RNnet, HasClassesOnlyWhereTheFitHas) {
  EXPECT_THAT(load().value()->description().types, ElementsAre("raw"));
  EXPECT_TRUE(load().value()->description().labels.empty());
  object.set("lev", values.character({"0", "1"}));
  EXPECT_THAT(load().value()->description().types, ElementsAre("raw", "class"));
  object.set("lev", values.character({"0"}));
  EXPECT_THAT(load().value()->description().types, ElementsAre("raw"));
  const auto scored = score({1}, {.types = {"class"}});
  ASSERT_FALSE(scored.ok());
  EXPECT_THAT(scored.error().message, HasSubstr("prediction type 'class'"));
}

TEST_F(RNnet, TellsHowItsOutputsAreMade) {
  const auto outputs = [&] { return load().value()->description().details.at(1); };
  EXPECT_THAT(outputs(), Pair("outputs", "linear"));
  object.set("nsunits", values.real({4}));
  EXPECT_THAT(outputs(), Pair("outputs", "logistic"));
  object.set("softmax", values.integer({1}));
  EXPECT_THAT(outputs(), Pair("outputs", "softmax"));
}

TEST_F(RNnet, RefusesAMissingValueOfANetworkFittedWithXAndY) {
  const auto scored = score({1, na_real()}, {.first_row = 10});
  ASSERT_FALSE(scored.ok());
  EXPECT_THAT(scored.error().message, HasSubstr("row 11 has a missing value"));
}

TEST_F(RNnet, RefusesTheFirstRowWithAnInfinityAsRDoes) {
  std::vector<double> x(2000, 1.0);  // several blocks
  x[1999] = std::numeric_limits<double>::infinity();
  x[700] = -std::numeric_limits<double>::infinity();
  const auto scored = score(x, {.first_row = 10});
  ASSERT_FALSE(scored.ok());
  EXPECT_EQ(scored.error().code, Code::invalid);
  EXPECT_THAT(scored.error().message, HasSubstr("row 710: an input of the network is Inf or -Inf"));
}

TEST_F(RNnet, NamesASlotThatIsAbsentOrOfAnotherType) {
  for (const char* slot : {"n", "nconn", "conn", "wts", "nsunits", "softmax"}) {
    const RSlots whole = object;
    object.drop(slot);
    EXPECT_THAT(load_error(), HasSubstr("nnet object: slot '" + std::string(slot) + "' is absent"));
    object.set(slot, values.character({"text"}));
    EXPECT_THAT(load_error(), HasSubstr("slot '" + std::string(slot) + "' is a character vector"));
    object = whole;
  }
}

TEST_F(RNnet, RefusesConnectionsThatDoNotFit) {
  const std::pair<const char*, ValuePtr> broken[] = {
      {"n", values.real({1, 1})},
      {"n", values.real({1, 1, 0})},
      {"n", values.real({-1, 2, 2})},
      {"n", values.real({2147483647, 2147483647, 2147483647})},
      {"n", values.real({1.5, 1, 1})},
      {"n", values.real({2, 1, 1})},
      {"nconn", values.real({0, 0, 0, 2})},
      {"nconn", values.real({1, 1, 1, 2, 4})},
      {"nconn", values.real({0, 1, 1, 2, 4})},
      {"nconn", values.real({0, 0, 1, 2, 4})},
      {"nconn", values.real({0, 0, 0, 5, 4})},
      {"nconn", values.real({0, 0, 0, 2, 3})},
      {"nconn", values.real({0, 0, 0, -2, 4})},
      {"conn", values.real({0, 2, 0, 2})},  // unit 2 feeds itself
      {"conn", values.real({0, 3, 0, 2})},  // a later unit
      {"conn", values.real({0, -1, 0, 2})},
      {"conn", values.real({0, 9, 0, 2})},
      {"conn", values.integer({0, kNaInt, 0, 2})},
      {"wts", values.real({0, 1, 2})},
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = object;
    object.set(slot, value);
    const auto loaded = load();
    ASSERT_FALSE(loaded.ok()) << slot;
    EXPECT_EQ(loaded.error().code, Code::corrupt) << loaded.error().message;
    object = whole;
  }
}

TEST_F(RNnet, NeedsTermsOnlyWhereItWasFittedByFormula) {
  const auto loaded = load_r_nnet(*object.object(values, {"nnet.formula", "nnet"}));
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, HasSubstr("slot 'terms' is absent"));
  const auto multinom = load_r_multinom(*object.object(values, {"multinom", "nnet"}));
  ASSERT_FALSE(multinom.ok());
  EXPECT_THAT(multinom.error().message, HasSubstr("multinom object: slot 'terms' is absent"));
}

}  // namespace
}  // namespace scoria::model::dense_net
