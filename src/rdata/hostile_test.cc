// Hostile and damaged streams: an Error, soon, and without memory for what is not there.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <random>

#include "base/compress_for_tests.h"
#include "base/file.h"
#include "rdata/reader.h"
#include "rdata/stream_for_tests.h"

namespace scoria::rdata {
namespace {

std::vector<std::pair<std::string, std::string>> small_streams() {  // name, inflated
  std::vector<std::pair<std::string, std::string>> streams;
  const std::filesystem::path folder = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/rdata";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.find(".v") == std::string::npos || name.starts_with("long")) continue;
    auto file = FileBytes::open(entry.path());
    if (!file.ok()) continue;
    auto inflated = decompress(file.value().bytes());
    if (inflated.ok()) streams.emplace_back(name, std::move(inflated).value());
  }
  std::sort(streams.begin(), streams.end());
  return streams;
}

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(Hostile, EveryTruncationIsAnError) {
  std::size_t streams = 0;
  for (const auto& [name, stream] : small_streams()) {
    if (stream.size() > 20'000) continue;
    ++streams;
    // Ascii ends in a number and a line end: without its last bytes it may still be whole.
    const std::size_t certain =
        name.find("ascii") != std::string::npos || name.find("hex") != std::string::npos ? 8 : 0;
    for (std::size_t size = 0; size + certain < stream.size(); ++size) {
      ASSERT_FALSE(read(as_bytes(std::string_view(stream).substr(0, size))).ok()) << name << " cut at " << size;
    }
  }
  EXPECT_GT(streams, 40u);
}

TEST(Hostile, FlippedBitsNeverCrash) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RecordProperty("seed", static_cast<int>(seed));
  std::mt19937 random(seed);
  ReadLimits limits;
  limits.max_bytes = 64 << 20;
  std::size_t read_well = 0;
  for (const auto& [name, stream] : small_streams()) {
    for (int round = 0; round < 200; ++round) {
      std::string damaged = stream;
      for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
        const std::size_t at = random() % damaged.size();
        damaged[at] = static_cast<char>(damaged[at] ^ 1 << random() % 8);
      }
      SCOPED_TRACE(name);
      if (read(as_bytes(damaged), limits).ok()) ++read_well;
    }
  }
  EXPECT_GT(read_well, 0u);  // a flip within a number is no damage that can be seen
}

