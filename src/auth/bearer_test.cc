#include "auth/bearer.h"

#include <gtest/gtest.h>

#include "auth/shared_key.h"
#include "base/iso8601.h"

namespace scoria::auth {
namespace {

const std::string kKey(32, 's');
const WallTime kBearerNow = parse_time("2026-11-29T12:00:00Z").value();
const TaskToken kToken{
    .account = "scoria", .job = 7, .job_id = "night|ly", .expires = kBearerNow + std::chrono::hours(1)};

TEST(TaskToken, CarriesAccountJobAndExpiry) {
  const auto read = check_task_token(kKey, "scoria", make_task_token(kKey, kToken), kBearerNow);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().job, 7u);
  EXPECT_EQ(read.value().job_id, "night|ly");
  EXPECT_EQ(read.value().expires, kToken.expires);
}

TEST(TaskToken, IsRefusedFromItsExpiryOn) {
  const std::string token = make_task_token(kKey, kToken);
  EXPECT_TRUE(check_task_token(kKey, "scoria", token, kToken.expires - std::chrono::seconds(1)).ok());
  EXPECT_FALSE(check_task_token(kKey, "scoria", token, kToken.expires).ok());
}

TEST(TaskToken, IsRefusedForAnotherAccountAndKey) {
  const std::string token = make_task_token(kKey, kToken);
  EXPECT_FALSE(check_task_token(kKey, "other", token, kBearerNow).ok());
  EXPECT_FALSE(check_task_token(std::string(32, 't'), "scoria", token, kBearerNow).ok());
}

TEST(TaskToken, IsRefusedWhenAnyCharacterChanges) {
  const std::string token = make_task_token(kKey, kToken);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto read = check_task_token(kKey, "scoria", changed, kBearerNow);
    ASSERT_FALSE(read.ok()) << "character " << i;
    EXPECT_EQ(read.error().api_code, "AuthenticationFailed");
  }
  EXPECT_FALSE(check_task_token(kKey, "scoria", "", kBearerNow).ok());
  EXPECT_FALSE(check_task_token(kKey, "scoria", "sct1.", kBearerNow).ok());
  EXPECT_FALSE(check_task_token(kKey, "scoria", "sct1..", kBearerNow).ok());
}

const AccountToken kOfAccount{.account = "scoria", .principal = "c-1", .expires = kBearerNow + std::chrono::hours(1)};

TEST(AccountToken, CarriesAccountPrincipalAndExpiry) {
  const std::string token = make_account_token(kKey, kOfAccount);
  EXPECT_TRUE(is_account_token(token));
  const auto read = check_account_token(kKey, "scoria", token, kBearerNow);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().principal, "c-1");
  EXPECT_EQ(read.value().expires, kOfAccount.expires);
}

TEST(AccountToken, IsRefusedForAnotherAccountOrKeyAndFromItsExpiryOn) {
  const std::string token = make_account_token(kKey, kOfAccount);
  EXPECT_FALSE(check_account_token(kKey, "other", token, kBearerNow).ok());
  EXPECT_FALSE(check_account_token(std::string(32, 't'), "scoria", token, kBearerNow).ok());
  EXPECT_FALSE(check_account_token(kKey, "scoria", token, kOfAccount.expires).ok());
}

TEST(AccountToken, IsNoTasksAndATasksIsNotTheAccounts) {
  // A job may be called whatever an account's payload would hold: the purpose that is signed keeps them apart.
  EXPECT_FALSE(check_task_token(kKey, "scoria", make_account_token(kKey, kOfAccount), kBearerNow).ok());
  const std::string task = make_task_token(kKey, kToken);
  EXPECT_FALSE(is_account_token(task));
  EXPECT_FALSE(check_account_token(kKey, "scoria", "sca1." + task.substr(5), kBearerNow).ok());
}

}  // namespace
}  // namespace scoria::auth
