#include "blob/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/file.h"

namespace scoria::blob {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "scoria-journal-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~JournalTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path path() const { return folder_ / "journal"; }
  std::string bytes() const { return std::string(FileBytes::open(path()).value().text()); }
  void write(const std::string& text) const { ASSERT_TRUE(write_file(path(), text).ok()); }
  // The records' texts and payloads.
  std::vector<std::string> records() const {
    std::vector<std::string> found;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> payloads;
    auto journal = Journal::open(path(), [&](const Journal::Record& record) -> Status {
      found.emplace_back(record.text);
      payloads.emplace_back(record.payload_at, record.payload_size);
      return Ok{};
    });
    EXPECT_TRUE(journal.ok()) << journal.error().message;
    for (std::size_t i = 0; journal.ok() && i < found.size(); ++i) {
      found[i] += "|" + journal.value()->read(payloads[i].first, payloads[i].second).value();
    }
    return found;
  }
  std::filesystem::path folder_;
};

TEST_F(JournalTest, RecordsComeBackInOrder) {
  auto journal = Journal::create(path()).value();
  ASSERT_TRUE(journal->append("one", "").ok());
  ASSERT_TRUE(journal->append("", "two").ok());
  ASSERT_TRUE(journal->sync().ok());
  EXPECT_EQ(records(), (std::vector<std::string>{"one|", "|two"}));
}

TEST_F(JournalTest, AFileCutAnywhereHoldsTheWholeRecordsBeforeTheCut) {
  {
    auto journal = Journal::create(path()).value();
    ASSERT_TRUE(journal->append("one", "1").ok());
    ASSERT_TRUE(journal->append("two", "22").ok());
  }
  const std::string whole = bytes();
  const std::size_t first = 8 + 12 + 4;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(whole.substr(0, size));
    const std::size_t expected = size < first ? 0 : 1;
    ASSERT_EQ(records().size(), expected) << "cut at " << size;
    // What follows is appended where the whole records end.
    auto journal = Journal::open(path(), [](const Journal::Record&) -> Status { return Ok{}; }).value();
    ASSERT_TRUE(journal->append("next", "").ok());
    EXPECT_EQ(records().back(), "next|");
    EXPECT_EQ(records().size(), expected + 1);
  }
}

TEST_F(JournalTest, AnyDamagedByteEndsTheRecordsThere) {
  {
    auto journal = Journal::create(path()).value();
    ASSERT_TRUE(journal->append("one", "1").ok());
    ASSERT_TRUE(journal->append("two", "22").ok());
  }
  const std::string whole = bytes();
  for (std::size_t i = 8 + 12 + 4; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    write(damaged);
    EXPECT_EQ(records(), std::vector<std::string>{"one|1"}) << "byte " << i;
  }
}

TEST_F(JournalTest, AFileOfAnotherFormIsRefused) {
  write("SQLite format 3");
  const auto opened = Journal::open(path(), [](const Journal::Record&) -> Status { return Ok{}; });
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::corrupt);
}

TEST_F(JournalTest, ReadsTheExampleOfTheDocument) {
  // docs/formats/blob-store.md, "An example".
  const std::string example("SCBLOB1\n\x1b\0\0\0\x02\0\0\0\x25\x10\xd4\x9d{\"op\":\"erase\",\"name\":\"a/b\"}hi",
                            8 + 12 + 27 + 2);
  write(example);
  EXPECT_EQ(records(), std::vector<std::string>{"{\"op\":\"erase\",\"name\":\"a/b\"}|hi"});
}

}  // namespace
}  // namespace scoria::blob
