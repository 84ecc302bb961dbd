#include "serve/service_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/file.h"

namespace scoria::serve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class ServiceFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scoria-services-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Status publish(const ServiceFolder& services, const std::string& version) {
    auto scratch = services.begin();
    if (!scratch.ok()) return scratch.error();
    SCORIA_TRY_STATUS(write_file(scratch.value() / "m.rds", "x"));
    SCORIA_TRY(placed, services.place(scratch.value(), "boston", version));
    (void)placed;
    return services.publish("boston", version, {{"model", "m.rds"}, {"rowWise", true}});
  }

  fs::path folder_;
};

TEST_F(ServiceFolderTest, KeepsVersionsThatDoNotChange) {
  const auto services = ServiceFolder::open(folder_).value();
  ASSERT_TRUE(publish(services, "1").ok());
  EXPECT_EQ(publish(services, "1").error().code, Code::conflict);
  const auto again = ServiceFolder::open(folder_).value();
  std::vector<UnreadVersion> failed;
  const auto all = again.versions(failed);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(failed.empty());
  EXPECT_EQ(all[0].spec.service, "boston");
  EXPECT_EQ(all[0].spec.model, (folder_ / "boston/1/m.rds").string());
  EXPECT_TRUE(all[0].spec.scripts.is_rowwise);
  ASSERT_TRUE(again.remove("boston", "1").ok());
  EXPECT_TRUE(again.versions(failed).empty());
}

TEST_F(ServiceFolderTest, GoesBackToEarlierWeights) {
  const auto services = ServiceFolder::open(folder_).value();
  for (const auto* version : {"1", "2"}) ASSERT_TRUE(publish(services, version).ok());
  EXPECT_EQ(services.before("boston").error().code, Code::not_found);
  ASSERT_TRUE(services.set_weights("boston", {{"1", 100}}).ok());
  ASSERT_TRUE(services.set_weights("boston", {{"1", 90}, {"2", 10}}).ok());
  ASSERT_TRUE(services.set_weights("boston", {{"2", 100}}).ok());
  EXPECT_EQ(services.before("boston").value(), (Weights{{"1", 90}, {"2", 10}}));
  ASSERT_TRUE(services.remove("boston", "1").ok());
  EXPECT_EQ(services.before("boston").error().code, Code::not_found) << "a version that is gone cannot get requests";
}

TEST_F(ServiceFolderTest, RemovesWhatACrashLeft) {
  const auto services = ServiceFolder::open(folder_).value();
  const auto scratch = services.begin().value();
  ASSERT_TRUE(write_file(scratch / "m.rds", "x").ok());
  (void)ServiceFolder::open(folder_).value();
  EXPECT_FALSE(fs::exists(scratch));
}

TEST_F(ServiceFolderTest, HasNoVersionThatWasPlacedAndNotPublished) {
  const auto services = ServiceFolder::open(folder_).value();
  ASSERT_TRUE(publish(services, "1").ok());
  const auto scratch = services.begin().value();
  ASSERT_TRUE(write_file(scratch / "m.rds", "x").ok());
  ASSERT_TRUE(services.place(scratch, "boston", "2").ok());
  ASSERT_TRUE(fs::exists(folder_ / "boston/2/m.rds"));
  std::vector<UnreadVersion> failed;
  EXPECT_EQ(ServiceFolder::open(folder_).value().versions(failed).size(), 1u);
  EXPECT_TRUE(failed.empty());
  EXPECT_FALSE(fs::exists(folder_ / "boston/2"));
  EXPECT_TRUE(publish(services, "2").ok()) << "the name is free again";
}

TEST_F(ServiceFolderTest, KeepsNoServiceOfAWithdrawnVersion) {
  const auto services = ServiceFolder::open(folder_).value();
  const auto scratch = services.begin().value();
  ASSERT_TRUE(services.place(scratch, "boston", "1").ok());
  services.withdraw("boston", "1");
  EXPECT_FALSE(fs::exists(folder_ / "boston"));
}

TEST_F(ServiceFolderTest, TellsOfAManifestThatIsNone) {
  fs::create_directories(folder_ / "boston/1");
  ASSERT_TRUE(write_file(folder_ / "boston/1/manifest.json", "{\"model\":\"../../etc/passwd\"}").ok());
  fs::create_directories(folder_ / "boston/2");
  ASSERT_TRUE(write_file(folder_ / "boston/2/manifest.json", "{").ok());
  std::vector<UnreadVersion> failed;
  EXPECT_TRUE(ServiceFolder::open(folder_).value().versions(failed).empty());
  ASSERT_EQ(failed.size(), 2u);
  EXPECT_EQ(failed[0].service + "/" + failed[0].version, "boston/1");
  EXPECT_NE(failed[0].why.message.find("'../../etc/passwd'"), std::string::npos);
}

TEST_F(ServiceFolderTest, LeavesNothingWhereThereIsNothingToRemove) {
  const auto services = ServiceFolder::open(folder_).value();
  ASSERT_TRUE(publish(services, "1").ok());
  EXPECT_FALSE(services.remove("boston", "2").ok());
  EXPECT_FALSE(services.remove("bonn").ok());
  EXPECT_TRUE(services.has("boston", "1"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST(FilePath, StaysBelowItsFolder) {
  EXPECT_TRUE(check_file_path("models/model_{Device}.rds").ok());
  for (const auto* path :
       {"", "/a", "a/", "../a", "a/../b", "a//b", ".a", "a/.b", "a b", "a\\b", "manifest.json", "a\n"})
    EXPECT_FALSE(check_file_path(path).ok()) << path;
}

TEST(Manifest, NamesWhatIsWrong) {
  const auto why = [](const char* text) {
    const auto read = read_manifest(Json::parse(text), "/f");
    return read.ok() ? std::string("fine") : read.error().message;
  };
  EXPECT_EQ(why(R"({"model":"m.rds"})"), "fine");
  EXPECT_NE(why(R"({})").find("\"model\" or a \"script\""), std::string::npos);
  EXPECT_NE(why(R"({"model":"m.rds","colour":1})").find("\"colour\""), std::string::npos);
  EXPECT_NE(why(R"({"model":"m.rds","deployed":1})").find("\"deployed\" must be a time"), std::string::npos);
  EXPECT_NE(why(R"({"model":"m.rds","leastWorkers":0})").find("leastWorkers"), std::string::npos);
  EXPECT_NE(why(R"({"model":"m.rds","batchRows":0})").find("\"batchRows\" must be a whole number from 1"),
            std::string::npos);
  EXPECT_NE(why(R"({"model":"m.rds","form":"x"})").find("\"plumber\", "), std::string::npos);
  EXPECT_NE(why(R"({"model":"m.rds","leastWorkers":3,"mostWorkers":2})").find("mostWorkers"), std::string::npos);
  EXPECT_NE(why(R"({"model":"m.rds","runtime":"sas"})").find("\"r\" or \"python\""), std::string::npos);
  EXPECT_EQ(why(R"({"model":"m.rds","leastWorkers":129,"mostWorkers":256})"), "fine") << "as older versions have it";
  EXPECT_NE(why(R"({"model":"m.rds","mostWorkers":257})").find("from 0 to 256"), std::string::npos);
  EXPECT_NE(why(R"({"model":"m.rds","expected":"e.json"})").find("sample"), std::string::npos);
}

}  // namespace
}  // namespace scoria::serve
