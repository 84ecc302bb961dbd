#include "server/upkeep/doctor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/iso8601.h"
#include "server/data_folder.h"
#include "server/data_version.h"
#include "store/store.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

// Patients are the folder of version 1 in the tree, migrated. Its certificates end some day: the doctor's clock stands still.
class HandClock final : public Clock {
 public:
  Now now() const override { return {wall, {}}; }
  WallTime wall = parse_time("2026-12-01T12:00:00Z").value();
};

class DoctorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-doctor-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const std::string archive = SCORIA_SOURCE_DIR "/tests/data/data_folders/v1.tar.gz";
    ASSERT_EQ(std::system(("tar -xzpf '" + archive + "' -C '" + folder_.string() + "'").c_str()), 0);
    ASSERT_TRUE(migrate_data_folder(folder_).ok());
    fs::remove(folder_ / "state" / "lock");
  }
  void TearDown() override { fs::remove_all(folder_); }

  Diagnosis examined(DoctorOptions options = {}) {
    auto diagnosis = examine(folder_, clock_, options);
    EXPECT_TRUE(diagnosis.ok()) << diagnosis.error().message;
    return diagnosis.ok() ? std::move(diagnosis).value() : Diagnosis{};
  }
  // The finding about `where`, or one that says what there is instead.
  Finding about(const std::string& where) {
    const Diagnosis diagnosis = examined();
    for (const Finding& finding : diagnosis.findings) {
      if (finding.where == where) return finding;
    }
    ADD_FAILURE() << "nothing about " << where << " in:\n" << diagnosis_text(diagnosis);
    return {};
  }
  void change(const store::Changes& changes) {
    auto store = store::Store::open(folder_ / "state");
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(store.value()->commit(changes).ok());
  }
  static void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

  fs::path folder_;
  HandClock clock_;
};

TEST_F(DoctorTest, FindsNothingInASoundFolder) {
  const Diagnosis diagnosis = examined();
  EXPECT_TRUE(diagnosis.is_sound()) << diagnosis_text(diagnosis);
  EXPECT_TRUE(diagnosis.findings.empty()) << diagnosis_text(diagnosis);
  EXPECT_EQ(diagnosis.version, kNewestDataVersion);
  EXPECT_EQ(diagnosis.jobs, 3u);
  EXPECT_EQ(diagnosis.tasks, 4u);
  EXPECT_EQ(diagnosis.blobs, 2u);
}

TEST_F(DoctorTest, SaysWhoUsesTheFolder) {
  const auto held = DataFolder::open(folder_);
  ASSERT_TRUE(held.ok());
  const auto diagnosis = examine(folder_, clock_, {});
  ASSERT_FALSE(diagnosis.ok());
  EXPECT_EQ(diagnosis.error().code, Code::conflict);
  EXPECT_NE(diagnosis.error().message.find(std::to_string(getpid())), std::string::npos);
}

TEST_F(DoctorTest, FindsNoFolderWhereThereIsNone) {
  EXPECT_EQ(examine(folder_ / "nothing", clock_, {}).error().code, Code::not_found);
}

TEST_F(DoctorTest, SeesSecretsThatOthersMayRead) {
  ASSERT_EQ(::chmod((folder_ / "secrets.key").c_str(), 0640), 0);
  const Finding finding = about("secrets.key");
  EXPECT_EQ(finding.level, Level::problem);
  EXPECT_NE(finding.advice.find("chmod 600"), std::string::npos);
}

TEST_F(DoctorTest, SeesAnotherVersion) {
  ASSERT_TRUE(write_file(folder_ / "version.json", data_version_text(9)).ok());
  EXPECT_EQ(about("version.json").level, Level::problem);
  fs::remove(folder_ / "version.json");
  EXPECT_EQ(about("version.json").level, Level::warning);
}

