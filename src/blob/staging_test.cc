#include "blob/store_for_tests.h"

namespace scoria::blob {
namespace {

class Staged : public StoreTest {
 protected:
  Staged() { make_container("con"); }
  std::string stage(std::uint64_t attempt, std::string_view name, std::string_view bytes) {
    return code(store_->stage_blob(attempt, "con", name, upload(bytes), {.content_type = "text/plain"}));
  }
  std::filesystem::path staged() const { return folder_ / "blobs" / "staged"; }
};

TEST_F(Staged, BlobsAreSeenWhenPublishedAndNotBefore) {
  EXPECT_EQ(stage(7, "small", "one"), "");
  EXPECT_EQ(stage(7, "dir/large", kLarge), "");
  EXPECT_EQ(get("con", "small"), "<BlobNotFound>");
  reopen();
  ASSERT_TRUE(store_->publish(7).ok());
  EXPECT_EQ(get("con", "small"), "one");
  EXPECT_EQ(get("con", "dir/large"), kLarge);
  EXPECT_EQ(store_->properties("con", "small").value().content_type, "text/plain");
  EXPECT_EQ(store_->properties("con", "small").value().content_md5.size(), 24u);
  EXPECT_EQ(files_in(staged()), 0u);
  reopen();
  EXPECT_EQ(get("con", "dir/large"), kLarge);
}

TEST_F(Staged, TheLaterOfTwoUnderOneNameWins) {
  stage(7, "b", kLarge);
  stage(7, "b", "later");
  ASSERT_TRUE(store_->publish(7).ok());
  EXPECT_EQ(get("con", "b"), "later");
}

TEST_F(Staged, PublishingAgainAndNothingIsNoError) {
  EXPECT_TRUE(store_->publish(7).ok());
  stage(7, "b", "x");
  EXPECT_TRUE(store_->publish(7).ok());
  put("con", "b", "by someone else");
  EXPECT_TRUE(store_->publish(7).ok());
  EXPECT_EQ(get("con", "b"), "by someone else");
}

TEST_F(Staged, AttemptsDoNotMixAndDiscardedOnesLeaveNothing) {
  stage(7, "b", "seven");
  stage(8, "b", kLarge);
  EXPECT_TRUE(store_->discard(8).ok());
  EXPECT_TRUE(store_->discard(8).ok());
  EXPECT_TRUE(store_->publish(7).ok());
  EXPECT_TRUE(store_->publish(8).ok());
  EXPECT_EQ(get("con", "b"), "seven");
  EXPECT_EQ(files_in(staged()), 0u);
}

TEST_F(Staged, AContainerThatIsGoneHoldsNothingUp) {
  make_container("gone");
  ASSERT_TRUE(store_->stage_blob(7, "gone", "b", upload("x"), {}).ok());
  stage(7, "b", "kept");
  ASSERT_TRUE(store_->delete_container("gone").ok());
  EXPECT_TRUE(store_->publish(7).ok());
  EXPECT_EQ(get("con", "b"), "kept");
  EXPECT_EQ(code(store_->stage_blob(8, "gone", "b", upload("x"), {})), "ContainerNotFound");
}

TEST_F(Staged, ACrashAmidPublishingIsFinishedByTheNext) {
  stage(7, "a", kLarge);
  stage(7, "b", kLarge + "b");
  // As left by a crash before the folder was removed: all is published, and the folder is still there.
  std::filesystem::copy(staged() / "7", folder_ / "kept", std::filesystem::copy_options::recursive);
  ASSERT_TRUE(store_->publish(7).ok());
  store_.reset();
  std::filesystem::rename(folder_ / "kept", staged() / "7");
  reopen();
  ASSERT_TRUE(store_->publish(7).ok());
  EXPECT_EQ(get("con", "a"), kLarge);
  EXPECT_EQ(get("con", "b"), kLarge + "b");
  EXPECT_EQ(files_in(staged()), 0u);
  EXPECT_EQ(files_in(folder_ / "blobs" / "containers" / "con" / "data"), 2u);
}

}  // namespace
}  // namespace scoria::blob
