// Damaged files of transformers: bytes changed anywhere. An error or an answer, and nothing else.
#include <gtest/gtest.h>

#include <random>

#include "base/byte_source.h"
#include "base/file.h"
#include "model/loaders.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/table_for_tests.h"
#include "pickle/reader.h"

namespace scoria::model::preprocess {
namespace {

constexpr pickle::ReadLimits kLimits{};

// Whether it loads; one that does must transform or refuse.
bool load_and_transform(const std::string& bytes) {
  const auto document = pickle::read(std::as_bytes(std::span(bytes)), kLimits);
  if (!document.ok()) return false;
  const auto model = pipeline::load_sklearn(document.value().root());
  if (!model.ok()) {
    EXPECT_FALSE(model.error().message.empty());
    return false;
  }
  const Description& description = model.value()->description();
  if (description.features.size() > 1000) return true;  // no table of that width is made here
  InlineExecutor executor;
  const auto answer = model.value()->score(table_for(description, 20, true), {}, executor);
  EXPECT_TRUE(answer.ok() || !answer.error().message.empty());
  return true;
}

class DamagedTransformer : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Models, DamagedTransformer,
                         testing::Values("columns_new", "columns_chosen_sk024", "columns_nested_new", "union_sk12",
                                         "one_hot_drop_new", "one_hot_missing_new", "one_hot_objects_new",
                                         "ordinal_infrequent_new", "imputer_texts_new", "imputer_dropped_new",
                                         "indicator_new_new", "power_sk10", "quantile_normal_new", "bins_sk14",
                                         "polynomial_degrees_new", "function_pipeline_sk019", "one_hot_numbers_sk019"));

TEST_P(DamagedTransformer, AnswersOrRefusesWhateverBytesAreChanged) {
  const auto file = FileBytes::open(SCORIA_SOURCE_DIR "/tests/golden/py_" + std::string(GetParam()) + "/model.pkl");
  ASSERT_TRUE(file.ok());
  const std::string bytes(file.value().text());
  ASSERT_TRUE(load_and_transform(bytes));
  constexpr int kDamages = 1500;
  std::mt19937_64 random(20'261'120);
  RecordProperty("seed", 20'261'120);
  int loaded = 0;
  for (int i = 0; i < kDamages; ++i) {
    std::string damaged = bytes;
    const int changes = 1 + static_cast<int>(random() % 3);
    for (int k = 0; k < changes; ++k) {
      char& byte = damaged[random() % damaged.size()];
      // Small numbers are lengths, positions and flags: they are hit more often than at random.
      byte = static_cast<char>(random() % 2 == 0 ? random() : static_cast<unsigned char>(byte) + random() % 5 - 2);
    }
    loaded += load_and_transform(damaged) ? 1 : 0;
  }
  EXPECT_GT(loaded, 0) << "every damage was found by the reader: nothing was tried";
}

}  // namespace
}  // namespace scoria::model::preprocess
