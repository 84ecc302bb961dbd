#include <gtest/gtest.h>

#include <limits>

#include "model/pipeline/pickled_for_tests.h"

namespace scoria::model::distance {
namespace {

using namespace pipeline;  // the builders of pickled values
using pickle::text;

Estimator neighbours(const std::string& name) {
  return {"sklearn.neighbors.regression",
          name,
          {{"_fit_X", reals({3, 2}, {1, 2, 3, 4, 5, 6})},
           {"_y", wholes({0, 1, 1})},
           {"n_neighbors", whole(2)},
           {"weights", text("uniform")},
           {"effective_metric_", text("euclidean")},
           {"effective_metric_params_", "}"},
           {"outputs_2d_", truth(false)},
           {"classes_", wholes({4, 9})}}};
}

std::string parameters(const std::string& name, const std::string& value) { return "}(" + text(name) + value + "u"; }

TEST(SklearnKMeans, RefusesCentersThatAreNoMatrix) {
  const Estimator model{"sklearn.cluster.k_means_", "KMeans", {{"cluster_centers_", reals({2, 2}, {1, 2, 3, 4})}}};
  model.expect_refuses({{"cluster_centers_", reals({0, 2}, {}), "has no numbers"},
                        {"cluster_centers_", reals({1, 2, 2}, {1, 2, 3, 4}), "one or two dimensions"},
                        {"cluster_centers_", "", "is absent"},
                        {"n_features_in_", whole(3), "is 3, must be 2"}});
}

TEST(SklearnNeighbours, RefusesRowsThatDoNotFitTogether) {
  for (const char* name : {"KNeighborsRegressor", "KNeighborsClassifier"}) {
    neighbours(name).expect_refuses(
        {{"n_neighbors", whole(0), "is 0, must be 1 to 3"},
         {"n_neighbors", whole(4), "is 4, must be 1 to 3"},
         {"n_neighbors", whole(-1), "is -1, must be 1 to 3"},
         {"_fit_X", reals({6}, {1, 2, 3, 4, 5, 6}), "must be a matrix"},
         {"_fit_X", reals({0, 2}, {}), "must be a matrix"},
         {"_fit_X", reals({2, 1}, {1, std::numeric_limits<double>::quiet_NaN()}), "is not finite"},
         {"_y", wholes({0, 1}), "must have a row for each row of '_fit_X'"},
         {"_y", "", "attribute '_y' is absent"},
         {"effective_metric_", "", "is absent"},
         {"effective_metric_params_", parameters("p", text("x")), "has a 'p' that"}});
  }
}

TEST(SklearnNeighbours, RefusesClassesBeyondTheLabels) {
  neighbours("KNeighborsClassifier")
      .expect_refuses({{"_y", wholes({0, 2, 1}), "has 2, must be 0 to 1"},
                       {"_y", wholes({0, -1, 1}), "has -1, must be 0 to 1"},
                       {"classes_", "", "attribute 'classes_' is absent"}});
}

TEST(SklearnNeighbours, NamesWhatIsNotRead) {
  const std::string sparse = object("scipy.sparse.csr", "csr_matrix", {});
  const std::string function = pickle::global("numpy", "ndarray");
  neighbours("KNeighborsClassifier")
      .expect_refuses(
          {{"effective_metric_", text("cosine"), "is 'cosine'", Code::unsupported},
           {"effective_metric_", function, "is a function", Code::unsupported},
           {"effective_metric_params_", parameters("w", reals({2}, {1, 2})), "weighs columns", Code::unsupported},
           {"weights", function, "'uniform' and 'distance' are read", Code::unsupported},
           {"weights", text("other"), "is 'other'", Code::unsupported},
           {"outputs_2d_", truth(true), "several classes a row", Code::unsupported},
           {"_fit_X", sparse, "an array is read", Code::unsupported}});
}

TEST(SklearnNeighbours, RefusesAPowerThatIsNotAboveZero) {
  Estimator model = neighbours("KNeighborsRegressor");
  model.attributes["effective_metric_"] = text("minkowski");
  model.expect_refuses({{"effective_metric_params_", parameters("p", whole(0)), "is not above 0"},
                        {"effective_metric_params_", parameters("p", whole(-3)), "is not above 0"}});
}

}  // namespace
}  // namespace scoria::model::distance
