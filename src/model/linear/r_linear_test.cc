// What loaders of linear models take and refuse: models of tests/golden, with slots changed or dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "model/linear/r_glm.h"
#include "model/linear/r_lm.h"
#include "model/linear/r_rq.h"
#include "model/loaders.h"
#include "model/r_value_for_tests.h"
#include "model/table_for_tests.h"

namespace scoria::model::linear {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// A stored model whose slots a test changes.
class Stored {
 public:
  explicit Stored(const std::string& name) : document_(read(name)) {
    const rdata::Value& root = document_.root();
    classes = rdata::classes(root);
    const std::vector<std::string> names = rdata::strings(*root.attribute("names"));
    for (std::size_t i = 0; i < names.size(); ++i) slots.set(names[i], root.items[i]);
  }

  const rdata::Value& slot(std::string_view name) const { return *rdata::member(document_.root(), name); }
  // A slot that is a list, to be changed in its turn.
  RSlots parts(std::string_view name) const {
    RSlots all;
    const std::vector<std::string> names = rdata::strings(*slot(name).attribute("names"));
    for (std::size_t i = 0; i < names.size(); ++i) all.set(names[i], slot(name).items[i]);
    return all;
  }
  Result<ModelPtr> load() { return load_model(*slots.object(values, classes)); }
  std::string load_error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : loaded.error().message;
  }
  Result<Prediction> score(const Request& request = {}) {
    InlineExecutor executor;
    auto loaded = load();
    if (!loaded.ok()) return loaded.error();
    return loaded.value()->score(table_for(loaded.value()->description(), 5), request, executor);
  }
  std::string score_error(const Request& request) {
    const auto scored = score(request);
    return scored.ok() ? "it was answered" : scored.error().message;
  }

  RValues values;
  RSlots slots;
  std::vector<std::string> classes;

 private:
  static rdata::Document read(const std::string& name) {
    const auto file = FileBytes::open(SCORIA_SOURCE_DIR "/tests/golden/" + name + "/model.rds");
    auto document = rdata::read(file.value().bytes(), {});
    return std::move(document).value();
  }
  rdata::Document document_;
};

