#include "model/preprocess/sklearn_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/na.h"
#include "model/preprocess/pickled_for_tests.h"

namespace scoria::model::preprocess {
namespace {

using pickle::integer;
using pickle::text;
using table::Column;

using testing::HasSubstr;

std::string function(const std::string& what, const Attributes& more = {}) {
  Attributes attributes{{"func", what}, {"validate", kFalse}, {"kw_args", kNone}, {"n_features_in_", integer(1)}};
  for (const auto& [name, value] : more) attributes[name] = value;
  return object("sklearn.preprocessing._function_transformer", "FunctionTransformer", attributes);
}

TEST(FunctionTransformer, FunctionsAreKnownByNameOrRefusedByName) {
  EXPECT_EQ(error_of(function(pickle::global("numpy", "log1p"))), "");
  EXPECT_THAT(error_of(function(pickle::global("numpy", "reciprocal"))), HasSubstr("unsupported: "));
  EXPECT_THAT(error_of(function(pickle::global("numpy", "reciprocal"))), HasSubstr("numpy.reciprocal"));
  EXPECT_THAT(error_of(function(pickle::global("builtins", "float"))), HasSubstr("unsupported: "));
  EXPECT_THAT(
      error_of(function(pickle::global("numpy", "clip"), {{"kw_args", "}(" + text("a_min") + integer(0) + "u"}})),
      HasSubstr("kw_args"));
  EXPECT_THAT(error_of(function(pickle::global("os", "system"))), HasSubstr("denied: "));
}

// The default of scikit-learn 0.20 and 0.21, which takes it for True.
TEST(FunctionTransformer, ValidateNoneRefusesMissingValuesUntil0_21) {
  const auto rows = one_column(Column::real({1, std::nan("")}));
  for (const auto& [version, takes] : {std::pair{"0.21.3", false}, std::pair{"0.22.2", true}}) {
    const Attributes more{{"validate", kNone}, {"_sklearn_version", text(version)}};
    EXPECT_EQ(transform(function(pickle::global("numpy", "log1p"), more), rows).ok(), takes) << version;
  }
}

TEST(FunctionTransformer, TruthValuesWouldBeComputedInHalfPrecision) {
  const auto answer = transform(function(pickle::global("numpy", "exp")), one_column(Column::logical({1})));
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().message, HasSubstr("column 'x0' holds truth values"));
}

TEST(QuantileTransformer, QuantilesThatDoNotIncreaseAreNoWayOutOfTheirArray) {
  const auto transformer = [](const std::string& quantiles) {
    return object("sklearn.preprocessing._data", "QuantileTransformer",
                  {{"output_distribution", text("normal")},
                   {"references_", numbers({0, 0.5, 1})},
                   {"n_quantiles_", integer(3)},
                   {"quantiles_", quantiles},
                   {"n_features_in_", integer(1)}});
  };
  const std::string shape = tuple({integer(3), integer(1)});
  const auto answer =
      transform(transformer(numbers({5, -7, 1}, shape)), one_column(Column::real({-9, -7, 0, 1, 2, 5, 9, na_real()})));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  for (const double value : values_of(answer.value(), 0)) EXPECT_TRUE(std::isnan(value) || std::fabs(value) < 6);
  EXPECT_THAT(error_of(transformer(numbers({1, std::nan(""), 3}, shape))), HasSubstr("must be finite"));
  EXPECT_THAT(error_of(transformer(numbers({1, 2, 3}))), HasSubstr("a row for each of references_"));
  EXPECT_THAT(error_of(transformer(numbers({}, tuple({integer(3), integer(0)})))), HasSubstr("quantiles_"));
}

TEST(KBinsDiscretizer, EdgesMustIncrease) {
  const auto bins = [](const std::string& edges) {
    return object("sklearn.preprocessing._discretization", "KBinsDiscretizer",
                  {{"bin_edges_", objects({edges})},
                   {"encode", text("ordinal")},
                   {"subsample", kNone},
                   {"n_features_in_", integer(1)}});
  };
  EXPECT_EQ(error_of(bins(numbers({0, 1, 1, 2}))), "");
  EXPECT_THAT(error_of(bins(numbers({0, 2, 1}))), HasSubstr("'bin_edges_' must increase"));
  EXPECT_THAT(error_of(bins(numbers({0, std::nan(""), 1}))), HasSubstr("'bin_edges_' must increase"));
  EXPECT_THAT(error_of(bins(numbers({0}))), HasSubstr("at least two edges"));
}

TEST(PolynomialFeatures, ClaimsOfManyColumnsAreTooLarge) {
  const auto polynomial = [](int count, int degree) {
    return object("sklearn.preprocessing._polynomial", "PolynomialFeatures",
                  {{"degree", integer(degree)},
                   {"include_bias", kTrue},
                   {"interaction_only", kFalse},
                   {"n_features_in_", integer(count)}});
  };
  EXPECT_EQ(error_of(polynomial(3, 4)), "");
  EXPECT_THAT(error_of(polynomial(100'000, 2)), HasSubstr("too_large: "));
  EXPECT_THAT(error_of(polynomial(10, 60)), HasSubstr("too_large: "));
  EXPECT_THAT(error_of(polynomial(3, 1000)), HasSubstr("'degree' must be from 0 to 64"));
  EXPECT_THAT(error_of(polynomial(2'000'000'000, 1)), HasSubstr("no number of columns"));
}

}  // namespace
}  // namespace scoria::model::preprocess
