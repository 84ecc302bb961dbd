#include "serve/inflated_body.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace scoria::serve {
namespace {

// By zlib itself. window_bits: 15 zlib's form, 31 gzip's.
std::string deflated(std::string_view bytes, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

Result<std::string> inflate(std::string_view coding, std::string_view bytes, std::size_t piece = 1u << 30,
                            std::uint64_t most = 1u << 20) {
  SCORIA_TRY(sink, InflatedBody::open(coding, most));
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    SCORIA_TRY_STATUS(sink->write(std::as_bytes(std::span(bytes.substr(0, piece)))));
  }
  return InflatedBody::of(*sink).take();
}

std::string rows() {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += R"({"crim":)" + std::to_string(i * 7919 % 1009) + R"(,"zn":18},)";
  return text;
}

TEST(InflatedBody, InflatesWhatZlibAndZstdMade) {
  for (const auto& [coding, bytes] : {std::pair<std::string, std::string>("gzip", deflated(rows(), 31)),
                                      {"X-GZIP", deflated(rows(), 31)},
                                      {"deflate", deflated(rows(), 15)},
                                      {"zstd", zstd(rows())}}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, std::size_t{1} << 30}) {
      const auto inflated = inflate(coding, bytes, piece);
      ASSERT_TRUE(inflated.ok()) << coding << " by " << piece << ": " << inflated.error().message;
      EXPECT_EQ(inflated.value(), rows());
    }
  }
}

TEST(InflatedBody, ReadsGzipMembersBehindEachOther) {
  EXPECT_EQ(inflate("gzip", deflated("one,", 31) + deflated("two", 31)).value(), "one,two");
}

TEST(InflatedBody, RefusesWhatGrowsTooFar) {
  const std::string zeros(900'000, '0');
  EXPECT_EQ(inflate("gzip", deflated(zeros, 31)).error().code, Code::too_large);  // a thousand times its size
  EXPECT_EQ(inflate("zstd", zstd(zeros)).error().code, Code::too_large);
  EXPECT_EQ(inflate("gzip", deflated(rows(), 31), 1u << 30, 10'000).error().code, Code::too_large);
  EXPECT_EQ(inflate("gzip", deflated(std::string(50'000, '0'), 31)).value().size(), 50'000u);
}

TEST(InflatedBody, FindsWhatIsBrokenOrCutOff) {
  const std::string whole = deflated(rows(), 31);
  EXPECT_EQ(inflate("gzip", whole.substr(0, whole.size() / 2)).error().code, Code::corrupt);
  EXPECT_EQ(inflate("gzip", whole.substr(0, whole.size() - 1)).error().code, Code::corrupt);
  std::string changed = whole;
  changed[changed.size() / 2] ^= 0x40;
  EXPECT_EQ(inflate("gzip", changed).error().code, Code::corrupt);
  EXPECT_EQ(inflate("gzip", whole + "more").error().code, Code::corrupt);
  EXPECT_EQ(inflate("zstd", whole).error().code, Code::corrupt);
  EXPECT_EQ(inflate("gzip", "").error().code, Code::corrupt);
}

TEST(InflatedBody, NamesTheCodingsThatAreRead) {
  const auto refused = InflatedBody::open("br", 100);
  EXPECT_EQ(refused.error().code, Code::unsupported);
  EXPECT_NE(refused.error().message.find("'br'; gzip, deflate and zstd"), std::string::npos);
  EXPECT_FALSE(InflatedBody::open("gzip, gzip", 100).ok());
}

}  // namespace
}  // namespace scoria::serve
