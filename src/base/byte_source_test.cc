#include "base/byte_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/codec.h"
#include "base/compress_for_tests.h"
#include "base/file.h"

namespace scoria {
namespace {

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// Compresses neither well nor badly, and spans several read buffers.
std::string sample(std::size_t size = 700'000) {
  std::string text;
  for (std::uint32_t state = 1; text.size() < size; state = state * 1664525u + 1013904223u) {
    text += std::to_string(state >> 20) + ",";
  }
  return text;
}

std::string compressed(Compression compression, std::string_view text) {
  switch (compression) {
    case Compression::none: return std::string(text);
    case Compression::gzip: return gzip(text);
    case Compression::bzip2: return bzip2_for_tests(text);
    case Compression::xz: return lzma_for_tests(text, true);
    case Compression::lzma: return lzma_for_tests(text, false);
    case Compression::zstd: return zstd_for_tests(text);
    case Compression::lz4: return lz4_for_tests(text);
    case Compression::zlib: return zlib_for_tests(text);
  }
  return {};
}

Result<std::string> read_all(ByteSource& source, std::size_t piece) {
  std::string out;
  std::string buffer(piece, '\0');
  for (;;) {
    SCORIA_TRY(count, source.read(buffer));
    if (count == 0) return out;
    out.append(buffer, 0, count);
  }
}

class EveryCompression : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(All, EveryCompression,
                         testing::Values(Compression::none, Compression::gzip, Compression::bzip2, Compression::xz,
                                         Compression::lzma, Compression::zstd, Compression::lz4),
                         [](const auto& param_info) { return std::string(compression_name(param_info.param)); });

TEST_P(EveryCompression, IsRecognisedByItsFirstBytes) {
  EXPECT_EQ(detect_compression(as_bytes(compressed(GetParam(), "some text, long enough"))), GetParam());
}

TEST_P(EveryCompression, DecompressGivesTheBytesBack) {
  const std::string text = sample();
  auto out = decompress(as_bytes(compressed(GetParam(), text)));
  ASSERT_TRUE(out.ok()) << out.error().message;
  EXPECT_EQ(out.value(), text);
}

TEST_P(EveryCompression, NothingComesBackAsNothing) {
  auto out = decompress(as_bytes(compressed(GetParam(), "")));
  ASSERT_TRUE(out.ok()) << out.error().message;
  EXPECT_EQ(out.value(), "");
}

TEST_P(EveryCompression, AFileGivesTheSameInPiecesOfAnySize) {
  const std::string text = sample(300'000);
  const std::filesystem::path path = testing::TempDir() + "scoria-source-" + std::string(compression_name(GetParam()));
  ASSERT_TRUE(write_file(path, compressed(GetParam(), text)).ok());
  for (const std::size_t piece : {1u, 4096u, 1u << 20}) {
    auto source = open_source(path);
    ASSERT_TRUE(source.ok());
    auto out = read_all(*source.value(), piece);
    ASSERT_TRUE(out.ok()) << out.error().message;
    EXPECT_EQ(out.value(), text);
  }
  std::filesystem::remove(path);
}

TEST_P(EveryCompression, GrowthBeyondTheByteLimitIsTooLarge) {
  auto out = decompress(as_bytes(compressed(GetParam(), sample())), {.max_bytes = 100'000});
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code, Code::too_large);
}

TEST_P(EveryCompression, AFlippedByteNeverCrashes) {
  const std::string text = sample(3000);
  const std::string whole = compressed(GetParam(), text);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    (void)decompress(as_bytes(damaged), {.max_bytes = 1 << 20});  // any answer will do
  }
}

class EveryRealCompression : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(All, EveryRealCompression,
                         testing::Values(Compression::gzip, Compression::bzip2, Compression::xz, Compression::lzma,
                                         Compression::zstd, Compression::lz4),
                         [](const auto& param_info) { return std::string(compression_name(param_info.param)); });

TEST_P(EveryRealCompression, ABombIsRefusedByItsRatio) {
  const std::string bomb = compressed(GetParam(), std::string(20 << 20, '\0'));
  auto out = decompress(as_bytes(bomb), {.max_bytes = 1ull << 40, .max_ratio = 100});
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code, Code::too_large);
  EXPECT_NE(out.error().message.find("100 times"), std::string::npos) << out.error().message;
}

TEST_P(EveryRealCompression, ATruncatedStreamIsAnErrorAtEveryLength) {
  const std::string whole = compressed(GetParam(), sample(2000));
  // Shorter than its magic it is not recognised.
  for (std::size_t size = GetParam() == Compression::lzma ? 13 : 6; size < whole.size(); ++size) {
    auto out = decompress(as_bytes(std::string_view(whole).substr(0, size)));
    ASSERT_FALSE(out.ok()) << size;
    EXPECT_EQ(out.error().code, Code::corrupt) << out.error().message;
  }
}

TEST_P(EveryRealCompression, OtherBytesBehindTheEndAreCorrupt) {
  auto out = decompress(as_bytes(compressed(GetParam(), "text") + "garbage"));
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code, Code::corrupt);
}

class SeveralMembers : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(All, SeveralMembers,
                         testing::Values(Compression::gzip, Compression::bzip2, Compression::xz, Compression::zstd,
                                         Compression::lz4),
                         [](const auto& param_info) { return std::string(compression_name(param_info.param)); });

TEST_P(SeveralMembers, AreReadAsOne) {
  const std::string whole = compressed(GetParam(), "one,") + compressed(GetParam(), "") + compressed(GetParam(), "two");
  auto out = decompress(as_bytes(whole));
  ASSERT_TRUE(out.ok()) << out.error().message;
  EXPECT_EQ(out.value(), "one,two");
}

TEST(Gzip, ZeroPaddingBehindTheLastMemberIsSkipped) {
  auto out = decompress(as_bytes(gzip("text") + std::string(1000, '\0')));
  ASSERT_TRUE(out.ok()) << out.error().message;
  EXPECT_EQ(out.value(), "text");
}

TEST(Gzip, AFalseSizeInTheTrailerIsCorrupt) {
  std::string bytes = gzip(sample(5000));
  bytes[bytes.size() - 2] = '\x7F';
  auto out = decompress(as_bytes(bytes));
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code, Code::corrupt);
}

