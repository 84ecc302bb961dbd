#include "server/data_version.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "base/file.h"
#include "server/data_folder.h"
#include "server/server.h"
#include "store/state_file.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

class DataVersion : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-version-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // A folder as an earlier version left it.
  void unpack(const std::string& version) {
    const std::string archive = SCORIA_SOURCE_DIR "/tests/data/data_folders/" + version + ".tar.gz";
    ASSERT_EQ(std::system(("tar -xzpf '" + archive + "' -C '" + folder_.string() + "'").c_str()), 0);
  }
  int version() {
    const auto found = read_data_version(folder_);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found.ok() && found.value() ? *found.value() : 0;
  }
  std::int64_t state_version() {
    auto state = store::StateFile::open(folder_ / "state");
    EXPECT_TRUE(state.ok()) << state.error().message;
    return state.ok() ? state.value()->version() : 0;
  }
  // What `scoria server` says of the folder.
  Error refused() {
    ServerOptions options;
    options.data = folder_;
    options.config.http = "127.0.0.1:0";
    options.config.https = "";
    std::stop_source stop;
    stop.request_stop();
    const SystemClock clock;
    const Status status = run_server(options, clock, stop.get_token());
    EXPECT_FALSE(status.ok());
    return status.ok() ? Error{Code::invalid, "it served"} : status.error();
  }

  fs::path folder_;
};

TEST_F(DataVersion, OfANewFolderIsTheNewest) {
  ASSERT_TRUE(migrate_data_folder(folder_).ok());
  EXPECT_EQ(version(), kNewestDataVersion);
}

TEST_F(DataVersion, OfAFolderWithoutTheFileIsTheFirst) {
  unpack("v1");
  EXPECT_EQ(version(), 1);
  EXPECT_EQ(state_version(), 1);
}

TEST_F(DataVersion, FirstBecomesTheNewestAndKeepsWhatItHolds) {
  unpack("v1");
  ASSERT_TRUE(migrate_data_folder(folder_).ok());
  EXPECT_EQ(version(), kNewestDataVersion);
  EXPECT_EQ(state_version(), 2);
  auto store = store::Store::open(folder_ / "state");
  ASSERT_TRUE(store.ok());
  EXPECT_TRUE(store.value()->get(store::Kind::job, "", "done").value());
  EXPECT_TRUE(store.value()->get(store::Kind::pool, "", "small").value());
}

TEST_F(DataVersion, MigrationThatWasCutOffIsRepeated) {
  unpack("v1");
  { ASSERT_TRUE(store::Store::open(folder_ / "state").ok()); }  // its step is done, its number is not written
  EXPECT_EQ(version(), 1);
  ASSERT_TRUE(migrate_data_folder(folder_).ok());
  EXPECT_EQ(version(), kNewestDataVersion);
}

TEST_F(DataVersion, NewerOneIsRefusedWithBothVersionsAndWhatToDo) {
  ASSERT_TRUE(write_file(folder_ / "version.json", data_version_text(kNewestDataVersion + 1)).ok());
  const Error error = refused();
  EXPECT_EQ(error.code, Code::unsupported);
  for (const std::string& part : {"version " + std::to_string(kNewestDataVersion + 1),
                                  "up to " + std::to_string(kNewestDataVersion), std::string("restore a backup")}) {
    EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  }
  EXPECT_FALSE(fs::exists(folder_ / "account.json")) << "nothing may be written into a folder that is refused";
}

TEST_F(DataVersion, BrokenFileIsNoVersion) {
  for (const char* text : {"", "{}", "2", R"({"format":"scoria-data","version":"2"})", R"({"format":"x","version":2})",
                           R"({"format":"scoria-data","version":-1})"}) {
    ASSERT_TRUE(write_file(folder_ / "version.json", text).ok());
    EXPECT_EQ(refused().code, Code::corrupt) << text;
  }
}

TEST_F(DataVersion, RestoreThatWasCutOffIsNoFolder) {
  ASSERT_TRUE(write_file(folder_ / kRestoreMark, "").ok());
  const Error error = refused();
  EXPECT_EQ(error.code, Code::corrupt);
  EXPECT_NE(error.message.find("restore"), std::string::npos) << error.message;
}

TEST_F(DataVersion, FolderOfNobodyIsNotHeld) {
  EXPECT_EQ(DataFolder::hold(folder_).error().code, Code::not_found);
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace scoria::server
