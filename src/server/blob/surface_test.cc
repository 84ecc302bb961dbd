#include <gmock/gmock.h>

#include "server/blob/surface_for_tests.h"

namespace scoria::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Containers : public SurfaceTest {};

TEST_F(Containers, AreMadeOnceWithEveryHeaderThatClientsRead) {
  const Answer made = call("PUT", "/con?restype=container", {{"x-ms-client-request-id", "abc"}});
  EXPECT_EQ(made.status, 201);
  EXPECT_THAT(made.header("ETag"), HasSubstr("\"0x8D"));
  EXPECT_EQ(made.header("Last-Modified"), "Sun, 29 Nov 2026 12:00:00 GMT");
  EXPECT_EQ(made.header("x-ms-version"), "2021-08-06");
  EXPECT_EQ(made.header("x-ms-request-id").size(), 36u);
  EXPECT_EQ(made.header("x-ms-client-request-id"), "abc");
  const Answer again = call("PUT", "/con?restype=container");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), "ContainerAlreadyExists");
  EXPECT_EQ(again.header("Content-Type"), "application/xml");
  EXPECT_THAT(again.body, HasSubstr("<Error><Code>ContainerAlreadyExists</Code><Message>"));
  EXPECT_EQ(call("PUT", "/Con?restype=container").code(), "InvalidResourceName");
}

TEST_F(Containers, AreDeleted) {
  make_container("con");
  EXPECT_EQ(call("DELETE", "/con?restype=container").status, 202);
  EXPECT_EQ(call("DELETE", "/con?restype=container").code(), "ContainerNotFound");
}

TEST_F(Containers, KeepMetadataAndPublicAccess) {
  call("PUT", "/con?restype=container", {{"x-ms-meta-Name", "a b"}, {"x-ms-blob-public-access", "blob"}});
  const Answer head = call("HEAD", "/con?restype=container");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("x-ms-meta-Name"), "a b");
  EXPECT_EQ(head.header("x-ms-blob-public-access"), "blob");
  EXPECT_EQ(call("PUT", "/con?restype=container&comp=metadata", {{"x-ms-meta-k", "v"}}).status, 200);
  EXPECT_EQ(call("GET", "/con?restype=container&comp=metadata").header("x-ms-meta-k"), "v");
  EXPECT_EQ(call("PUT", "/con?restype=container&comp=metadata", {{"x-ms-meta-a.b", "v"}}).code(), "InvalidMetadata");
  EXPECT_EQ(call("PUT", "/con?restype=container&comp=metadata", {{"x-ms-meta-k", std::string(9000, 'v')}}).code(),
            "MetadataTooLarge");
}

TEST_F(Containers, AreListedWithPublicAccessForOldClients) {
  for (const char* name : {"aaa", "aab", "bbb"}) make_container(name);
  const Answer old = send("GET", "/?comp=list&prefix=aa&" + std::string("x=1"), {});
  EXPECT_EQ(old.status, 400);  // neither account in the path nor in the host
  const Answer page = call("GET", "/?comp=list&maxresults=2");
  EXPECT_THAT(page.body, HasSubstr("<Name>aab</Name>"));
  EXPECT_THAT(page.body, Not(HasSubstr("<Name>bbb</Name>")));
  EXPECT_THAT(page.body, HasSubstr("ServiceEndpoint=\"https://127.0.0.1:10100/acct/\""));
  const std::size_t at = page.body.find("<NextMarker>") + 12;
  const std::string marker = page.body.substr(at, page.body.find('<', at) - at);
  const Answer next = call("GET", "/?comp=list&marker=" + marker);
  EXPECT_THAT(next.body, HasSubstr("<Name>bbb</Name>"));
  EXPECT_THAT(next.body, HasSubstr("<NextMarker />"));
  EXPECT_THAT(next.body, Not(HasSubstr("PublicAccess")));
  net::Headers headers = {{"x-ms-version", "2016-05-31"}, {"Host", "acct.blob.localhost:9922"}};
  for (auto& header : auth::sign(auth::Service::blob, account_, "GET", "/?comp=list&prefix=", headers, clock_.wall)) {
    headers.push_back(header);
  }
  EXPECT_THAT(send("GET", "/?comp=list&prefix=", headers).body, HasSubstr("<PublicAccess />"));
  EXPECT_EQ(call("GET", "/?comp=list&maxresults=0").code(), "OutOfRangeQueryParameterValue");
  EXPECT_EQ(call("GET", "/?comp=list&marker=%2A").code(), "InvalidQueryParameterValue");
}

