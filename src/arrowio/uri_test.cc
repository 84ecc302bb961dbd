#include "arrowio/uri.h"

#include <gtest/gtest.h>

namespace scoria::arrowio {
namespace {

TEST(Uri, IsASchemeAndTwoSlashes) {
  EXPECT_TRUE(is_uri("s3://bucket/rows.parquet"));
  EXPECT_TRUE(is_uri("abfss://container@account.dfs.core.windows.net/x"));
  EXPECT_FALSE(is_uri("data/rows.parquet"));
  EXPECT_FALSE(is_uri("odd name://x"));
  EXPECT_FALSE(is_uri("://x"));
}

TEST(Uri, NamesItsObjectWithoutTheQuery) {
  EXPECT_EQ(without_query("s3://b/x.parquet?region=eu"), "s3://b/x.parquet");
  EXPECT_EQ(without_query("what?.csv"), "what?.csv");
}

TEST(Uri, PasswordsAreNotShown) {
  EXPECT_EQ(without_secrets("s3://key:secret/with/slash@bucket/x"), "s3://key:***@bucket/x");
  EXPECT_EQ(without_secrets("score s3://a:b@c/x -o s3://d:e@f/y"), "score s3://a:***@c/x -o s3://d:***@f/y");
  EXPECT_EQ(without_secrets("abfs://container@account/x"), "abfs://container@account/x");
  EXPECT_EQ(without_secrets("http://localhost:80/x"), "http://localhost:80/x");
  EXPECT_EQ(without_secrets("no uri"), "no uri");
}

TEST(Uri, SecretParametersAreNotShown) {
  EXPECT_EQ(without_secrets("abfs://c@a/x?sv=2021&sig=a%2Fb%3D&se=2030"), "abfs://c@a/x?sv=2021&sig=***&se=2030");
  EXPECT_EQ(without_secrets("abfs://c@a/x?client_id=i&client_secret=s -o y"),
            "abfs://c@a/x?client_id=i&client_secret=*** -o y");
  EXPECT_EQ(without_secrets("GET 'http://a/x?SIG=b,c' failed. sig=d"), "GET 'http://a/x?SIG=***' failed. sig=d");
  EXPECT_EQ(without_secrets("s3://b/x?region=eu&X-Amz-Signature=f"), "s3://b/x?region=eu&X-Amz-Signature=***");
  EXPECT_EQ(without_secrets("s3://b/x?region=eu&scheme=http"), "s3://b/x?region=eu&scheme=http");
}

}  // namespace
}  // namespace scoria::arrowio
