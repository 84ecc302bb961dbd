#include "pickle/object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "pickle/stream_for_tests.h"

namespace scoria::pickle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Document from_file(const std::string& name) {
  auto file = FileBytes::open(std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/pickle" / name);
  EXPECT_TRUE(file.ok()) << name;
  auto document = read(file.value().bytes());
  EXPECT_TRUE(document.ok()) << document.error().message;
  return std::move(document).value();
}

// The second step of the pipeline of files named "*.iot.*".
Object svm_of(const Document& document) {
  const Value* steps = attribute(document.root(), "steps");
  return Object::of(*steps->items[1]->items[1], "step 2").value();
}

TEST(Object, FindsRenamedAttributesInFilesOfEveryAge) {
  for (const char* name :
       {"py27.iot.p2.gz", "py36.iot.p3.gz", "py39.iot.p4.gz", "np1.iot.p5.gz", "np2.iot.p0.gz", "np2.iot.joblib"}) {
    SCOPED_TRACE(name);
    const Document document = from_file(name);
    const Object svm = svm_of(document);
    EXPECT_EQ(svm.name(), "sklearn.svm.OneClassSVM");
    EXPECT_NE(svm.find("_n_support"), nullptr);
    EXPECT_EQ(svm.number("_gamma").value(), 0.01);
    EXPECT_EQ(svm.text("kernel").value(), "rbf");
    EXPECT_TRUE(svm.truth("shrinking").value());
    const auto support = svm.numbers("support_vectors_");
    const auto coefficients = svm.numbers("_dual_coef_");
    ASSERT_TRUE(support.ok() && coefficients.ok());
    EXPECT_EQ(support.value().size(), 3 * coefficients.value().size());
  }
}

TEST(Object, FindsTheVariancesOfGaussianNBByTheirOlderName) {
  const auto document =
      read(as_bytes(stream(global("sklearn.naive_bayes", "GaussianNB") + ")\x81}(" + text("sigma_") + "](K\x02eub")));
  ASSERT_TRUE(document.ok()) << document.error().message;
  const Object model = Object::of(document.value().root(), "model").value();
  EXPECT_THAT(model.numbers("var_").value(), ElementsAre(2));
}

TEST(Object, AgreesWithItselfAcrossVersions) {
  // The same data and seed: every version centres them alike.
  const Document old_file = from_file("py27.iot.p2.gz");
  const Document new_file = from_file("np2.iot.p5.gz");
  const auto mean = [](const Document& document) {
    return Object::of(*attribute(document.root(), "steps")->items[0]->items[1], "step 1")
        .value()
        .numbers("mean_")
        .value();
  };
  const std::vector<double> old_mean = mean(old_file);
  const std::vector<double> new_mean = mean(new_file);
  ASSERT_EQ(old_mean.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(old_mean[i], new_mean[i], 1e-15);
}

TEST(Object, ErrorsNameClassAndAttribute) {
  const auto document =
      read(as_bytes(stream(global("sklearn.svm.classes", "SVC") + ")\x81}(" + text("kernel") + "K\x03" + text("gamma") +
                           text("auto") + text("list") + "](K\x01" + text("x") + "e" + text("half") + "G?\xe0" +
                           std::string(6, '\0') + text("none") + "Nub")));
  ASSERT_TRUE(document.ok()) << document.error().message;
  const Object svm = Object::of(document.value().root(), "model").value();
  EXPECT_EQ(svm.text("kernel").error().message, "model (sklearn.svm.SVC): attribute 'kernel' is 3, must be a text");
  EXPECT_EQ(svm.number("gamma").error().message,
            "model (sklearn.svm.SVC): attribute 'gamma' is 'auto', must be one number");
  EXPECT_EQ(svm.number("C").error().message, "model (sklearn.svm.SVC): attribute 'C' is absent");
  EXPECT_EQ(svm.get("none").error().message, "model (sklearn.svm.SVC): attribute 'none' is absent");
  EXPECT_THAT(svm.numbers("list").error().message, HasSubstr("is 'x', must be one number"));
  EXPECT_THAT(svm.strings("list").error().message, HasSubstr("is 1, must be a text"));
  EXPECT_THAT(svm.array("list").error().message, HasSubstr("must be a numpy array"));
  EXPECT_THAT(svm.integer("half").error().message, HasSubstr("is 0.5, must be a whole number"));
  EXPECT_THAT(svm.truth("kernel").error().message, HasSubstr("is 3, must be True or False"));
  EXPECT_THAT(svm.object("kernel").error().message, HasSubstr("must be an object"));
  EXPECT_FALSE(Object::of(*svm.find("kernel"), "model").ok());
}

TEST(Object, LabelsOfAnyTypeAreTexts) {
  const Document document = from_file("np2.svc.p5.gz");
  EXPECT_THAT(Object::of(document.root(), "model").value().strings("classes_").value(), ElementsAre("no", "yes"));
}

TEST(ClassName, IsThePublicOneWhateverTheVersion) {
  for (const auto& [module, name, expected] :
       {std::tuple{"sklearn.svm.classes", "SVC", "sklearn.svm.SVC"},
        std::tuple{"sklearn.svm._classes", "SVC", "sklearn.svm.SVC"},
        std::tuple{"sklearn.preprocessing.data", "StandardScaler", "sklearn.preprocessing.StandardScaler"},
        std::tuple{"sklearn.ensemble._hist_gradient_boosting.gradient_boosting", "X", "sklearn.ensemble.X"},
        std::tuple{"sklearn.pipeline", "Pipeline", "sklearn.pipeline.Pipeline"},
        std::tuple{"sklearn._loss.loss", "HalfSquaredError", "sklearn.HalfSquaredError"},
        std::tuple{"sklearn.grid_search", "GridSearchCV", "sklearn.model_selection.GridSearchCV"},
        std::tuple{"scipy.sparse._csr", "csr_matrix", "scipy.sparse.csr_matrix"},
        std::tuple{"xgboost.sklearn", "XGBClassifier", "xgboost.sklearn.XGBClassifier"},
        std::tuple{"builtins", "slice", "slice"}}) {
    EXPECT_EQ(public_name(Global{module, name}), expected);
  }
}

}  // namespace
}  // namespace scoria::pickle
