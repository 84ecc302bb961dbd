#include "blob/check.h"

#include <gtest/gtest.h>

#include <fstream>

#include "blob/store_for_tests.h"

namespace scoria::blob {
namespace {

namespace fs = std::filesystem;
using Kind = CheckFinding::Kind;

class CheckTest : public StoreTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_->create_container("files", {}, "").ok());
    put("files", "small", "abc");
    put("files", "large", std::string(100'000, 'L'));
    ASSERT_TRUE(store_->put_block("files", "blocks", "AAAA", upload(std::string(50'000, 'B'))).ok());
    ASSERT_TRUE(store_->stage_blob(3, "files", "out", upload(std::string(50'000, 'S')), {}).ok());
    store_.reset();
  }
  CheckReport check(bool reads_bytes = true) {
    auto report = check_folder(folder_ / "blobs", {.now = clock_.wall,
                                                   .reads_bytes = reads_bytes,
                                                   .is_attempt = [](std::uint64_t attempt) { return attempt == 3; }});
    EXPECT_TRUE(report.ok());
    return std::move(report).value();
  }
  // Of the one thing that is wrong.
  CheckFinding only() {
    const CheckReport report = check();
    EXPECT_EQ(report.findings.size(), 1u);
    for (const auto& finding : report.findings) SCOPED_TRACE(finding.what);
    return report.findings.empty() ? CheckFinding{} : report.findings.front();
  }
  fs::path container() const { return folder_ / "blobs" / "containers" / "files"; }
  // The data file with so many bytes.
  fs::path file_of(std::uint64_t size) const {
    for (const auto& entry : fs::directory_iterator(container() / "data")) {
      if (entry.file_size() == size) return entry.path();
    }
    return {};
  }
  static void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
};

TEST_F(CheckTest, FindsNothingInASoundFolder) {
  const CheckReport report = check();
  for (const auto& finding : report.findings) ADD_FAILURE() << finding.path << " " << finding.what;
  EXPECT_EQ(report.containers, 1u);
  EXPECT_EQ(report.blobs, 2u);
  EXPECT_EQ(report.bytes, 100'003u);
}

TEST_F(CheckTest, MissesAFile) {
  const fs::path path = file_of(100'000);
  fs::remove(path);
  const CheckFinding found = only();
  EXPECT_EQ(found.kind, Kind::damage);
  EXPECT_EQ(found.path, path);
  EXPECT_NE(found.what.find("blob 'large'"), std::string::npos) << found.what;
}

TEST_F(CheckTest, SeesAFileOfAnotherSize) {
  fs::resize_file(file_of(50'000), 49'999);
  EXPECT_EQ(only().kind, Kind::damage);
}

TEST_F(CheckTest, SeesOtherBytesWhereItReadsThem) {
  write(file_of(100'000), std::string(99'999, 'L') + "l");
  EXPECT_TRUE(check(/*reads_bytes=*/false).findings.empty());
  EXPECT_NE(only().what.find("Content-MD5"), std::string::npos);
}

TEST_F(CheckTest, SeesARecordThatWasCutShort) {
  fs::resize_file(container() / "journal", fs::file_size(container() / "journal") - 1);
  // The block's record was the last: its file belongs to nobody now.
  const CheckReport report = check();
  ASSERT_EQ(report.findings.size(), 2u);
  EXPECT_EQ(report.findings[0].kind, Kind::doubt);
  EXPECT_EQ(report.findings[1].kind, Kind::leftover);
  EXPECT_EQ(report.findings[1].path, file_of(50'000));
}

TEST_F(CheckTest, SeesWhatIsNoJournalAndNoProperties) {
  write(container() / "journal", "SCBLOB9\n");
  write(container() / "container.json", "{");
  const CheckReport report = check();
  ASSERT_EQ(report.findings.size(), 2u);
  for (const auto& finding : report.findings) EXPECT_EQ(finding.kind, Kind::damage) << finding.what;
}

TEST_F(CheckTest, FindsWhatBelongsToNothing) {
  write(container() / "data" / "00000000000000aa", "x");
  write(folder_ / "blobs" / "uploads" / "00000000000000ab", "x");
  write(container() / "journal.new", "x");
  fs::create_directory(folder_ / "blobs" / "staged" / "4");
  const CheckReport report = check();
  EXPECT_EQ(report.findings.size(), 4u);
  for (const auto& finding : report.findings) EXPECT_EQ(finding.kind, Kind::leftover) << finding.path;
}

TEST_F(CheckTest, MissesAStagedFile) {
  for (const auto& entry : fs::directory_iterator(folder_ / "blobs" / "staged" / "3")) {
    if (entry.path().filename() != "journal") fs::remove(entry.path());
  }
  EXPECT_EQ(only().kind, Kind::damage);
}

}  // namespace
}  // namespace scoria::blob
