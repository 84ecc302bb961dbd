// A BlobStore in a folder of its own, a clock that is set by hand, and words for the calls that tests make most.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/iso8601.h"
#include "blob/blob_store.h"
#include "blob/disk.h"

namespace scoria::blob {

class HandClock final : public Clock {
 public:
  Now now() const override { return {wall, {}}; }
  WallTime wall = parse_time("2026-11-29T12:00:00Z").value();
};

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "scoria-blob-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    reopen();
  }
  ~StoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // As after a crash: nothing is told to the store that goes.
  void reopen() {
    store_.reset();
    auto opened = BlobStore::open(folder_ / "blobs", clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(opened).value();
  }
  std::unique_ptr<BlobStore::Upload> upload(std::string_view bytes) {
    auto upload = store_->begin_upload().value();
    EXPECT_TRUE(upload->write(std::as_bytes(std::span(bytes))).ok());
    return upload;
  }
  // The api_code, or "" where it went well.
  template <typename T>
  static std::string code(const Result<T>& result) {
    return result.ok() ? "" : result.error().api_code;
  }
  std::string put(std::string_view container, std::string_view name, std::string_view bytes,
                  const Conditions& conditions = {}) {
    return code(store_->put_blob(container, name, upload(bytes), {}, conditions));
  }
  // The bytes, or the error's api_code in angle brackets.
  std::string get(std::string_view container, std::string_view name) {
    const auto opened = store_->open_blob(container, name);
    if (!opened.ok()) return "<" + opened.error().api_code + ">";
    auto bytes = read_at(*opened.value().descriptor, opened.value().offset, opened.value().properties.length, "x");
    return bytes.ok() ? bytes.value() : "<" + bytes.error().message + ">";
  }
  void make_container(std::string_view name) {
    const auto made = store_->create_container(name, {}, "");
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  std::size_t files_in(const std::filesystem::path& folder) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) count += entry.is_regular_file();
    return count;
  }

  HandClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<BlobStore> store_;
};

inline const std::string kLarge(100'000, 'L');  // too large for the journal

}  // namespace scoria::blob
