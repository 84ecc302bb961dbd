#include "auth/sas.h"

#include <gtest/gtest.h>

#include "base/iso8601.h"
#include "net/url.h"

namespace scoria::auth {
namespace {

// The key of the recorded requests: 64 bytes of 'k'.
const AccountKey kSasAccount{"acct", std::string(64, 'k')};
const WallTime kSasNow = parse_time("2026-11-20T12:00:00Z").value();

// Recorded: @azure/storage-blob 12.32.0 and rAzureBatch 0.7.0 made these.
constexpr std::string_view kFromJavaScript =
    "sv=2026-04-06&st=1970-01-01T00%3A00%3A00Z&se=2286-11-20T17%3A46%3A40Z&sr=c&sp=racwdl&sig="
    "ZGUnaX406f365SJ%2FbTmNePj4DG2esjJLOLgEKyqk5JY%3D";
constexpr std::string_view kAccountFromJavaScript =
    "sv=2026-04-06&ss=b&srt=sco&st=1970-01-01T00%3A00%3A00Z&se=2286-11-20T17%3A46%3A40Z&sp=rwdlac&sig="
    "EiEE90rzqN5jJCMd5WwYhqJbQkW5OE1ikq6kxoXPJYE%3D";
constexpr std::string_view kFromR =
    "sv=2016-05-31&sr=c&st=2026-11-19T11%3A11%3A12Z&se=2026-11-22T11%3A11%3A12Z&sp=r&sig="
    "Oy5cA5EtfhbsQ1SRxUmOjxbd3Hk77JyszgiMQgVNTJ0%3D";

SasUse read_blob(std::string container, std::string blob) {
  return {.container = std::move(container),
          .blob = std::move(blob),
          .service_permissions = "r",
          .account_permissions = "r",
          .is_tls = true,
          .peer = "10.0.0.7:4711"};
}

// The api_code of the refusal, or "" where it is granted.
std::string refusal(std::string_view query, const SasUse& use, WallTime now = kSasNow,
                    const PolicyLookup& policies = {}) {
  const auto grant = check_sas(kSasAccount, split_target("/x?" + std::string(query)), use, policies, now);
  return grant.ok() ? "" : grant.error().api_code;
}

// Signs by hand what the parameters say, so that only the text's form is shared with the code under test.
std::string with_signature(std::string query, std::string_view text) {
  return std::move(query) + "&sig=" + net::percent_encode(base64(hmac_sha256(kSasAccount.key, text)));
}

TEST(Sas, AcceptsWhatClientsWereRecordedToMake) {
  SasUse use = read_blob("c", "dir/a b.txt");
  EXPECT_EQ(refusal(kFromJavaScript, use), "");
  EXPECT_EQ(refusal(kAccountFromJavaScript, use), "");
  EXPECT_EQ(refusal(kFromR, read_blob("jobresearch1", "results/merge-result.rds")), "");
}

TEST(Sas, IsForItsContainerOnly) {
  EXPECT_EQ(refusal(kFromJavaScript, read_blob("d", "x")), "AuthenticationFailed");
  EXPECT_EQ(refusal(kFromR, read_blob("jobresearch2", "x")), "AuthenticationFailed");
}

TEST(Sas, ExpiresAndStartsAtItsTimes) {
  const SasUse use = read_blob("jobresearch1", "x");
  EXPECT_EQ(refusal(kFromR, use, parse_time("2026-11-22T11:11:11Z").value()), "");
  EXPECT_EQ(refusal(kFromR, use, parse_time("2026-11-22T11:11:12Z").value()), "AuthenticationFailed");
  EXPECT_EQ(refusal(kFromR, use, parse_time("2026-11-19T11:11:11Z").value()), "AuthenticationFailed");
}

TEST(Sas, NeedsThePermissionOfTheOperation) {
  SasUse use = read_blob("jobresearch1", "x");
  use.service_permissions = "wc";
  EXPECT_EQ(refusal(kFromR, use), "AuthorizationPermissionMismatch");
  use.service_permissions = "";
  EXPECT_EQ(refusal(kFromR, use), "AuthorizationPermissionMismatch");
}

TEST(Sas, RefusesAChangedParameter) {
  std::string changed(kFromR);
  changed.replace(changed.find("sp=r"), 4, "sp=rw");
  EXPECT_EQ(refusal(changed, read_blob("jobresearch1", "x")), "AuthenticationFailed");
  EXPECT_EQ(refusal(std::string(kFromR) + "&sp=rw", read_blob("jobresearch1", "x")), "AuthenticationFailed");
}

TEST(Sas, ReadsTheFifteenLinesOf2018) {
  const std::string query =
      "sv=2018-11-09&sr=b&sp=r&se=2026-12-01T00%3A00%3A00Z&spr=https&sip=10.0.0.1-10.0.0.9&rsct=text%2Fplain";
  const std::string text =
      "r\n\n2026-12-01T00:00:00Z\n/blob/acct/c/dir/b\n\n10.0.0.1-10.0.0.9\nhttps\n2018-11-09\nb\n\n\n\n\n\ntext/plain";
  const std::string sas = with_signature(query, text);
  SasUse use = read_blob("c", "dir/b");
  const auto grant = check_sas(kSasAccount, split_target("/x?" + sas), use, {}, kSasNow);
  ASSERT_TRUE(grant.ok()) << grant.error().message;
  EXPECT_EQ(grant.value().content_type, "text/plain");
  EXPECT_EQ(refusal(sas, read_blob("c", "dir/c")), "AuthenticationFailed");
  use.peer = "10.0.0.10:1";
  EXPECT_EQ(refusal(sas, use), "AuthorizationSourceIPMismatch");
  use.peer = "[::ffff:10.0.0.2]:1";
  EXPECT_EQ(refusal(sas, use), "");
  use.is_tls = false;
  EXPECT_EQ(refusal(sas, use), "AuthorizationProtocolMismatch");
}

TEST(Sas, ReadsTheOldAccountForm) {
  const std::string sas =
      with_signature("sv=2019-12-12&ss=bq&srt=o&sp=r&se=2026-12-01", "acct\nr\nbq\no\n\n2026-12-01\n\n\n2019-12-12\n");
  EXPECT_EQ(refusal(sas, read_blob("c", "b")), "");
  EXPECT_EQ(refusal(sas, read_blob("c", "")), "AuthorizationResourceTypeMismatch");
  const std::string queue =
      with_signature("sv=2019-12-12&ss=q&srt=o&sp=r&se=2026-12-01", "acct\nr\nq\no\n\n2026-12-01\n\n\n2019-12-12\n");
  EXPECT_EQ(refusal(queue, read_blob("c", "b")), "AuthorizationServiceMismatch");
}

TEST(Sas, TakesWhatItLeavesOutFromTheStoredPolicy) {
  const std::string sas =
      with_signature("sv=2018-11-09&sr=c&si=weekly", "\n\n\n/blob/acct/c\nweekly\n\n\n2018-11-09\nc\n\n\n\n\n\n");
  const PolicyLookup policies = [](std::string_view container, std::string_view id) -> std::optional<AccessPolicy> {
    if (container != "c" || id != "weekly") return std::nullopt;
    return AccessPolicy{.start = {}, .expiry = kSasNow + std::chrono::hours(1), .permissions = "r"};
  };
  EXPECT_EQ(refusal(sas, read_blob("c", "b"), kSasNow, policies), "");
  EXPECT_EQ(refusal(sas, read_blob("c", "b"), kSasNow + std::chrono::hours(1), policies), "AuthenticationFailed");
  EXPECT_EQ(refusal(sas, read_blob("c", "b"), kSasNow), "AuthenticationFailed");
}

TEST(Sas, RefusesFormsThatItDoesNotKnow) {
  const SasUse use = read_blob("c", "b");
  for (const char* query : {"sig=", "sv=2012-02-12&sr=b&sig=AAAA", "sv=x&sr=b&sig=AAAA", "sv=2020-12-06&sr=d&sig=AAAA",
                            "sv=2020-12-06&sr=b&skoid=1&sig=AAAA", "sv=2020-12-06&sr=b&sig=%00"}) {
    EXPECT_EQ(refusal(query, use), "AuthenticationFailed") << query;
  }
}

TEST(Sas, AcceptsWhatItMakes) {
  const std::string container =
      make_sas(kSasAccount, "c", "", "rl", kSasNow - std::chrono::hours(1), kSasNow + std::chrono::hours(1));
  EXPECT_EQ(refusal(container, read_blob("c", "a/b")), "");
  const std::string blob =
      make_sas(kSasAccount, "c", "a b", "r", kSasNow - std::chrono::hours(1), kSasNow + std::chrono::hours(1));
  EXPECT_EQ(refusal(blob, read_blob("c", "a b")), "");
  EXPECT_EQ(refusal(blob, read_blob("c", "a")), "AuthenticationFailed");
}

}  // namespace
}  // namespace scoria::auth
