#include "base/tar.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>
#include <vector>

#include "base/tar_for_tests.h"

namespace scoria {
namespace {

std::string archive_of(const std::vector<std::pair<TarMember, std::string>>& members) {
  std::string bytes;
  for (const auto& [member, content] : members) {
    bytes += tar_header(member).value() + content + tar_padding(content.size());
  }
  return bytes + tar_end();
}

class Tar : public ::testing::Test {
 protected:
  Result<TarReader> reader(const std::string& bytes) {
    path_ = testing::TempDir() + "scoria-tar-test-" + std::to_string(::getpid()) + ".tar";
    std::ofstream(path_, std::ios::binary) << bytes;
    return TarReader::open(path_);
  }
  // The error of the first next() that fails.
  Error refused(const std::string& bytes) {
    auto opened = reader(bytes);
    for (;;) {
      auto member = opened.value().next();
      if (!member.ok()) return member.error();
      if (!member.value()) return Error{Code::invalid, "it was read to its end"};
    }
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_;
};

TEST_F(Tar, ReadsWhatItWrites) {
  const std::string long_folder = "blobs/containers/" + std::string(63, 'c') + "/data/";
  auto opened = reader(
      archive_of({{{.name = long_folder, .is_folder = true, .mode = 0700}, ""},
                  {{.name = long_folder + "0123456789abcdef", .size = 600, .modified = 7}, std::string(600, 'x')},
                  {{.name = "empty"}, ""}}));
  ASSERT_TRUE(opened.ok());
  const auto folder = opened.value().next();
  ASSERT_TRUE(folder.ok() && folder.value()) << folder.error().message;
  EXPECT_EQ(folder.value()->name, long_folder);
  EXPECT_TRUE(folder.value()->is_folder);
  EXPECT_EQ(folder.value()->mode, 0700u);
  const auto file = opened.value().next();
  ASSERT_TRUE(file.ok() && file.value());
  EXPECT_EQ(file.value()->name, long_folder + "0123456789abcdef");
  EXPECT_EQ(file.value()->size, 600u);
  EXPECT_EQ(file.value()->modified, 7);
  EXPECT_EQ(opened.value().read(500).value(), std::string(500, 'x'));
  EXPECT_EQ(opened.value().read(500).value(), std::string(100, 'x'));
  EXPECT_EQ(opened.value().read(500).value(), "");
  EXPECT_EQ(opened.value().next().value()->name, "empty");
  EXPECT_FALSE(opened.value().next().value());
}

TEST_F(Tar, IsReadByTheSystemsTar) {
  (void)reader(archive_of({{{.name = "a/b", .size = 3}, "abc"}}));
  const std::string command = "tar -xOf '" + path_ + "' a/b | grep -qx abc";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(Tar, WritesSizesBeyondOctalDigits) {
  const std::string header = tar_header({.name = "big", .size = 9ull << 33}).value();
  EXPECT_EQ(header[124], '\x80');
  // The file is not that large, and the reader says so instead of believing it.
  const Error error = refused(header + tar_end());
  EXPECT_EQ(error.code, Code::corrupt);
  EXPECT_NE(error.message.find(std::to_string(9ull << 33)), std::string::npos) << error.message;
}

TEST_F(Tar, RefusesNamesThatDoNotFit) {
  EXPECT_EQ(tar_header({.name = std::string(101, 'n')}).error().code, Code::invalid);
  EXPECT_EQ(tar_header({.name = std::string(200, 'n') + "/x"}).error().code, Code::invalid);
  EXPECT_EQ(tar_header({.name = ""}).error().code, Code::invalid);
}

TEST_F(Tar, RefusesLinks) {
  const std::string header = tar_link_header_for_tests("l", "/etc/host");
  EXPECT_EQ(refused(header + tar_end()).code, Code::unsupported);
}

TEST_F(Tar, SeesDamage) {
  const std::string whole = archive_of({{{.name = "a", .size = 3}, "abc"}});
  std::string flipped = whole;
  flipped[3] = 'x';
  EXPECT_EQ(refused(flipped).code, Code::corrupt);
  EXPECT_EQ(refused(whole.substr(0, 700)).code, Code::corrupt);
  EXPECT_EQ(refused(whole.substr(0, 1024)).code, Code::corrupt) << "no end";
  EXPECT_EQ(refused(whole + std::string(511, '\0') + "x").code, Code::corrupt);
  EXPECT_EQ(refused("").code, Code::corrupt);
}

}  // namespace
}  // namespace scoria
