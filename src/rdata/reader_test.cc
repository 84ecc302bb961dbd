// Streams written by hand: what R writes seldom or never, and what it must not contain.
#include "rdata/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/na.h"
#include "rdata/dump_for_tests.h"
#include "rdata/stream_for_tests.h"

namespace scoria::rdata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Document> read_ascii(std::string_view items) {
  return read(as_bytes("A\n2\n262658\n131840\n" + std::string(items)));
}

void expect_error(const Result<Document>& document, Code code, std::string_view part) {
  ASSERT_FALSE(document.ok());
  EXPECT_EQ(code_name(document.error().code), code_name(code)) << document.error().message;
  EXPECT_THAT(document.error().message, HasSubstr(part));
}

TEST(Read, TheHeadSaysWhoWroteIt) {
  const auto document = read(Stream(3).null().bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document.value().version, 3);
  EXPECT_EQ(document.value().writer, "4.2.2");
  EXPECT_EQ(document.value().native_encoding, "UTF-8");
  EXPECT_EQ(document.value().format, "xdr");
  EXPECT_EQ(document.value().compression, "none");
  EXPECT_FALSE(document.value().is_workspace);
}

TEST(Read, BytesBehindTheObjectAreCounted) {
  EXPECT_EQ(read(Stream().null().raw("more").bytes()).value().unread_bytes, 4u);
}

TEST(Read, OtherBytesAreNoStream) {
  expect_error(read(as_bytes("week,sales\n1,2\n")), Code::invalid, "no R serialization stream");
  expect_error(read(as_bytes("")), Code::invalid, "no R serialization stream");
}

TEST(Read, AnUnknownVersionIsNamedWithItsWriter) {
  expect_error(read(Stream(4).null().bytes()), Code::unsupported, "version 4, written by R 4.2.2");
}

TEST(Read, AWorkspaceOfAncientRIsUnsupported) { expect_error(read(as_bytes("RDX1\nX\n")), Code::unsupported, "RDX1"); }

TEST(Read, ABigEndianNativeStreamIsTurnedAround) {
  std::string stream = Stream().integer(7).text();
  stream[0] = 'B';
  const auto document = read(as_bytes(stream));
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_THAT(document.value().root().integers, ElementsAre(7));
}

TEST(Read, ALongVectorHasItsLengthInTwoWords) {
  const auto document = read(Stream().words({sexp::kInteger, -1, 0, 2, 5, 6}).bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_THAT(document.value().root().integers, ElementsAre(5, 6));
}

TEST(Read, NaAndNaNStayApart) {
  const auto document = read_ascii("14\n5\nNA\nNaN\nInf\n-Inf\n-0\n");
  ASSERT_TRUE(document.ok()) << document.error().message;
  const auto reals = document.value().root().reals;
  EXPECT_TRUE(is_na(reals[0]));
  EXPECT_TRUE(std::isnan(reals[1]) && !is_na(reals[1]));
  EXPECT_EQ(reals[2], std::numeric_limits<double>::infinity());
  EXPECT_EQ(reals[3], -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(reals[4] == 0 && std::signbit(reals[4]));
}

TEST(Read, AsciiDoublesMayBeDecimalOrHexadecimal) {
  const auto document = read_ascii("14\n5\n0.1\n-0x1.8p+1\n0x0.0000000000001p-1022\n1e400\n-1e-400\n");
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_THAT(document.value().root().reals,
              ElementsAre(0.1, -3.0, 5e-324, std::numeric_limits<double>::infinity(), 0.0));
}

TEST(Read, AsciiStringsAreUnescaped) {
  const auto document = read_ascii("16\n1\n262153\n12\na\\040\\n\\t\\\\\\\"\\'\\?\\303\\251\\0012\n");
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document.value().root().texts[0].bytes,
            "a \n\t\\\"'?\xC3\xA9\x01"
            "2");
}

TEST(Read, AsciiNonsenseIsQuoted) {
  expect_error(read_ascii("14\n1\n1.5x\n"), Code::corrupt, "'1.5x' is not a double");
  expect_error(read_ascii("13\n1\n--3\n"), Code::corrupt, "'--3' is not an integer");
  expect_error(read_ascii("24\n1\n100\n"), Code::corrupt, "'100' is not a byte");
  expect_error(read_ascii("14\n2\n123456\n"), Code::corrupt, "ends here");
}

TEST(Read, UnmarkedStringsAreInTheNativeEncodingOfTheStream) {
  std::string bytes = Stream(3).words({sexp::kCharacter, 2}).text("\xE9", 0).text("e", 0).text();
  bytes.replace(bytes.find("UTF-8") - 1, 6, "\x06latin1");
  const auto document = read(as_bytes(bytes));
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document.value().native_encoding, "latin1");
  EXPECT_THAT(strings(document.value().root()), ElementsAre("\xC3\xA9", "e"));
}

