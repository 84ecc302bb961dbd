// Pictures of a store for backups: what is in them, while the store goes on.
#include "blob/picture.h"

#include <gtest/gtest.h>

#include <thread>

#include "blob/check.h"
#include "blob/store_for_tests.h"

namespace scoria::blob {
namespace {

namespace fs = std::filesystem;

class PictureTest : public StoreTest {
 protected:
  std::unique_ptr<Picture> take() {
    auto picture = store_->take_picture([](std::uint64_t attempt) { return attempt != 9; });
    EXPECT_TRUE(picture.ok()) << picture.error().message;
    return std::move(picture).value();
  }
  // A store of its own, made of what a picture holds.
  void copy(const Picture& picture) {
    fs::create_directories(folder_ / "copy");
    for (const std::string& name : picture.folders()) fs::create_directories(folder_ / "copy" / name);
    for (const Picture::File& file : picture.files()) {
      fs::copy_file(file.path, folder_ / "copy" / file.name);
      fs::resize_file(folder_ / "copy" / file.name, file.length);
    }
  }
  CheckReport checked() {
    auto report =
        check_folder(folder_ / "copy", {.now = clock_.wall, .is_attempt = [](std::uint64_t) { return true; }});
    EXPECT_TRUE(report.ok());
    return std::move(report).value();
  }
  // From here on the tests read the copy.
  void open_copy() {
    store_.reset();
    auto opened = BlobStore::open(folder_ / "copy", clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(opened).value();
  }
  const std::string large_ = std::string(100'000, 'L');
};

TEST_F(PictureTest, HoldsWhatWasThereAndNothingLater) {
  ASSERT_TRUE(store_->create_container("files", {}, "").ok());
  put("files", "small", "first");
  put("files", "large", large_);
  ASSERT_TRUE(store_->create_append_blob("files", "log", {}, {}).ok());
  ASSERT_TRUE(store_->append_block("files", "log", upload("one"), {}, {}).ok());
  const auto picture = take();
  put("files", "small", "second");
  put("files", "large", std::string(100'000, 'M'));
  put("files", "later", "x");
  ASSERT_TRUE(store_->append_block("files", "log", upload("two"), {}, {}).ok());
  ASSERT_TRUE(store_->create_container("newer", {}, "").ok());

  copy(*picture);
  EXPECT_TRUE(checked().findings.empty());
  open_copy();
  EXPECT_EQ(get("files", "small"), "first");
  EXPECT_EQ(get("files", "large"), large_);
  EXPECT_EQ(get("files", "log"), "one");
  EXPECT_EQ(get("files", "later"), "<BlobNotFound>");
  EXPECT_FALSE(store_->container("newer").ok());
}

TEST_F(PictureTest, SurvivesThatItsContainerIsDeleted) {
  ASSERT_TRUE(store_->create_container("files", {}, "").ok());
  put("files", "large", large_);
  const auto picture = take();
  ASSERT_TRUE(store_->delete_container("files").ok());
  copy(*picture);
  open_copy();
  EXPECT_EQ(get("files", "large"), large_);
}

TEST_F(PictureTest, HoldsStagedOutputsOfTheAttemptsThatAreWanted) {
  ASSERT_TRUE(store_->create_container("out", {}, "").ok());
  for (const std::uint64_t attempt : {7, 9}) {
    ASSERT_TRUE(store_->stage_blob(attempt, "out", "a", upload(large_), {}).ok());
    ASSERT_TRUE(store_->stage_blob(attempt, "out", "b", upload("small"), {}).ok());
  }
  const auto picture = take();
  ASSERT_TRUE(store_->publish(7).ok());
  copy(*picture);
  open_copy();
  EXPECT_FALSE(fs::exists(folder_ / "copy" / "staged" / "9"));
  ASSERT_TRUE(store_->publish(7).ok());
  EXPECT_EQ(get("out", "a"), large_);
  EXPECT_EQ(get("out", "b"), "small");
}

TEST_F(PictureTest, GoesWithoutATrace) {
  ASSERT_TRUE(store_->create_container("files", {}, "").ok());
  put("files", "large", large_);
  take();
  EXPECT_TRUE(fs::is_empty(folder_ / "blobs" / "uploads"));
}

TEST_F(PictureTest, IsSoundWhileWritersGoOn) {
  ASSERT_TRUE(store_->create_container("files", {}, "").ok());
  std::atomic<bool> is_over = false;
  std::atomic<int> acknowledged = 0;
  std::thread writer([&] {
    for (int i = 0; !is_over; ++i) {
      ASSERT_EQ(put("files", "n" + std::to_string(i), i % 3 == 0 ? large_ : "small"), "");
      ++acknowledged;
      ASSERT_EQ(put("files", "same", large_), "");
    }
  });
  for (int round = 0; round < 5; ++round) {
    while (acknowledged < 20 * (round + 1)) std::this_thread::yield();
    const int before = acknowledged;
    const auto picture = take();
    fs::remove_all(folder_ / "copy");
    copy(*picture);
    const CheckReport report = checked();
    for (const CheckFinding& finding : report.findings) ADD_FAILURE() << finding.path << " " << finding.what;
    EXPECT_GE(report.blobs, static_cast<std::uint64_t>(before));
  }
  is_over = true;
  writer.join();
}

}  // namespace
}  // namespace scoria::blob
