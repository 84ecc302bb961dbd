#include "auth/shared_key.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "base/iso8601.h"

namespace scoria::auth {
namespace {

// The key of the recorded requests (@azure/storage-blob 12.32.0, @azure/batch 10.2.0): 64 bytes of 'k'.
const AccountKey kAccount{"acct", std::string(64, 'k')};

WallTime at(std::string_view text) { return parse_time(text).value(); }
const WallTime kThen = at("2026-11-20T11:18:30Z");

// The signature that Python's hmac makes of `text` with the key of 64 'k'.
std::string python_signature(const std::string& text) {
  std::string hex;
  for (const char c : text) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned char>(c));
    hex += digits.data();
  }
  const std::string command =
      "python3 -c \"import hmac,hashlib,base64;print(base64.b64encode(hmac.new(b'k'*64,bytes.fromhex('" + hex +
      "'),hashlib.sha256).digest()).decode())\"";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::array<char, 128> line{};
  const char* got = std::fgets(line.data(), line.size(), pipe);
  ::pclose(pipe);
  std::string answer = got == nullptr ? "" : got;
  while (!answer.empty() && answer.back() == '\n') answer.pop_back();
  return answer;
}

net::Headers stage_headers() {
  return {{"Content-Type", "application/octet-stream"},
          {"x-ms-version", "2026-04-06"},
          {"Content-Length", "5"},
          {"Accept", "application/xml"},
          {"x-ms-client-request-id", "35199808-ff27-41e3-a66d-2a92bbd035aa"},
          {"x-ms-date", "Fri, 20 Nov 2026 11:18:18 GMT"},
          {"Authorization", "SharedKey acct:4cvnUU0FBAo0CQdgK92s8Cu6d+27PXWf4UiLNzIOEeA="}};
}

TEST(SharedKey, AcceptsARecordedStorageRequest) {
  const auto checked = check_shared_key(Service::blob, kAccount, "PUT", "/acct/c/big?comp=block&blockid=MDAwMQ%3D%3D",
                                        stage_headers(), kThen);
  EXPECT_TRUE(checked.ok()) << checked.error().message;
}

TEST(SharedKey, TakesAZeroLengthOnTheWireAsTheEmptyOneThatStorageClientsSign) {
  const net::Headers headers = {{"x-ms-version", "2026-04-06"},
                                {"Accept", "application/xml"},
                                {"x-ms-meta-x", "y"},
                                {"x-ms-client-request-id", "b47f2ecd-3f41-4e09-a39c-7e29593e66b0"},
                                {"x-ms-date", "Fri, 20 Nov 2026 11:18:18 GMT"},
                                {"Authorization", "SharedKey acct:IsyoULawRFuSU23j9r5JDjPcaRV3Sy1iuyx34WBG71U="},
                                {"Content-Length", "0"}};
  EXPECT_TRUE(check_shared_key(Service::blob, kAccount, "PUT", "/acct/c/a?comp=metadata", headers, kThen).ok());
}

TEST(SharedKey, AcceptsARecordedBatchRequest) {
  const net::Headers headers = {{"content-type", "application/json; charset=utf-8"},
                                {"accept-language", "en-US"},
                                {"ocp-date", "Fri, 20 Nov 2026 11:18:17 GMT"},
                                {"authorization", "SharedKey acct:AJBrFJzDOOVvOcjHdj8fRi2NWC+nCZpjfh/+Jvcp34k="}};
  const auto checked =
      check_shared_key(Service::batch, kAccount, "HEAD", "/pools/nope?api-version=2022-10-01.16.0", headers, kThen);
  EXPECT_TRUE(checked.ok()) << checked.error().message;
}

struct Signed {
  const char* what;
  Service service;
  const char* method;
  const char* target;
  net::Headers headers;
  const char* text;  // what the client signs
};

