// ModelCache: what stays between runs, and what does not.
#include "plan/model_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "net/server_for_tests.h"
#include "plan/folder_for_tests.h"
#include "plan/model_store.h"

namespace scoria::plan {
namespace {

const std::filesystem::path kModels = std::filesystem::path(SCORIA_SOURCE_DIR) / "examples/sensor-anomaly/models";

// An object store whose models come and go.
class ModelsAtUris : public FolderTest {
 protected:
  std::string url(const std::string& name) const { return server_.url("/" + name); }
  void upload(const std::string& name, const std::string& text) {
    const std::lock_guard lock(mutex_);
    stored_[name] = text;
  }
  static std::string model(const char* name = "model_1_1") {
    return std::string(FileBytes::open(kModels / name).value().text());
  }
  int asked() const { return asked_; }

 private:
  std::string answer(const std::string& request) {
    ++asked_;
    const std::lock_guard lock(mutex_);
    const auto found = stored_.find(request.substr(5, request.find(' ', 5) - 5));
    const std::string body = found == stored_.end() ? "none" : found->second;
    return std::string("HTTP/1.1 ") + (found == stored_.end() ? "404 Not Found" : "200 OK") +
           "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  std::atomic<int> asked_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::string> stored_;  // guarded by mutex_
  net::ServerForTests server_{[this](const std::string& request) { return answer(request); }};
};

TEST_F(ModelsAtUris, AreReadOnceForManyRuns) {
  ModelCache cache(folder_);
  upload("m", model());
  for (int run = 0; run < 3; ++run) {
    ModelStore store(folder_, cache);
    EXPECT_TRUE(store.exists(url("m")).value());
    EXPECT_TRUE(store.get(url("m")).ok());
  }
  EXPECT_EQ(asked(), 1);
}

TEST_F(ModelsAtUris, AreSeenByTheNextRunOnceTheyAreThere) {
  ModelCache cache(folder_);
  {
    ModelStore store(folder_, cache);
    EXPECT_EQ(store.find(url("m")).value(), nullptr);
    upload("m", model());
    EXPECT_EQ(store.find(url("m")).value(), nullptr) << "a run sees one state of things";
    EXPECT_EQ(asked(), 1);
  }
  ModelStore store(folder_, cache);
  EXPECT_NE(store.find(url("m")).value(), nullptr);
}

TEST_F(ModelsAtUris, LeaveNothingBehindWhereThereAreNone) {
  ModelCache cache(folder_);
  for (int key = 0; key < 100; ++key) {
    ModelStore store(folder_, cache);
    EXPECT_FALSE(store.exists(url("m" + std::to_string(key))).value());
  }
  EXPECT_EQ(cache.names(), 0u);
}

TEST_F(ModelsAtUris, AreReadAgainWhereTheyCouldNotBeAndTheOthersStay) {
  ModelCache cache(folder_);
  upload("good", model());
  upload("bad", "no model");
  EXPECT_TRUE(cache.find(url("good")).ok());
  EXPECT_FALSE(cache.find(url("bad")).ok());
  EXPECT_EQ(cache.names(), 1u);
  upload("bad", model("model_1_5"));
  EXPECT_TRUE(cache.find(url("bad")).ok());
  EXPECT_EQ(asked(), 3);
  EXPECT_TRUE(cache.find(url("good")).ok());
  EXPECT_EQ(asked(), 3);
}

TEST_F(ModelsAtUris, LeaveInTheOrderOfTheirUse) {
  ModelCache cache(folder_, {.models = 2});
  for (const char* name : {"a", "b", "c"}) upload(name, model());
  for (const char* name : {"a", "b", "a", "c", "a"}) EXPECT_TRUE(cache.find(url(name)).ok());
  EXPECT_EQ(asked(), 3);
  EXPECT_EQ(cache.names(), 2u);
  EXPECT_TRUE(cache.find(url("b")).ok());
  EXPECT_EQ(asked(), 4) << "it was the one not asked for the longest";
}

TEST_F(ModelsAtUris, KeepToTheBytesOfTheirFiles) {
  const std::string text = model();
  ModelCache cache(folder_, {.bytes = 2 * text.size()});
  for (const char* name : {"a", "b", "c"}) upload(name, text);
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(cache.find(url(name)).ok());
  EXPECT_EQ(cache.names(), 2u);
  ModelCache small(folder_, {.bytes = 1});
  EXPECT_TRUE(small.find(url("a")).ok());
  EXPECT_TRUE(small.find(url("a")).ok());
  EXPECT_EQ(asked(), 4) << "the last one stays, however large";
}

TEST_F(ModelsAtUris, AreReadByOneOfThoseWhoWantThemAtOnce) {
  ModelCache cache(folder_);
  upload("m", model());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_TRUE(cache.find(url("m")).ok()); });
  threads.clear();
  EXPECT_EQ(asked(), 1);
}

}  // namespace
}  // namespace scoria::plan
