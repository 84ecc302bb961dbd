// What services of a server leave on disk when deployments fail, versions do not load, and models or libraries throw.
#include "server/services.h"

#include <gtest/gtest.h>

#include <fstream>
#include <new>

#include "base/file.h"
#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

class FailingExecutor final : public Executor {
 public:
  std::size_t concurrency() const override { throw std::bad_alloc(); }
  void parallel_for(std::size_t, const std::function<void(std::size_t)>&) override { throw std::bad_alloc(); }
};

class ServicesTest : public WholeServerTest {
 protected:
  static Result<Json> wait(const std::function<void(Services::Done)>& change) {
    auto promise = std::make_shared<std::promise<Result<Json>>>();
    auto future = promise->get_future();
    change([promise](Result<Json> result) { promise->set_value(std::move(result)); });
    if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready)
      return Error{Code::deadline, "it is not answered"};
    return future.get();
  }
  // With enough sample rows that they are shared by the executor.
  static Result<Json> deploy(Services& services, const std::string& service, const std::string& version) {
    const auto model = FileBytes::open(SCORIA_SOURCE_DIR "/tests/serve/forest.rds");
    Json rows = Json::array();
    for (int i = 0; i < 5000; ++i)
      rows.push_back({{"area", 20 + i % 40}, {"age", 7}, {"floor", 2}, {"heating", "gas"}, {"lift", true}});
    Services::Deployment deployment{
        .service = service,
        .version = version,
        .request = {{"model", "model.rds"}, {"sample", "sample.json"}},
        .texts = {{"model.rds", std::string(model.value().text())}, {"sample.json", Json{{"df", rows}}.dump()}}};
    return wait([&](Services::Done done) { services.deploy(std::move(deployment), std::move(done)); });
  }
  Result<Json> remove(const std::string& service, const std::string& version) {
    return wait([&](Services::Done done) { services_->remove(service, version, std::move(done)); });
  }
  // As it is after a start at which no model could be read.
  void start_without(const std::string& service) {
    stop();
    for (const auto& version : fs::directory_iterator(folder_ / "services" / service)) {
      if (version.is_directory()) {
        ASSERT_TRUE(write_file(version.path() / "model.rds", "no model").ok());
      }
    }
    start();
    ASSERT_EQ(services_->catalog().find(service, ""), nullptr);
  }
};

TEST_F(ServicesTest, OneThatDidNotLoadKeepsItsOtherVersionsWhenOneIsRemoved) {
  ASSERT_TRUE(deploy(*services_, "s", "1").ok());
  ASSERT_TRUE(deploy(*services_, "s", "2").ok());
  start_without("s");
  const fs::path service = folder_ / "services" / "s";
  const auto everybody = [](const std::string&) { return true; };
  const Json listed = services_->list(everybody)["value"];
  ASSERT_EQ(listed.size(), 2u) << listed;
  EXPECT_EQ(listed[1]["name"], "s");
  EXPECT_EQ(listed[1]["version"], "2");
  EXPECT_NE(listed[1]["error"].get<std::string>().find((service / "2").string()), std::string::npos) << listed;
  EXPECT_TRUE(services_->list([](const std::string&) { return false; })["value"].empty());
  EXPECT_EQ(services_->show("s").value()["versions"].size(), 2u);
  const auto gone = remove("s", "1");
  EXPECT_TRUE(gone.ok()) << gone.error().message;
  EXPECT_FALSE(fs::exists(service / "1"));
  EXPECT_TRUE(fs::exists(service / "2" / "manifest.json"));
  EXPECT_TRUE(fs::exists(service / "traffic.json"));
  EXPECT_EQ(services_->list(everybody)["value"].size(), 1u);
  EXPECT_TRUE(remove("s", "2").ok());
  EXPECT_FALSE(fs::exists(service)) << "with its last version it goes";
  EXPECT_TRUE(services_->list(everybody)["value"].empty());
  EXPECT_EQ(services_->show("s").error().code, Code::not_found);
}

TEST_F(ServicesTest, ADeploymentThatIsThrownOutOfIsItsErrorAndLeavesNothing) {
  FailingExecutor failing;
  const fs::path folder = folder_ / "others";
  auto services = Services::open(folder, *blobs_, failing, clock_, nullptr, nullptr);
  ASSERT_TRUE(services.ok());
  const auto refused = deploy(*services.value(), "s", "1");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::unavailable) << refused.error().message;
  EXPECT_TRUE(fs::is_empty(folder));
  EXPECT_EQ(deploy(*services.value(), "s", "1").error().code, Code::unavailable) << "its name is free again";
}

TEST_F(ServicesTest, AVersionThatThrowsWhenItIsLoadedIsLeftOut) {
  ASSERT_TRUE(deploy(*services_, "s", "1").ok());
  services_->stop();
  FailingExecutor failing;
  auto services = Services::open(folder_ / "services", *blobs_, failing, clock_, nullptr, nullptr);
  ASSERT_TRUE(services.ok());
  services.value()->stop();
  EXPECT_TRUE(services.value()->is_ready());
  EXPECT_EQ(services.value()->catalog().find("s", ""), nullptr);
  EXPECT_TRUE(fs::exists(folder_ / "services" / "s" / "1" / "manifest.json")) << "it may load at the next start";
}

// Lets nothing be loaded before it is opened.
class ClosedExecutor final : public Executor {
 public:
  std::size_t concurrency() const override {
    opened_.wait();
    return 1;
  }
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
    opened_.wait();
    InlineExecutor().parallel_for(count, body);
  }
  void open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
};

// DELETE of /services/NAME/1 is publishing's, unless it is a path of a plumber file's: which of them nobody knows before the service is loaded.
TEST_F(ServicesTest, LoseNoVersionToPathsOfTheirOwnWhileTheyAreLoaded) {
  ASSERT_TRUE(deploy(*services_, "s", "1").ok());
  stop();
  ClosedExecutor closed;
  services_executor_ = &closed;
  waits_for_services_ = false;
  start();
  const Heard busy = send("DELETE", "/services/s/1");
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.header("Retry-After"), "1");
  closed.open();
  while (!services_->is_ready()) std::this_thread::yield();
  EXPECT_TRUE(fs::exists(folder_ / "services" / "s" / "1"));
  EXPECT_EQ(send("DELETE", "/services/s/1").status, 200) << "it has no paths of its own";
  stop();
}

TEST_F(ServicesTest, LoseNoVersionToPathsOfTheirOwnWhenTheyDidNotLoad) {
  ASSERT_TRUE(deploy(*services_, "s", "1").ok());
  start_without("s");
  const Heard refused = send("DELETE", "/services/s/1");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("/scoria/v1/services/s/versions/"), std::string::npos) << refused.body;
  EXPECT_EQ(send_json("POST", "/services/s/2", Json{{"code", "a <- 1"}}).status, 409);
  EXPECT_TRUE(fs::exists(folder_ / "services" / "s" / "1"));
  EXPECT_EQ(send("DELETE", "/scoria/v1/services/s/versions/1").status, 204);
}

TEST_F(ServicesTest, WhatAnAnswerThrowsEndsNothing) {
  services_->remove("none", "", [](const Result<Json>&) { throw std::bad_alloc(); });
  EXPECT_EQ(remove("none", "").error().code, Code::not_found);
}

}  // namespace
}  // namespace scoria::server
