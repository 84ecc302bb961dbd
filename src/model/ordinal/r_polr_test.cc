#include "model/ordinal/r_polr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/ordinal/cumulative_link.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::ordinal {
namespace {

using testing::HasSubstr;
using ValuePtr = RValues::ValuePtr;

TEST(RPolr, NamesSlotsThatAreAbsentOrDoNotFit) {
  RValues values;
  RSlots object;
  object.set("zeta", values.real({0, 1}))
      .set("lev", values.character({"low", "mid", "high"}))
      .set("method", values.character({"logistic"}))
      .set("coefficients", values.real({1}));
  const std::pair<const char*, ValuePtr> broken[] = {
      {"zeta", values.null()},          {"zeta", values.character({"x"})},
      {"zeta", values.real({0})},       {"zeta", values.real({0, 1, 2})},
      {"lev", values.null()},           {"lev", values.real({1, 2, 3})},
      {"method", values.null()},        {"method", values.character({"probability"})},
      {"method", values.character({})}, {"coefficients", values.character({"x"})},
      {"terms", values.null()},
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = object;
    object.set(slot, value);
    const auto loaded = load_r_polr(*object.object(values, {"polr"}));
    ASSERT_FALSE(loaded.ok()) << slot;
    EXPECT_THAT(loaded.error().message, HasSubstr("polr object: slot '" + std::string(slot))) << slot;
    object = whole;
  }
}

// R's plogis(), pnorm(), MASS:::pgumbel(), MASS:::pGumbel(), pcauchy().
TEST(CumulativeLink, DistributionsAreRsIncludingTheirTails) {
  struct Known {
    double x;
    double values[5];
  };
  const Known known[] = {
      {-40, {4.2483542552915889e-18, 0, 0, 0, 0.0079560899120258138}},
      {-8, {0.00033535013046647811, 6.2209605742717849e-16, 0, 0.00033540636660656098, 0.039583424160565546}},
      {-1.5,
       {0.18242552380635635, 0.066807201268858071, 0.011314286380459627, 0.19998928699564644, 0.1871670418109988}},
      {-0.3, {0.42555748318834102, 0.38208857781104733, 0.25927686599082755, 0.52327630928540592, 0.40722642092225764}},
      {0, {0.5, 0.5, 0.36787944117144233, 0.63212055882855767, 0.5}},
      {0.7, {0.66818777216816616, 0.75803634777692697, 0.60860531780440641, 0.86651320334191617, 0.69440011221421472}},
      {3, {0.95257412682243336, 0.9986501019683699, 0.95143199290045344, 0.99999999810782125, 0.89758361765043326}},
      {12, {0.99999385582539779, 1, 0.99999385580652234, 1, 0.97353532394041009}},
  };
  const char* const names[] = {"logistic", "probit", "loglog", "cloglog", "cauchit"};
  for (const Known& row : known) {
    for (std::size_t i = 0; i < 5; ++i) {
      const double ours = distribution(link_named(names[i]).value(), row.x);
      EXPECT_NEAR(ours, row.values[i], 2e-14 * row.values[i]) << names[i] << "(" << row.x << ")";
    }
  }
  EXPECT_FALSE(link_named("logit").has_value());
}

}  // namespace
}  // namespace scoria::model::ordinal
