// Every model family against what R answered: all golden cases, by the score command, with every kind of kernel.
// Threads: one test at a time.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/executor.h"
#include "golden_case.h"
#include "model/tree/simd.h"

namespace scoria::golden {

// What a failing test prints of its parameter.
// NOLINTNEXTLINE(readability-identifier-naming): googletest looks for this name
void PrintTo(const Case& golden, std::ostream* out) { *out << golden.folder.string(); }

namespace {

namespace fs = std::filesystem;

struct Target {
  model::SimdTarget simd;
  std::string_view name;
};
constexpr Target kTargets[] = {{model::SimdTarget::plain, "plain"},
                               {model::SimdTarget::avx2, "avx2"},
                               {model::SimdTarget::avx512, "avx512"},
                               {model::SimdTarget::automatic, "automatic"}};

// A folder that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "scoria-golden-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;  // a folder that stays behind in the temporary place breaks nothing
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Status run_score(cli::ScoreOptions options, const fs::path& output, model::SimdTarget simd) {
  InlineExecutor executor;
  options.output = output.string();
  options.simd = simd;
  return cli::score(options, {.executor = executor});
}

void expect_agreement(const Case& golden) {
  const TemporaryFolder folder;
  const fs::path output = folder.path() / "answer.csv";
  ASSERT_FALSE(golden.runs.empty()) << golden.name << " asks nothing";
  for (const Target& target : kTargets) {
    if (!model::tree::resolve_simd(target.simd).ok()) continue;
    for (const Run& run : golden.runs) {
      std::string where = std::string(target.name) + ":";
      for (const std::string& arg : run.args) where += " " + arg;
      SCOPED_TRACE(where);
      auto options = options_of(golden, run);
      ASSERT_TRUE(options.ok()) << options.error().message;
      const Status status = run_score(options.value(), output, target.simd);
      if (!golden.expect_error.empty()) {
        ASSERT_FALSE(status.ok()) << "R stops: " << golden.expect_error;
        EXPECT_FALSE(status.error().message.empty());
        EXPECT_FALSE(fs::exists(output)) << "a failed run must not leave an output";
        continue;
      }
      ASSERT_TRUE(status.ok()) << status.error().message;
      auto expected = read_text_table(golden.folder / "expected.csv");
      ASSERT_TRUE(expected.ok()) << expected.error().message;
      auto answer = read_text_table(output);
      ASSERT_TRUE(answer.ok()) << answer.error().message;
      EXPECT_EQ(difference(golden, run, expected.value(), answer.value()), "");
    }
  }
}

std::vector<Case> own_cases() {
  auto cases = read_cases(SCORIA_SOURCE_DIR "/tests/golden");
  return cases.ok() ? std::move(cases).value() : std::vector<Case>{};  // Golden.CasesAreThere says why there are none
}

class GoldenCase : public testing::TestWithParam<Case> {};

TEST_P(GoldenCase, AgreesWithR) { expect_agreement(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Golden, GoldenCase, testing::ValuesIn(own_cases()),
                         [](const testing::TestParamInfo<Case>& test) { return test.param.name; });

TEST(Golden, CasesAreThere) {
  const auto cases = read_cases(SCORIA_SOURCE_DIR "/tests/golden");
  ASSERT_TRUE(cases.ok()) << cases.error().message;
  EXPECT_FALSE(cases.value().empty());
}

// Cases that are kept outside the tree, of the families that are read.
TEST(Golden, SharedCasesAgree) {
  const char* shared = std::getenv("SCORIA_SHARED");
  if (shared == nullptr || !fs::exists(fs::path(shared) / "data/golden")) {
    GTEST_SKIP() << "SCORIA_SHARED names no folder with data/golden";
  }
  constexpr std::string_view kFamilies[] = {
      "gbm_",  "glm_",    "kmeans_", "lda_",   "lm_", "multinom",     "naivebayes_", "nnet_",
      "polr_", "prcomp_", "rf_",     "rpart_", "rq_", "py_iot_ocsvm", "py_svr",
  };
  const auto cases =
      read_cases_by_prefix(fs::path(shared) / "data/golden", fs::path(shared) / "tools/golden_args.json", kFamilies);
  ASSERT_TRUE(cases.ok()) << cases.error().message;
  EXPECT_FALSE(cases.value().empty()) << "the folder has no case of a family that is read";
  for (const Case& golden : cases.value()) {
    SCOPED_TRACE(golden.name);
    std::printf("  shared case %s\n", golden.name.c_str());
    expect_agreement(golden);
  }
}

}  // namespace
}  // namespace scoria::golden