TEST(Read, AttributesOfStringElementsAreGoneOver) {  // R before 2.6 wrote them
  const auto document = read(Stream()
                                 .words({sexp::kCharacter, 2})
                                 .words({sexp::kCharacterElement | sexp::kAttributesFlag, 1})
                                 .raw("a")
                                 .null()
                                 .text("b")
                                 .bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_THAT(strings(document.value().root()), ElementsAre("a", "b"));
}

TEST(Read, ADottedPairKeepsItsTailAsALastCell) {
  const auto document = read(Stream().word(sexp::kPairlist).integer(1).integer(2).bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  ASSERT_EQ(document.value().root().cells.size(), 2u);
  EXPECT_EQ(document.value().root().cells[1].value->integers[0], 2);
}

TEST(Read, APointerKeepsWhatItProtectsAndItsTag) {
  const auto document = read(Stream().word(sexp::kExternalPointer).integer(1).symbol("tag").bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document.value().root().kind, Kind::external_pointer);
  EXPECT_EQ(document.value().root().items[0]->integers[0], 1);
  EXPECT_EQ(document.value().root().items[1]->name, "tag");
}

TEST(Read, AWeakReferenceEntersTheReferenceTable) {
  const auto document = read(Stream().words({sexp::kList, 2, sexp::kWeakReference, 1 << 8 | sexp::kReference}).bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document.value().root().items[0], document.value().root().items[1]);
}

TEST(Read, AReferenceMayHaveItsIndexInAWordOfItsOwn) {
  const auto document = read(Stream().words({sexp::kList, 2}).symbol("x").words({sexp::kReference, 1}).bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document.value().root().items[1]->name, "x");
}

TEST(Read, AReferenceBeyondTheTableIsCorrupt) {
  for (const std::int32_t index : {2, 0, -1, 2147483647}) {
    expect_error(read(Stream().words({sexp::kList, 2}).symbol("x").words({sexp::kReference, index}).bytes()),
                 Code::corrupt, "of a table of 1");
  }
}

TEST(Read, AnEnvironmentMayContainItself) {
  const auto document = read(Stream()
                                 .words({sexp::kEnvironment, 1, sexp::kEmptyEnvironment})
                                 .word(sexp::kPairlist | sexp::kTagFlag)
                                 .symbol("self")
                                 .word(1 << 8 | sexp::kReference)
                                 .null()
                                 .null()
                                 .null()
                                 .bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_TRUE(document.value().root().is_locked);
  EXPECT_EQ(member(document.value().root(), "self"), &document.value().root());
}

TEST(Read, AnEnvironmentWhoseVariablesAreNoPairlistIsCorrupt) {
  expect_error(read(Stream().words({sexp::kEnvironment, 0, sexp::kEmptyEnvironment}).integer(1).null().null().bytes()),
               Code::corrupt, "variables are not in a pairlist");
}

TEST(Read, APersistentReferenceIsRefusedByItsName) {
  expect_error(read(Stream().words({sexp::kPersistent, 0, 1}).text("handle-7").bytes()), Code::unsupported,
               "'handle-7'");
}

TEST(Read, AnUnknownTypeIsNamed) { expect_error(read(Stream().word(200).bytes()), Code::unsupported, "type code 200"); }

TEST(Read, ErrorsNameTheByteOfTheInflatedStream) {
  expect_error(read(Stream().words({sexp::kList, 1, 200}).bytes()), Code::unsupported, "at byte 22:");
}

TEST(Read, AttributesThatAreNoPairlistAreCorrupt) {
  expect_error(read(Stream().words({sexp::kInteger | sexp::kAttributesFlag, 0}).integer(1).bytes()), Code::corrupt,
               "attributes of this item are an integer vector");
}

TEST(Read, ANegativeLengthIsCorrupt) {
  expect_error(read(Stream().words({sexp::kInteger, -2}).bytes()), Code::corrupt, "negative length");
  expect_error(read(Stream().words({sexp::kInteger, -1, -5, 0}).bytes()), Code::corrupt, "negative length");
  expect_error(read(Stream().words({sexp::kCharacter, 1, sexp::kCharacterElement, -7}).bytes()), Code::corrupt,
               "negative length");
}

// Byte code: one shared cell, defined as the tail of a call and met again as a tail and as a value.
TEST(ReadByteCode, SharedCellsAreResolved) {
  Stream stream;
  stream.words({sexp::kList, 2});
  stream.words({sexp::kBytecode, 2}).integer(12).word(2);
  stream.word(sexp::kLanguage).null().word(0).symbol("f");                                               // f(
  stream.words({sexp::kSharedDefinition, 1, sexp::kPairlist}).null().word(0).integer(1).word(0).null();  // 1)
  stream.word(sexp::kLanguage).null().word(0).symbol("g");                                               // g(
  stream.words({sexp::kPairlist}).null().words({sexp::kSharedReference, 1});                             // (1),
  stream.words({sexp::kSharedReference, 1});                                                             // 1)
  stream.word(1 << 8 | sexp::kReference);  // the symbol f, counted through the byte code
  const auto document = read(stream.bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  const Value& code = *document.value().root().items[0];
  ASSERT_EQ(code.kind, Kind::bytecode);
  ASSERT_EQ(code.items.size(), 2u);
  EXPECT_EQ(code.body, code.items[0]);
  EXPECT_EQ(dump_for_tests(*code.items[0]), "root: language [2]\n .: symbol 66\n .: integer [1] 1\n");
  EXPECT_EQ(dump_for_tests(*code.items[1]),
            "root: language [3]\n .: symbol 67\n .: pairlist [1]\n  .: integer [1] 1\n .: integer [1] 1\n");
  EXPECT_EQ(document.value().root().items[1]->name, "f");
}

TEST(ReadByteCode, ACallThatContainsItselfIsCorrupt) {
  Stream stream;
  stream.words({sexp::kBytecode, 2}).integer(12).word(1);
  stream.words({sexp::kSharedDefinition, 1, sexp::kLanguage}).null().words({sexp::kSharedReference, 1});
  expect_error(read(stream.bytes()), Code::corrupt, "from within");
}

TEST(ReadByteCode, ASharedCellOutsideItsTableIsCorrupt) {
  Stream stream;
  stream.words({sexp::kBytecode, 2}).integer(12).words({1, sexp::kSharedDefinition, 2, sexp::kLanguage});
  expect_error(read(stream.bytes()), Code::corrupt, "shared cell 2 of 2");
  Stream reference;
  reference.words({sexp::kBytecode, 2}).integer(12).words({1, sexp::kSharedReference, 1});
  expect_error(read(reference.bytes()), Code::corrupt, "not defined");
}

TEST(ReadAltrep, ASequenceOfATrillionElementsIsTooLargeAndNotAllocated) {
  for (const char* name : {"compact_intseq", "compact_realseq"}) {
    Stream stream(3);
    stream.altrep(name)
        .words({sexp::kReal, 3})
        .real(name[8] == 'i' ? 2147483647 : 1099511627776.0)
        .real(1)
        .real(1)
        .null();
    expect_error(read(stream.bytes(), {.max_bytes = 1 << 20}), Code::too_large, "max_bytes");
  }
}

TEST(ReadAltrep, DeferredStringsOfALongSequenceAreTooLargeAndNotAllocated) {
  Stream stream(3);
  stream.altrep("deferred_string").word(sexp::kPairlist);
  stream.altrep("compact_intseq").words({sexp::kReal, 3}).real(1e6).real(1).real(1).null();
  stream.integer(0).null();
  expect_error(read(stream.bytes(), {.max_bytes = 10 << 20}), Code::too_large, "deferred_string");
}

TEST(ReadAltrep, ASequenceThatLeavesTheIntegersIsCorrupt) {
  Stream stream(3);
  stream.altrep("compact_intseq").words({sexp::kReal, 3}).real(3).real(2147483646).real(1).null();
  expect_error(read(stream.bytes()), Code::corrupt, "do not fit an integer");
}

TEST(ReadAltrep, AMappedFileIsRefused) {
  expect_error(read(Stream(3).altrep("mmap_real").null().null().bytes()), Code::unsupported, "mmap_real");
}

TEST(ReadAltrep, AnUnknownClassIsNamedWithItsPackage) {
  expect_error(read(Stream(3).altrep("vroom_dbl", "vroom").null().null().bytes()), Code::unsupported,
               "'vroom_dbl' of package 'vroom'");
}

TEST(Utf8, WindowsLatin1IsConvertedAsRDoes) {
  EXPECT_EQ(utf8(Text{.bytes = "\xE9\x80\x81", .encoding = Encoding::latin1}), "\xC3\xA9\xE2\x82\xAC<81>");
}

TEST(Utf8, BytesAndInvalidSequencesAreEscaped) {
  EXPECT_EQ(utf8(Text{.bytes = "\xC3\xA9", .encoding = Encoding::bytes}), "<c3><a9>");
  EXPECT_EQ(utf8(Text{.bytes = "a\xC3(\xED\xA0\x80\xF0\x9F\x98\x80", .encoding = Encoding::utf8}),
            "a<c3>(<ed><a0><80>\xF0\x9F\x98\x80");
}

TEST(Strings, AFactorGivesItsLabels) {
  const auto document = read(Stream()
                                 .words({sexp::kInteger | sexp::kObjectFlag | sexp::kAttributesFlag, 3, 2, kNaInt, 9})
                                 .word(sexp::kPairlist | sexp::kTagFlag)
                                 .symbol("levels")
                                 .words({sexp::kCharacter, 2})
                                 .text("low")
                                 .text("high")
                                 .word(sexp::kPairlist | sexp::kTagFlag)
                                 .symbol("class")
                                 .words({sexp::kCharacter, 1})
                                 .text("factor")
                                 .null()
                                 .bytes());
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_THAT(strings(document.value().root()), ElementsAre("high", "NA", "NA"));
  EXPECT_TRUE(inherits(document.value().root(), "factor"));
}

}  // namespace
}  // namespace scoria::rdata
