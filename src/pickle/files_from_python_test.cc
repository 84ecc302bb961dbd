// Reads what Python 2.7 to 3.11 wrote with numpy, scikit-learn and joblib (tests/data/pickle/make.py) and compares with what
// Python itself reads back from it (dumps.*.txt.gz).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/file.h"
#include "pickle/dump_for_tests.h"
#include "pickle/reader.h"
#include "pickle/summary.h"

namespace scoria::pickle {
namespace {

std::filesystem::path data_folder() { return std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/pickle"; }

// By file name.
const std::map<std::string, std::string>& expected_dumps() {
  static const auto dumps = [] {
    std::map<std::string, std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(data_folder())) {
      if (!entry.path().filename().string().starts_with("dumps.")) continue;
      auto file = FileBytes::open(entry.path());
      auto inflated = decompress(file.value().bytes());
      std::istringstream lines(inflated.value());
      std::string name;
      for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("== ")) {
          name = line.substr(3);
        } else {
          result[name] += line + "\n";
        }
      }
    }
    return result;
  }();
  return dumps;
}

std::vector<std::string> file_names() {
  std::vector<std::string> names;
  for (const auto& [name, dump] : expected_dumps()) names.push_back(name);
  return names;
}

class FileFromPython : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FileFromPython, testing::ValuesIn(file_names()), [](const auto& param_info) {
  std::string name = param_info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

// The first line that differs, so that a failure can be read.
std::string difference(const std::string& ours, const std::string& pythons) {
  std::istringstream a(ours);
  std::istringstream b(pythons);
  std::string line_a;
  std::string line_b;
  for (int number = 1;; ++number) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a && !more_b) return "";
    if (more_a != more_b || line_a != line_b) {
      return "line " + std::to_string(number) + ":\n  ours   " + (more_a ? line_a : "ends") + "\n  python " +
             (more_b ? line_b : "ends");
    }
  }
}

TEST_P(FileFromPython, HoldsWhatPythonReadsFromIt) {
  auto file = FileBytes::open(data_folder() / GetParam());
  ASSERT_TRUE(file.ok());
  auto document = read(file.value().bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(difference(dump_for_tests(document.value().root()), expected_dumps().at(GetParam())), "");
  EXPECT_EQ(document.value().unread_bytes, 0u);
}

TEST_P(FileFromPython, IsRecognisedAndNamesItsProtocolAndContainer) {
  auto file = FileBytes::open(data_folder() / GetParam());
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(is_pickle(file.value().bytes()));
  auto document = read(file.value().bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  const std::string& name = GetParam();
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  for (const int protocol : {2, 3, 4, 5}) {
    if (has(".p" + std::to_string(protocol))) {
      EXPECT_EQ(document.value().protocol, protocol);
    }
  }
  if (has(".p0") || has(".p1")) {
    EXPECT_EQ(document.value().protocol, 0);
  }
  EXPECT_EQ(document.value().has_inline_arrays, has("joblib"));
  for (const auto& [ending, compression] :
       {std::pair{".gz", "gzip"}, std::pair{"joblib.zlib", "zlib"}, std::pair{"joblib.bz2", "bzip2"},
        std::pair{"joblib.xz", "xz"}, std::pair{"joblib.lzma", "lzma"}, std::pair{"joblib.lz4", "lz4"},
        std::pair{"joblib.none", "none"}, std::pair{"joblib.gzip", "gzip"}}) {
    if (name.ends_with(ending)) {
      EXPECT_EQ(document.value().compression, compression);
    }
  }
  EXPECT_FALSE(summarize(document.value()).empty());
  EXPECT_FALSE(summarize_json(document.value()).empty());
}

TEST(FilesFromPython, AreAllThere) { EXPECT_GT(expected_dumps().size(), 200u); }

TEST(FilesFromPython, TellWhichScikitLearnWroteThem) {
  for (const auto& [name, version] : {std::pair{"py36.iot.p3.gz", "0.19.2"}, std::pair{"py27.iot.p2.gz", "0.20.4"},
                                      std::pair{"np1.iot.p4.gz", "1.2.2"}}) {
    auto file = FileBytes::open(data_folder() / name);
    ASSERT_TRUE(file.ok()) << name;
    auto document = read(file.value().bytes());
    ASSERT_TRUE(document.ok()) << document.error().message;
    EXPECT_EQ(sklearn_version(document.value().root()), version);
    EXPECT_EQ(describe_class(document.value().root()), "sklearn.pipeline.Pipeline of StandardScaler, OneClassSVM");
  }
}

// The folder is not part of the source tree: the models that the acceptance set holds.
TEST(SharedModels, AreConsumedToTheLastByte) {
  const char* shared = std::getenv("SCORIA_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "SCORIA_SHARED does not name the folder that holds data/golden";
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = std::filesystem::path(shared) / "data";
  for (const auto& entry : std::filesystem::directory_iterator(folder / "sensors/models"))
    files.push_back(entry.path());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "golden")) {
    const std::string extension = entry.path().extension();
    if (extension == ".pkl" || extension == ".joblib") files.push_back(entry.path());
  }
  for (const auto& path : files) {
    auto file = FileBytes::open(path);
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(is_pickle(file.value().bytes())) << path;
    auto document = read(file.value().bytes());
    ASSERT_TRUE(document.ok()) << path << ": " << document.error().message;
    EXPECT_EQ(document.value().unread_bytes, 0u) << path;
    EXPECT_FALSE(class_name(document.value().root()).empty()) << path;
    EXPECT_FALSE(sklearn_version(document.value().root()).empty()) << path;
  }
  EXPECT_GE(files.size(), 27u);
}

}  // namespace
}  // namespace scoria::pickle
