#include "base/checksum.h"

#include <gtest/gtest.h>

#include <string_view>

namespace scoria {
namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Checksum, IsTheOneThatTheCatalogueOfChecksGivesForItsSample) { EXPECT_EQ(crc32(bytes("123456789")), 0xCBF43926u); }

TEST(Checksum, OfPiecesIsThatOfTheWhole) { EXPECT_EQ(crc32(bytes("6789"), crc32(bytes("12345"))), 0xCBF43926u); }

TEST(Checksum, OfNothingBehindSomethingIsThatOfTheSomething) {
  EXPECT_EQ(crc32({}, crc32(bytes("12345"))), crc32(bytes("12345")));
}

}  // namespace
}  // namespace scoria
