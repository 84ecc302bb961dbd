#include "rdata/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/na.h"
#include "rdata/dump_for_tests.h"
#include "rdata/reader.h"
#include "rdata/stream_for_tests.h"

namespace scoria::rdata {
namespace {

using testing::HasSubstr;

struct Way {
  int version;
  WriteFormat format;
  bool gzip;
};

class EveryWay : public testing::TestWithParam<Way> {
 protected:
  static Result<Document> rewritten(const Value& value) {
    SCORIA_TRY(bytes,
               write(value, {.version = GetParam().version, .format = GetParam().format, .gzip = GetParam().gzip}));
    return read(as_bytes(bytes));
  }
};
INSTANTIATE_TEST_SUITE_P(All, EveryWay,
                         testing::Values(Way{2, WriteFormat::xdr, false}, Way{3, WriteFormat::xdr, true},
                                         Way{2, WriteFormat::ascii, true}, Way{3, WriteFormat::ascii, false}),
                         [](const auto& param_info) {
                           return (param_info.param.format == WriteFormat::xdr ? "xdr" : "ascii") +
                                  std::to_string(param_info.param.version);
                         });

TEST_P(EveryWay, WhatRWroteReadsBackTheSame) {
  const std::filesystem::path folder = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/rdata";
  // The hex files: ascii keeps no payload of a NaN, so there is none to lose.
  for (const char* name : {"vectors.hex.v3.gz", "structures.xdr.v3.gz", "language.xdr.v3.gz", "functions.xdr.v3.gz",
                           "objects.xdr.v3.gz", "altrep.ascii.v3.gz", "long_pairlist.xdr.v3.gz", "promise.xdr.v3.gz"}) {
    auto file = FileBytes::open(folder / name);
    ASSERT_TRUE(file.ok());
    const auto document = read(file.value().bytes());
    ASSERT_TRUE(document.ok()) << document.error().message;
    const auto again = rewritten(document.value().root());
    ASSERT_TRUE(again.ok()) << name << ": " << again.error().message;
    EXPECT_EQ(dump_for_tests(again.value().root()), dump_for_tests(document.value().root())) << name;
    EXPECT_EQ(again.value().unread_bytes, 0u);
    EXPECT_EQ(again.value().version, GetParam().version);
  }
}

TEST_P(EveryWay, AnEnvironmentIsWrittenOnce) {
  const auto document = read(Stream()
                                 .words({sexp::kList, 2, sexp::kEnvironment, 1, sexp::kEmptyEnvironment})
                                 .word(sexp::kPairlist | sexp::kTagFlag)
                                 .symbol("self")
                                 .word(1 << 8 | sexp::kReference)
                                 .null()
                                 .null()
                                 .null()
                                 .word(1 << 8 | sexp::kReference)
                                 .bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  const auto again = rewritten(document.value().root());
  ASSERT_TRUE(again.ok()) << again.error().message;
  const Value& environment = *again.value().root().items[0];
  EXPECT_TRUE(environment.is_locked);
  EXPECT_EQ(member(environment, "self"), &environment);
  EXPECT_EQ(again.value().root().items[1], &environment);
}

TEST_P(EveryWay, DepthCostsNoMachineStack) {
  Stream stream;
  for (int depth = 0; depth < 300'000; ++depth) stream.words({sexp::kList, 1});
  const auto document = read(stream.null().bytes(), {.max_depth = 400'000});
  ASSERT_TRUE(document.ok());
  EXPECT_TRUE(write(document.value().root(), {.version = GetParam().version, .format = GetParam().format}).ok());
}

TEST(Write, XdrKeepsThePayloadOfANaN) {
  const auto document =
      read(Stream().words({sexp::kReal, 2}).real(na_real()).real(std::bit_cast<double>(0x7FF8000000001234ull)).bytes());
  const auto again = write(document.value().root(), {.gzip = false});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(dump_for_tests(read(as_bytes(again.value())).value().root()),
            "root: double [2] 7ff00000000007a2 7ff8000000001234\n");
}

TEST(Write, AnExternalPointerIsNamedAndRefused) {
  const auto document = read(Stream().words({sexp::kList, 1, sexp::kExternalPointer}).null().null().bytes());
  ASSERT_TRUE(document.ok());
  const auto bytes = write(document.value().root());
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, Code::unsupported);
  EXPECT_THAT(bytes.error().message, HasSubstr("external pointer"));
}

// Thirty calls, each of the one before, twice: a billion leaves when written out.
TEST(Write, SharedPartsThatUnfoldWithoutEndAreTooLarge) {
  Stream stream;
  stream.word(sexp::kClosure).null().words({sexp::kBytecode, 31}).integer(12).word(31);
  for (std::int32_t depth = 1; depth <= 30; ++depth) {
    stream.words({sexp::kSharedDefinition, depth, sexp::kLanguage}).null();
    for (int twice = 0; twice < 2; ++twice) {
      if (twice == 1) stream.word(sexp::kPairlist).null();
      if (depth == 1) {
        stream.word(0).null();
      } else {
        stream.words({sexp::kSharedReference, depth - 1});
      }
    }
    stream.word(0).null();
  }
  stream.words({sexp::kSharedReference, 30});
  const auto document = read(stream.bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  const Value* deepest = document.value().root().body->items[30];
  const auto bytes = write(*deepest, {.gzip = false, .max_bytes = 10 << 20});
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, Code::too_large) << bytes.error().message;
}

TEST(Write, AnotherVersionIsInvalid) { EXPECT_EQ(write(Value{}, {.version = 4}).error().code, Code::invalid); }

TEST(Write, AValueMadeByHandReadsBack) {
  const double reals[] = {0.1, -0.0, 1e300};
  Value value;
  value.kind = Kind::real;
  value.reals = reals;
  const auto bytes = write(value, {.format = WriteFormat::ascii, .gzip = false});
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes.value(), "A\n3\n197888\n197888\n5\nUTF-8\n14\n3\n0.1\n-0\n1e+300\n");
}

}  // namespace
}  // namespace scoria::rdata
