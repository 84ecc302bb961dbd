#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/executor.h"
#include "model/loaders.h"
#include "pickle/stream_for_tests.h"
#include "table/table.h"

namespace scoria::model::kernel_machine {
namespace {

using pickle::global;
using pickle::integer;
using pickle::text;
using testing::HasSubstr;

std::string tuple(const std::vector<std::int32_t>& numbers) {
  std::string all = "(";
  for (const std::int32_t x : numbers) all += integer(x);
  return all + "t";
}

// A numpy array as numpy pickles it.
template <typename T>
std::string array(const std::vector<std::int32_t>& shape, const char* type, const std::vector<T>& values) {
  std::string data;
  for (const T x : values) data += pickle::little(x);
  return global("numpy.core.multiarray", "_reconstruct") + "(" + global("numpy", "ndarray") + tuple({0}) +
         pickle::bytes("b") + "tR(K\x01" + tuple(shape) + global("numpy", "dtype") + text(type) + "\x85R\x89" +
         pickle::bytes(data) + "tb";
}
std::string reals(const std::vector<std::int32_t>& shape, const std::vector<double>& values) {
  return array(shape, "f8", values);
}
std::string wholes(const std::vector<std::int32_t>& values) {
  return array({static_cast<std::int32_t>(values.size())}, "i4", values);
}
std::string truth(bool is) { return is ? "\x88" : "\x89"; }
const std::string kNone = "N";

using Attributes = std::map<std::string, std::string>;

std::string object(const std::string& module, const std::string& name, const Attributes& attributes) {
  std::string all = global(module, name) + ")\x81}(";
  for (const auto& [key, value] : attributes) all += text(key) + value;
  return all + "ub";
}

// Three classes, four support vectors, two columns.
Attributes svc() {
  return {{"kernel", text("rbf")},
          {"degree", integer(3)},
          {"coef0", integer(0)},
          {"_gamma", reals({}, {0.5})},
          {"gamma", text("scale")},
          {"classes_", wholes({3, 5, 9})},
          {"support_vectors_", reals({4, 2}, {0, 1, 2, 3, 4, 5, 6, 7})},
          {"_dual_coef_", reals({2, 4}, {1, 2, -1, -2, 0.5, 1, -1, 1})},
          {"_intercept_", reals({3}, {0.1, 0.2, 0.3})},
          {"_n_support", wholes({2, 1, 1})},
          {"_probA", reals({0}, {})},
          {"_probB", reals({0}, {})},
          {"decision_function_shape", text("ovr")},
          {"break_ties", truth(false)}};
}
Attributes one_class() {
  Attributes attributes = svc();
  attributes.erase("classes_");
  attributes["_dual_coef_"] = reals({1, 4}, {1, 2, 1, 0.5});
  attributes["_intercept_"] = reals({1}, {-0.5});
  return attributes;
}
std::string compressed(const Attributes& changes) {
  Attributes matrix{{"_shape", tuple({4, 2})},
                    {"data", reals({3}, {1, 2, 3})},
                    {"indices", wholes({0, 1, 1})},
                    {"indptr", wholes({0, 1, 2, 2, 3})}};
  for (const auto& [key, value] : changes) matrix[key] = value;
  return object("scipy.sparse.csr", "csr_matrix", matrix);
}

Result<ModelPtr> load(const std::string& name, const Attributes& attributes) {
  return open_model(pickle::as_bytes(pickle::stream(object("sklearn.svm._classes", name, attributes))));
}
std::string error_of(const std::string& name, const Attributes& attributes) {
  const auto model = load(name, attributes);
  return model.ok() ? "" : std::string(code_name(model.error().code)) + ": " + model.error().message;
}
std::string error_with(Attributes attributes, const std::string& attribute, const std::string& value) {
  attributes[attribute] = value;
  return error_of(attributes.contains("classes_") ? "SVC" : "OneClassSVM", attributes);
}

TEST(SklearnSvm, WhatTheTestsChangeIsWholeAsItStands) {
  EXPECT_EQ(error_of("SVC", svc()), "");
  EXPECT_EQ(error_of("NuSVC", svc()), "");
  EXPECT_EQ(error_of("OneClassSVM", one_class()), "");
  EXPECT_EQ(error_of("SVR", one_class()), "");
  EXPECT_EQ(error_with(svc(), "support_vectors_", compressed({})), "");
}

TEST(SklearnSvm, ArraysOfOtherShapesAreCorrupt) {
  const struct {
    const char* attribute;
    std::string value;
    const char* says;
  } cases[] = {
      {"support_vectors_", reals({8}, {0, 1, 2, 3, 4, 5, 6, 7}),
       "'support_vectors_' has the shape [8], must have two dimensions"},
      {"support_vectors_", reals({2, 4}, {0, 1, 2, 3, 4, 5, 6, 7}), "'_dual_coef_' is 2 x 4, must be 2 x 2"},
      {"support_vectors_", reals({4, 0}, {}), "'support_vectors_' has 0 columns"},
      {"support_vectors_", reals({0, 2}, {}), "'_dual_coef_' is 2 x 4, must be 2 x 0"},
      {"support_vectors_", reals({0, 2'000'000'000}, {}), "has 2000000000 columns"},
      {"support_vectors_", text("none"), "must be a numpy array"},
      {"_dual_coef_", reals({1, 4}, {1, 2, 3, 4}), "'_dual_coef_' is 1 x 4, must be 2 x 4"},
      {"_dual_coef_", reals({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), "'_dual_coef_' is 4 x 2"},
      {"_intercept_", reals({2}, {1, 2}), "'_intercept_' has 2 numbers, must have 3"},
      {"_n_support", wholes({2, 2}), "'_n_support' has 2 numbers, must have one for each of 3 classes"},
      {"_n_support", wholes({2, 1, 2}), "'_n_support' counts 5 support vectors, must count 4"},
      {"_n_support", wholes({-640156840, 32724, 4}), "'_n_support' has -640156840 of 4 support vectors"},
      {"_n_support", wholes({2147483647, 2147483647, 6}), "'_n_support' has 2147483647 of 4"},
      {"_probA", reals({2}, {1, 2}), "'_probA' has 2 numbers, must have 3"},
      {"_probA", reals({3}, {1, 2, 3}), "one half of what probabilities need"},
      {"classes_", wholes({7}), "'classes_' has 1 labels, must have at least 2"},
      {"classes_", wholes({1, 2}), "'_dual_coef_' is 2 x 4, must be 1 x 4"},
      {"n_features_in_", integer(3), "'n_features_in_' is 3, must be 2"},
  };
  for (const auto& wrong : cases) {
    const std::string error = error_with(svc(), wrong.attribute, wrong.value);
    EXPECT_THAT(error, HasSubstr(wrong.says)) << wrong.attribute;
    EXPECT_THAT(error, HasSubstr("corrupt: ")) << wrong.attribute;
  }
}

TEST(SklearnSvm, NumbersThatAreNoneAreCorrupt) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(error_with(svc(), "support_vectors_", reals({4, 2}, {0, 1, 2, 3, nan, 5, 6, 7})),
              HasSubstr("support vectors that are not finite"));
  EXPECT_THAT(error_with(one_class(), "_dual_coef_", reals({1, 4}, {1, infinity, 1, 1})),
              HasSubstr("coefficients that are not finite"));
  EXPECT_THAT(error_with(one_class(), "_intercept_", reals({1}, {nan})), HasSubstr("intercepts that are not finite"));
  EXPECT_THAT(error_with(svc(), "_gamma", reals({}, {-0.5})), HasSubstr("gamma"));
  EXPECT_THAT(error_with(svc(), "_gamma", reals({}, {nan})), HasSubstr("gamma"));
  Attributes poly = svc();
  poly["kernel"] = text("poly");
  EXPECT_THAT(error_with(poly, "degree", integer(-1)), HasSubstr("'degree' is -1"));
  EXPECT_THAT(error_with(poly, "degree", reals({}, {1e18})), HasSubstr("'degree'"));
  EXPECT_THAT(error_with(poly, "degree", reals({}, {nan})), HasSubstr("'degree'"));
  EXPECT_THAT(error_with(poly, "coef0", reals({}, {infinity})), HasSubstr("coef0"));
}

TEST(SklearnSvm, SparseMatricesThatLeadOutOfTheirPartsAreCorrupt) {
  const struct {
    Attributes changes;
    const char* says;
  } cases[] = {
      {{{"indices", wholes({0, 2, 1})}}, "has column 2 of 2"},
      {{{"indices", wholes({0, -1, 1})}}, "has column -1 of 2"},
      {{{"indptr", wholes({0, 1, 2, 2, 4})}}, "indptr that leads out"},
      {{{"indptr", wholes({0, 2, 1, 2, 3})}}, "indptr that leads out"},
      {{{"indptr", wholes({-5, 1, 2, 2, 3})}}, "indptr that leads out"},
      {{{"indptr", wholes({0, 1, 3})}}, "sizes that do not agree"},
      {{{"data", reals({2}, {1, 2})}}, "sizes that do not agree"},
      {{{"_shape", tuple({4, -2})}}, "a shape that is none"},
      {{{"_shape", tuple({4})}}, "a shape that is none"},
      {{{"_shape", tuple({4, 1'000'000'000})}}, "too_large"},
      {{{"_shape", tuple({4, 8'000'000})}}, "has 8000000 columns"},
  };
  for (const auto& wrong : cases) {
    EXPECT_THAT(error_with(svc(), "support_vectors_", compressed(wrong.changes)), HasSubstr(wrong.says));
  }
  EXPECT_THAT(error_with(svc(), "support_vectors_", object("scipy.sparse.csc", "csc_matrix", {})),
              HasSubstr("must be an array or a csr_matrix"));
}

TEST(SklearnSvm, KernelsThatAreNotReadAreNamed) {
  EXPECT_THAT(error_with(svc(), "kernel", text("precomputed")),
              HasSubstr("unsupported: sklearn.svm.SVC: the kernel 'precomputed'"));
  EXPECT_THAT(error_with(svc(), "kernel", global("sklearn.metrics.pairwise", "chi2_kernel")), HasSubstr("chi2_kernel"));
}

TEST(SklearnSvm, WhatItWasMadeWithMustMakeSense) {
  EXPECT_THAT(error_with(svc(), "decision_function_shape", text("all")), HasSubstr("must be 'ovr' or 'ovo'"));
  EXPECT_THAT(error_with(svc(), "break_ties", integer(2)), HasSubstr("'break_ties' is 2"));
  EXPECT_THAT(error_with(svc(), "_gamma", kNone), HasSubstr("gamma = 'scale' needs it"));
}

// Before _gamma was kept there was only what the machine was made with.
TEST(SklearnSvm, GammaIsTakenFromWhatThereIs) {
  Attributes attributes = one_class();
  attributes.erase("_gamma");
  attributes["gamma"] = reals({}, {0.25});
  EXPECT_EQ(error_of("SVR", attributes), "");
  attributes["gamma"] = text("auto");
  EXPECT_EQ(error_of("SVR", attributes), "");
}

// scikit-learn 0.19 wrote there what was in memory.
TEST(SklearnSvm, CountsOfMachinesWithoutClassesAreNotRead) {
  Attributes attributes = one_class();
  attributes["_n_support"] = wholes({-640156840, 32724});
  attributes["_probA"] = reals({7}, {1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(error_of("OneClassSVM", attributes), "");
}

TEST(SklearnSvm, ProbabilitiesAreOfferedWhereTheyWereFitted) {
  Attributes attributes = svc();
  EXPECT_THAT(load("SVC", attributes).value()->description().types, testing::ElementsAre("predict", "decision"));
  attributes["_probA"] = attributes["_probB"] = reals({3}, {-1, -1, -1});
  EXPECT_THAT(load("SVC", attributes).value()->description().types,
              testing::ElementsAre("predict", "decision", "proba", "log_proba"));
}

TEST(SklearnSvm, TiesThatScikitLearnRefusesToBreakAreRefused) {
  Attributes attributes = svc();
  attributes["break_ties"] = truth(true);
  attributes["decision_function_shape"] = text("ovo");
  const auto model = load("SVC", attributes);
  table::Table rows(1);
  rows.add("x0", table::Column::real({1}));
  rows.add("x1", table::Column::real({2}));
  InlineExecutor executor;
  EXPECT_THAT(model.value()->score(rows, {}, executor).error().message, HasSubstr("break_ties"));
  EXPECT_TRUE(model.value()->score(rows, {.types = {"decision"}}, executor).ok());
}

}  // namespace
}  // namespace scoria::model::kernel_machine
