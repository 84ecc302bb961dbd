#include "batch/notices.h"

#include "batch/pools_for_tests.h"

namespace scoria::batch {
namespace {

class NoticesTest : public PoolsTest {
 protected:
  NoticesTest() {
    settings.webhooks = {"http://one/", "http://two/"};
    start();
    EXPECT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
    come_up();
  }
  // A job whose only task ends with `exit_code`.
  void run_job(int exit_code) {
    add_job_with("j", "p", 1);
    ASSERT_TRUE(patch_job(*state, "j", {{"onAllTasksComplete", "terminatejob"}}, {}).ok());
    commit();
    come_up();
    end("p", node("p").id, exit_code);
    advance(Duration(0));
  }
  std::string id_of(std::size_t at) { return notices.at(at)["id"]; }
};

TEST_F(NoticesTest, EveryWebhookHearsOfAJobsEndOnce) {
  run_job(0);
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[0]["event"], "job.completed");
  EXPECT_EQ(notices[0]["jobId"], "j");
  EXPECT_EQ(notices[0]["url"], "http://one/");
  EXPECT_EQ(notices[1]["url"], "http://two/");
  EXPECT_NE(id_of(0), id_of(1));
  advance(std::chrono::hours(1));
  EXPECT_EQ(notices.size(), 2u);
}

TEST_F(NoticesTest, AJobWithAFailedTaskFailed) {
  run_job(1);
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[0]["event"], "job.failed");
}

TEST_F(NoticesTest, WhatIsDeliveredIsForgotten) {
  run_job(0);
  notice_delivered(*state, id_of(0));
  commit();
  EXPECT_FALSE(store.get(store::Kind::notice, "", id_of(0)).value());
  EXPECT_TRUE(store.get(store::Kind::notice, "", id_of(1)).value());
}

TEST_F(NoticesTest, WhatFailedIsTriedAgainLaterAndLater) {
  run_job(0);
  const std::string id = id_of(0);
  notice_failed(*state, id, "refused");
  advance(std::chrono::seconds(9));
  EXPECT_EQ(notices.size(), 2u);
  advance(std::chrono::seconds(1));
  ASSERT_EQ(notices.size(), 3u);
  EXPECT_EQ(notices[2]["id"], id);
  EXPECT_EQ(notices[2]["attempt"], 2);
  notice_failed(*state, id, "refused");
  advance(std::chrono::seconds(19));
  EXPECT_EQ(notices.size(), 3u);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(notices.size(), 4u);
}

TEST_F(NoticesTest, ARestartTriesAgainWhatWasUnderWay) {
  run_job(0);
  notice_delivered(*state, id_of(0));
  commit();
  start();
  advance(Duration(0));
  ASSERT_EQ(notices.size(), 3u);
  EXPECT_EQ(id_of(2), id_of(1));
}

TEST_F(NoticesTest, AReceiverThatIsGoneForThreeDaysIsGivenUp) {
  run_job(0);
  const std::string id = id_of(0);
  now.wall += std::chrono::hours(72);
  now.steady += std::chrono::hours(72);
  state->now = now;
  notice_failed(*state, id, "refused");
  commit();
  EXPECT_FALSE(store.get(store::Kind::notice, "", id).value());
}

}  // namespace
}  // namespace scoria::batch
