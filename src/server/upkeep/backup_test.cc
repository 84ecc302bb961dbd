// Backups of a running server, through its REST surface, and what a restore makes of them.
#include "server/upkeep/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/file.h"
#include "server/data_version.h"
#include "server/upkeep/doctor.h"
#include "server/upkeep/restore.h"
#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

class BackupTest : public WholeServerTest {
 protected:
  void SetUp() override {
    WholeServerTest::SetUp();
    // What run_server() makes beside state and blobs.
    ASSERT_TRUE(auth::ensure_account(folder_, "scoria").ok());
    ASSERT_TRUE(auth::ensure_key(folder_ / "token.key").ok());
    ASSERT_TRUE(write_file(folder_ / "version.json", data_version_text(kNewestDataVersion)).ok());
    fs::permissions(folder_, fs::perms::owner_all);
  }
  // Beside the data folder: the test removes it with that.
  fs::path archive() const { return folder_ / "trash.tar"; }
  fs::path restored() const { return folder_ / "restored"; }

  void back_up() {
    const Heard answer = send("GET", "/scoria/v1/backup");
    ASSERT_EQ(answer.status, 200) << answer.body;
    std::ofstream(archive(), std::ios::binary) << answer.body;
  }
  void put_blob(const std::string& container, const std::string& name, const std::string& bytes) {
    (void)blobs_->create_container(container, {}, "");
    auto upload = blobs_->begin_upload();
    ASSERT_TRUE(upload.value()->write(std::as_bytes(std::span(bytes))).ok());
    ASSERT_TRUE(blobs_->put_blob(container, name, std::move(upload).value(), {}, {}).ok());
  }
};

TEST_F(BackupTest, OfARunningServerHoldsAllThatWasAcknowledged) {
  add_pool("p");
  add_job("j", "p");
  for (int i = 0; i < 50; ++i) add_task("j", "t" + std::to_string(i));
  put_blob("files", "small", "abc");
  put_blob("files", "large", std::string(300'000, 'L'));
  back_up();
  add_task("j", "later");

  const auto facts = verify_backup(archive());
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  EXPECT_EQ(facts.value().data_version, kNewestDataVersion);
  const auto done = restore_backup(archive(), restored());
  ASSERT_TRUE(done.ok()) << done.error().message;
  const auto diagnosis = examine(restored(), clock_, {});
  ASSERT_TRUE(diagnosis.ok()) << diagnosis.error().message;
  for (const Finding& finding : diagnosis.value().findings) ADD_FAILURE() << finding.where << ": " << finding.what;
  EXPECT_EQ(diagnosis.value().jobs, 1u);
  EXPECT_EQ(diagnosis.value().tasks, 50u);
  EXPECT_EQ(diagnosis.value().blobs, 2u);
  EXPECT_EQ(diagnosis.value().blob_bytes, 300'003u);
}

TEST_F(BackupTest, LeavesNothingBehind) {
  back_up();
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(kBackupScratch)) << entry.path();
  }
  EXPECT_TRUE(fs::is_empty(folder_ / "blobs" / "uploads"));
  back_up();  // and the next may begin
}

TEST_F(BackupTest, OneAtATime) {
  std::promise<Result<std::unique_ptr<net::BodySource>>> first;
  backups_->begin([&](auto stream) { first.set_value(std::move(stream)); });
  auto held = first.get_future().get();
  ASSERT_TRUE(held.ok()) << held.error().message;
  EXPECT_EQ(send("GET", "/scoria/v1/backup").status, 409);
  held.value().reset();
  EXPECT_EQ(send("GET", "/scoria/v1/backup").status, 200);
}

TEST_F(BackupTest, IsForTheAccountAlone) { EXPECT_EQ(send_raw("GET", "/scoria/v1/backup").status, 403); }

TEST_F(BackupTest, OfAFolderAtRestIsTheSame) {
  add_pool("p");
  add_job("j", "p");
  add_task("j", "t");
  put_blob("files", "large", std::string(300'000, 'L'));
  ASSERT_TRUE(blobs_->stage_blob(77, "files", "x", blobs_->begin_upload().value(), {}).ok());  // of no attempt
  stop();
  auto stream = backup_of_folder(folder_, clock_);
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  std::ofstream out(archive(), std::ios::binary);
  for (;;) {
    const auto piece = stream.value()->next();
    ASSERT_TRUE(piece.ok()) << piece.error().message;
    if (piece.value().empty()) break;
    out << piece.value();
  }
  out.close();
  const auto done = restore_backup(archive(), restored());
  ASSERT_TRUE(done.ok()) << done.error().message;
  const auto diagnosis = examine(restored(), clock_, {});
  ASSERT_TRUE(diagnosis.ok());
  for (const Finding& finding : diagnosis.value().findings) ADD_FAILURE() << finding.where << ": " << finding.what;
  EXPECT_EQ(diagnosis.value().tasks, 1u);
  EXPECT_EQ(diagnosis.value().blobs, 1u);
}

TEST_F(BackupTest, NumbersOfARestoredFolderGoOnFarBehind) {
  add_pool("p");
  add_job("j", "p");
  back_up();
  ASSERT_TRUE(restore_backup(archive(), restored()).ok());
  auto store = store::Store::open(restored() / "state");
  ASSERT_TRUE(store.ok());
  const auto stored = store.value()->get(store::Kind::account, "", batch::kNumbersId).value();
  ASSERT_TRUE(stored);
  EXPECT_GT(Json::parse(stored->text)["nextAttempt"].get<std::uint64_t>(), 1ull << 32);
}

}  // namespace
}  // namespace scoria::server