TEST_F(Containers, KeepStoredPoliciesAsTheyWerePut) {
  make_container("con");
  const std::string body =
      "\xEF\xBB\xBF<?xml version=\"1.0\"?><SignedIdentifiers><SignedIdentifier><Id>a&amp;b</Id><AccessPolicy>"
      "<Start>2026-11-29T00:00:00Z</Start><Expiry>2026-11-30T00:00:00Z</Expiry><Permission>r</Permission>"
      "</AccessPolicy></SignedIdentifier></SignedIdentifiers>";
  EXPECT_EQ(call("PUT", "/con?restype=container&comp=acl", {{"x-ms-blob-public-access", "container"}}, body).status,
            200);
  const Answer read = call("GET", "/con?restype=container&comp=acl");
  EXPECT_EQ(read.header("x-ms-blob-public-access"), "container");
  EXPECT_THAT(read.body,
              HasSubstr("<SignedIdentifier><Id>a&amp;b</Id><AccessPolicy><Start>2026-11-29T00:00:00Z</Start>"));
  for (const char* bad : {"<x/>", "<SignedIdentifiers><x/></SignedIdentifiers>", "no xml",
                          "<SignedIdentifiers><SignedIdentifier/></SignedIdentifiers>"}) {
    EXPECT_EQ(call("PUT", "/con?restype=container&comp=acl", {}, bad).status, 400) << bad;
  }
}

class Blobs : public SurfaceTest {
 protected:
  Blobs() { make_container("con"); }
};

TEST_F(Blobs, ComeBackAsTheyWerePut) {
  const Answer made = put("/con/dir/a%20b.txt", "hello", {{"Content-Type", "text/plain"}, {"x-ms-meta-m", "1"}});
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.header("Content-MD5"), "XUFAKrxLKna5cZ2REBfFkg==");
  const Answer read = call("GET", "/con/dir/a%20b.txt");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, "hello");
  EXPECT_EQ(read.header("ETag"), made.header("ETag"));
  EXPECT_EQ(read.header("Content-Type"), "text/plain");
  EXPECT_EQ(read.header("x-ms-blob-type"), "BlockBlob");
  EXPECT_EQ(read.header("Accept-Ranges"), "bytes");
  EXPECT_EQ(read.header("x-ms-meta-m"), "1");
  const Answer head = call("HEAD", "/con/dir%2Fa%20b.txt");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.head_length, 5u);
  EXPECT_EQ(head.body, "");
}

