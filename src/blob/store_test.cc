#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "blob/store_for_tests.h"

namespace scoria::blob {
namespace {

TEST_F(StoreTest, BlobsAreThereAfterReopening) {
  make_container("con");
  EXPECT_EQ(put("con", "small", "hello"), "");
  EXPECT_EQ(put("con", "large", kLarge), "");
  EXPECT_EQ(put("con", "empty", ""), "");
  const auto before = store_->properties("con", "large").value();
  reopen();
  EXPECT_EQ(get("con", "small"), "hello");
  EXPECT_EQ(get("con", "large"), kLarge);
  EXPECT_EQ(get("con", "empty"), "");
  const auto after = store_->properties("con", "large").value();
  EXPECT_EQ(after.etag, before.etag);
  EXPECT_EQ(after.content_md5, before.content_md5);
  EXPECT_EQ(after.length, kLarge.size());
}

TEST_F(StoreTest, KnowsTheMd5OfWhatItWasGiven) {
  make_container("con");
  put("con", "b", "hello");
  EXPECT_EQ(store_->properties("con", "b").value().content_md5, "XUFAKrxLKna5cZ2REBfFkg==");
}

TEST_F(StoreTest, AnUnfinishedUploadLeavesNothing) {
  make_container("con");
  {
    auto unfinished = upload(kLarge);
    EXPECT_EQ(files_in(folder_ / "blobs" / "uploads"), 1u);
  }
  EXPECT_EQ(files_in(folder_ / "blobs" / "uploads"), 0u);
  auto crashed = upload(kLarge);
  reopen();
  EXPECT_EQ(files_in(folder_ / "blobs" / "uploads"), 0u);
  EXPECT_TRUE(store_->list_blobs("con", "", "", "", 10).value().empty());
}

TEST_F(StoreTest, AReaderKeepsTheBlobItOpened) {
  make_container("con");
  for (const std::string& first : {std::string("first"), kLarge}) {
    put("con", "b", first);
    const auto opened = store_->open_blob("con", "b").value();
    put("con", "b", "second");
    EXPECT_EQ(read_at(*opened.descriptor, opened.offset, first.size(), "x").value(), first);
    EXPECT_TRUE(store_->delete_blob("con", "b", {}).ok());
    EXPECT_EQ(read_at(*opened.descriptor, opened.offset, first.size(), "x").value(), first);
  }
}

TEST_F(StoreTest, ReplacedAndDeletedBlobsLeaveNoFiles) {
  make_container("con");
  put("con", "a", kLarge);
  put("con", "a", kLarge);
  put("con", "b", kLarge);
  EXPECT_TRUE(store_->delete_blob("con", "b", {}).ok());
  EXPECT_EQ(files_in(folder_ / "blobs" / "containers" / "con" / "data"), 1u);
  EXPECT_EQ(get("con", "a"), kLarge);
  EXPECT_EQ(get("con", "b"), "<BlobNotFound>");
}

TEST_F(StoreTest, AFileThatNoRecordNamesGoesWhenTheContainerIsLoaded) {
  make_container("con");
  put("con", "a", kLarge);
  const auto orphan = folder_ / "blobs" / "containers" / "con" / "data" / "00000000deadbeef";
  std::filesystem::copy_file(folder_ / "blobs" / "lock", orphan);
  reopen();
  EXPECT_EQ(get("con", "a"), kLarge);
  EXPECT_FALSE(std::filesystem::exists(orphan));
}

TEST_F(StoreTest, HostileNamesAreOnlyNames) {
  make_container("con");
  const std::vector<std::string> names = {"../../escape",
                                          "/etc/passwd",
                                          "..",
                                          ".",
                                          "a//b",
                                          "a\\b",
                                          std::string("n\0l", 3),
                                          "line\nbreak",
                                          "\xF0\x9F\x8C\xB2/\xC3\xA9",
                                          std::string(1024, 'x'),
                                          "Case",
                                          "case",
                                          "%2e%2e%2f",
                                          "con/journal",
                                          " ",
                                          "a\"b<c>&"};
  for (const std::string& name : names) EXPECT_EQ(put("con", name, name + kLarge), "") << name;
  reopen();
  for (const std::string& name : names) EXPECT_EQ(get("con", name), name + kLarge) << name;
  EXPECT_EQ(store_->list_blobs("con", "", "", "", 100).value().size(), names.size());
  // Everything lies where blobs lie, under names of ours.
  EXPECT_EQ(files_in(folder_), names.size() + 4);  // journal, container.json, lock, reserve
  EXPECT_EQ(put("con", "", "x"), "InvalidResourceName");
  EXPECT_EQ(put("con", std::string(1025, 'x'), "x"), "InvalidResourceName");
  EXPECT_EQ(put("con", "\xFF", "x"), "InvalidResourceName");
}

TEST_F(StoreTest, ContainersAreMadeOnceAndDeletedWhole) {
  make_container("con");
  EXPECT_EQ(code(store_->create_container("con", {}, "")), "ContainerAlreadyExists");
  put("con", "a", kLarge);
  EXPECT_TRUE(store_->delete_container("con").ok());
  EXPECT_EQ(get("con", "a"), "<ContainerNotFound>");
  EXPECT_EQ(code(store_->delete_container("con")), "ContainerNotFound");
  make_container("con");
  reopen();
  EXPECT_EQ(get("con", "a"), "<BlobNotFound>");
  for (const char* name : {"Con", "a/b", "con--x", "-con", "con."}) {
    EXPECT_EQ(code(store_->create_container(name, {}, "")), "InvalidResourceName") << name;
  }
  for (const char* name : {"", "a", ".."}) {
    EXPECT_EQ(code(store_->create_container(name, {}, "")), "OutOfRangeInput") << name;
  }
}

TEST_F(StoreTest, AContainersPropertiesAreThereAfterReopening) {
  ASSERT_TRUE(store_->create_container("con", {{"a", "1"}}, "blob").ok());
  const std::string etag = store_->container("con").value().etag;
  ASSERT_TRUE(store_->update_container("con", [](ContainerProperties& p) { p.policies["weekly"] = "<x/>"; }).ok());
  reopen();
  const auto read = store_->container("con").value();
  EXPECT_EQ(read.metadata, (Metadata{{"a", "1"}}));
  EXPECT_EQ(read.public_access, "blob");
  EXPECT_EQ(read.policies.at("weekly"), "<x/>");
  EXPECT_NE(read.etag, etag);
}

TEST_F(StoreTest, ListsContainersByPrefixBehindAMarker) {
  for (const char* name : {"bbb", "aaa", "aab", "ccc"}) make_container(name);
  const auto names = [&](std::string_view prefix, std::string_view after, std::size_t limit) {
    std::string joined;
    const auto listed = store_->list_containers(prefix, after, limit).value();
    for (const auto& item : listed) joined += item.name + " ";
    return joined;
  };
  EXPECT_EQ(names("", "", 10), "aaa aab bbb ccc ");
  EXPECT_EQ(names("aa", "", 10), "aaa aab ");
  EXPECT_EQ(names("", "aab", 1), "bbb ");
}

TEST_F(StoreTest, ConditionsDecideBeforeAnythingChanges) {
  make_container("con");
  EXPECT_EQ(put("con", "b", "1", {.if_match = "*"}), "ConditionNotMet");
  EXPECT_EQ(put("con", "b", "1", {.if_none_match = "*"}), "");
  EXPECT_EQ(put("con", "b", "2", {.if_none_match = "*"}), "BlobAlreadyExists");
  const auto first = store_->properties("con", "b").value();
  EXPECT_EQ(put("con", "b", "2", {.if_match = "0x1"}), "ConditionNotMet");
  EXPECT_EQ(put("con", "b", "2", {.if_none_match = "\"" + first.etag + "\""}), "ConditionNotMet");
  EXPECT_EQ(put("con", "b", "2", {.if_modified_since = first.modified}), "ConditionNotMet");
  EXPECT_EQ(put("con", "b", "2", {.if_unmodified_since = first.modified - std::chrono::seconds(1)}), "ConditionNotMet");
  EXPECT_EQ(get("con", "b"), "1");
  EXPECT_EQ(put("con", "b", "2", {.if_match = "\"" + first.etag + "\"", .if_unmodified_since = first.modified}), "");
  EXPECT_EQ(get("con", "b"), "2");
  EXPECT_EQ(code(store_->delete_blob("con", "b", {.if_match = first.etag})), "ConditionNotMet");
}

TEST_F(StoreTest, OfManyWhoCreateOneBlobOneSucceeds) {
  make_container("con");
  std::atomic<int> made = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k) {
        const std::string bytes = i % 2 == 0 ? "small" : kLarge;
        if (put("con", std::to_string(k), bytes, {.if_none_match = "*"}).empty()) ++made;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(made, 20);
  reopen();
  EXPECT_EQ(store_->list_blobs("con", "", "", "", 100).value().size(), 20u);
}

std::string shown(const std::vector<BlobItem>& items) {
  std::string joined;
  for (const auto& item : items) joined += (item.is_prefix ? "[" + item.name + "]" : item.name) + " ";
  return joined;
}

TEST_F(StoreTest, ListsInTheOrderOfBytesAndRollsUpByDelimiter) {
  make_container("con");
  for (const char* name : {"b", "a/2", "a/1", "a", "B", "a/x/1", "\xC3\xA9", "a0", "a/"}) put("con", name, "");
  const auto list = [&](std::string_view prefix, std::string_view delimiter, std::string_view after,
                        std::size_t limit) {
    return shown(store_->list_blobs("con", prefix, delimiter, after, limit).value());
  };
  EXPECT_EQ(list("", "", "", 100), "B a a/ a/1 a/2 a/x/1 a0 b \xC3\xA9 ");
  EXPECT_EQ(list("", "/", "", 100), "B a [a/] a0 b \xC3\xA9 ");
  EXPECT_EQ(list("a/", "/", "", 100), "a/ a/1 a/2 [a/x/] ");
  EXPECT_EQ(list("a/", "/", "a/", 2), "a/1 a/2 ");
  EXPECT_EQ(list("", "/", "a", 1), "[a/] ");
  EXPECT_EQ(list("", "/", "a/", 1), "a0 ");
  EXPECT_EQ(list("zz", "", "", 100), "");
}

TEST_F(StoreTest, PagesOfAnySizeTogetherAreTheWholeList) {
  make_container("con");
  for (int i = 0; i < 60; ++i) put("con", "d" + std::to_string(i % 7) + "/" + std::to_string(i), "");
  for (const char* delimiter : {"", "/"}) {
    const std::string whole = shown(store_->list_blobs("con", "d", delimiter, "", 1000).value());
    for (const std::size_t limit : {1u, 2u, 5u, 59u}) {
      std::string pages;
      std::string after;
      for (;;) {
        const auto page = store_->list_blobs("con", "d", delimiter, after, limit).value();
        if (page.empty()) break;
        pages += shown(page);
        after = page.back().name;
      }
      EXPECT_EQ(pages, whole) << "delimiter '" << delimiter << "', pages of " << limit;
    }
  }
}

TEST_F(StoreTest, PropertiesChangeWithoutTheBytes) {
  make_container("con");
  for (const std::string& bytes : {std::string("small"), kLarge}) {
    put("con", "b", bytes);
    const std::string etag = store_->properties("con", "b").value().etag;
    const auto changed = store_->update_blob("con", "b", {}, [](BlobProperties& p) {
      p.metadata = {{"k", "v"}};
      p.content_type = "text/plain";
    });
    ASSERT_TRUE(changed.ok());
    EXPECT_NE(changed.value().etag, etag);
    reopen();
    EXPECT_EQ(get("con", "b"), bytes);
    EXPECT_EQ(store_->properties("con", "b").value().metadata, (Metadata{{"k", "v"}}));
    EXPECT_EQ(store_->properties("con", "b").value().content_type, "text/plain");
  }
}

TEST_F(StoreTest, CopiesAreIndependent) {
  make_container("con");
  make_container("other");
  for (const std::string& bytes : {std::string("small"), kLarge}) {
    put("con", "b", bytes);
    ASSERT_TRUE(store_->copy_blob("con", "b", "other", "c", Metadata{{"k", "v"}}, {}).ok());
    put("con", "b", "changed");
    EXPECT_EQ(get("other", "c"), bytes);
    EXPECT_TRUE(store_->delete_container("con").ok());
    reopen();
    EXPECT_EQ(get("other", "c"), bytes);
    EXPECT_EQ(store_->properties("other", "c").value().metadata, (Metadata{{"k", "v"}}));
    make_container("con");
  }
  EXPECT_EQ(code(store_->copy_blob("con", "none", "other", "c", {}, {})), "BlobNotFound");
}

TEST_F(StoreTest, AJournalOfThePastIsWrittenAnew) {
  make_container("con");
  put("con", "keep", "kept");
  const std::string bytes(30'000, 'x');
  ASSERT_TRUE(store_->put_block("con", "later", "QQ==", upload("block")).ok());
  for (int i = 0; i < 600; ++i) put("con", "b", bytes + std::to_string(i));
  const auto journal = folder_ / "blobs" / "containers" / "con" / "journal";
  EXPECT_LT(std::filesystem::file_size(journal), 9u << 20);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(get("con", "keep"), "kept");
    EXPECT_EQ(get("con", "b"), bytes + "599");
    EXPECT_EQ(store_->block_list("con", "later").value().uncommitted.size(), 1u);
    reopen();
  }
}

TEST_F(StoreTest, IsOpenedByOneAtATime) {
  const auto second = BlobStore::open(folder_ / "blobs", clock_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
}

TEST_F(StoreTest, AFullDiskRefusesAndKeepsWhatIsThere) {
  make_container("con");
  EXPECT_EQ(put("con", "b", "before"), "");
  // No file may grow beyond the journal's size and a little: as a full disk, writes come back short and then fail.
  const auto journal = folder_ / "blobs" / "containers" / "con" / "journal";
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit tight{.rlim_cur = std::filesystem::file_size(journal) + 100, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const std::string small = put("con", "b", "after");
  auto upload = store_->begin_upload().value();
  const auto large = upload->write(std::as_bytes(std::span(kLarge)));
  const std::string container =
      code(store_->create_container(std::string(63, 'c'), {{"k", std::string(2000, 'v')}}, ""));
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(small, "InsufficientStorage");
  EXPECT_EQ(code(large), "InsufficientStorage");
  EXPECT_EQ(container, "InsufficientStorage");
  EXPECT_EQ(get("con", "b"), "before");
  EXPECT_EQ(put("con", "b", "later"), "");
  reopen();
  EXPECT_EQ(get("con", "b"), "later");
}

}  // namespace
}  // namespace scoria::blob
