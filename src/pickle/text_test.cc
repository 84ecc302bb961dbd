#include "pickle/text.h"

#include <gtest/gtest.h>

namespace scoria::pickle {
namespace {

TEST(BigInteger, GoesToDigitsAndBack) {
  for (const std::string digits :
       {"0", "1", "-1", "127", "128", "-128", "-129", "255", "256", "9223372036854775807", "9223372036854775808",
        "-9223372036854775809", "1000000000", "-1000000000", "340282366920938463463374607431768211456"}) {
    const auto bytes = big_integer_bytes(digits);
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(big_integer_text(bytes.value()), digits);
  }
}

TEST(BigInteger, TakesNoMoreBytesThanItsSignNeeds) {
  EXPECT_EQ(big_integer_bytes("127").value(), "\x7f");
  EXPECT_EQ(big_integer_bytes("128").value(), std::string("\x80\0", 2));
  EXPECT_EQ(big_integer_bytes("-128").value(), "\x80");
  EXPECT_EQ(big_integer_bytes("-1").value(), "\xff");
}

TEST(BigInteger, BeyondPythonsLimitIsCountedOnly) {
  EXPECT_EQ(big_integer_text(std::string(5000, '\x7f')), "an integer of 5000 bytes");
}

TEST(Latin1, HoldsWhatFits) {
  EXPECT_EQ(to_latin1("a\xc3\xbf").value(), "a\xff");
  EXPECT_FALSE(to_latin1("\xc4\x80").ok());
}

TEST(Escaped, IsPrintableAndCut) {
  EXPECT_EQ(escaped("a\n\x1b[31m\xff\\", 100), "a\\n\\x1b[31m\\xff\\\\");
  EXPECT_EQ(escaped("abcdef", 3), "abc...");
}

TEST(Utf8, EncodesEveryLength) {
  std::string out;
  for (const std::uint32_t code_point : {0x41u, 0xE9u, 0x20ACu, 0x1F600u}) append_utf8(code_point, out);
  EXPECT_EQ(out, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_TRUE(is_utf8(out));
  EXPECT_TRUE(is_utf8("\xed\xa0\x80"));  // a lone surrogate, which Python writes
}

}  // namespace
}  // namespace scoria::pickle
