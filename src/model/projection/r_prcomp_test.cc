#include "model/projection/r_prcomp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/na.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::projection {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using ValuePtr = RValues::ValuePtr;

class RPrcomp : public testing::Test {
 protected:
  RPrcomp() {
    object.set("rotation", rotation({1, 0, 0, 1}, 2, 2)).set("center", values.real({1, 2})).set("scale", no());
  }
  ValuePtr rotation(std::vector<double> numbers, int rows, int columns) {
    return values.with(values.real(std::move(numbers)),
                       {{"dim", values.integer({rows, columns})},
                        {"dimnames", values.list({values.character({"x", "y"}), values.character({"PC1", "PC2"})})}});
  }
  ValuePtr no() {
    logical.kind = rdata::Kind::logical;
    logical.integers = falsehood;
    return &logical;
  }
  Result<ModelPtr> load() { return load_r_prcomp(*object.object(values, {"prcomp"})); }

  RValues values;
  RSlots object;
  rdata::Value logical;
  std::vector<std::int32_t> falsehood{0};
};

TEST_F(RPrcomp, CentersAndRotates) {
  const auto loaded = load();
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  table::Table rows;
  rows.add("y", table::Column::real({5, 6, na_real()}));
  rows.add("x", table::Column::real({1, 7, 2}));
  InlineExecutor executor;
  const auto scored = loaded.value()->score(rows, {}, executor);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  const table::Table& table = scored.value().table;
  EXPECT_THAT(table.names(), ElementsAre("PC:PC1", "PC:PC2"));
  EXPECT_EQ(table.column(0)->reals()[1], 6);
  EXPECT_EQ(table.column(1)->reals()[0], 3);
  EXPECT_TRUE(table.column(0)->is_null(2));  // as NA * 0 is NA
}

TEST_F(RPrcomp, ReadsLoadingsOfPrincomp) {
  object.set("loadings", rotation({1, 0, 0, 1}, 2, 2)).drop("rotation").set("scale", values.real({1, 1}));
  const auto loaded = load_r_princomp(*object.object(values, {"princomp"}));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded.value()->description().family, "princomp");
}

TEST_F(RPrcomp, NamesSlotsThatAreAbsentOrDoNotFit) {
  const std::pair<const char*, ValuePtr> broken[] = {
      {"rotation", values.null()},         {"rotation", values.real({1, 2})}, {"rotation", rotation({}, 0, 2)},
      {"rotation", rotation({}, 2, 0)},    {"center", values.null()},         {"center", values.real({1})},
      {"center", values.character({"x"})}, {"scale", values.real({1, 2, 3})}, {"scale", values.integer({0})},
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = object;
    object.set(slot, value);
    const auto loaded = load();
    ASSERT_FALSE(loaded.ok()) << slot;
    EXPECT_EQ(loaded.error().code, Code::corrupt);
    EXPECT_THAT(loaded.error().message, HasSubstr("prcomp object: slot '" + std::string(slot)));
    object = whole;
  }
}

}  // namespace
}  // namespace scoria::model::projection
