#include "model/kernel_machine/r_svm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::kernel_machine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using ValuePtr = RValues::ValuePtr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Two vectors of each of two classes, in two columns; the sum of a row is u - v.
class RSvm : public testing::Test {
 protected:
  RSvm() {
    object.set("type", values.real({0}))
        .set("kernel", values.real({0}))
        .set("gamma", values.real({0.5}))
        .set("coef0", values.real({0}))
        .set("degree", values.real({3}))
        .set("sparse", values.logical({0}))
        .set("scaled", values.logical({0, 0}))
        .set("nclasses", values.integer({2}))
        .set("levels", values.character({"no", "yes"}))
        .set("labels", values.integer({2, 1}))
        .set("nSV", values.integer({1, 1}))
        .set("tot.nSV", values.integer({2}))
        .set("SV", matrix({1, 0, 0, 1}, 2, 2, values.character({"u", "v"})))
        .set("coefs", matrix({1, -1}, 2, 1, values.null()))
        .set("rho", values.real({0}));
  }

  ValuePtr matrix(std::vector<double> numbers, int rows, int columns, ValuePtr column_names) {
    return values.with(values.real(std::move(numbers)), {{"dim", values.integer({rows, columns})},
                                                         {"dimnames", values.list({values.null(), column_names})}});
  }
  ValuePtr sparse(std::vector<double> ra, std::vector<std::int32_t> ja, std::vector<std::int32_t> ia,
                  std::vector<std::int32_t> dimension) {
    return values.with(values.list({}), {{"ra", values.real(std::move(ra))},
                                         {"ja", values.integer(std::move(ja))},
                                         {"ia", values.integer(std::move(ia))},
                                         {"dimension", values.integer(std::move(dimension))}});
  }
  void scale(std::vector<double> center, std::vector<double> by) {
    object.set("scaled", values.logical({1, 0}))
        .set("x.scale", values.object({{"scaled:center", values.real(std::move(center))},
                                       {"scaled:scale", values.real(std::move(by))}}));
  }

  Result<ModelPtr> load() { return load_r_svm(*object.object(values, {"svm"})); }
  std::string load_error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : loaded.error().message;
  }
  Result<Prediction> score(const table::Table& rows, const Request& request = {}) {
    InlineExecutor executor;
    auto loaded = load();
    if (!loaded.ok()) return loaded.error();
    return loaded.value()->score(rows, request, executor);
  }
  static table::Table rows(std::vector<double> u, std::vector<double> v) {
    table::Table table;
    table.add("v", table::Column::real(std::move(v)));
    table.add("u", table::Column::real(std::move(u)));
    return table;
  }

  RValues values;
  RSlots object;
};

TEST_F(RSvm, VotesForTheSecondOfAPairWhereItsSumIsZero) {
  const auto scored = score(rows({2, 1, 1}, {1, 1, 2}), {.types = {"class", "decision"}});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  const table::Table& answer = scored.value().table;
  EXPECT_THAT(answer.names(), ElementsAre("class", "decision:yes/no"));
  EXPECT_THAT(answer.column(0)->codes(), ElementsAre(1, 0, 0));
  EXPECT_THAT(answer.column(1)->reals(), ElementsAre(1, 0, -1));
}

TEST_F(RSvm, HasProbabilitiesOnlyWhereTheyWereFitted) {
  EXPECT_THAT(load().value()->description().types, ElementsAre("class", "decision"));
  object.set("compprob", values.logical({1})).set("probA", values.real({-1})).set("probB", values.real({5}));
  EXPECT_THAT(load().value()->description().types, ElementsAre("class", "decision", "prob"));
  const auto scored = score(rows({2}, {1}), {.types = {"class", "prob"}});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.names(), ElementsAre("class", "prob:yes", "prob:no"));
  EXPECT_THAT(scored.value().table.column(0)->codes(), ElementsAre(0)) << "the most probable one, against the votes";
  const auto alone = score(rows({2}, {1}), {.types = {"class"}});
  ASSERT_TRUE(alone.ok());
  EXPECT_THAT(alone.value().table.column(0)->codes(), ElementsAre(1)) << "the one with most votes";
}

TEST_F(RSvm, GivesNoAnswerForARowWithAMissingValue) {
  const auto scored = score(rows({2, na_real(), kNan}, {1, 1, 1}), {.types = {"class", "decision"}});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_FALSE(scored.value().table.column(0)->is_null(0));
  for (const std::size_t row : {1, 2}) {
    EXPECT_TRUE(scored.value().table.column(0)->is_null(row));
    EXPECT_TRUE(scored.value().table.column(1)->is_null(row));
  }
}

