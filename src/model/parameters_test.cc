#include "model/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scoria::model {
namespace {

using testing::ElementsAre;

Request with(const std::string& name, const std::string& value) { return {.parameters = {{name, value}}}; }

template <typename T>
std::string refusal(const Result<T>& result) {
  return result.ok() ? "it was taken" : result.error().message;
}

Description description() {
  Description result;
  result.family = "gbm";
  result.types = {"link", "response"};
  result.parameters = {{"n.trees", ""}};
  return result;
}

TEST(Parameters, GiveTheDefaultTypeWhereNoneIsAsked) {
  EXPECT_THAT(requested_types(description(), {}).value(), ElementsAre("link"));
}

TEST(Parameters, RefuseAnUnknownTypeByName) {
  EXPECT_EQ(refusal(requested_types(description(), {.types = {"prob"}})),
            "prediction type 'prob' is not one of this gbm model; it has 'link', 'response'");
}

TEST(Parameters, RefuseATypeAskedForTwice) {
  EXPECT_FALSE(requested_types(description(), {.types = {"link", "link"}}).ok());
}

TEST(Parameters, RefuseAnUnknownParameterByName) {
  EXPECT_EQ(refusal(requested_types(description(), with("ntree", "5"))),
            "parameter 'ntree' is not one of this gbm model; it takes 'n.trees'");
}

TEST(Parameters, SplitAtCommasAndTrimBlanks) {
  EXPECT_THAT(parameter_values(with("n.trees", "1, 20 ,3"), "n.trees"), ElementsAre("1", "20", "3"));
  EXPECT_THAT(parameter_values({}, "n.trees"), ElementsAre());
}

TEST(Parameters, TakeRsWordsForFlags) {
  for (const char* word : {"TRUE", "T", "true", "True"})
    EXPECT_TRUE(flag_parameter(with("f", word), "f", false).value());
  for (const char* word : {"FALSE", "F", "false"}) EXPECT_FALSE(flag_parameter(with("f", word), "f", true).value());
  EXPECT_TRUE(flag_parameter({}, "f", true).value());
  EXPECT_EQ(refusal(flag_parameter(with("f", "yes"), "f", true)), "parameter 'f': 'yes' is not TRUE or FALSE");
}

TEST(Parameters, TakeWholeNumbersFromALeastOne) {
  EXPECT_THAT(count_parameter(with("n", "0,5"), "n", 0).value(), ElementsAre(0, 5));
  for (const char* bad : {"", "1.5", "-1", "5x", "99999999999999999999", "1,"}) {
    EXPECT_FALSE(count_parameter(with("n", bad), "n", 0).ok()) << bad;
  }
  EXPECT_EQ(refusal(count_parameter(with("n", "0"), "n", 1)), "parameter 'n': '0' is not a whole number of at least 1");
}

TEST(Parameters, TakeNumbers) {
  EXPECT_THAT(number_parameter(with("c", "0.5,1e-3"), "c").value(), ElementsAre(0.5, 1e-3));
  EXPECT_EQ(refusal(number_parameter(with("c", "half"), "c")), "parameter 'c': 'half' is not a number");
}

}  // namespace
}  // namespace scoria::model
