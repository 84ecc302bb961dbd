#include <gtest/gtest.h>

#include "model/pipeline/pickled_for_tests.h"

namespace scoria::model::bayes {
namespace {

using namespace pipeline;  // the builders of pickled values

TEST(SklearnNaiveBayes, RefusesNormalTablesThatDoNotFitTheClasses) {
  const Estimator model{"sklearn.naive_bayes",
                        "GaussianNB",
                        {{"classes_", wholes({1, 2})},
                         {"theta_", reals({2, 3}, {1, 2, 3, 4, 5, 6})},
                         {"sigma_", reals({2, 3}, {1, 2, 3, 4, 5, 6})},
                         {"class_prior_", reals({2}, {0.5, 0.5})}}};
  model.expect_refuses({{"theta_", reals({3, 2}, {1, 2, 3, 4, 5, 6}), "has 3 rows, must have 2, one for each class"},
                        {"theta_", reals({2, 2}, {1, 2, 3, 4}), "attribute 'var_' must have the shape of 'theta_'"},
                        {"sigma_", reals({1, 3}, {1, 2, 3}), "has 1 rows, must have 2"},
                        {"sigma_", "", "attribute 'var_' is absent"},
                        {"class_prior_", reals({3}, {1, 2, 3}), "has 3 numbers, must have 2"},
                        {"classes_", reals({0}, {}), "must be an array of labels"},
                        {"n_features_in_", whole(2), "is 2, must be 3"}});
}

TEST(SklearnNaiveBayes, RefusesTablesOfCountsThatDoNotFitTheClasses) {
  for (const char* name : {"MultinomialNB", "BernoulliNB", "ComplementNB"}) {
    const Estimator model{"sklearn.naive_bayes",
                          name,
                          {{"classes_", wholes({1, 2})},
                           {"feature_log_prob_", reals({2, 2}, {-1, -2, -3, -4})},
                           {"class_log_prior_", reals({2}, {-1, -1})}}};
    model.expect_refuses({{"feature_log_prob_", reals({1, 2}, {-1, -2}), "has 1 rows, must have 2"},
                          {"feature_log_prob_", "", "is absent"},
                          {"classes_", wholes({1, 2, 3}), "has 2 rows, must have 3"}});
    if (std::string(name) == "ComplementNB") continue;  // does not read it
    model.expect_refuses({{"class_log_prior_", reals({1}, {-1}), "has 1 numbers, must have 2"}});
  }
}

}  // namespace
}  // namespace scoria::model::bayes