std::string detail(const Model& model, std::string_view name) {
  for (const auto& [key, value] : model.description().details) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST(RLm, NamesTheSlotThatIsAbsent) {
  for (const char* slot : {"terms", "coefficients"}) {
    Stored lm("linear_lm_intervals");
    lm.slots.drop(slot);
    EXPECT_THAT(lm.load_error(), HasSubstr("lm object: slot '" + std::string(slot) + "' is absent"));
  }
}

TEST(RLm, RefusesCoefficientsThatAreNotOneForEachColumn) {
  Stored lm("linear_lm_intervals");
  lm.slots.set("coefficients", lm.values.real({1, 2}));
  EXPECT_THAT(lm.load_error(), HasSubstr("has 2 numbers for 5 columns of the model matrix"));
}

TEST(RLm, RefusesPivotsThatAreNoPermutation) {
  for (const std::vector<std::int32_t>& pivot :
       {std::vector{1, 2, 3, 4, 4}, std::vector{0, 1, 2, 3, 4}, std::vector{1, 2, 3, 4, 6}, std::vector{1, 2, 3, 4}}) {
    Stored lm("linear_lm_intervals");
    lm.slots.set("qr", lm.parts("qr").set("pivot", lm.values.integer(pivot)).object(lm.values, {"qr"}));
    EXPECT_THAT(lm.load_error(), HasSubstr("slot 'qr' has"));
  }
}

TEST(RLm, RefusesARankBeyondItsColumns) {
  for (const std::int32_t rank : {6, -1}) {
    Stored lm("linear_lm_intervals");
    lm.slots.set("qr", lm.parts("qr").set("rank", lm.values.integer({rank})).object(lm.values, {"qr"}));
    EXPECT_THAT(lm.load_error(), HasSubstr("and rank " + std::to_string(rank)));
  }
}

TEST(RLm, AnswersWithoutStandardErrorsWhereTheMatrixOfQrIsNoMatrix) {
  Stored lm("linear_lm_intervals");
  const auto huge =
      lm.values.with(lm.values.real({1, 2}), {{"dim", lm.values.integer({1'000'000'000, 1'000'000'000})}});
  lm.slots.set("qr", lm.parts("qr").set("qr", huge).object(lm.values, {"qr"}));
  EXPECT_TRUE(lm.score().ok());
  EXPECT_THAT(lm.score_error({.types = {"se.fit"}}), HasSubstr("slot qr does not hold the decomposition's matrix"));
}

TEST(RLm, AnswersWithoutQrAndSaysWhyThereAreNoStandardErrors) {
  Stored lm("linear_lm_intervals");
  lm.slots.drop("qr");
  const auto model = lm.load();
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_THAT(model.value()->description().types, Not(Contains("se.fit")));
  EXPECT_TRUE(lm.score().ok());
  EXPECT_THAT(lm.score_error({.types = {"se.fit"}}), HasSubstr("holds no qr decomposition"));
  EXPECT_THAT(lm.score_error({.parameters = {{"se.fit", "TRUE"}}}), HasSubstr("holds no qr decomposition"));
  EXPECT_THAT(lm.score_error({.parameters = {{"interval", "confidence"}}}), HasSubstr("holds no qr decomposition"));
}

TEST(RLm, AnswersWithoutResidualsAndSaysWhyThereAreNoIntervals) {
  Stored lm("linear_lm_intervals");
  lm.slots.drop("residuals");
  EXPECT_TRUE(lm.score().ok());
  EXPECT_THAT(lm.score_error({.parameters = {{"interval", "prediction"}}}), HasSubstr("holds no residuals"));
}

TEST(RLm, AnswersWithoutItsRowsAndSaysWhyThereAreNoTerms) {
  Stored lm("linear_lm_terms");
  lm.slots.drop("model");
  EXPECT_TRUE(lm.score().ok());
  EXPECT_THAT(lm.score_error({.types = {"terms"}}), HasSubstr("does not hold the rows it was fitted to"));
}

TEST(RLm, RefusesAClassWithAPredictOfItsOwn) {
  Stored gam("linear_glm_gaussian_identity");
  gam.classes = {"gam", "glm", "lm"};
  EXPECT_THAT(gam.load_error(), HasSubstr("class 'gam' stands before 'glm'"));
  Stored lm("linear_lm_intervals");
  lm.classes = {"ivreg", "lm"};
  EXPECT_THAT(lm.load_error(), HasSubstr("class 'ivreg' stands before 'lm'"));
}

TEST(RLm, SaysWhatItsFitIs) {
  // summary(m)$sigma of R.
  const auto model = Stored("linear_lm_intervals").load();
  ASSERT_TRUE(model.ok());
  EXPECT_NEAR(std::stod(detail(*model.value(), "residual.scale")), 0.64293023542767613, 1e-14);
  EXPECT_EQ(detail(*model.value(), "df"), "55");
  EXPECT_EQ(detail(*model.value(), "coefficients"), "5");
}

TEST(RLm, GivesTheConstantOfTermsInANote) {
  // attr(predict(m, nd, type = "terms"), "constant") of R.
  const auto scored = Stored("linear_lm_terms").score({.types = {"terms"}});
  ASSERT_TRUE(scored.ok());
  ASSERT_EQ(scored.value().notes.size(), 1u);
  const std::string& note = scored.value().notes[0];
  EXPECT_NEAR(std::stod(note.substr(note.find("'constant', ") + 12)), 0.40616795643437004, 1e-12);
}

TEST(RLm, NotesARankDeficientFit) {
  const auto scored = Stored("linear_lm_aliased").score();
  ASSERT_TRUE(scored.ok());
  EXPECT_THAT(scored.value().notes, Contains(HasSubstr("rank-deficient: 2 coefficients")));
}

TEST(RLm, NotesThatAPredictionIntervalOfAWeightedFitTakesConstantVariance) {
  Stored lm("linear_lm_scale_and_variance");
  const Request prediction{.parameters = {{"interval", "prediction"}}};
  const Request confidence{.parameters = {{"interval", "confidence"}}};
  EXPECT_THAT(lm.score(prediction).value().notes, Contains(HasSubstr("constant variance")));
  EXPECT_THAT(lm.score(confidence).value().notes, Not(Contains(HasSubstr("constant variance"))));
}

TEST(RLm, RefusesParametersByNameAndRange) {
  Stored lm("linear_lm_terms");
  const auto error = [&](const char* name, const char* value) {
    return lm.score_error({.types = {"terms"}, .parameters = {{name, value}}});
  };
  EXPECT_THAT(error("interval", "both"), HasSubstr("must be none, confidence or prediction"));
  EXPECT_THAT(error("level", "95"), HasSubstr("parameter 'level': 95 is not from 0 to 1"));
  EXPECT_THAT(error("level", "0.9,0.95"), HasSubstr("must be one number"));
  EXPECT_THAT(error("weights", "0"), HasSubstr("parameter 'weights': must be above 0"));
  EXPECT_THAT(error("pred.var", "-1"), HasSubstr("parameter 'pred.var': must be at least 0"));
  EXPECT_THAT(error("terms", "x,nothing"), HasSubstr("has no term 'nothing'; it has 'x', 'f'"));
  EXPECT_THAT(error("terms", "x,x"), HasSubstr("'x' is named twice"));
  EXPECT_THAT(error("dispersion", "1"), HasSubstr("parameter 'dispersion' is not one of this lm model"));
}

TEST(RLm, PutsStandardErrorsBehindTheirPredictions) {
  const auto scored = Stored("linear_lm_terms")
                          .score({.types = {"response", "terms"}, .parameters = {{"se.fit", "T"}, {"terms", "x"}}});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.names(), testing::ElementsAre("response", "se.fit", "terms:x", "se.terms:x"));
}