TEST_F(RSvm, RefusesTheFirstRowWithAnInfinityAsRDoes) {
  std::vector<double> u(2000, 1.0);  // several blocks
  u[1999] = std::numeric_limits<double>::infinity();
  u[700] = -std::numeric_limits<double>::infinity();
  const auto scored = score(rows(u, std::vector<double>(2000)), {.first_row = 10});
  ASSERT_FALSE(scored.ok());
  EXPECT_EQ(scored.error().code, Code::invalid);
  EXPECT_THAT(scored.error().message, HasSubstr("row 710: a number of a support vector machine is Inf or -Inf"));
}

TEST_F(RSvm, RefusesAMissingValueWhereItWasFittedToASparseMatrix) {
  object.set("sparse", values.logical({1})).set("SV", sparse({1, 1}, {1, 2}, {1, 2, 3}, {2, 2}));
  table::Table table;
  table.add("V1", table::Column::real({2, na_real()}));
  table.add("V2", table::Column::real({1, 1}));
  const auto scored = score(table, {.first_row = 10});
  ASSERT_FALSE(scored.ok());
  EXPECT_THAT(scored.error().message, HasSubstr("row 11 has a missing value"));
  const auto whole = score(table.slice(0, 1), {.types = {"decision"}});
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_THAT(whole.value().table.column(0)->reals(), ElementsAre(1));
}

TEST_F(RSvm, ScalesByFlagsThatBeginAgain) {
  object.set("SV", matrix({1, 0, 0, 1, 0, 0, 0, 0}, 2, 4, values.character({"u", "v", "w", "x"})));
  scale({1, 0}, {2, 1});  // u and w
  table::Table table = rows({3}, {0.5});
  table.add("w", table::Column::real({0}));
  table.add("x", table::Column::real({0}));
  const auto scored = score(table, {.types = {"decision"}});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.column(0)->reals(), ElementsAre((3.0 - 1) / 2 - 0.5));
}

TEST_F(RSvm, TakesColumnsByPositionWhereTheirNamesMayBeRsOwn) {
  object.set("SV", matrix({1, 0, 0, 1}, 2, 2, values.character({"X1", "X2"})));
  EXPECT_TRUE(load().value()->description().by_position);
  for (const auto& names : {std::pair("X1", "X2"), std::pair("V1", "V2"), std::pair("p", "q")}) {
    table::Table table;
    table.add(names.first, table::Column::real({2}));
    table.add(names.second, table::Column::real({1}));
    const auto scored = score(table, {.types = {"decision"}});
    ASSERT_TRUE(scored.ok()) << scored.error().message;
    EXPECT_THAT(scored.value().table.column(0)->reals(), ElementsAre(1));
  }
}

TEST_F(RSvm, NamesASlotThatIsAbsentOrOfAnotherType) {
  for (const char* slot :
       {"type", "kernel", "gamma", "coef0", "degree", "nclasses", "labels", "nSV", "tot.nSV", "SV", "coefs", "rho"}) {
    const RSlots whole = object;
    object.drop(slot);
    EXPECT_THAT(load_error(), HasSubstr("svm object: slot '" + std::string(slot) + "' is absent"));
    object.set(slot, values.character({"text"}));
    EXPECT_THAT(load_error(), HasSubstr("slot '" + std::string(slot) + "' is a character vector"));
    object = whole;
  }
}

