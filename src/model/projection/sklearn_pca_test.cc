#include <gtest/gtest.h>

#include "model/pipeline/pickled_for_tests.h"

namespace scoria::model::projection {
namespace {

using namespace pipeline;  // the builders of pickled values
using pickle::text;

TEST(SklearnPca, RefusesPartsThatDoNotFitTheComponents) {
  for (const char* version : {"0.24.2", "1.5.0"}) {
    const Estimator model{"sklearn.decomposition.pca",
                          "PCA",
                          {{"components_", reals({2, 3}, {1, 2, 3, 4, 5, 6})},
                           {"mean_", reals({3}, {1, 2, 3})},
                           {"explained_variance_", reals({2}, {4, 1})},
                           {"whiten", truth(true)},
                           {"_sklearn_version", text(version)}}};
    model.expect_refuses({{"components_", reals({2, 0}, {}), "has no numbers"},
                          {"components_", reals({3}, {1, 2, 3}), "'explained_variance_' has 2 numbers, must have 1"},
                          {"mean_", reals({2}, {1, 2}), "has 2 numbers, must have 3"},
                          {"mean_", text("x"), "attribute 'mean_'"},
                          {"explained_variance_", reals({3}, {1, 2, 3}), "has 3 numbers, must have 2"},
                          {"explained_variance_", "", "is absent"},
                          {"whiten", whole(7), "must be True or False"},
                          {"n_features_in_", whole(2), "is 2, must be 3"}});
  }
}

TEST(SklearnPca, RefusesSingularVectorsThatAreNoMatrix) {
  const Estimator model{
      "sklearn.decomposition.truncated_svd", "TruncatedSVD", {{"components_", reals({1, 2}, {1, 2})}}};
  model.expect_refuses({{"components_", "", "is absent"}, {"components_", reals({1, 1, 2}, {1, 2}), "dimensions"}});
}

}  // namespace
}  // namespace scoria::model::projection
