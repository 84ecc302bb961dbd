#include "model/r_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/na.h"
#include "model/r_value_for_tests.h"

namespace scoria::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RMatrixTest : public testing::Test {
 protected:
  std::string error_of(RValues::ValuePtr value) {
    const auto holder = values.object({{"m", value}});
    const auto read = read_matrix(RObject(*holder, "thing"), "m");
    return read.ok() ? "it was read" : read.error().message;
  }

  RValues values;
};

TEST_F(RMatrixTest, ReadsNumbersAndNames) {
  const auto names = values.list({values.null(), values.character({"x", "y"})});
  const auto value =
      values.with(values.integer({1, 2, 3, kNaInt}), {{"dim", values.integer({2, 2})}, {"dimnames", names}});
  const auto holder = values.object({{"m", value}});
  const auto read = read_matrix(RObject(*holder, "thing"), "m");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().at(0, 1), 3);
  EXPECT_TRUE(is_na(read.value().at(1, 1)));
  EXPECT_THAT(read.value().row_names, IsEmpty());
  EXPECT_THAT(read.value().column_names, ElementsAre("x", "y"));
}

TEST_F(RMatrixTest, NamesTheSlotThatIsNoMatrix) {
  EXPECT_THAT(error_of(values.null()), HasSubstr("thing: slot 'm' is absent"));
  EXPECT_THAT(error_of(values.character({"a"})), HasSubstr("slot 'm' is a character vector, must be a matrix"));
  EXPECT_THAT(error_of(values.real({1, 2})), HasSubstr("two dimensions"));
}

TEST_F(RMatrixTest, RefusesDimensionsThatDoNotFit) {
  const std::vector<double> wrong[] = {{1, 3}, {2}, {1, 1, 2}, {-1, -2}, {1.5, 2}, {65536, 65536}, {1e300, 2}, {0, 2}};
  for (const std::vector<double>& dim : wrong) {
    EXPECT_THAT(error_of(values.with(values.real({1, 2}), {{"dim", values.real(dim)}})), HasSubstr("two dimensions"));
  }
}

TEST_F(RMatrixTest, RefusesNamesThatDoNotFit) {
  const auto one = values.character({"x"});
  const auto dim = values.integer({2, 2});
  const auto numbers = values.real({1, 2, 3, 4});
  EXPECT_THAT(error_of(values.with(numbers, {{"dim", dim}, {"dimnames", values.list({one, values.null()})}})),
              HasSubstr("row names"));
  EXPECT_THAT(error_of(values.with(numbers, {{"dim", dim}, {"dimnames", values.list({values.null(), one})}})),
              HasSubstr("column names"));
}

}  // namespace
}  // namespace scoria::model
