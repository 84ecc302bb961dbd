// Backups of a running server, through its REST surface, and what a restore makes of them.
#include "server/upkeep/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>

#include "access/accounts.h"
#include "base/file.h"
#include "net/sha256.h"
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

class BackupOfServices : public BackupTest {
 protected:
  void deploy(const std::string& service) {
    const auto model = FileBytes::open(SCORIA_SOURCE_DIR "/tests/serve/linear.rds");
    put_blob("files", "m", std::string(model.value().text()));
    const Json file{{"path", "models/linear.rds"}, {"blob", "files/m"}, {"sha256", net::sha256(model.value().text())}};
    std::promise<Result<Json>> promise;
    services_->deploy({.service = service,
                       .version = "1",
                       .request = {{"model", "models/linear.rds"}, {"files", Json::array({file})}}},
                      [&](Result<Json> result) { promise.set_value(std::move(result)); });
    const auto done = promise.get_future().get();
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  fs::path version(const std::string& service) const { return folder_ / "services" / service / "1"; }
};

TEST_F(BackupOfServices, AnswersAfterARestore) {
  deploy("s");
  back_up();
  ASSERT_TRUE(restore_backup(archive(), restored()).ok());
  const auto services = Services::open(restored() / "services", *blobs_, executor_, clock_, nullptr, nullptr);
  ASSERT_TRUE(services.ok());
  services.value()->stop();
  EXPECT_NE(services.value()->catalog().find("s", "1"), nullptr);
  EXPECT_TRUE(fs::exists(restored() / "services" / "s" / "traffic.json"));
}

TEST_F(BackupOfServices, LeavesOutWhatScriptsWroteBesideTheirFiles) {
  deploy("s");
  ASSERT_TRUE(write_file(version("s") / "a note.txt", "x").ok());
  ASSERT_TRUE(write_file(version("s") / ".hidden", "x").ok());
  fs::create_symlink("/etc/hostname", version("s") / "link");
  fs::create_directories(version("s") / "cache of mine");
  ASSERT_EQ(::mkfifo((version("s") / "pipe").c_str(), 0600), 0);
  back_up();
  const auto done = restore_backup(archive(), restored());
  ASSERT_TRUE(done.ok()) << done.error().message;
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(restored() / "services" / "s" / "1"))
    names.insert(entry.path().filename());
  EXPECT_EQ(names, (std::set<std::string>{"linear.rds", "manifest.json", "models"}));
}

TEST_F(BackupOfServices, LeavesOutVersionsThatAreTriedOrWereNeverDone) {
  deploy("s");
  fs::create_directories(version("tried"));
  ASSERT_TRUE(write_file(version("tried") / "model.rds", "x").ok());
  back_up();
  ASSERT_TRUE(restore_backup(archive(), restored()).ok());
  EXPECT_TRUE(fs::exists(restored() / "services" / "s" / "1" / "manifest.json"));
  EXPECT_FALSE(fs::exists(restored() / "services" / "tried"));
}

TEST_F(BackupOfServices, SurvivesAFileThatAScriptMadeALinkOrRemoved) {
  deploy("s");
  deploy("t");
  fs::remove(version("s") / "models" / "linear.rds");
  fs::create_symlink("/etc/hostname", version("s") / "models" / "linear.rds");
  fs::remove_all(version("t") / "models");
  back_up();
  const auto done = restore_backup(archive(), restored());
  ASSERT_TRUE(done.ok()) << done.error().message;
  for (const char* service : {"s", "t"}) {
    EXPECT_TRUE(fs::exists(restored() / "services" / service / "1" / "manifest.json"));
    EXPECT_FALSE(fs::exists(restored() / "services" / service / "1" / "models" / "linear.rds"));
  }
}

// A race, which a walk that ends at a folder that vanished loses seldom: what it passes says little, what it fails much.
TEST_F(BackupOfServices, HasAllOthersWhileSomeComeAndGo) {
  deploy("a");
  deploy("z");
  const fs::path coming = folder_ / "services" / "m", gone = folder_ / "services" / ".gone";
  std::jthread others([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      fs::copy(version("a").parent_path(), coming, fs::copy_options::recursive);
      fs::rename(coming, gone);
      fs::remove_all(gone);
    }
  });
  for (int i = 0; i < 8; ++i) {
    back_up();
    ASSERT_TRUE(restore_backup(archive(), restored()).ok());
    for (const char* service : {"a", "z"})
      ASSERT_TRUE(fs::exists(restored() / "services" / service / "1" / "models" / "linear.rds")) << service << i;
    fs::remove_all(restored());
  }
}

class BackupOfUsers : public BackupTest {
 protected:
  BackupOfUsers() { has_users_ = true; }

  static Json log_in(access::Access& access) {
    return own(access, "POST", "/login", R"({"username":"ann","password":"correct horse"})").json();
  }
  static Heard own(access::Access& access, const std::string& method, const std::string& target,
                   const std::string& body = {}) {
    net::HttpRequest request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.peer = "127.0.0.1:4711";
    request.peer_is_loopback = true;
    std::promise<net::HttpReply> promise;
    access.handle_own(std::move(request),
                      net::Responder([&promise](net::HttpReply reply) { promise.set_value(std::move(reply)); }));
    return heard(promise.get_future().get());
  }
  static bool knows(access::Access& access, const std::string& token) {
    net::HttpRequest request;
    request.headers = {{"Authorization", "Bearer " + token}};
    return access.identify(request).caller != nullptr;
  }
};

TEST_F(BackupOfUsers, LetsThemInAfterARestoreAndKeepsOutWhoWasRevoked) {
  const access::Doing doing{.by = "test", .now = clock_.now().wall};
  ASSERT_TRUE(
      access::add_user(users_->folder(), "ann", "correct horse", {.role = access::Role::reader, .grants = {}}, doing)
          .ok());
  const auto key =
      access::create_key(users_->folder(), "shop", {.role = access::Role::scorer, .grants = {}}, std::nullopt, doing);
  const auto gone =
      access::create_key(users_->folder(), "gone", {.role = access::Role::scorer, .grants = {}}, std::nullopt, doing);
  ASSERT_TRUE(key.ok() && gone.ok());
  ASSERT_TRUE(access::revoke_key(users_->folder(), gone.value().record.id, doing).ok());
  const std::string live = log_in(*users_)["access_token"];
  const Json ended = log_in(*users_);
  ASSERT_EQ(
      own(*users_, "DELETE", "/login/refreshToken?refreshToken=" + ended["refresh_token"].get<std::string>()).status,
      200);
  ASSERT_TRUE(knows(*users_, live));
  back_up();
  ASSERT_TRUE(restore_backup(archive(), restored()).ok());
  for (const char* name : {"users.json", "keys.json", "signing.json", "sessions.json", "audit.log"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((restored() / "access" / name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 07777, 0600u) << name;
  }
  const auto again = access::Access::open(restored() / "access", {}, clock_);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(knows(*again.value(), live));
  EXPECT_FALSE(knows(*again.value(), ended["access_token"]));
  EXPECT_TRUE(knows(*again.value(), key.value().text));
  EXPECT_FALSE(knows(*again.value(), gone.value().text));
  EXPECT_TRUE(log_in(*again.value()).contains("access_token"));
  EXPECT_EQ(own(*again.value(), "POST", "/login", R"({"username":"ann","password":"wrong"})").status, 401);
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
