// The module as the program meets it. Without the module these tests are skipped; tests/arrow/ compares with pyarrow and DuckDB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "arrowio/columnar_reader.h"
#include "arrowio/columnar_writer.h"
#include "arrowio/module_library.h"
#include "arrowio/stored_bytes.h"
#include "base/file.h"
#include "base/na.h"

namespace scoria::arrowio {
namespace {

namespace fs = std::filesystem;
using table::Column;
using table::Format;
using table::Table;

const std::string kSeeds = std::string(SCORIA_SOURCE_DIR) + "/tests/data/arrow/";
const std::pair<const char*, Format> kFiles[] = {{"snappy.parquet", Format::parquet},
                                                 {"plain.parquet", Format::parquet},
                                                 {"zstd.parquet", Format::parquet},
                                                 {"file.arrow", Format::arrow_file},
                                                 {"stream.arrows", Format::arrow_stream}};

class ArrowModule : public testing::Test {
 protected:
  void SetUp() override {
    const auto module = load_module("a test");
#ifdef SCORIA_ARROW_BUILT
    ASSERT_TRUE(module.ok()) << module.error().message;
#else
    if (!module.ok()) GTEST_SKIP() << module.error().message;
#endif
    folder_ = fs::path(testing::TempDir()) / ("arrowio-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  static Result<std::vector<Table>> read_all(const std::string& path, Format format, ColumnarOptions options = {}) {
    SCORIA_TRY(reader, ColumnarReader::open(path, format, std::move(options)));
    std::vector<Table> all;
    for (;;) {
      SCORIA_TRY(batch, reader.next());
      if (!batch) return all;
      all.push_back(std::move(*batch));
    }
  }

  std::string write(const std::string& name, Format format, const std::vector<Table>& batches) {
    std::string path = (folder_ / name).string();
    std::string bytes;
    auto writer = ColumnarWriter::open(format, path,
                                       [&](std::string_view more) {
                                         bytes += more;
                                         return Status(Ok{});
                                       },
                                       {{"key", "value"}});
    EXPECT_TRUE(writer.ok());
    for (const Table& batch : batches) EXPECT_TRUE(writer.value().write(batch).ok());
    EXPECT_TRUE(writer.value().finish().ok());
    EXPECT_TRUE(write_file(path, bytes).ok());
    return path;
  }

  fs::path folder_;
};

Table mixed() {
  Table table(4);
  table.add("x", Column::real({1.5, na_real(), std::nan(""), -0.0}));
  table.add("i", Column::integer({1, kNaInt, 3, -4}));
  table.add("t", Column::text(std::vector<std::string>{"a", "", "NA", "\xC3\xA4"}));
  const auto levels = std::make_shared<std::vector<std::string>>(std::vector<std::string>{"lo", "hi"});
  table.add("f", Column::factor({0, -1, 1, 0}, levels, /*ordered=*/true));
  return table;
}

TEST_F(ArrowModule, WhatIsWrittenReadsBackInEveryFormat) {
  for (const auto& [name, format] : {std::pair{"x.parquet", Format::parquet}, std::pair{"x.arrow", Format::arrow_file},
                                     std::pair{"x.arrows", Format::arrow_stream}}) {
    const std::string path = write(name, format, {mixed(), mixed()});
    const auto read = read_all(path, format);
    ASSERT_TRUE(read.ok()) << read.error().message;
    std::size_t rows = 0;
    for (const Table& batch : read.value()) {
      for (std::size_t row = 0; row < batch.rows(); ++row, ++rows) {
        const Table expected = mixed();
        const std::size_t at = rows % 4;
        for (std::size_t i = 0; i < 4; ++i) {
          EXPECT_EQ(batch.column(i)->is_null(row), expected.column(i)->is_null(at)) << name << i;
        }
        if (at == 2) {
          EXPECT_TRUE(std::isnan(batch.find("x")->reals()[row]));
        } else if (at != 1) {
          EXPECT_EQ(batch.find("x")->reals()[row], expected.find("x")->reals()[at]);
        }
        EXPECT_EQ(batch.find("i")->integers()[row], expected.find("i")->integers()[at]);
        EXPECT_EQ(batch.find("t")->text_at(row), expected.find("t")->text_at(at));
        EXPECT_EQ(batch.find("f")->codes()[row], expected.find("f")->codes()[at]);
      }
      EXPECT_EQ(batch.find("f")->levels(), (std::vector<std::string>{"lo", "hi"}));
      EXPECT_TRUE(batch.find("f")->ordered());
    }
    EXPECT_EQ(rows, 8u) << name;
  }
}

TEST_F(ArrowModule, BatchesHaveAtMostTheRowsAskedFor) {
  for (const auto& [name, format] : kFiles) {
    const auto read = read_all(kSeeds + name, format, {.batch_rows = 1});
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read.value().size(), 4u) << name;
    for (const Table& batch : read.value()) EXPECT_EQ(batch.rows(), 1u);
  }
}

TEST_F(ArrowModule, OnlyTheWantedColumnsAreGiven) {
  for (const auto& [name, format] : kFiles) {
    auto reader = ColumnarReader::open(kSeeds + name, format, {.only = {{"day", "absent", "real"}}});
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    EXPECT_EQ(reader.value().header().size(), 11u);
    const auto batch = reader.value().next();
    ASSERT_TRUE(batch.ok()) << batch.error().message;
    EXPECT_EQ(batch.value()->names(), (std::vector<std::string>{"real", "day"})) << name;
    EXPECT_EQ(batch.value()->find("day")->text_at(0), "2020-02-29");
  }
}

TEST_F(ArrowModule, NoWantedColumnStillGivesTheRows) {
  for (const auto& [name, format] : kFiles) {
    const auto read = read_all(kSeeds + name, format, {.only = std::vector<std::string>{}});
    ASSERT_TRUE(read.ok()) << read.error().message;
    std::size_t rows = 0;
    for (const Table& batch : read.value()) rows += batch.rows();
    EXPECT_EQ(rows, 4u) << name;
  }
}

TEST_F(ArrowModule, AFileThatNeedsMoreMemoryThanIsAllowedIsRefused) {
  Table wide(100'000);
  wide.add("x", Column::real(std::vector<double>(100'000, 1.0)));
  const std::string path = write("x.arrow", Format::arrow_file, {wide});
  EXPECT_TRUE(read_all(path, Format::arrow_file).ok());
  const auto refused = read_all(path, Format::arrow_file, {.memory_limit = 100'000});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::too_large) << refused.error().message;
}

TEST_F(ArrowModule, MetadataIsKept) {
  const std::string path = write("x.parquet", Format::parquet, {mixed()});
  auto reader = ColumnarReader::open(path, Format::parquet, {});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader.value().metadata("key"), "value");
  EXPECT_EQ(reader.value().metadata("other"), std::nullopt);
}

TEST_F(ArrowModule, TheSinksErrorIsToldAsItIs) {
  auto writer = ColumnarWriter::open(Format::parquet, "x",
                                     [](std::string_view) {
                                       return Status(Error{Code::exhausted, "the disk is full"});
                                     },
                                     {});
  ASSERT_TRUE(writer.ok());
  Status status = writer.value().write(mixed());
  if (status.ok()) status = writer.value().finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::exhausted);
  EXPECT_EQ(status.error().message, "the disk is full");
}

TEST_F(ArrowModule, OtherColumnsThanTheFirstBatchHadAreRefused) {
  auto writer = ColumnarWriter::open(Format::parquet, "x", [](std::string_view) { return Status(Ok{}); }, {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer.value().write(mixed()).ok());
  Table other(1);
  other.add("y", Column::real({1}));
  EXPECT_FALSE(writer.value().write(other).ok());
}

TEST_F(ArrowModule, WhatIsNoSuchFileIsAnErrorWithItsName) {
  const std::string path = (folder_ / "x").string();
  for (const std::string& bytes :
       {std::string(), std::string("PAR1"), std::string("a,b\n1,2\n"), std::string(100, '\0'), std::string("ARROW1"),
        std::string("FEA1xxxxxxxxxxxxFEA1")}) {
    ASSERT_TRUE(write_file(path, bytes).ok());
    for (const Format format : {Format::parquet, Format::arrow_file}) {
      const auto read = read_all(path, format);
      ASSERT_FALSE(read.ok()) << bytes;
      EXPECT_THAT(read.error().message, testing::HasSubstr(path));
    }
  }
  EXPECT_EQ(read_all((folder_ / "absent").string(), Format::parquet).error().code, Code::not_found);
  EXPECT_EQ(read_all(folder_.string(), Format::parquet).error().code, Code::invalid);
}

// Bytes of good files changed, cut and repeated: an answer or an error, and never a crash, a hang or all of the memory.
TEST_F(ArrowModule, DamagedFilesAreAnsweredOrRefused) {
  const char* chosen = std::getenv("SCORIA_SEED");
  const auto seed = chosen == nullptr ? std::random_device()() : static_cast<unsigned>(std::stoul(chosen));
  const char* more = std::getenv("SCORIA_ARROW_DAMAGES");
  const int damages = more == nullptr ? 300 : std::atoi(more);
  std::mt19937 random(seed);
  const std::string path = (folder_ / "damaged").string();
  int refused = 0;
  for (const auto& [name, format] : kFiles) {
    const auto good = FileBytes::open(kSeeds + name);
    ASSERT_TRUE(good.ok());
    for (int i = 0; i < damages; ++i) {
      std::string bytes(good.value().text());
      const auto place = [&] { return random() % bytes.size(); };
      const auto flip = [](char& byte, unsigned bit) {
        byte = static_cast<char>(static_cast<unsigned char>(byte) ^ 1u << bit);
      };
      for (unsigned change = 0; change <= random() % 4; ++change) {
        switch (random() % 5) {
          case 0: bytes[place()] = static_cast<char>(random()); break;
          case 1: flip(bytes[place()], random() % 8); break;
          case 2: bytes.resize(1 + place()); break;
          case 3: bytes.insert(place(), bytes.substr(place(), random() % 16)); break;
          default: {
            const std::size_t at = place();
            for (std::size_t k = at; k < std::min(at + 4, bytes.size()); ++k) bytes[k] = '\xFF';
          }
        }
      }
      fs::remove(path);  // ext4 flushes a file that is cut and written again
      std::ofstream(path, std::ios::binary) << bytes;
      SCOPED_TRACE(std::string(name) + ", damage " + std::to_string(i) + " of SCORIA_SEED=" + std::to_string(seed));
      const auto read = read_all(path, format, {.memory_limit = 64u << 20});
      if (read.ok()) continue;
      ++refused;
      EXPECT_THAT(read.error().message, testing::HasSubstr("damaged'"));
    }
  }
  EXPECT_GT(refused, damages);
}

}  // namespace
}  // namespace scoria::arrowio
