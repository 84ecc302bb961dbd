#include "rdata/reader.h"

#include <gtest/gtest.h>

#include <string_view>

namespace scoria::rdata {
namespace {

TEST(Read, AnAsciiStreamOfOneDouble) {
  const std::string_view stream = "A\n2\n262658\n131840\n14\n1\n0.5\n";
  auto document = read(std::as_bytes(std::span(stream)));
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document.value().writer, "4.2.2");
  ASSERT_EQ(document.value().root().reals.size(), 1u);
  EXPECT_EQ(document.value().root().reals[0], 0.5);
}

}  // namespace
}  // namespace scoria::rdata
