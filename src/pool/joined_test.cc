#include "pool/joined.h"

#include <gtest/gtest.h>

namespace scoria::pool {
namespace {

TEST(JoinedProvider, RefusesToMakeNodes) {
  JoinedProvider provider;
  const auto asked = provider.request({.pool = "field", .node = "n1"});
  ASSERT_FALSE(asked.ok());
  EXPECT_EQ(asked.error().code, Code::denied);
  EXPECT_TRUE(provider.status().empty());
}

}  // namespace
}  // namespace scoria::pool
