#include "auth/tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace scoria::auth {
namespace {

class Account : public ::testing::Test {
 protected:
  Account() : folder_(std::filesystem::temp_directory_path() / ("scoria-account-" + random_token())) {
    std::filesystem::create_directories(folder_);
  }
  ~Account() override { std::filesystem::remove_all(folder_); }
  void write(const char* text, mode_t mode) const {
    std::ofstream(folder_ / "account.json") << text;
    ASSERT_EQ(::chmod((folder_ / "account.json").c_str(), mode), 0);
  }
  std::filesystem::path folder_;
};

TEST(Tokens, AreLongAndNeverTheSame) {
  EXPECT_EQ(random_token().size(), 43u);
  EXPECT_NE(random_token(), random_token());
}

TEST(Tokens, HashIsSha256) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(hash_token("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(Account, IsMadeOnceAndReadAgain) {
  const auto made = ensure_account(folder_, "");
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made.value().name, "scoria");
  EXPECT_EQ(made.value().key.size(), 64u);
  const auto again = ensure_account(folder_, "other");
  EXPECT_EQ(again.value().name, "scoria");
  EXPECT_EQ(again.value().key, made.value().key);
  EXPECT_EQ(read_account(folder_).value().key, made.value().key);
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "account.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(Account, IsRefusedWhenOthersMayReadIt) {
  write(R"({"accountName":"abc","accountKey":"AAAAAAAAAAAAAAAAAAAAAA=="})", 0644);
  const auto read = read_account(folder_);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::denied);
  EXPECT_NE(read.error().message.find("0644"), std::string::npos);
}

TEST_F(Account, IsRefusedWhenDamaged) {
  for (const char* text : {"", "[]", "{}", R"({"accountName":"../x","accountKey":"AAAAAAAAAAAAAAAAAAAAAA=="})",
                           R"({"accountName":"abc","accountKey":"AA"})", R"({"accountName":"abc","accountKey":3})"}) {
    write(text, 0600);
    EXPECT_EQ(read_account(folder_).error().code, Code::corrupt) << text;
  }
}

TEST_F(Account, RefusesANameThatCannotStandInAUrl) {
  EXPECT_EQ(ensure_account(folder_, "No/Name").error().code, Code::invalid);
}

}  // namespace
}  // namespace scoria::auth
