// Archives that must not become a data folder, and one that does.
#include "server/upkeep/restore.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include <fstream>

#include "base/file.h"
#include "base/tar.h"
#include "base/tar_for_tests.h"
#include "server/data_version.h"
#include "server/upkeep/backup.h"
#include "store/store.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

class RestoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-restore-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    { ASSERT_TRUE(store::Store::open(folder_ / "made").ok()); }
    members_ = {{"backup.json", R"({"format":"scoria-backup","version":1,"dataVersion":2,"writtenBy":"0"})"},
                {"version.json", data_version_text(2)},
                {"account.json", "{}"},
                {"state/", ""},
                {"state/state.sqlite", std::string(FileBytes::open(folder_ / "made" / "state.sqlite").value().text())},
                {"blobs/", ""},
                {"blobs/containers/", ""}};
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string sum_of(const std::string& bytes) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
    std::string text;
    for (const unsigned char byte : digest) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", byte);
      text += two;
    }
    return text;
  }
  static std::string member(const std::string& name, const std::string& bytes) {
    return tar_header({.name = name, .is_folder = name.ends_with('/'), .size = bytes.size()}).value() + bytes +
           tar_padding(bytes.size());
  }
  std::string archive_bytes() const {
    std::string bytes, sums;
    for (const auto& [name, content] : members_) {
      bytes += member(name, content);
      if (!name.ends_with('/')) sums += sum_of(content) + "  " + name + "\n";
    }
    return bytes + member("SHA256SUMS", sums) + tar_end();
  }
  Result<BackupFacts> restore(const std::string& bytes) {
    std::ofstream(folder_ / "a.tar", std::ios::binary) << bytes;
    return restore_backup(folder_ / "a.tar", folder_ / "data");
  }
  // Refused, and nothing is left of it, inside or outside.
  Code refused(const std::string& bytes) {
    const auto restored = restore(bytes);
    EXPECT_FALSE(restored.ok());
    EXPECT_FALSE(fs::exists(folder_ / "data"));
    EXPECT_FALSE(fs::exists(folder_ / "evil"));
    if (restored.ok()) return Code::invalid;
    last_ = restored.error().message;
    return restored.error().code;
  }

  fs::path folder_;
  std::vector<std::pair<std::string, std::string>> members_;
  std::string last_;
};

TEST_F(RestoreTest, MakesAFolderWithItsOwnModes) {
  const auto restored = restore(archive_bytes());
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored.value().files, 4u);
  EXPECT_EQ(read_data_version(folder_ / "data").value(), 2);
  struct stat facts {};
  ASSERT_EQ(::stat((folder_ / "data" / "account.json").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
  ASSERT_EQ(::stat((folder_ / "data").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700u);
}

TEST_F(RestoreTest, RefusesAFolderThatIsNotEmpty) {
  fs::create_directory(folder_ / "data");
  std::ofstream(folder_ / "data" / "mine") << "x";
  const auto restored = restore(archive_bytes());
  ASSERT_FALSE(restored.ok());
  EXPECT_EQ(restored.error().code, Code::conflict);
  EXPECT_TRUE(fs::exists(folder_ / "data" / "mine"));
}

TEST_F(RestoreTest, TakesAnEmptyFolderThatIsThere) {
  fs::create_directory(folder_ / "data");
  EXPECT_TRUE(restore(archive_bytes()).ok());
}

TEST_F(RestoreTest, RefusesNamesThatLeadOut) {
  for (const char* name :
       {"../evil", "blobs/../../evil", "/evil", "blobs//evil", "blobs/./evil", "state/..", "evil",
        "blobs/containers/../../../evil", "blobs/a b", "blobs/\x01", "nowhere/evil", "blobs/nowhere/evil"}) {
    const auto kept = members_;
    members_.emplace_back(name, "x");
    EXPECT_EQ(refused(archive_bytes()), Code::corrupt) << name;
    members_ = kept;
  }
}

TEST_F(RestoreTest, RefusesAMemberTwice) {
  members_.emplace_back("account.json", "{}");
  EXPECT_EQ(refused(archive_bytes()), Code::corrupt);
  EXPECT_NE(last_.find("twice"), std::string::npos) << last_;
}

TEST_F(RestoreTest, RefusesLinks) {
  std::string bytes = archive_bytes();
  const std::string header = tar_link_header_for_tests("blobs/l", "/etc/host");
  bytes.insert(0, member(members_[0].first, members_[0].second) + header);
  EXPECT_EQ(refused(bytes), Code::unsupported);
}

TEST_F(RestoreTest, SeesEveryFlippedBit) {
  const std::string whole = archive_bytes();
  // One in each block: content, headers and sums.
  for (std::size_t at = 20; at + 1024 < whole.size(); at += 512) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    std::ofstream(folder_ / "a.tar", std::ios::binary) << damaged;
    EXPECT_FALSE(verify_backup(folder_ / "a.tar").ok()) << at;
  }
}

TEST_F(RestoreTest, SeesThatItWasCutShort) {
  const std::string whole = archive_bytes();
  EXPECT_EQ(refused(whole.substr(0, whole.size() / 2)), Code::corrupt);
  for (std::size_t size = 0; size < whole.size(); size += 512) {
    std::ofstream(folder_ / "a.tar", std::ios::binary) << whole.substr(0, size);
    EXPECT_EQ(verify_backup(folder_ / "a.tar").error().code, Code::corrupt) << size;
  }
}

TEST_F(RestoreTest, RefusesSumsThatLackAMember) {
  std::string bytes;
  for (const auto& [name, content] : members_) bytes += member(name, content);
  bytes += member("SHA256SUMS", sum_of(members_[0].second) + "  backup.json\n") + tar_end();
  EXPECT_EQ(refused(bytes), Code::corrupt);
}

TEST_F(RestoreTest, RefusesANewerOneAndSaysWhatToUse) {
  members_[0].second = R"({"format":"scoria-backup","version":1,"dataVersion":99,"writtenBy":"9.0"})";
  EXPECT_EQ(refused(archive_bytes()), Code::unsupported);
  EXPECT_NE(last_.find("99"), std::string::npos) << last_;
  EXPECT_NE(last_.find("9.0"), std::string::npos) << last_;
}

TEST_F(RestoreTest, RefusesWhatIsNoBackup) {
  EXPECT_EQ(refused("hello"), Code::corrupt);
  EXPECT_EQ(refused(member("x", "y") + tar_end()), Code::corrupt);
  EXPECT_EQ(restore_backup(folder_ / "missing.tar", folder_ / "data").error().code, Code::not_found);
}

TEST_F(RestoreTest, LacksNeitherAccountNorState) {
  members_.erase(members_.begin() + 2);
  EXPECT_EQ(refused(archive_bytes()), Code::corrupt);
}

}  // namespace
}  // namespace scoria::server