TEST(RMlm, RefusesWhatRHasNot) {
  Stored mlm("linear_mlm");
  EXPECT_THAT(mlm.score_error({.parameters = {{"se.fit", "TRUE"}}}),
              HasSubstr("no standard errors for several responses"));
}

TEST(RGlm, RefusesALinkThatItsNameDoesNotDefine) {
  Stored glm("linear_glm_stripped");
  glm.slots.set("family", glm.values.object({{"family", glm.values.character({"binomial"})},
                                             {"link", glm.values.character({"logexp(3)"})}}));
  EXPECT_THAT(glm.load_error(), HasSubstr("link 'logexp(3)' is not one"));
  glm.slots.drop("family");
  EXPECT_THAT(glm.load_error(), HasSubstr("slot 'family' is absent"));
}

TEST(RGlm, AnswersForAFamilyThatItDoesNotKnow) {
  Stored glm("linear_glm_stripped");
  glm.slots.set("family", glm.values.object({{"family", glm.values.character({"Tweedie"})},
                                             {"link", glm.values.character({"log"})}}));
  EXPECT_TRUE(glm.score({.types = {"response"}}).ok());
}

TEST(RGlm, EstimatesTheDispersionAsSummaryDoes) {
  EXPECT_EQ(detail(*Stored("linear_glm_poisson_log").load().value(), "dispersion"), "1");
  EXPECT_EQ(detail(*Stored("linear_glm_nb_log").load().value(), "dispersion"), "1");
  EXPECT_NEAR(std::stod(detail(*Stored("linear_glm_quasipoisson").load().value(), "dispersion")), 1.1458459394099816,
              1e-13);
}

TEST(RGlm, AsksForTheDispersionWhereTheFileDoesNotTellIt) {
  Stored glm("linear_glm_quasipoisson");
  glm.slots.drop("residuals");
  EXPECT_THAT(glm.score_error({.types = {"se.fit"}}), HasSubstr("give --param dispersion=NUMBER"));
  EXPECT_TRUE(glm.score({.types = {"se.fit"}, .parameters = {{"dispersion", "1"}}}).ok());
  EXPECT_THAT(glm.score_error({.types = {"se.fit"}, .parameters = {{"dispersion", "-1"}}}), HasSubstr("at least 0"));
}

TEST(RRq, RefusesIntervalsWithTheReason) {
  Stored rq("linear_rq_median");
  EXPECT_THAT(rq.score_error({.parameters = {{"interval", "confidence"}}}), HasSubstr("rows the model was fitted to"));
}

TEST(RRq, SaysItsQuantiles) {
  const auto model = Stored("linear_rqs_five").load();
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(detail(*model.value(), "tau"), "0.05, 0.25, 0.5, 0.75, 0.95");
  EXPECT_EQ(model.value()->description().labels.size(), 5u);
}

// Splits its work in pieces and does the last ones first.
class BackwardExecutor final : public Executor {
 public:
  std::size_t concurrency() const override { return 3; }
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
    while (count > 0) body(--count);
  }
};

TEST(Linear, GivesTheSameBitsHoweverTheRowsAreSplit) {
  const auto model = Stored("linear_glm_terms").load();
  ASSERT_TRUE(model.ok());
  const table::Table rows = table_for(model.value()->description(), 5000);
  const Request request{.types = model.value()->description().types};
  InlineExecutor one;
  BackwardExecutor several;
  const auto whole = model.value()->score(rows, request, one);
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_EQ(table_difference(whole.value().table, model.value()->score(rows, request, several).value().table), "");
}

TEST(Linear, AnswersATableWithoutRows) {
  const auto model = Stored("linear_lm_terms").load();
  ASSERT_TRUE(model.ok());
  InlineExecutor executor;
  const auto scored =
      model.value()->score(table_for(model.value()->description(), 0), {.types = {"response", "se.fit"}}, executor);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_EQ(scored.value().table.rows(), 0u);
}

}  // namespace
}  // namespace scoria::model::linear