TEST_F(Blobs, AreReadInRanges) {
  put("/con/b", "0123456789");
  const auto range = [&](const char* value) { return call("GET", "/con/b", {{"x-ms-range", value}}); };
  EXPECT_EQ(range("bytes=2-4").body, "234");
  EXPECT_EQ(range("bytes=2-4").status, 206);
  EXPECT_EQ(range("bytes=2-4").header("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(range("bytes=7-").body, "789");
  EXPECT_EQ(range("bytes=7-99").header("Content-Range"), "bytes 7-9/10");
  EXPECT_EQ(call("GET", "/con/b", {{"Range", "bytes=-3"}}).body, "789");
  EXPECT_EQ(range("bytes=10-").status, 416);
  EXPECT_EQ(range("bytes=10-").code(), "InvalidRange");
  EXPECT_EQ(range("lines=1-2").status, 200);
  EXPECT_EQ(range("bytes=4-2").status, 200);
  const Answer hashed = call("GET", "/con/b", {{"x-ms-range", "bytes=0-4"}, {"x-ms-range-get-content-md5", "true"}});
  EXPECT_EQ(hashed.header("Content-MD5"), "QQDE1E2pF3JH5EpfwVRneA==");  // printf 01234 | openssl md5 -binary | base64
}

TEST_F(Blobs, AreRefusedWhenTheirMd5IsAnother) {
  EXPECT_EQ(put("/con/b", "hello", {{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}}).status, 201);
  EXPECT_EQ(put("/con/c", "hullo", {{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}}).code(), "Md5Mismatch");
  EXPECT_EQ(put("/con/c", "hullo", {{"Content-MD5", "AAAA"}}).code(), "InvalidMd5");
  EXPECT_EQ(call("HEAD", "/con/c").status, 404);
}

TEST_F(Blobs, AreWrittenAndReadUnderConditions) {
  const std::string etag = put("/con/b", "1", {{"If-None-Match", "*"}}).header("ETag");
  EXPECT_EQ(put("/con/b", "2", {{"If-None-Match", "*"}}).status, 409);
  EXPECT_EQ(put("/con/b", "2", {{"If-Match", "\"0x1\""}}).status, 412);
  EXPECT_EQ(call("GET", "/con/b", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(call("GET", "/con/b", {{"If-None-Match", etag}}).body, "");
  EXPECT_EQ(call("GET", "/con/b", {{"If-Match", "\"0x1\""}}).status, 412);
  EXPECT_EQ(call("GET", "/con/b", {{"If-Modified-Since", "Sun, 29 Nov 2026 12:00:00 GMT"}}).status, 304);
  EXPECT_EQ(call("GET", "/con/b", {{"If-Unmodified-Since", "Sun, 29 Nov 2026 11:59:59 GMT"}}).status, 412);
  EXPECT_EQ(call("GET", "/con/b", {{"If-Modified-Since", "soon"}}).code(), "InvalidHeaderValue");
  EXPECT_EQ(call("DELETE", "/con/b", {{"If-Match", etag}, {"x-ms-delete-snapshots", "include"}}).status, 202);
  EXPECT_EQ(call("DELETE", "/con/b").code(), "BlobNotFound");
}

TEST_F(Blobs, AreMadeOfBlocks) {
  EXPECT_EQ(call("PUT", "/con/b?comp=block&blockid=MDAwMQ%3D%3D", {}, "one").status, 201);
  EXPECT_EQ(call("PUT", "/con/b?comp=block&blockid=MDAwMg%3D%3D", {}, "two").header("Content-MD5").size(), 24u);
  EXPECT_EQ(call("PUT", "/con/b?comp=block", {}, "two").status, 400);
  EXPECT_THAT(call("GET", "/con/b?comp=blocklist&blocklisttype=all").body,
              HasSubstr("<UncommittedBlocks><Block><Name>MDAwMQ==</Name><Size>3</Size></Block>"));
  const std::string list =
      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><BlockList><Latest>MDAwMg==</Latest>"
      "<Uncommitted>MDAwMQ==</Uncommitted></BlockList>";
  const Answer made = call("PUT", "/con/b?comp=blocklist",
                           {{"x-ms-blob-content-type", "text/plain"}, {"Content-Type", "application/xml"}}, list);
  EXPECT_EQ(made.status, 201);
  const Answer read = call("GET", "/con/b");
  EXPECT_EQ(read.body, "twoone");
  EXPECT_EQ(read.header("Content-Type"), "text/plain");
  EXPECT_EQ(call("PUT", "/con/b?comp=blocklist", {}, "<BlockList><Latest>AAAA</Latest></BlockList>").code(),
            "InvalidBlockList");
  EXPECT_EQ(call("PUT", "/con/b?comp=blocklist", {}, "<BlockList><Other/></BlockList>").code(), "InvalidXmlDocument");
}

TEST_F(Blobs, GrowByAppending) {
  EXPECT_EQ(call("PUT", "/con/log", {{"x-ms-blob-type", "AppendBlob"}}).status, 201);
  EXPECT_EQ(call("PUT", "/con/log?comp=appendblock", {}, "one").header("x-ms-blob-append-offset"), "0");
  const Answer second = call("PUT", "/con/log?comp=appendblock", {{"x-ms-blob-condition-appendpos", "3"}}, "two");
  EXPECT_EQ(second.header("x-ms-blob-append-offset"), "3");
  EXPECT_EQ(second.header("x-ms-blob-committed-block-count"), "2");
  EXPECT_EQ(call("PUT", "/con/log?comp=appendblock", {{"x-ms-blob-condition-appendpos", "3"}}, "x").status, 412);
  EXPECT_EQ(call("PUT", "/con/log?comp=appendblock", {{"x-ms-blob-condition-maxsize", "6"}}, "x").code(),
            "MaxBlobSizeConditionNotMet");
  EXPECT_EQ(call("GET", "/con/log").body, "onetwo");
  EXPECT_EQ(put("/con/log?comp=appendblock", "").status, 400);
  EXPECT_EQ(call("PUT", "/con/full", {{"x-ms-blob-type", "AppendBlob"}}, "x").code(), "InvalidHeaderValue");
  const std::string from = "http://127.0.0.1:10100/acct/con/log";
  EXPECT_EQ(call("PUT", "/con/copy", {{"x-ms-copy-source", from}}).status, 202);
  EXPECT_EQ(call("HEAD", "/con/copy").header("x-ms-blob-committed-block-count"), "2");
}

TEST_F(Blobs, TakeRangesOfOthersAsTheirBlocks) {
  put("/con/from", "0123456789");
  call("PUT", "/con/log", {{"x-ms-blob-type", "AppendBlob"}});
  const net::Headers range = {{"x-ms-copy-source", "http://127.0.0.1:10100/acct/con/from"},
                              {"x-ms-source-range", "bytes=2-4"}};
  const Answer block = call("PUT", "/con/b?comp=block&blockid=AAAA", range);
  EXPECT_EQ(block.status, 201);
  EXPECT_FALSE(block.header("Content-MD5").empty());
  EXPECT_EQ(call("PUT", "/con/b?comp=blocklist", {}, "<BlockList><Latest>AAAA</Latest></BlockList>").status, 201);
  EXPECT_EQ(call("GET", "/con/b").body, "234");
  EXPECT_EQ(call("PUT", "/con/log?comp=appendblock", range).header("x-ms-blob-append-offset"), "0");
  EXPECT_EQ(call("GET", "/con/log").body, "234");
  net::Headers hashed = range;
  hashed.emplace_back("x-ms-source-content-md5", "AAAAAAAAAAAAAAAAAAAAAA==");
  EXPECT_EQ(call("PUT", "/con/b?comp=block&blockid=AAAA", hashed).code(), "Md5Mismatch");
  EXPECT_EQ(
      call("PUT", "/con/b?comp=block&blockid=AAAA", {{"x-ms-copy-source", "http://127.0.0.1:10100/acct/con/none"}})
          .code(),
      "BlobNotFound");
}

TEST_F(Blobs, AreMadeOfOthersByTheirUrl) {
  put("/con/from", "x", {{"x-ms-blob-content-type", "text/a"}, {"x-ms-meta-m", "1"}});
  const net::Headers headers = {{"x-ms-copy-source", "http://127.0.0.1:10100/acct/con/from"},
                                {"x-ms-blob-type", "BlockBlob"}};
  const Answer made = call("PUT", "/con/b", headers);
  EXPECT_EQ(made.status, 201);
  EXPECT_FALSE(made.header("ETag").empty());
  const Answer head = call("HEAD", "/con/b");
  EXPECT_EQ(head.header("Content-Type"), "text/a");
  EXPECT_EQ(head.header("x-ms-meta-m"), "");
  EXPECT_EQ(head.header("x-ms-copy-status"), "");
  call("PUT", "/con/log", {{"x-ms-blob-type", "AppendBlob"}});
  EXPECT_EQ(call("PUT", "/con/d", {{"x-ms-copy-source", "http://127.0.0.1:10100/acct/con/log"}, headers[1]}).status,
            201);
  EXPECT_EQ(call("HEAD", "/con/d").header("x-ms-blob-type"), "BlockBlob");
  net::Headers once = headers;
  once.emplace_back("If-None-Match", "*");
  EXPECT_EQ(call("PUT", "/con/b", once).code(), "BlobAlreadyExists");
  EXPECT_EQ(call("PUT", "/con/c", {headers[0], {"x-ms-blob-type", "AppendBlob"}}).code(), "InvalidHeaderValue");
}

TEST_F(Blobs, MetadataIsNamedAsIdentifiersAre) {
  put("/con/b", "x");
  for (const char* name : {"x-ms-meta-a-b", "x-ms-meta-1b", "x-ms-meta-"}) {
    EXPECT_EQ(call("PUT", "/con/b?comp=metadata", {{name, "y"}}).code(), "InvalidMetadata") << name;
  }
  EXPECT_EQ(call("PUT", "/con/b?comp=metadata", {{"x-ms-meta-_b1", "y"}}).status, 200);
}

TEST_F(Blobs, AreDeletedWithSnapshotsThatThereAreNot) {
  put("/con/b", "x");
  EXPECT_EQ(call("DELETE", "/con/b", {{"x-ms-delete-snapshots", "all"}}).code(), "InvalidHeaderValue");
  EXPECT_EQ(call("DELETE", "/con/b", {{"x-ms-delete-snapshots", "only"}}).status, 202);
  EXPECT_EQ(call("GET", "/con/b").body, "x");
  EXPECT_EQ(call("DELETE", "/con/b", {{"x-ms-delete-snapshots", "include"}}).status, 202);
  EXPECT_EQ(call("GET", "/con/b").status, 404);
}

TEST_F(Blobs, ChangeMetadataAndProperties) {
  put("/con/b", "x");
  EXPECT_EQ(call("PUT", "/con/b?comp=metadata", {{"x-ms-meta-x", "y"}}).status, 200);
  EXPECT_EQ(call("PUT", "/con/b?comp=properties", {{"x-ms-blob-cache-control", "no-store"}}).status, 200);
  const Answer head = call("HEAD", "/con/b");
  EXPECT_EQ(head.header("x-ms-meta-x"), "y");
  EXPECT_EQ(head.header("Cache-Control"), "no-store");
}

TEST_F(Blobs, AreCopiedWithinTheAccountOnly) {
  put("/con/b", "x", {{"x-ms-meta-m", "1"}});
  const Answer copied = call("PUT", "/con/c", {{"x-ms-copy-source", "http://acct.blob.localhost:1/con/b"}});
  EXPECT_EQ(copied.status, 202);
  EXPECT_EQ(copied.header("x-ms-copy-status"), "success");
  const Answer head = call("HEAD", "/con/c");
  EXPECT_EQ(head.header("x-ms-copy-status"), "success");
  EXPECT_EQ(head.header("x-ms-copy-id"), copied.header("x-ms-copy-id"));
  EXPECT_EQ(head.header("x-ms-meta-m"), "1");
  EXPECT_EQ(call("PUT", "/con/d",
                 {{"x-ms-copy-source", "https://127.0.0.1:10100/acct/con/b"}, {"x-ms-requires-sync", "true"}})
                .status,
            202);
  for (const char* source :
       {"https://example.org/acct/con/b", "https://127.0.0.1:10100/other/con/b", "http://127.0.0.1:99/acct/con/b"}) {
    EXPECT_EQ(call("PUT", "/con/e", {{"x-ms-copy-source", source}}).code(), "CannotVerifyCopySource") << source;
  }
  EXPECT_EQ(call("PUT", "/con/e", {{"x-ms-copy-source", "https://127.0.0.1:10100/acct/con/none"}}).code(),
            "BlobNotFound");
}

TEST_F(Blobs, AreListedFlatAndByHierarchy) {
  for (const char* name : {"a%2F1", "a%2F2", "b", "c%01%3C%26"})
    put("/con/" + std::string(name), "x", {{"x-ms-meta-k", "v<"}});
  const Answer flat = call("GET", "/con?restype=container&comp=list&include=metadata");
  EXPECT_THAT(flat.body, HasSubstr("ContainerName=\"con\""));
  EXPECT_THAT(flat.body, HasSubstr("<Blob><Name>a/1</Name><Properties><Creation-Time>"));
  EXPECT_THAT(flat.body, HasSubstr("<Content-Length>1</Content-Length>"));
  EXPECT_THAT(flat.body, HasSubstr("<BlobType>BlockBlob</BlobType>"));
  EXPECT_THAT(flat.body, HasSubstr("<Metadata><k>v&lt;</k></Metadata>"));
  EXPECT_THAT(flat.body, HasSubstr("<Name Encoded=\"true\">c%01%3C%26</Name>"));
  const Answer tree = call("GET", "/con?restype=container&comp=list&delimiter=%2F");
  EXPECT_THAT(tree.body, HasSubstr("<BlobPrefix><Name>a/</Name></BlobPrefix>"));
  EXPECT_THAT(tree.body, Not(HasSubstr("a/1")));
  EXPECT_EQ(call("GET", "/none?restype=container&comp=list").code(), "ContainerNotFound");
}

TEST_F(Blobs, WhatIsNotServedIsSaidSo) {
  put("/con/b", "x");
  EXPECT_EQ(call("PUT", "/con/b?comp=lease", {{"x-ms-lease-action", "acquire"}}).code(), "NotImplemented");
  EXPECT_EQ(call("PUT", "/con/b?comp=snapshot").status, 501);
  EXPECT_EQ(call("PUT", "/con/p", {{"x-ms-blob-type", "PageBlob"}}).status, 501);
  EXPECT_EQ(call("GET", "/con/b?snapshot=1").status, 501);
  EXPECT_EQ(call("GET", "/con/b?comp=nonsense").code(), "InvalidQueryParameterValue");
  EXPECT_EQ(call("PATCH", "/con/b").status, 405);
  EXPECT_EQ(call("PUT", "/con/b").code(), "MissingRequiredHeader");
  EXPECT_EQ(call("GET", "/?comp=properties&restype=service").status, 200);
  EXPECT_EQ(call("GET", "/?comp=properties&restype=account").header("x-ms-account-kind"), "StorageV2");
}

TEST_F(Blobs, ABodyThatCouldNotBeStoredIsAnsweredWithItsError) {
  net::HttpRequest request{.method = "PUT", .target = "/acct/con/b", .headers = {{"x-ms-blob-type", "BlockBlob"}}};
  request.body_error = Error{Code::exhausted, "cannot write '/secret/path': No space left", "InsufficientStorage"};
  Answer answer;
  surface_->handle(std::move(request), net::Responder([&](net::HttpReply reply) { answer = read(std::move(reply)); }));
  EXPECT_EQ(answer.status, 507);
  EXPECT_EQ(answer.code(), "InsufficientStorage");
}

}  // namespace
}  // namespace scoria::server