const Signed kSigned[] = {
    {"batch: empty parameters signed (rAzureBatch)",
     Service::batch,
     "GET",
     "/jobs?api-version=2018-12-01.8.0&$filter=&$select=id%2Cstate",
     {{"ocp-date", "Fri, 20 Nov 2026 11:17:11 GMT"}},
     "GET\n\n\n\n\n\n\n\n\n\n\n\nocp-date:Fri, 20 Nov 2026 11:17:11 "
     "GMT\n/acct/jobs\n$filter:\n$select:id,state\napi-version:2018-12-01.8.0"},
    {"batch: empty parameters left out (Python)",
     Service::batch,
     "GET",
     "/jobs?api-version=2018-12-01.8.0&$filter=&$select=id%2Cstate",
     {{"ocp-date", "Fri, 20 Nov 2026 11:17:11 GMT"}},
     "GET\n\n\n\n\n\n\n\n\n\n\n\nocp-date:Fri, 20 Nov 2026 11:17:11 "
     "GMT\n/acct/jobs\n$select:id,state\napi-version:2018-12-01.8.0"},
    {"batch: zero length signed as it is",
     Service::batch,
     "DELETE",
     "/jobs/a?api-version=2018-12-01.8.0",
     {{"Content-Length", "0"}, {"ocp-date", "Fri, 20 Nov 2026 11:17:11 GMT"}},
     "DELETE\n\n\n0\n\n\n\n\n\n\n\n\nocp-date:Fri, 20 Nov 2026 11:17:11 "
     "GMT\n/acct/jobs/a\napi-version:2018-12-01.8.0"},
    {"batch: zero signed where no length is sent (Python 15)",
     Service::batch,
     "DELETE",
     "/jobs/a?api-version=2018-12-01.8.0",
     {{"ocp-date", "Fri, 20 Nov 2026 11:17:11 GMT"}},
     "DELETE\n\n\n0\n\n\n\n\n\n\n\n\nocp-date:Fri, 20 Nov 2026 11:17:11 "
     "GMT\n/acct/jobs/a\napi-version:2018-12-01.8.0"},
    {"batch: tabs and trailing spaces of a filter signed decoded",
     Service::batch,
     "GET",
     "/jobs/j/tasks?api-version=2018-12-01.8.0&$filter=state%20eq%09%27active%27%20",
     {{"ocp-date", "Fri, 20 Nov 2026 11:17:11 GMT"}},
     "GET\n\n\n\n\n\n\n\n\n\n\n\nocp-date:Fri, 20 Nov 2026 11:17:11 GMT\n/acct/jobs/j/tasks\n$filter:state "
     "eq\t'active' \napi-version:2018-12-01.8.0"},
    {"batch: the path as it is encoded on the wire, ocp-range among the headers",
     Service::batch,
     "GET",
     "/jobs/j/tasks/t/files/wd%2Fx.txt?api-version=2018-12-01.8.0",
     {{"ocp-range", "bytes=0-9"}, {"ocp-date", "Fri, 20 Nov 2026 11:17:11 GMT"}},
     "GET\n\n\n\n\n\n\n\n\n\n\n\nocp-date:Fri, 20 Nov 2026 11:17:11 "
     "GMT\nocp-range:bytes=0-9\n/acct/jobs/j/tasks/t/files/wd%2Fx.txt\napi-version:2018-12-01.8.0"},
    {"blob: the Date header signed (AzureStor)",
     Service::blob,
     "GET",
     "/c?restype=container&comp=list",
     {{"Date", "Fri, 20 Nov 2026 11:17:11 GMT"}, {"x-ms-version", "2021-06-08"}},
     "GET\n\n\n\n\n\nFri, 20 Nov 2026 11:17:11 "
     "GMT\n\n\n\n\n\nx-ms-version:2021-06-08\n/acct/c\ncomp:list\nrestype:container"},
    {"blob: header names in the order of words",
     Service::blob,
     "PUT",
     "/c/b?comp=metadata",
     {{"x-ms-date", "Fri, 20 Nov 2026 11:17:11 GMT"},
      {"x-ms-meta-a-b", "1"},
      {"x-ms-meta-ab", "2"},
      {"x-ms-meta-a0", "3"},
      {"x-ms-meta-a_", "4"},
      {"Content-Length", "0"}},
     "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 20 Nov 2026 11:17:11 "
     "GMT\nx-ms-meta-a_:4\nx-ms-meta-a0:3\nx-ms-meta-ab:2\nx-ms-meta-a-b:1\n/acct/c/b\ncomp:metadata"},
    {"blob: header names in the order of bytes",
     Service::blob,
     "PUT",
     "/c/b?comp=metadata",
     {{"x-ms-date", "Fri, 20 Nov 2026 11:17:11 GMT"},
      {"x-ms-meta-ab", "2"},
      {"x-ms-meta-a-b", "1"},
      {"Content-Length", "0"}},
     "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 20 Nov 2026 11:17:11 "
     "GMT\nx-ms-meta-a-b:1\nx-ms-meta-ab:2\n/acct/c/b\ncomp:metadata"},
};

