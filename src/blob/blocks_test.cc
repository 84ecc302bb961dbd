#include "blob/store_for_tests.h"

namespace scoria::blob {
namespace {

using From = BlobStore::BlockRef::From;

class Blocks : public StoreTest {
 protected:
  Blocks() { make_container("con"); }
  std::string put_block(std::string_view id, std::string_view bytes) {
    return code(store_->put_block("con", "b", id, upload(bytes)));
  }
  std::string commit(const std::vector<BlobStore::BlockRef>& blocks, const Conditions& conditions = {}) {
    return code(store_->put_block_list("con", "b", blocks, {}, conditions));
  }
  std::string append(std::string_view bytes, std::optional<std::uint64_t> at = {}) {
    return code(store_->append_block("con", "log", upload(bytes), {}, at));
  }
};

TEST_F(Blocks, MakeABlobInTheOrderOfTheList) {
  EXPECT_EQ(put_block("AAAA", "one "), "");
  EXPECT_EQ(put_block("AAAB", kLarge), "");
  EXPECT_EQ(put_block("AAAC", " three"), "");
  EXPECT_EQ(get("con", "b"), "<BlobNotFound>");
  reopen();
  EXPECT_EQ(commit({{From::latest, "AAAC"}, {From::uncommitted, "AAAB"}, {From::latest, "AAAA"}}), "");
  EXPECT_EQ(get("con", "b"), " three" + kLarge + "one ");
  reopen();
  EXPECT_EQ(get("con", "b"), " three" + kLarge + "one ");
  EXPECT_EQ(files_in(folder_ / "blobs" / "containers" / "con" / "data"), 1u);
}

TEST_F(Blocks, OfOneLargeBlockAreNotCopied) {
  EXPECT_EQ(put_block("AAAA", kLarge), "");
  EXPECT_EQ(commit({{From::latest, "AAAA"}}), "");
  EXPECT_EQ(get("con", "b"), kLarge);
  EXPECT_EQ(files_in(folder_ / "blobs" / "containers" / "con" / "data"), 1u);
  reopen();
  EXPECT_EQ(get("con", "b"), kLarge);
}

TEST_F(Blocks, OfTheCommittedBlobCanBeUsedAgain) {
  put_block("AAAA", "one");
  put_block("AAAB", kLarge);
  commit({{From::latest, "AAAA"}, {From::latest, "AAAB"}});
  put_block("AAAC", "three");
  put_block("AAAA", "new");
  EXPECT_EQ(
      commit({{From::committed, "AAAB"}, {From::committed, "AAAA"}, {From::latest, "AAAA"}, {From::latest, "AAAC"}}),
      "");
  EXPECT_EQ(get("con", "b"), kLarge + "one" + "new" + "three");
}

TEST_F(Blocks, ThatWereNotPutAreRefusedAndNothingChanges) {
  put_block("AAAA", "one");
  EXPECT_EQ(commit({{From::latest, "AAAB"}}), "InvalidBlockList");
  EXPECT_EQ(commit({{From::committed, "AAAA"}}), "InvalidBlockList");
  EXPECT_EQ(get("con", "b"), "<BlobNotFound>");
  EXPECT_EQ(store_->block_list("con", "b").value().uncommitted.size(), 1u);
}

TEST_F(Blocks, AreListedCommittedAndNot) {
  put_block("AAAB", "two");
  put_block("AAAA", "one");
  commit({{From::latest, "AAAB"}, {From::latest, "AAAA"}});
  put_block("AAAC", "three");
  const auto lists = store_->block_list("con", "b").value();
  ASSERT_EQ(lists.committed.size(), 2u);
  EXPECT_EQ(lists.committed[0].id, "AAAB");
  ASSERT_EQ(lists.uncommitted.size(), 1u);
  EXPECT_EQ(lists.uncommitted[0].length, 5u);
  EXPECT_EQ(code(store_->block_list("con", "none")), "BlobNotFound");
}

TEST_F(Blocks, HaveIdsOfOneLength) {
  EXPECT_EQ(put_block("AAAA", "one"), "");
  EXPECT_EQ(put_block("AAAAAAAA", "two"), "InvalidBlobOrBlock");
  EXPECT_EQ(put_block("AAA", "two"), "InvalidQueryParameterValue");
  EXPECT_EQ(put_block(std::string(92, 'A'), "two"), "InvalidQueryParameterValue");
}

TEST_F(Blocks, AreForgottenWithThePutOfTheWholeBlobAndAfterAWeek) {
  put_block("AAAA", kLarge);
  put("con", "b", "whole");
  EXPECT_EQ(commit({{From::latest, "AAAA"}}), "InvalidBlockList");
  put_block("AAAA", kLarge);
  clock_.wall += std::chrono::hours(24 * 8);
  reopen();
  EXPECT_EQ(get("con", "b"), "whole");
  EXPECT_TRUE(store_->block_list("con", "b").value().uncommitted.empty());
  EXPECT_EQ(files_in(folder_ / "blobs" / "containers" / "con" / "data"), 0u);
}

TEST_F(Blocks, AreCommittedUnderConditions) {
  put("con", "b", "there");
  put_block("AAAA", "one");
  EXPECT_EQ(commit({{From::latest, "AAAA"}}, {.if_none_match = "*"}), "BlobAlreadyExists");
  EXPECT_EQ(get("con", "b"), "there");
}

TEST_F(Blocks, AnEmptyListMakesAnEmptyBlob) {
  EXPECT_EQ(commit({}), "");
  EXPECT_EQ(get("con", "b"), "");
}

TEST_F(Blocks, AppendedBytesFollowEachOther) {
  ASSERT_TRUE(store_->create_append_blob("con", "log", {}, {}).ok());
  EXPECT_EQ(append("one\n"), "");
  const auto opened = store_->open_blob("con", "log").value();
  EXPECT_EQ(append(kLarge), "");
  EXPECT_EQ(append("three\n", 4 + kLarge.size()), "");
  EXPECT_EQ(append("four\n", 4), "AppendPositionConditionNotMet");
  reopen();
  EXPECT_EQ(get("con", "log"), "one\n" + kLarge + "three\n");
  EXPECT_EQ(store_->properties("con", "log").value().blocks, 3u);
  EXPECT_EQ(opened.properties.length, 4u);
  EXPECT_EQ(append("five"), "");
  EXPECT_EQ(get("con", "log"), "one\n" + kLarge + "three\nfive");
}

TEST_F(Blocks, AreForBlobsOfTheirType) {
  ASSERT_TRUE(store_->create_append_blob("con", "b", {}, {}).ok());
  EXPECT_EQ(put_block("AAAA", "x"), "InvalidBlobType");
  EXPECT_EQ(commit({}), "InvalidBlobType");
  put("con", "log", "block blob");
  EXPECT_EQ(append("x"), "InvalidBlobType");
  EXPECT_EQ(code(store_->append_block("con", "none", upload("x"), {}, {})), "BlobNotFound");
}

TEST_F(Blocks, ACopyOfAnAppendBlobDoesNotGrowWithIt) {
  ASSERT_TRUE(store_->create_append_blob("con", "log", {}, {}).ok());
  append(kLarge);
  ASSERT_TRUE(store_->copy_blob("con", "log", "con", "copy", {}, {}).ok());
  append("more");
  EXPECT_EQ(get("con", "copy"), kLarge);
}

}  // namespace
}  // namespace scoria::blob
