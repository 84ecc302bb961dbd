#include <gtest/gtest.h>

#include "model/pipeline/pickled_for_tests.h"

namespace scoria::model::dense_net {
namespace {

using namespace pipeline;  // the builders of pickled values
using pickle::text;

std::string binarizer(const Attributes& attributes) {
  return object("sklearn.preprocessing.label", "LabelBinarizer", attributes);
}

// Two columns, three units, three classes.
Estimator net(const std::string& name) {
  return {"sklearn.neural_network.multilayer_perceptron",
          name,
          {{"coefs_", sequence({reals({2, 3}, {1, 2, 3, 4, 5, 6}), reals({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})})},
           {"intercepts_", sequence({reals({3}, {1, 2, 3}), reals({3}, {1, 2, 3})})},
           {"activation", text("relu")},
           {"out_activation_", text("softmax")},
           {"_label_binarizer", binarizer({{"classes_", wholes({1, 2, 3})}})}}};
}

TEST(SklearnMlp, RefusesLayersThatDoNotFitTogether) {
  for (const char* name : {"MLPRegressor", "MLPClassifier"}) {
    net(name).expect_refuses(
        {{"coefs_", "", "attribute 'coefs_' is absent"},
         {"coefs_", whole(1), "must be a list of arrays"},
         {"coefs_", "]", "must have as many layers as 'intercepts_'"},
         {"coefs_", sequence({reals({2, 3}, {1, 2, 3, 4, 5, 6})}), "must have as many layers as 'intercepts_'"},
         {"coefs_", sequence({reals({2, 3}, {1, 2, 3, 4, 5, 6}), reals({2, 3}, {1, 2, 3, 4, 5, 6})}),
          "of layer 2 must have 3 rows"},
         {"coefs_", sequence({reals({6}, {1, 2, 3, 4, 5, 6}), reals({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})}),
          "of layer 1 must be a matrix"},
         {"coefs_", sequence({reals({0, 3}, {}), reals({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})}),
          "of layer 1 must be a matrix"},
         {"intercepts_", sequence({reals({2}, {1, 2}), reals({3}, {1, 2, 3})}),
          "of layer 1 has 2 numbers, must have 3"},
         {"intercepts_", sequence({text("x"), reals({3}, {1, 2, 3})}), "of layer 1"},
         {"activation", text("selu"), "is 'selu', must be 'identity'", Code::unsupported},
         {"out_activation_", "", "is absent"}});
  }
}

TEST(SklearnMlp, RefusesLabelsThatDoNotFitTheOutputs) {
  const std::string many = binarizer({{"classes_", wholes({0, 1, 2})}, {"y_type_", text("multilabel-indicator")}});
  net("MLPClassifier")
      .expect_refuses({{"_label_binarizer", binarizer({{"classes_", wholes({1, 2})}}), "makes 3 outputs for 2 classes"},
                       {"_label_binarizer", binarizer({{"classes_", wholes({1})}}), "makes 3 outputs for 1 classes"},
                       {"_label_binarizer", many, "several labels a row", Code::unsupported},
                       {"_label_binarizer", "", "is absent"}});
}

}  // namespace
}  // namespace scoria::model::dense_net
