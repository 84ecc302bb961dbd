// What goes by itself after its time, and what stays.
#include "server/retention.h"

#include <gtest/gtest.h>

#include <thread>

#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

class RetentionTest : public WholeServerTest {
 protected:
  bool is_there(const std::string& job) { return send("GET", "/jobs/" + job).status == 200; }
  // Its deletion is over.
  void wait_until_gone(const std::string& job) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (is_there(job) && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_FALSE(is_there(job)) << job;
  }
  void complete(const std::string& job) {
    ASSERT_EQ(send("POST", "/jobs/" + job + "/terminate").status, 202);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (send("GET", "/jobs/" + job).json()["state"] != "completed" && std::chrono::steady_clock::now() < until) {
    }
  }
  void put_blob(const std::string& container, const std::string& name) {
    (void)blobs_->create_container(container, {}, "");
    ASSERT_TRUE(blobs_->put_blob(container, name, blobs_->begin_upload().value(), {}, {}).ok());
  }
  std::string names(const std::string& container) {
    std::string all;
    const auto listed = blobs_->list_blobs(container, "", "", "", 100);
    for (const auto& item : listed.value()) all += item.name + " ";
    return all;
  }
};

TEST_F(RetentionTest, CompletedJobsGoAfterTheirTimeAndOpenOnesStay) {
  add_pool("p1");
  add_job("done", "p1");
  add_job("open", "p1");
  complete("done");
  Retention::sweep(*app_, {.jobs = std::chrono::hours(1)});
  EXPECT_TRUE(is_there("done"));
  Retention::sweep(*app_, {.jobs = Duration(0)});
  wait_until_gone("done");
  EXPECT_TRUE(is_there("open"));
  EXPECT_NE(send("GET", "/metrics").body.find("scoria_retention_jobs_deleted_total 1\n"), std::string::npos);
}

TEST_F(RetentionTest, OfASchedulesJobsTheNewestStay) {
  add_pool("p1");
  const Heard made = send_json("POST", "/jobschedules",
                               Json{{"id", "s"},
                                    {"schedule", {{"doNotRunUntil", "2099-01-01T00:00:00Z"}}},
                                    {"jobSpecification", {{"poolInfo", {{"poolId", "p1"}}}}}});
  ASSERT_EQ(made.status, 201) << made.body;
  for (int i = 1; i <= 3; ++i) {
    const Heard run = send("POST", "/scoria/v1/schedules/s/run");
    ASSERT_EQ(run.status, 201) << run.body;
    complete(run.json()["id"]);
  }
  add_job("alone", "p1");
  complete("alone");
  Retention::sweep(*app_, {.schedule_jobs = 1});
  wait_until_gone("s:job-1");
  wait_until_gone("s:job-2");
  EXPECT_TRUE(is_there("s:job-3"));
  EXPECT_TRUE(is_there("alone")) << "jobs of no schedule have a time, not a number";
}

TEST_F(RetentionTest, BlobsGoByContainerNameAndAge) {
  for (const char* container : {"logs-a", "logs-b", "other"}) {
    put_blob(container, "x/1");
    put_blob(container, "y/2");
  }
  Retention::sweep(*app_, {.blobs = {{.container = "logs*", .prefix = "x/", .older_than = std::chrono::hours(1)}}});
  EXPECT_EQ(names("logs-a"), "x/1 y/2 ");
  Retention::sweep(*app_, {.blobs = {{.container = "logs*", .prefix = "x/", .older_than = Duration(0)}}});
  EXPECT_EQ(names("logs-a"), "y/2 ");
  EXPECT_EQ(names("logs-b"), "y/2 ");
  EXPECT_EQ(names("other"), "x/1 y/2 ");
  Retention::sweep(*app_, {.blobs = {{.container = "logs-a", .prefix = {}, .older_than = Duration(0)}}});
  EXPECT_EQ(names("logs-a"), "");
  EXPECT_EQ(names("logs-b"), "y/2 ");
  EXPECT_EQ(app_->retained.blobs, 3u);
}

}  // namespace
}  // namespace scoria::server
