#include "net/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scoria::net {
namespace {

using testing::HasSubstr;

TEST(Url, HasItsParts) {
  const auto url = parse_url("HTTPS://ann:p%40ss@example.org:8443/a%20b/c?sig=x%2B#part");
  ASSERT_TRUE(url.ok()) << url.error().message;
  EXPECT_TRUE(url.value().is_tls);
  EXPECT_EQ(url.value().user_info, "ann:p@ss");
  EXPECT_EQ(url.value().host, "example.org");
  EXPECT_EQ(url.value().port, "8443");
  EXPECT_EQ(url.value().target, "/a%20b/c?sig=x%2B");
  EXPECT_EQ(url.value().authority(), "example.org:8443");
  EXPECT_EQ(url.value().shown(), "https://example.org:8443/a%20b/c");
}

TEST(Url, FillsInWhatTheSchemeSays) {
  const auto plain = parse_url("http://h");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain.value().port, "80");
  EXPECT_EQ(plain.value().target, "/");
  EXPECT_EQ(plain.value().authority(), "h");
  EXPECT_EQ(parse_url("https://h:?q=1").value().target, "/?q=1");
  const auto six = parse_url("http://[::1]:81/x");
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six.value().host, "::1");
  EXPECT_EQ(six.value().authority(), "[::1]:81");
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text :
       {"ftp://h/x", "http:/h", "http://", "http:///x", "http://h:0/", "http://h:65536/", "http://h:8o/", "http://a b/",
        "http://h/a b", "http://h/a\nHost: other", "http://[::1", "http://[::1]x/", "http://h\r/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code, Code::invalid);
  }
}

TEST(Url, IsSeenByItsScheme) {
  EXPECT_TRUE(is_http_url("HTTP://x"));
  EXPECT_TRUE(is_http_url("https://x"));
  EXPECT_FALSE(is_http_url("s3://x"));
  EXPECT_FALSE(is_http_url("https"));
}

TEST(Url, EncodesASegment) {
  EXPECT_EQ(percent_encode("a-b_c.d~9"), "a-b_c.d~9");
  EXPECT_EQ(percent_encode("a/b?c d\xC3\xA4%"), "a%2Fb%3Fc%20d%C3%A4%25");
}

TEST(Url, FollowsALocation) {
  const Url from = parse_url("https://u:p@h:1/a/b?q").value();
  EXPECT_EQ(resolve(from, "c").value().shown(), "https://h:1/a/c");
  EXPECT_EQ(resolve(from, "c").value().user_info, "u:p");
  EXPECT_EQ(resolve(from, "/c?d").value().target, "/c?d");
  EXPECT_EQ(resolve(from, "//g/c").value().shown(), "https://g/c");
  EXPECT_TRUE(resolve(from, "https://h:1/c").value().user_info.empty())
      << "a password goes to no address that a reply names";
  const auto downgraded = resolve(from, "http://h/c");
  ASSERT_FALSE(downgraded.ok());
  EXPECT_EQ(downgraded.error().code, Code::denied);
  EXPECT_THAT(downgraded.error().message, HasSubstr("not encrypted"));
}

}  // namespace
}  // namespace scoria::net
