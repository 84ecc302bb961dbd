// Reads what R wrote (tests/data/rdata/make.R) and compares with what R itself reads back from it (dumps.txt.gz).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/compress_for_tests.h"
#include "base/file.h"
#include "rdata/dump_for_tests.h"
#include "rdata/reader.h"
#include "rdata/stream_for_tests.h"

namespace scoria::rdata {
namespace {

std::filesystem::path data_folder() { return std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/rdata"; }

std::string file_text(const std::string& name) {
  auto file = FileBytes::open(data_folder() / name);
  return file.ok() ? std::string(file.value().text()) : std::string();
}

// By file name. A dump that equals an earlier one names it ("as NAME").
const std::map<std::string, std::string>& expected_dumps() {
  static const auto dumps = [] {
    std::map<std::string, std::string> result;
    auto inflated = decompress(as_bytes(file_text("dumps.txt.gz")));
    std::istringstream lines(inflated.ok() ? inflated.value() : "");
    std::string name;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("== ")) {
        name = line.substr(3);
      } else if (line.starts_with("as ")) {
        result[name] = result[line.substr(3)];
      } else {
        result[name] += line + "\n";
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

class FileFromR : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FileFromR, testing::ValuesIn(file_names()), [](const auto& param_info) {
  std::string name = param_info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

TEST_P(FileFromR, HoldsWhatRReadsFromIt) {
  auto document = read(as_bytes(file_text(GetParam())));
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(dump_for_tests(document.value().root()), expected_dumps().at(GetParam()));
  EXPECT_EQ(document.value().unread_bytes, 0u);
}

TEST_P(FileFromR, NamesItsFormatAndVersion) {
  auto document = read(as_bytes(file_text(GetParam())));
  ASSERT_TRUE(document.ok()) << document.error().message;
  const std::string& name = GetParam();
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  EXPECT_EQ(document.value().version, has(".v3") ? 3 : 2);
  EXPECT_EQ(document.value().format, has(".native") ? "native" : has(".xdr") ? "xdr" : "ascii");
  EXPECT_EQ(document.value().compression, has(".gz") ? "gzip" : has(".bz2") ? "bzip2" : has(".xz") ? "xz" : "none");
  EXPECT_EQ(document.value().native_encoding, has(".v3") ? "UTF-8" : "");
  EXPECT_EQ(document.value().writer, "4.2.2");
}

TEST(FilesFromR, AreAllThere) { EXPECT_GT(expected_dumps().size(), 50u); }

TEST(FilesFromR, ReadTheSameThroughCompressionsThatRCannotWrite) {
  const std::string plain = file_text("vectors.xdr.v3");
  for (const std::string& bytes : {lzma_for_tests(plain, false), zstd_for_tests(plain)}) {
    auto document = read(as_bytes(bytes));
    ASSERT_TRUE(document.ok()) << document.error().message;
    EXPECT_EQ(dump_for_tests(document.value().root()), expected_dumps().at("vectors.xdr.v3"));
  }
}

TEST(FilesFromR, APairlistOfAHundredThousandCellsIsFlat) {
  auto document = read(as_bytes(file_text("long_pairlist.xdr.v3.gz")), {.max_depth = 10});
  ASSERT_TRUE(document.ok()) << document.error().message;
  const Value& root = document.value().root();
  ASSERT_EQ(root.kind, Kind::pairlist);
  ASSERT_EQ(root.cells.size(), 100'000u);
  for (std::size_t i = 0; i < root.cells.size(); ++i) {
    ASSERT_EQ(root.cells[i].value->integers[0], static_cast<std::int32_t>(i % 10) + 1) << i;
  }
}

TEST(FilesFromR, AnUnforcedPromiseKeepsItsExpression) {
  auto document = read(as_bytes(file_text("promise.xdr.v3.gz")));
  ASSERT_TRUE(document.ok()) << document.error().message;
  const Value* promise = member(document.value().root(), "waiting");
  ASSERT_NE(promise, nullptr);
  ASSERT_EQ(promise->kind, Kind::promise);
  EXPECT_EQ(promise->promised->kind, Kind::unbound_value);
  ASSERT_EQ(promise->body->kind, Kind::language);
  EXPECT_EQ(promise->body->cells[0].value->name, "stop");
  EXPECT_EQ(promise->environment->kind, Kind::global_environment);
}

TEST(FilesFromR, AWorkspaceHoldsItsObjectsByName) {
  for (const char* name :
       {"workspace.v2.RData", "workspace.v3.RData", "workspace.ascii.v2.RData", "workspace.ascii.v3.RData"}) {
    auto document = read(as_bytes(file_text(name)));
    ASSERT_TRUE(document.ok()) << name << ": " << document.error().message;
    EXPECT_TRUE(document.value().is_workspace);
    const Value* numbers = member(document.value().root(), "numbers");
    const Value* words = member(document.value().root(), "words");
    ASSERT_TRUE(numbers != nullptr && words != nullptr) << name;
    EXPECT_EQ(numbers->reals[1], 2);
    EXPECT_EQ(strings(*words), std::vector<std::string>{"hello"});
    EXPECT_EQ(document.value().unread_bytes, 0u) << name;
  }
}

// The folder is not part of the source tree: the models that the golden cases of the acceptance set hold.
TEST(GoldenModels, AreConsumedToTheLastByte) {
  const char* shared = std::getenv("SCORIA_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "SCORIA_SHARED does not name the folder that holds data/golden";
  std::size_t models = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(shared) / "data/golden")) {
    if (entry.path().extension() != ".rds") continue;
    auto file = FileBytes::open(entry.path());
    ASSERT_TRUE(file.ok());
    auto document = read(file.value().bytes());
    ASSERT_TRUE(document.ok()) << entry.path() << ": " << document.error().message;
    EXPECT_EQ(document.value().unread_bytes, 0u) << entry.path();
    EXPECT_FALSE(document.value().root().kind == Kind::null) << entry.path();
    ++models;
  }
  EXPECT_GE(models, 39u);
}

}  // namespace
}  // namespace scoria::rdata
