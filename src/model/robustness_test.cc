// Damaged model files: cut short anywhere, or with bytes changed. An error or an answer, and nothing else.
#include <gtest/gtest.h>

#include <random>

#include "base/byte_source.h"
#include "base/file.h"
#include "model/loaders.h"
#include "model/table_for_tests.h"

namespace scoria::model {
namespace {

constexpr rdata::ReadLimits kLimits{.max_depth = 1000, .max_values = 1'000'000, .max_bytes = 64u << 20};

// The inflated bytes, so that changes reach what the loaders see and not the checksum of the compression.
std::string inflated(const std::string& model) {
  const auto file = FileBytes::open(SCORIA_SOURCE_DIR "/tests/" + model + ".rds");
  EXPECT_TRUE(file.ok());
  auto bytes = decompress(file.value().bytes());
  EXPECT_TRUE(bytes.ok());
  return std::move(bytes).value();
}

// Whether it loads; one that does must answer or refuse, the same whatever the kernel.
bool open_and_score(const std::string& bytes) {
  const auto opened = open_model(std::as_bytes(std::span(bytes)), {}, kLimits);
  if (!opened.ok()) {
    EXPECT_FALSE(opened.error().message.empty());
    return false;
  }
  const Model& model = *opened.value();
  EXPECT_EQ(difference_between_kernels(model, table_for(model.description(), 20)), "");
  return true;
}

constexpr int kDamages = 3500;  // of each model

class DamagedModel : public testing::TestWithParam<const char*> {};

constexpr const char* kModels[] = {
    "golden/gbm_gaussian_cat_na/model",
    "golden/rf_class_factor12/model",
    "golden/gbm_formula_expressions/model",
    "fuzz/seeds/model/gbm_expressions",
    "fuzz/seeds/model/gbm_multinomial",
    "fuzz/seeds/model/rf_xy",
    "fuzz/seeds/model/lm_interaction",
    "fuzz/seeds/model/lm_poly_offset",
    "fuzz/seeds/model/glm_probit",
    "fuzz/seeds/model/rqs",
    "fuzz/seeds/model/nnet_softmax",
    "fuzz/seeds/model/nnet_matrix",
    "fuzz/seeds/model/multinom_three",
    "fuzz/seeds/model/polr_probit",
    "fuzz/seeds/model/lda_formula",
    "fuzz/seeds/model/qda_matrix",
    "fuzz/seeds/model/naive_bayes",
    "fuzz/seeds/model/kmeans",
    "fuzz/seeds/model/prcomp",
    "fuzz/seeds/model/rpart_regression",
    "golden/svm_eps_factors_given/model",
    "golden/svm_c_on_the_vectors/model",
    "golden/svm_sparse_linear_matrix_package/model",
};

INSTANTIATE_TEST_SUITE_P(Models, DamagedModel, testing::ValuesIn(kModels));

TEST_P(DamagedModel, IsAnErrorWhereverItIsCutShort) {
  const std::string bytes = inflated(GetParam());
  ASSERT_TRUE(open_and_score(bytes));
  const std::size_t step = bytes.size() < 20'000 ? 1 : 97;
  for (std::size_t size = 0; size < bytes.size(); size += step) {
    ASSERT_FALSE(open_and_score(bytes.substr(0, size))) << size << " of " << bytes.size() << " bytes";
  }
}

TEST_P(DamagedModel, AnswersOrRefusesWhateverBytesAreChanged) {
  const std::string bytes = inflated(GetParam());
  std::mt19937_64 random(20'240'611);
  RecordProperty("seed", 20'240'611);
  int loaded = 0;
  for (int i = 0; i < kDamages; ++i) {
    std::string damaged = bytes;
    const std::size_t at = random() % bytes.size();
    damaged[at] = static_cast<char>(random() % 4 == 0 ? random() : damaged[at] ^ 1u << random() % 8);
    SCOPED_TRACE("seed 20240611, damage " + std::to_string(i) + " at byte " + std::to_string(at));
    loaded += open_and_score(damaged) ? 1 : 0;
    if (HasFailure()) return;
  }
  std::printf("  %d of %d damaged files still load\n", loaded, kDamages);
}

}  // namespace
}  // namespace scoria::model
