// A folder that is removed at the end of a test, and files in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"

namespace scoria::plan {

class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-plan-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void put(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    const Status written = write_file(folder_ / name, text);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }
  std::string get(const std::string& name) const {
    const auto file = FileBytes::open(folder_ / name);
    return file.ok() ? std::string(file.value().text()) : "(" + file.error().message + ")";
  }
  // Every file below the folder, in order.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) names.push_back(std::filesystem::relative(entry.path(), folder_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::filesystem::path folder_;
};

}  // namespace scoria::plan
