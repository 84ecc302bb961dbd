#include "model/class_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace scoria::model {
namespace {

using testing::ElementsAre;

const std::vector<std::string> kLabels{"a", "b", "c"};

TEST(ClassColumns, AreNamedByLabelByNumberOrByTypeAlone) {
  table::Table out(1);
  add_numbers("raw", {"x", "y"}, {{1.0}, {2.0}}, out);
  add_numbers("probs", {}, {{1.0}, {2.0}}, out);
  add_numbers("one", {}, {{1.0}}, out);
  EXPECT_THAT(out.names(), ElementsAre("raw:x", "raw:y", "probs:1", "probs:2", "one"));
}

// What R's max.col() picked for the same rows; where it drew lots, the first that it could draw.
TEST(ClassColumns, TakeTheFirstOfValuesWithinARelativeHundredThousandth) {
  const double inf = std::numeric_limits<double>::infinity();
  const NumberColumns values{{0.5, 0.2, 0.4, 0.4, 1e-9, inf, -inf, -3},
                             {0.5, 0.3, 0.400001, 0.40001, 2e-9, 1, 1, -1},
                             {0.0, 0.5, 0.2, 0.2, 1e-10, 2, 1, -2}};
  std::vector<std::string> notes;
  const auto column = most_probable(values, kLabels, notes);
  EXPECT_THAT(column->codes(), ElementsAre(0, 2, 0, 1, 1, 0, 1, 1));
  EXPECT_THAT(notes, ElementsAre("3 rows have classes that are equally probable: R draws one at random, the first in "
                                 "level order is given"));
}

TEST(ClassColumns, HaveNoClassWhereAValueIsMissing) {
  std::vector<std::string> notes;
  const auto column = most_probable({{std::nan(""), 1}, {1, 0}, {1, 0}}, kLabels, notes);
  EXPECT_TRUE(column->is_null(0));
  EXPECT_EQ(column->codes()[1], 0);
  EXPECT_TRUE(notes.empty());
}

TEST(ClassColumns, NeedMoreThanAHalfForTheSecondOfTwo) {
  const std::vector<double> values{0.5, 0.5000001, 0, 1, std::nan("")};
  const auto column = second_above_half(values, {"no", "yes"});
  EXPECT_THAT(column->codes(), ElementsAre(0, 1, 0, 1, -1));
}

}  // namespace
}  // namespace scoria::model
