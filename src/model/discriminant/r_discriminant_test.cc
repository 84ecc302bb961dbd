#include "model/discriminant/r_discriminant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/na.h"
#include "model/discriminant/quadratic_discriminant.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::discriminant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using ValuePtr = RValues::ValuePtr;

// Groups at -1 and 1 of one variable, of unit variance and equal prior.
class RDiscriminant : public testing::Test {
 protected:
  RDiscriminant() {
    object.set("prior", values.with(values.real({0.5, 0.5}), {{"names", values.character({"left", "right"})}}))
        .set("counts", values.integer({5, 5}))
        .set("means", array({-1, 1}, {2, 1}, values.character({"x"})))
        .set("scaling", array({1}, {1, 1}, values.character({"LD1"})))
        .set("svd", values.real({3}))
        .set("N", values.integer({10}))
        .set("lev", values.character({"left", "right"}));
  }
  ValuePtr array(std::vector<double> numbers, std::vector<std::int32_t> dim, ValuePtr column_names) {
    return values.with(values.real(std::move(numbers)), {{"dim", values.integer(std::move(dim))},
                                                         {"dimnames", values.list({values.null(), column_names})}});
  }
  void make_quadratic() {
    object.set("scaling", array({1, 1}, {1, 1, 2}, values.null())).set("ldet", values.real({0, 0})).drop("svd");
  }
  Result<ModelPtr> load() {
    const auto value = object.object(values);
    return object_is_quadratic() ? load_r_qda(*value) : load_r_lda(*value);
  }
  bool object_is_quadratic() { return rdata::member(*object.object(values), "ldet") != nullptr; }
  std::string load_error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : loaded.error().message;
  }
  Result<Prediction> score(std::vector<double> x, const Request& request) {
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

TEST_F(RDiscriminant, GivesTheFirstOfEquallyProbableGroupsAndSaysSo) {
  for (const bool quadratic : {false, true}) {
    if (quadratic) make_quadratic();
    const auto scored = score({-2, 0, 1e-7, 2, na_real()}, {.types = {"class"}});
    ASSERT_TRUE(scored.ok()) << scored.error().message;
    EXPECT_THAT(scored.value().table.column(0)->codes(), ElementsAre(0, 0, 0, 1, -1));
    EXPECT_THAT(scored.value().notes, ElementsAre(HasSubstr("2 rows have classes that are equally probable")));
  }
}

TEST_F(RDiscriminant, RefusesParametersThatRRefuses) {
  const std::pair<const char*, const char*> wrong[] = {
      {"prior", "0.5,0.4"}, {"prior", "1.5,-0.5"}, {"prior", "1"},   {"prior", "a,b"}, {"method", "looCV"},
      {"method", "plug"},   {"dimen", "0"},        {"dimen", "1.5"}, {"dimen", "1,2"},
  };
  for (const auto& [name, value] : wrong) {
    const auto scored = score({1}, {.parameters = {{name, value}}});
    ASSERT_FALSE(scored.ok()) << name << "=" << value;
    EXPECT_EQ(scored.error().code, Code::invalid);
    EXPECT_THAT(scored.error().message, HasSubstr("parameter '" + std::string(name) + "'"));
  }
  EXPECT_TRUE(score({1}, {.parameters = {{"prior", "0.333333,0.666666"}, {"dimen", "7"}}}).ok());
}

TEST_F(RDiscriminant, NamesSlotsOfLdaThatAreAbsentOrDoNotFit) {
  const std::pair<const char*, ValuePtr> broken[] = {
      {"prior", values.null()},
      {"prior", values.real({0.5, 0.5})},
      {"prior", values.with(values.real({}), {{"names", values.character({})}})},
      {"counts", values.integer({5})},
      {"means", values.real({1, 2})},
      {"means", array({1}, {1, 1}, values.character({"x"}))},
      {"means", array({}, {2, 0}, values.null())},
      {"scaling", array({1, 2}, {2, 1}, values.null())},
      {"scaling", array({}, {1, 0}, values.null())},
      {"svd", values.real({})},
      {"svd", values.real({1, 2})},
      {"N", values.null()},
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = object;
    object.set(slot, value);
    EXPECT_THAT(load_error(), HasSubstr("lda object: slot '" + std::string(slot))) << slot;
    object = whole;
  }
}

TEST_F(RDiscriminant, NamesSlotsOfQdaThatDoNotFit) {
  make_quadratic();
  const std::pair<const char*, ValuePtr> broken[] = {
      {"ldet", values.real({0})},
      {"scaling", values.real({1, 1})},
      {"scaling", array({1, 1}, {1, 2, 1}, values.null())},
      {"scaling", array({1, 1}, {2, 1}, values.null())},
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = object;
    object.set(slot, value);
    EXPECT_THAT(load_error(), HasSubstr("qda object: slot '" + std::string(slot))) << slot;
    object = whole;
  }
}

// Right-hand sides are R's digamma().
TEST(Digamma, IsRs) {
  const std::pair<double, double> known[] = {{0.5, -1.963510026021423105}, {1, -0.577215664901532310},
                                             {1.5, 0.036489973978576895},  {7, 1.872784335098467423},
                                             {24.5, 3.178126146353307924}, {1000, 6.907255195648811963}};
  for (const auto& [x, value] : known) EXPECT_NEAR(digamma(x), value, 1e-15 * std::fmax(1, std::fabs(value))) << x;
  EXPECT_TRUE(std::isnan(digamma(0)));
}

}  // namespace
}  // namespace scoria::model::discriminant