TEST(Gzip, AHundredMegabytesOfZerosAreWithinTheDefaultRatio) {
  const std::string zeros(100 << 20, '\0');
  auto out = decompress(as_bytes(gzip(zeros)));
  ASSERT_TRUE(out.ok()) << out.error().message;
  EXPECT_EQ(out.value().size(), zeros.size());
}

TEST(Xz, AHeaderThatAsksForHugeMemoryIsTooLarge) {
  std::string bytes = lzma_for_tests("text", false);
  for (std::size_t i = 1; i <= 4; ++i) bytes[i] = '\xFF';  // a dictionary of 4 GiB
  auto out = decompress(as_bytes(bytes));
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code, Code::too_large) << out.error().message;
}

TEST(Detection, TextAndShortHeadsAreNotCompressed) {
  for (const std::string_view text :
       {"", "B", "BZ", "BZhello", "\x1F", "X\n", "]text that is long enough", "week,sales"}) {
    EXPECT_EQ(detect_compression(as_bytes(text)), Compression::none) << text;
  }
}

TEST(Zlib, IsDecompressedWhereItIsAskedFor) {
  const std::string text = sample();
  for (const int level : {0, 1, 3, 6, 9}) {
    const std::string bytes = zlib_for_tests(text, level);
    EXPECT_TRUE(looks_like_zlib(as_bytes(bytes)));
    auto out = decompress(as_bytes(bytes), Compression::zlib, {});
    ASSERT_TRUE(out.ok()) << out.error().message;
    EXPECT_EQ(out.value(), text);
  }
}

TEST(Zlib, ABombAndATruncatedStreamAreErrors) {
  const std::string bomb = zlib_for_tests(std::string(20 << 20, '\0'));
  EXPECT_EQ(decompress(as_bytes(bomb), Compression::zlib, {.max_ratio = 100}).error().code, Code::too_large);
  const std::string whole = zlib_for_tests(sample(2000));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_FALSE(decompress(as_bytes(std::string_view(whole).substr(0, size)), Compression::zlib, {}).ok()) << size;
  }
}

TEST(Zlib, DoesNotTakeATextForItself) { EXPECT_EQ(detect_compression(as_bytes("x^2,y\n1,2\n")), Compression::none); }

TEST(Source, AMissingFileIsNotFoundAndNamed) {
  auto source = open_source("/nowhere/x.csv");
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code, Code::not_found);
  EXPECT_NE(source.error().message.find("/nowhere/x.csv"), std::string::npos);
}

TEST(Source, AFolderIsRefused) { EXPECT_EQ(open_source("/").error().code, Code::invalid); }

TEST(Source, ADamagedFileIsNamed) {
  const std::filesystem::path path = testing::TempDir() + "scoria-damaged.gz";
  ASSERT_TRUE(write_file(path, gzip(sample(5000)).substr(0, 500)).ok());
  auto source = open_source(path);
  ASSERT_TRUE(source.ok());
  auto out = read_all(*source.value(), 4096);
  ASSERT_FALSE(out.ok());
  EXPECT_NE(out.error().message.find(path.string()), std::string::npos) << out.error().message;
  std::filesystem::remove(path);
}

TEST(Source, StandardInputIsReadByADash) {
  const std::string text = sample(50'000);  // fits a pipe once compressed
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string bytes = gzip(text);
  ASSERT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ::close(ends[1]);
  const int saved = ::dup(STDIN_FILENO);
  ::dup2(ends[0], STDIN_FILENO);
  auto source = open_source("-");
  ASSERT_TRUE(source.ok());
  auto out = read_all(*source.value(), 1000);
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  ::close(ends[0]);
  ASSERT_TRUE(out.ok()) << out.error().message;
  EXPECT_EQ(out.value(), text);
}

TEST(Source, MemoryGivesItsBytes) {
  auto source = memory_source(as_bytes("abc"));
  auto out = read_all(*source, 2);
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out.value(), "abc");
}

}  // namespace
}  // namespace scoria