TEST_F(RSvm, RefusesSlotsThatDoNotFit) {
  const double inf = std::numeric_limits<double>::infinity();
  const ValuePtr names = values.character({"u", "v"});
  const std::pair<const char*, ValuePtr> broken[] = {
      {"type", values.real({5})},
      {"type", values.real({-1})},
      {"type", values.real({0.5})},
      {"kernel", values.integer({4})},
      {"kernel", values.integer({kNaInt})},
      {"gamma", values.real({-1})},
      {"gamma", values.real({kNan})},
      {"coef0", values.real({inf})},
      {"degree", values.real({-1})},
      {"degree", values.real({3e9})},
      {"degree", values.real({na_real()})},
      {"scaled", values.logical({0, 0, 0})},
      {"scaled", values.logical({kNaInt, 0})},
      {"scaled", values.logical({1, 1})},  // and no x.scale
      {"nclasses", values.integer({1})},
      {"nclasses", values.integer({3})},
      {"nclasses", values.integer({kNaInt})},
      {"nclasses", values.integer({2147483647})},
      {"labels", values.integer({1})},
      {"labels", values.integer({1, 1})},
      {"labels", values.integer({0, 1})},
      {"labels", values.integer({1, 3})},
      {"labels", values.integer({})},
      {"nSV", values.integer({2})},
      {"nSV", values.integer({1, 2})},
      {"nSV", values.integer({3, -1})},
      {"nSV", values.integer({2147483647, 2147483647})},
      {"tot.nSV", values.integer({0})},
      {"tot.nSV", values.integer({3})},
      {"tot.nSV", values.integer({-1})},
      {"SV", values.real({1, 0, 0, 1})},  // no matrix
      {"SV", matrix({1, 0, 0}, 2, 2, names)},
      {"SV", matrix({}, 2, 0, values.character({}))},
      {"SV", matrix({1, 0, 0, kNan}, 2, 2, names)},
      {"SV", matrix({1, 0, 0, inf}, 2, 2, names)},
      {"SV", matrix({1, 0, 0, 1}, 2, 2, values.character({"u"}))},
      {"coefs", matrix({1, -1, 1, 1}, 2, 2, values.null())},
      {"coefs", matrix({1}, 1, 1, values.null())},
      {"coefs", matrix({1, kNan}, 2, 1, values.null())},
      {"rho", values.real({})},
      {"rho", values.real({0, 0})},
      {"rho", values.real({kNan})},
      {"compprob", values.logical({1})},  // and no probA
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = object;
    object.set(slot, value);
    EXPECT_THAT(load_error(), HasSubstr("svm object: ")) << slot;
    object = whole;
  }
  object.set("compprob", values.logical({1}));
  object.set("probA", values.real({1})).set("probB", values.real({}));
  EXPECT_THAT(load_error(), HasSubstr("svm object: "));
  object.set("probA", values.real({1, 1})).set("probB", values.real({1, 1}));
  EXPECT_THAT(load_error(), HasSubstr("svm object: "));
}

TEST_F(RSvm, RefusesScalesThatDoNotFit) {
  scale({1}, {2});
  EXPECT_EQ(load_error(), "it was loaded");
  for (const auto& [center, by] : {std::pair<std::vector<double>, std::vector<double>>{{1, 1}, {2, 2}},
                                   {{1}, {}},
                                   {{kNan}, {1}},
                                   {{1}, {0}},
                                   {{1}, {na_real()}}}) {
    scale(center, by);
    EXPECT_THAT(load_error(), HasSubstr("slot 'x.scale'"));
  }
}

TEST_F(RSvm, RefusesASparseMatrixThatLeadsOutOfItself) {
  object.set("sparse", values.logical({1}));
  const ValuePtr broken[] = {
      sparse({1, 1}, {1, 2}, {1, 2, 3}, {2}),
      sparse({1, 1}, {1, 2}, {1, 2, 3}, {-2, 2}),
      sparse({1, 1}, {1, 2}, {1, 2, 3}, {2, 0}),
      sparse({1, 1}, {1, 2}, {1, 2, 3}, {2, 2147483647}),
      sparse({1, 1}, {1, 2}, {1, 2, 3}, {2147483647, 131072}),
      sparse({1, 1}, {1, 2}, {1, 3}, {2, 2}),
      sparse({1, 1}, {1, 2}, {0, 2, 3}, {2, 2}),
      sparse({1, 1}, {1, 2}, {1, 2, 4}, {2, 2}),
      sparse({1, 1}, {1, 2}, {1, 9, 3}, {2, 2}),
      sparse({1, 1}, {1, 2}, {1, -5, 3}, {2, 2}),
      sparse({1, 1}, {1, 3}, {1, 2, 3}, {2, 2}),
      sparse({1, 1}, {0, 2}, {1, 2, 3}, {2, 2}),
      sparse({1, 1}, {2, 1}, {1, 3, 3}, {2, 2}),
      sparse({1, 1}, {1, 1}, {1, 3, 3}, {2, 2}),
      sparse({1}, {1, 2}, {1, 2, 3}, {2, 2}),
      sparse({1, kNan}, {1, 2}, {1, 2, 3}, {2, 2}),
      values.list({}),
      matrix({1, 0, 0, 1}, 2, 2, values.null()),
  };
  for (const ValuePtr& value : broken) {
    object.set("SV", value);
    EXPECT_THAT(load_error(), HasSubstr("svm object: "));
  }
}

TEST_F(RSvm, RefusesAFormulaWithoutItsParts) {
  const auto load_formula = [&] { return load_r_svm(*object.object(values, {"svm.formula", "svm"})); };
  ASSERT_FALSE(load_formula().ok());
  EXPECT_THAT(load_formula().error().message, HasSubstr("slot 'terms' is absent"));
  object.set("terms", values.integer({1}));
  ASSERT_FALSE(load_formula().ok());
  EXPECT_THAT(load_formula().error().message, HasSubstr("the model's terms"));
}

}  // namespace
}  // namespace scoria::model::kernel_machine