TEST(Hostile, AFewBytesThatClaimATrillionElementsAreRefusedWithoutMemory) {
  const long before = peak_kilobytes();
  for (const std::int32_t type : {sexp::kLogical, sexp::kInteger, sexp::kReal, sexp::kComplex, sexp::kCharacter,
                                  sexp::kList, sexp::kExpression, sexp::kRaw}) {
    const auto document = read(Stream().words({type, -1, 1 << 8, 0}).bytes());
    ASSERT_FALSE(document.ok());
    EXPECT_EQ(document.error().code, Code::corrupt);
    EXPECT_NE(document.error().message.find("claims 1099511627776 elements"), std::string::npos)
        << document.error().message;
  }
  EXPECT_LT(peak_kilobytes() - before, 10'000);
}

TEST(Hostile, AnAsciiVectorThatClaimsMoreThanItHoldsIsRefused) {
  const auto document = read(as_bytes("A\n2\n262658\n131840\n14\n1000000\n1\n2\n"));
  ASSERT_FALSE(document.ok());
  EXPECT_NE(document.error().message.find("claims 1000000 elements"), std::string::npos) << document.error().message;
}

// Each level is what begins another: lists, values of pairlists, tags, attributes, enclosures, byte code.
class DeepNesting : public testing::TestWithParam<std::pair<const char*, std::vector<std::int32_t>>> {};
INSTANTIATE_TEST_SUITE_P(
    All, DeepNesting,
    testing::Values(std::pair("lists", std::vector<std::int32_t>{sexp::kList, 1}),
                    std::pair("expressions", std::vector<std::int32_t>{sexp::kExpression, 1}),
                    std::pair("pairlists", std::vector<std::int32_t>{sexp::kPairlist}),
                    std::pair("calls", std::vector<std::int32_t>{sexp::kLanguage}),
                    std::pair("tags", std::vector<std::int32_t>{sexp::kPairlist | sexp::kTagFlag}),
                    std::pair("attributes", std::vector<std::int32_t>{sexp::kInteger | sexp::kAttributesFlag, 0}),
                    std::pair("closures", std::vector<std::int32_t>{sexp::kClosure}),
                    std::pair("environments", std::vector<std::int32_t>{sexp::kEnvironment, 0}),
                    std::pair("pointers", std::vector<std::int32_t>{sexp::kExternalPointer}),
                    std::pair("altrep", std::vector<std::int32_t>{sexp::kAltrep}),
                    std::pair("bytecode", std::vector<std::int32_t>{sexp::kBytecode, 0}),
                    std::pair("string_attributes",
                              std::vector<std::int32_t>{sexp::kCharacter, 1,
                                                        sexp::kCharacterElement | sexp::kAttributesFlag, 0})),
    [](const auto& param_info) { return std::string(param_info.param.first); });

TEST_P(DeepNesting, IsRefusedAtTheLimit) {
  Stream stream;
  for (int depth = 0; depth < 20'000; ++depth) {
    for (const std::int32_t word : GetParam().second) stream.word(word);
  }
  const auto document = read(stream.bytes());
  ASSERT_FALSE(document.ok());
  EXPECT_EQ(code_name(document.error().code), "too_large") << document.error().message;
}

// 300,000 levels: the machine's stack plays no part in it.
TEST_P(DeepNesting, IsHeldOffTheMachinesStack) {
  Stream stream;
  for (int depth = 0; depth < 300'000; ++depth) {
    for (const std::int32_t word : GetParam().second) stream.word(word);
  }
  const auto document = read(stream.bytes(), {.max_depth = 100'000'000});
  ASSERT_FALSE(document.ok());
  EXPECT_EQ(code_name(document.error().code), "corrupt") << document.error().message;  // it ends too early
}

TEST(Hostile, TheDefaultDepthIsReadable) {
  Stream stream;
  for (int depth = 0; depth < 9'999; ++depth) stream.words({sexp::kList, 1});
  EXPECT_TRUE(read(stream.null().bytes()).ok());
}

TEST(Hostile, MoreValuesThanTheLimitAreTooLarge) {
  Stream stream;
  stream.words({sexp::kList, 1000});
  for (int i = 0; i < 1000; ++i) stream.integer(i);
  const auto document = read(stream.bytes(), {.max_values = 100});
  ASSERT_FALSE(document.ok());
  EXPECT_NE(document.error().message.find("max_values"), std::string::npos) << document.error().message;
}

TEST(Hostile, NestedByteCodeTablesTogetherStayBelowTheStream) {
  Stream stream;
  for (int depth = 0; depth < 1000; ++depth) stream.words({sexp::kBytecode, 1000});
  const auto document = read(stream.bytes());
  ASSERT_FALSE(document.ok());
  EXPECT_NE(document.error().message.find("shared cells, more than can follow"), std::string::npos)
      << document.error().message;
}

// A long tail that many calls share: copying it each time would make 3 * 10^8 cells of 300 kB.
TEST(Hostile, SharedByteCodeTailsCannotMultiply) {
  Stream stream;
  stream.words({sexp::kBytecode, 2}).integer(12).word(10'001);
  stream.words({sexp::kLanguage}).null().word(0).symbol("f");
  stream.words({sexp::kSharedDefinition, 1});
  for (int i = 0; i < 10'000; ++i) stream.words({sexp::kPairlist}).null().word(0).null();
  stream.word(0).null();
  for (int i = 0; i < 10'000; ++i)
    stream.words({sexp::kLanguage}).null().word(0).null().words({sexp::kSharedReference, 1});
  const auto document = read(stream.bytes());
  ASSERT_FALSE(document.ok());
  EXPECT_NE(document.error().message.find("outgrow the stream"), std::string::npos) << document.error().message;
}

TEST(Hostile, ACompressedBombIsRefusedByItsRatio) {
  std::string stream = Stream().words({sexp::kRaw, 50 << 20}).text();
  stream.resize(stream.size() + (50 << 20));
  ReadLimits limits;
  limits.decompress.max_ratio = 500;
  for (const std::string& bytes : {gzip(stream), lzma_for_tests(stream, true), zstd_for_tests(stream)}) {
    const auto document = read(as_bytes(bytes), limits);
    ASSERT_FALSE(document.ok());
    EXPECT_EQ(document.error().code, Code::too_large) << document.error().message;
  }
}

}  // namespace
}  // namespace scoria::rdata
