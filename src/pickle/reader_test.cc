// What the machine makes of single instructions, beyond what Python's own writers produce.
#include "pickle/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/compress_for_tests.h"
#include "pickle/dump_for_tests.h"
#include "pickle/stream_for_tests.h"

namespace scoria::pickle {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The dump of what `pickle` holds, without its last line end; the error where there is one.
std::string dump_of(std::string_view pickle) {
  const auto document = read(as_bytes(pickle));
  if (!document.ok()) return document.error().message;
  std::string dump = dump_for_tests(document.value().root());
  dump.pop_back();
  return dump;
}
std::string dump_of_body(std::string_view body) { return dump_of(stream(body)); }

TEST(Reader, TakesNothingElseForAPickle) {
  for (const std::string_view other :
       {"", ".", "N.", "week,sales\n", "category\n1\n2\n", "X\n\0\0\0\3", "{\"json\": 1}", "\x80", "\x80\x01N.",
        "PK\x03\x04", "(first line\n", "x^2,y\n1,2\n"}) {
    EXPECT_FALSE(is_pickle(as_bytes(other))) << other;
    EXPECT_THAT(error_of(other), StartsWith("invalid: this is no pickle")) << other;
  }
}

TEST(Reader, KnowsAPickleInEveryContainer) {
  const std::string plain = stream(text("inside"));
  for (const std::string& file :
       {plain, gzip(plain), zlib_for_tests(plain, 1), zlib_for_tests(plain, 9), bzip2_for_tests(plain),
        lzma_for_tests(plain, true), lzma_for_tests(plain, false), lz4_for_tests(plain), zstd_for_tests(plain)}) {
    EXPECT_TRUE(is_pickle(as_bytes(file)));
    EXPECT_EQ(dump_of(file), "str \"inside\"");
  }
}

TEST(Reader, RefusesTheCompressionOfOldJoblib) {
  EXPECT_THAT(error_of("ZF0x1f                " + zlib_for_tests(stream("N"))), HasSubstr("joblib before 0.10"));
}

TEST(Reader, CountsWhatFollowsTheObject) {
  const auto document = read(as_bytes(stream("N") + "more"));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document.value().unread_bytes, 4u);
}

TEST(Reader, NamesTheByteThatIsWrong) {
  EXPECT_THAT(error_of(stream("NN0\xfe")), HasSubstr("there is no instruction 254 (at byte 5)"));
}

TEST(Reader, TextsOfProtocol0HaveTheirEscapes) {
  EXPECT_EQ(dump_of("(lp0\nVcaf\xe9 \\u20ac\\U0001f600 \\n\\\\u0041\np1\na."),
            "list 1\n str \"caf\\xc3\\xa9\\x20\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80\\x20\\x5cn\\x5c\\x5cu0041\"");
  EXPECT_EQ(dump_of("(lS'a\\n\\x00\\'\\101\\q'\na."), "list 1\n narrow \"a\\x0a\\x00'A\\x5cq\"");
  EXPECT_EQ(dump_of("(lS\"it's\"\na."), "list 1\n narrow \"it's\"");
  for (const std::string_view line : {"Sx\n", "S'x\n", "S'\\x4'\n", "S'\\'\n", "V\\u12\n", "V\\U00110000\n", "S\n"}) {
    EXPECT_NE(error_of("(l" + std::string(line) + "a."), "") << line;
  }
}

TEST(Reader, NumbersOfProtocol0) {
  EXPECT_EQ(
      dump_of("(lI01\naI00\naI1\naI-12\naL12L\naL-340282366920938463463374607431768211456L\naF1.5\naF-inf\naFnan\na."),
      "list 9\n bool 1\n bool 0\n int 1\n int -12\n int 12\n int -340282366920938463463374607431768211456\n float "
      "3ff8000000000000\n float fff0000000000000\n float nan");
  for (const std::string_view line : {"I\n", "Ix\n", "I1.5\n", "L\n", "LL\n", "F\n", "F1,5\n", "Fx\n"}) {
    EXPECT_NE(error_of("(l" + std::string(line) + "a."), "") << line;
  }
  EXPECT_THAT(error_of("(lL" + std::string(4301, '9') + "L\na."),
              StartsWith("too_large: a whole number of 4301 digits"));
}

TEST(Reader, IntegersOfAnyWidth) {
  const auto long1 = [](std::string_view bytes) {
    return "\x8a" + std::string(1, static_cast<char>(bytes.size())) + std::string(bytes);
  };
  EXPECT_EQ(dump_of_body(long1("")), "int 0");
  EXPECT_EQ(dump_of_body(long1("\xff")), "int -1");
  EXPECT_EQ(dump_of_body(long1(std::string("\xff\x00", 2))), "int 255");
  EXPECT_EQ(dump_of_body(long1(std::string("\0\0\0\0\0\0\0\x80", 8))), "int -9223372036854775808");
  EXPECT_EQ(dump_of_body(long1(std::string("\0\0\0\0\0\0\0\x80\0", 9))), "int 9223372036854775808");
  EXPECT_EQ(dump_of_body(long1(std::string(9, '\xff'))), "int -1");
}

TEST(Reader, OldInstancesAndAttributesWithSlots) {
  EXPECT_EQ(dump_of("(I1\nisklearn.svm\nSVC\n."), "object sklearn.svm.SVC\n arguments\n  tuple 1\n   int 1");
  const auto document =
      read(as_bytes(stream(global("sklearn.svm", "SVC") + ")\x81}" + text("a") + "K\x01s}" + text("b") +
                           "K\x02s\x86"
                           "b")));
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(attribute(document.value().root(), "a")->integer, 1);
  EXPECT_EQ(attribute(document.value().root(), "b")->integer, 2);
  EXPECT_EQ(attribute(document.value().root(), "c"), nullptr);
}

TEST(Reader, ALaterEntryReplacesAnEarlierOne) {
  const auto document = read(as_bytes(stream("}" + text("a") + "K\x01s" + text("a") + "K\x02s")));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(member(document.value().root(), "a")->integer, 2);
}

TEST(Reader, AnObjectThatExtendsListOrDictKeepsItsItems) {
  EXPECT_EQ(dump_of_body(global("sklearn.utils", "Bunch") + ")R(" + text("k") +
                         "K\x01u]"
                         "0" +
                         "(K\x02"
                         "e"),
            "object sklearn.utils.Bunch\n elements\n  list 1\n   int 2\n entries\n  dict 1\n   str \"k\"\n    int 1");
}

TEST(Reader, AStateIsGivenOnce) {
  EXPECT_THAT(error_of(stream(global("sklearn.svm", "SVC") + ")\x81}b}b")), HasSubstr("given its state twice"));
}

TEST(Reader, TextsMustBeUtf8) {
  EXPECT_THAT(error_of(stream(text("\xff"))), HasSubstr("not UTF-8: '\\xff'"));
  for (const std::string_view bad :
       {"\xc0\x80", "\xe0\x80\x80", "\xf5\x80\x80\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
    EXPECT_NE(error_of(stream(text(bad))), "") << bad;
  }
}

}  // namespace
}  // namespace scoria::pickle
