#include <gtest/gtest.h>

#include "model/pipeline/pickled_for_tests.h"

namespace scoria::model::discriminant {
namespace {

using namespace pipeline;  // the builders of pickled values
using pickle::text;

TEST(SklearnDiscriminant, RefusesDirectionsThatDoNotFitTheColumns) {
  const Estimator model{"sklearn.discriminant_analysis",
                        "LinearDiscriminantAnalysis",
                        {{"classes_", wholes({1, 2, 3})},
                         {"coef_", reals({3, 2}, {1, 2, 3, 4, 5, 6})},
                         {"intercept_", reals({3}, {1, 2, 3})},
                         {"solver", text("svd")},
                         {"scalings_", reals({2, 2}, {1, 2, 3, 4})},
                         {"xbar_", reals({2}, {1, 2})},
                         {"_max_components", whole(2)}}};
  model.expect_refuses({{"scalings_", reals({3, 2}, {1, 2, 3, 4, 5, 6}), "must have 2 rows"},
                        {"xbar_", reals({3}, {1, 2, 3}), "has 3 numbers, must have 2"},
                        {"_max_components", whole(0), "is 0, must be at least 1"},
                        {"_max_components", whole(-5), "is -5, must be at least 1"},
                        {"coef_", reals({2, 2}, {1, 2, 3, 4}), "as many as 'coef_' has rows"},
                        {"solver", "", "is absent"}});
}

TEST(SklearnDiscriminant, RefusesAxesThatDoNotFitTheClasses) {
  const std::string rotation = reals({2, 2}, {1, 2, 3, 4});
  const std::string scaling = reals({2}, {1, 2});
  const Estimator model{"sklearn.discriminant_analysis",
                        "QuadraticDiscriminantAnalysis",
                        {{"classes_", wholes({1, 2})},
                         {"means_", reals({2, 2}, {1, 2, 3, 4})},
                         {"priors_", reals({2}, {0.5, 0.5})},
                         {"rotations_", sequence({rotation, rotation})},
                         {"scalings_", sequence({scaling, scaling})}}};
  model.expect_refuses({{"means_", reals({3, 2}, {1, 2, 3, 4, 5, 6}), "must have 2 rows, one for each class"},
                        {"means_", reals({2, 3}, {1, 2, 3, 4, 5, 6}), "'rotations_' must have 3 rows and 2 columns"},
                        {"priors_", reals({3}, {1, 2, 3}), "has 3 numbers, must have 2"},
                        {"rotations_", sequence({rotation}), "must be a list of 2 arrays"},
                        {"rotations_", sequence({rotation, scaling}), "must have 2 rows and 2 columns"},
                        {"rotations_", whole(2), "must be a list of 2 arrays"},
                        {"scalings_", sequence({scaling, reals({1}, {1})}), "must have 2 rows and 1 columns"},
                        {"scalings_", sequence({scaling, text("x")}), "attribute 'scalings_'"}});
}

}  // namespace
}  // namespace scoria::model::discriminant