TEST(SharedKey, AcceptsWhatClientsSignByPythonsHmac) {
  for (const Signed& c : kSigned) {
    net::Headers headers = c.headers;
    headers.emplace_back("Authorization", "SharedKey acct:" + python_signature(c.text));
    const auto checked = check_shared_key(c.service, kAccount, c.method, c.target, headers, at("2026-11-20T11:17:11Z"));
    EXPECT_TRUE(checked.ok()) << c.what << ": " << checked.error().message;
  }
}

TEST(SharedKey, RefusesEveryChangeToASignedRequest) {
  const std::string target = "/acct/c/big?comp=block&blockid=MDAwMQ%3D%3D";
  const auto refused = [&](std::string_view method, std::string_view changed_target, const net::Headers& headers) {
    const auto checked = check_shared_key(Service::blob, kAccount, method, changed_target, headers, kThen);
    return !checked.ok() && checked.error().api_code == "AuthenticationFailed";
  };
  EXPECT_TRUE(refused("GET", target, stage_headers()));
  EXPECT_TRUE(refused("PUT", "/acct/c/bag?comp=block&blockid=MDAwMQ%3D%3D", stage_headers()));
  EXPECT_TRUE(refused("PUT", "/acct/c/big?comp=block&blockid=MDAwMg%3D%3D", stage_headers()));
  EXPECT_TRUE(refused("PUT", target + "&timeout=3", stage_headers()));
  net::Headers headers = stage_headers();
  headers[2].second = "6";
  EXPECT_TRUE(refused("PUT", target, headers));
  headers = stage_headers();
  headers.emplace_back("x-ms-lease-id", "1");
  EXPECT_TRUE(refused("PUT", target, headers));
}

TEST(SharedKey, RefusesARequestWhoseDateIsOffByMoreThanAQuarterOfAnHour) {
  const std::string target = "/acct/c/big?comp=block&blockid=MDAwMQ%3D%3D";
  for (const char* now : {"2026-11-20T11:33:19Z", "2026-11-20T11:03:17Z"}) {
    const auto checked = check_shared_key(Service::blob, kAccount, "PUT", target, stage_headers(), at(now));
    ASSERT_FALSE(checked.ok());
    EXPECT_NE(checked.error().message.find("x-ms-date"), std::string::npos) << checked.error().message;
  }
}

TEST(SharedKey, SaysWhichPartOfTheAuthorizationIsWrongAndNeverTheSignature) {
  const auto message = [](const char* authorization) {
    net::Headers headers = stage_headers();
    headers.back().second = authorization;
    return check_shared_key(Service::blob, kAccount, "PUT", "/acct/c/big?comp=block&blockid=MDAwMQ%3D%3D", headers,
                            kThen)
        .error()
        .message;
  };
  EXPECT_NE(message("Basic abc").find("SharedKey"), std::string::npos);
  EXPECT_NE(message("SharedKey other:AAAA").find("account"), std::string::npos);
  EXPECT_NE(message("SharedKey acct").find(':'), std::string::npos);
  EXPECT_NE(message("SharedKey acct:%%%").find("base64"), std::string::npos);
  const std::string wrong = message("SharedKey acct:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  EXPECT_EQ(wrong.find("4cvnUU0F"), std::string::npos);
}

TEST(SharedKey, ChecksWhatItSigns) {
  for (const Service service : {Service::batch, Service::blob}) {
    net::Headers headers = {{"Content-Length", "3"}, {"Content-Type", "a/b"}};
    const std::string target = "/x%2Fy?b=1&a=%20&api-version=2";
    for (auto& header : sign(service, kAccount, "POST", target, headers, kThen)) headers.push_back(header);
    const auto checked = check_shared_key(service, kAccount, "POST", target, headers, kThen);
    EXPECT_TRUE(checked.ok()) << checked.error().message;
  }
}

TEST(Base64, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(from_base64(base64(bytes)).value(), bytes);
    EXPECT_EQ(from_base64url(base64url(bytes)).value(), bytes);
    bytes += static_cast<char>(i * 37 + 200);
  }
  EXPECT_EQ(base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"A", "AA=A", "AA==A", "====", "AAA", "AB==", "A\n==", "AAAA=", "AA===="}) {
    EXPECT_FALSE(from_base64(text).ok()) << text;
  }
}

}  // namespace
}  // namespace scoria::auth
