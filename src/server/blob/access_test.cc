// Who may do what at the surface: keys, signatures, public containers.
#include <gmock/gmock.h>

#include "server/blob/surface_for_tests.h"

namespace scoria::server {
namespace {

class Authorization : public SurfaceTest {
 protected:
  Authorization() {
    make_container("con");
    put("/con/b", "hello");
  }
  Answer with(const std::string& method, const std::string& target, const std::string& query,
              const std::string& body = {}, net::Headers headers = {}) {
    headers.emplace_back("x-ms-blob-type", "BlockBlob");
    return send(method, "/acct" + target + (target.find('?') == std::string::npos ? "?" : "&") + query, headers, body);
  }
};

TEST_F(Authorization, IsNeededBeforeTheBodyIsTaken) {
  const Answer none = send("PUT", "/acct/con/c", {{"x-ms-blob-type", "BlockBlob"}}, "x");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.code(), "NoAuthenticationInformation");
  EXPECT_TRUE(none.was_refused);
  account_.key = "another key";
  const Answer wrong = put("/con/c", "x");
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(wrong.code(), "AuthenticationFailed");
  EXPECT_TRUE(wrong.was_refused);
}

TEST_F(Authorization, OfAContainersSignatureReachesItsBlobsAndNoOther) {
  make_container("other");
  const std::string query = sas("con", "", "rwl");
  EXPECT_EQ(with("GET", "/con/b", query).body, "hello");
  EXPECT_EQ(with("PUT", "/con/c", query, "x").status, 201);
  EXPECT_EQ(with("GET", "/con?restype=container&comp=list", query).status, 200);
  EXPECT_EQ(with("DELETE", "/con/b", query).code(), "AuthorizationPermissionMismatch");
  EXPECT_EQ(with("GET", "/other?restype=container&comp=list", query).code(), "AuthenticationFailed");
  EXPECT_EQ(with("DELETE", "/con?restype=container", query).code(), "AuthorizationPermissionMismatch");
  EXPECT_EQ(with("GET", "/con?restype=container&comp=acl", query).code(), "AuthorizationPermissionMismatch");
  EXPECT_EQ(with("GET", "/?comp=list", query).code(), "AuthorizationResourceTypeMismatch");
}

TEST_F(Authorization, OfASignatureEnds) {
  const std::string query = sas("con", "", "r");
  clock_.wall += std::chrono::hours(2);
  const Answer late = with("GET", "/con/b", query);
  EXPECT_EQ(late.status, 403);
  EXPECT_EQ(late.code(), "AuthenticationFailed");
}

TEST_F(Authorization, ToMakeBlobsIsNotToChangeThem) {
  const std::string query = sas("con", "", "c");
  EXPECT_EQ(with("PUT", "/con/new", query, "x").status, 201);
  EXPECT_EQ(with("PUT", "/con/new", query, "y").code(), "AuthorizationPermissionMismatch");
  EXPECT_EQ(call("GET", "/con/new").body, "x");
}

TEST_F(Authorization, OfACopysSourceIsChecked) {
  const std::string write = sas("con", "", "w");
  const std::string source = "https://127.0.0.1:10100/acct/con/b";
  // Without a blob type it is Copy Blob, not Put Blob From URL.
  const auto copy = [&](const std::string& from) {
    return send("PUT", "/acct/con/copy?" + write, {{"x-ms-copy-source", from}}, "");
  };
  EXPECT_EQ(copy(source).code(), "CannotVerifyCopySource");
  EXPECT_EQ(copy(source + "?" + write).code(), "AuthorizationPermissionMismatch");
  EXPECT_EQ(copy(source + "?" + sas("con", "b", "r")).status, 202);
  // What a blob remembers of its source is without the signature.
  EXPECT_EQ(call("HEAD", "/con/copy").header("x-ms-copy-source"), source);
}

TEST_F(Authorization, PublicContainersAreReadByEveryone) {
  EXPECT_EQ(send("GET", "/acct/con/b").status, 401);
  call("PUT", "/con?restype=container&comp=acl", {{"x-ms-blob-public-access", "blob"}});
  EXPECT_EQ(send("GET", "/acct/con/b").body, "hello");
  EXPECT_EQ(send("HEAD", "/acct/con/b").status, 200);
  EXPECT_EQ(send("GET", "/acct/con?restype=container&comp=list").status, 401);
  call("PUT", "/con?restype=container&comp=acl", {{"x-ms-blob-public-access", "container"}});
  EXPECT_EQ(send("GET", "/acct/con?restype=container&comp=list").status, 200);
  EXPECT_EQ(send("PUT", "/acct/con/c", {{"x-ms-blob-type", "BlockBlob"}}, "x").status, 401);
  EXPECT_EQ(send("DELETE", "/acct/con/b").status, 401);
}

TEST_F(Authorization, OfAStoredPolicyEndsWithThePolicy) {
  const auto policy = [&](const char* expiry) {
    return call("PUT", "/con?restype=container&comp=acl", {},
                "<SignedIdentifiers><SignedIdentifier><Id>p</Id><AccessPolicy><Expiry>" + std::string(expiry) +
                    "</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>")
        .status;
  };
  const std::string text = "\n\n\n/blob/acct/con\np\n\n\n2018-11-09\nc\n\n\n\n\n\n";
  std::string signature = auth::base64(auth::hmac_sha256(account_.key, text));
  for (std::size_t at = 0; (at = signature.find('+', at)) != std::string::npos;) signature.replace(at, 1, "%2B");
  const std::string query = "sv=2018-11-09&sr=c&si=p&sig=" + signature;
  EXPECT_EQ(with("GET", "/con/b", query).status, 403);
  EXPECT_EQ(policy("2026-11-30T00:00:00Z"), 200);
  EXPECT_EQ(with("GET", "/con/b", query).status, 200);
  EXPECT_EQ(policy("2026-11-28T00:00:00Z"), 200);
  EXPECT_EQ(with("GET", "/con/b", query).status, 403);
}

TEST_F(Authorization, ByTheHostOrThePath) {
  const std::string query = sas("con", "b", "r");
  EXPECT_EQ(send("GET", "/con/b?" + query, {{"Host", "acct.blob.localhost:10101"}}).body, "hello");
  EXPECT_EQ(send("GET", "/con/b?" + query, {{"Host", "ACCT.blob.example"}}).body, "hello");
  const Answer other = send("GET", "/other/con/b?" + query);
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.code(), "InvalidUri");
}

}  // namespace
}  // namespace scoria::server