TEST_F(DoctorTest, SeesADamagedDatabase) {
  std::fstream bytes(folder_ / "state" / "state.sqlite", std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(4096 + 8);
  for (int i = 0; i < 4088; ++i) bytes.put('\x5a');
  bytes.close();
  EXPECT_FALSE(examined().is_sound());
}

TEST_F(DoctorTest, SeesADatabaseThatIsMissing) {
  fs::remove(folder_ / "state" / "state.sqlite");
  EXPECT_EQ(about("state/state.sqlite").what, "is missing");
}

TEST_F(DoctorTest, SeesDocumentsThatCannotBeRead) {
  store::Changes changes;
  changes.put({store::Kind::pool, "", "broken", "{"});
  change(changes);
  EXPECT_EQ(about("pool 'broken'").level, Level::problem);
}

TEST_F(DoctorTest, SeesTasksOfNoJobAndCountsThatDiffer) {
  store::Changes changes;
  changes.add_task(
      {.job = 500, .number = 1, .id = "lost", .state = store::TaskState::active, .spec = "{}", .info = "{}"});
  changes.update_task(1, 1, store::TaskState::running, "{}");
  change(changes);
  EXPECT_EQ(about("task 'lost' of job number 500").what, "belongs to no stored job");
  EXPECT_NE(about("job 'done'").what.find("2 completed; stored are 0 active, 0 preparing, 1 running, 1 completed"),
            std::string::npos);
}

TEST_F(DoctorTest, SeesANodeWithoutItsPool) {
  store::Changes changes;
  changes.put({store::Kind::node, "ghost", "n1", "{}"});
  change(changes);
  EXPECT_EQ(about("nodes of pool 'ghost'").level, Level::problem);
}

TEST_F(DoctorTest, SeesABlobThatIsMissing) {
  for (const auto& entry : fs::directory_iterator(folder_ / "blobs" / "containers" / "files" / "data")) {
    fs::remove(entry.path());
  }
  const Diagnosis diagnosis = examined();
  ASSERT_EQ(diagnosis.findings.size(), 1u) << diagnosis_text(diagnosis);
  EXPECT_EQ(diagnosis.findings[0].level, Level::problem);
  EXPECT_NE(diagnosis.findings[0].what.find("large.bin"), std::string::npos);
}

TEST_F(DoctorTest, SeesAnAuthorityThatEnded) {
  clock_.wall += std::chrono::hours(24 * 3645);
  const auto diagnosis = examine(folder_, clock_, {});
  ASSERT_TRUE(diagnosis.ok());
  EXPECT_FALSE(diagnosis.value().is_sound());
  EXPECT_NE(diagnosis_text(diagnosis.value()).find("tls/ca.pem"), std::string::npos);
}

TEST_F(DoctorTest, RepairsWhatIsSurelyHarmlessAndNothingElse) {
  write(folder_ / "blobs" / "uploads" / "00000000000000aa", "x");
  write(folder_ / "blobs" / "containers" / "files" / "data" / "00000000000000ab", "x");
  fs::create_directories(folder_ / "blobs" / "staged" / "999");
  fs::create_directories(folder_ / "backup.tmp-x");
  write(folder_ / ".server.json.tmp-1-0", "x");
  write(folder_ / "notes.txt", "mine");
  ASSERT_EQ(::chmod((folder_ / "secrets.key").c_str(), 0640), 0);
  EXPECT_EQ(examined().findings.size(), 6u) << diagnosis_text(examined());
  const Diagnosis repaired = examined({.repairs = true});
  std::size_t count = 0;
  for (const Finding& finding : repaired.findings) count += finding.is_repaired;
  EXPECT_EQ(count, 5u) << diagnosis_text(repaired);
  EXPECT_EQ(examined().findings.size(), 1u) << diagnosis_text(examined());
  EXPECT_TRUE(fs::exists(folder_ / "notes.txt"));
}

TEST_F(DoctorTest, SpeaksJson) {
  ASSERT_EQ(::chmod((folder_ / "token.key").c_str(), 0644), 0);
  const auto json = nlohmann::json::parse(diagnosis_json(examined()));
  EXPECT_EQ(json["isSound"], false);
  ASSERT_EQ(json["findings"].size(), 1u);
  EXPECT_EQ(json["findings"][0]["level"], "problem");
  EXPECT_EQ(json["findings"][0]["where"], "token.key");
}

}  // namespace
}  // namespace scoria::server
