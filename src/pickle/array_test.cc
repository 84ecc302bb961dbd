#include "pickle/array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pickle/stream_for_tests.h"

namespace scoria::pickle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string dtype(std::string_view code) { return global("numpy", "dtype") + text(code) + "\x85R"; }
std::string tuple(const std::vector<std::string>& items) {
  std::string all = "(";
  for (const std::string& item : items) all += item;
  return all + "t";
}
std::string shape(const std::vector<std::int32_t>& sizes) {
  std::vector<std::string> items;
  for (const std::int32_t size : sizes) items.push_back(integer(size));
  return tuple(items);
}
// numpy's own way: an empty array, then its state.
std::string array(const std::vector<std::int32_t>& sizes, std::string_view type, std::string_view data,
                  bool fortran = false) {
  return global("numpy.core.multiarray", "_reconstruct") + tuple({global("numpy", "ndarray"), shape({0}), bytes("b")}) +
         "R" + tuple({"K\x01", shape(sizes), std::string(type), fortran ? "\x88" : "\x89", bytes(data)}) + "b";
}
std::string state_of_type(std::string_view order, std::string_view rest) {
  return "(K\x03" + text(order) + std::string(rest) + "tb";
}

TEST(Array, FortranOrderIsTurned) {
  const Document document = parsed(array({2, 3}, dtype("i1"), "\1\2\3\4\5\6", true));
  EXPECT_THAT(integers(*document.root().array).value(), ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_EQ(element_text(*document.root().array, 1), "3");
}

TEST(Array, AnIntegerBeyond64BitsIsRefusedAsAnInteger) {
  const Document document = parsed(array({1}, dtype("u8"), std::string(8, '\xff')));
  EXPECT_THAT(integers(*document.root().array).error().message, HasSubstr("18446744073709551615"));
  EXPECT_THAT(numbers(*document.root().array).value(), ElementsAre(18446744073709551616.0));
}

TEST(Array, ReadersRefuseOtherTypes) {
  const Document document = parsed(array({1}, dtype("f8"), std::string(8, '\0')));
  const Array& reals = *document.root().array;
  EXPECT_THAT(integers(reals).error().message, HasSubstr("<f8 stands where integers should be"));
  EXPECT_THAT(floats(reals).error().message, HasSubstr("single-precision"));
  EXPECT_THAT(strings(reals).error().message, HasSubstr("texts"));
  EXPECT_THAT(field(reals, "x").error().message, HasSubstr("no field 'x'; it has none"));
  const Document texts = parsed(array({1}, dtype("S2"), "ab"));
  EXPECT_FALSE(numbers(*texts.root().array).ok());
  const Document longs = parsed(array({1}, dtype("f16"), std::string(16, '\0')));
  EXPECT_EQ(numbers(*longs.root().array).error().code, Code::unsupported);
}

TEST(Array, DataMustFillTheShape) {
  for (const auto& [sizes, size] :
       {std::pair{std::vector<std::int32_t>{2, 3}, 47}, std::pair{std::vector<std::int32_t>{2, 3}, 49},
        std::pair{std::vector<std::int32_t>{}, 0}, std::pair{std::vector<std::int32_t>{0}, 8}}) {
    EXPECT_THAT(error_of(stream(array(sizes, dtype("f8"), std::string(static_cast<std::size_t>(size), 'x')))),
                HasSubstr("bytes and has " + std::to_string(size)));
  }
}

TEST(Array, ShapesThatOverflowAreRefused) {
  const std::string huge = "\x8a\x08" + little(std::int64_t{1} << 62);
  const auto of_shape = [&](const std::string& sizes) {
    return stream(global("numpy.core.multiarray", "_reconstruct") +
                  tuple({global("numpy", "ndarray"), shape({0}), bytes("b")}) + "R" +
                  tuple({"K\x01", sizes, dtype("f8"), "\x89", bytes("")}) + "b");
  };
  EXPECT_THAT(error_of(of_shape(tuple({huge, huge, huge}))), HasSubstr("more than any memory holds"));
  EXPECT_THAT(error_of(of_shape(tuple({huge}))), HasSubstr("more than any memory holds"));
  EXPECT_EQ(error_of(of_shape(tuple({huge, "K" + std::string(1, '\0'), huge}))), "");  // no elements at all
  EXPECT_THAT(error_of(of_shape(shape({-1}))), HasSubstr("the shape of a numpy array is (-1,)"));
  EXPECT_THAT(error_of(of_shape(shape(std::vector<std::int32_t>(65, 1)))), HasSubstr("the shape of a numpy array"));
}

TEST(Array, ElementsWithoutBytesAreFew) {
  EXPECT_EQ(error_of(stream(array({100}, dtype("S0"), ""))), "");
  EXPECT_THAT(error_of(stream(array({1'000'000'000}, dtype("S0"), ""))), StartsWith("too_large: "));
  EXPECT_THAT(error_of(stream(array({1'000'000'000}, dtype("V"), ""))), StartsWith("too_large: "));
}

TEST(Array, UnknownTypesAreUnsupported) {
  for (const std::string_view code : {"", "x8", "f3", "i16", "b2", "U99999999999", "f8x", "<", "M4", "O1"}) {
    EXPECT_THAT(error_of(stream(dtype(code))), StartsWith("unsupported: a numpy type")) << code;
  }
}

std::string structured(std::int32_t item_size,
                       const std::vector<std::pair<std::string, std::string>>& names_and_places) {
  std::vector<std::string> names;
  std::string fields = "}";
  for (const auto& [name, place] : names_and_places) {
    names.push_back(text(name));
    fields += text(name) + place + "s";
  }
  return dtype("V" + std::to_string(item_size)) +
         state_of_type("|", "N" + tuple(names) + fields + integer(item_size) + "K\x01" + "K\x10");
}

TEST(StructuredArray, AFieldIsAnArrayOfItsOwn) {
  const std::string type =
      structured(12, {{"left", dtype("i4") + integer(0) + "\x86"}, {"value", dtype("f8") + integer(4) + "\x86"}});
  const std::string data = little(7) + little(0.5) + little(8) + little(-1.5);
  const Document document = parsed(array({2}, type, data));
  const Array& nodes = *document.root().array;
  EXPECT_THAT(integers(field(nodes, "left").value()).value(), ElementsAre(7, 8));
  EXPECT_THAT(numbers(field(nodes, "value").value()).value(), ElementsAre(0.5, -1.5));
  EXPECT_THAT(field(nodes, "right").error().message, HasSubstr("no field 'right'; it has left, value"));
  EXPECT_EQ(element_text(nodes, 1), "{left: 8, value: -1.5}");
  EXPECT_EQ(type_name(*nodes.type), "structured (left <i4, value <f8)");
}

TEST(StructuredArray, AFieldMustStandWithinItsElement) {
  for (const std::int32_t offset : {5, 12, -1, 0x7FFFFFFF}) {
    EXPECT_THAT(error_of(stream(structured(12, {{"x", dtype("f8") + integer(offset) + "\x86"}}))),
                StartsWith("corrupt: "))
        << offset;
  }
  EXPECT_THAT(error_of(stream(structured(8, {{"x", "N"}}))), HasSubstr("has no type and offset"));
}

// A type of a type of a type ..., twice each: 2^40 parts at the same bytes.
TEST(StructuredArray, TypesThatNestWithoutEndAreRefused) {
  std::string body = dtype("i4") +
                     "q\x01"
                     "0";
  for (int level = 0; level < 40; ++level) {
    const std::string place = "h\x01" + integer(0) + "\x86";
    body += structured(4, {{"a", place}, {"b", place}}) +
            "q\x01"
            "0";
  }
  EXPECT_THAT(error_of(stream(body + "h\x01")), StartsWith("too_large: a numpy type is nested deeper"));
  std::string wide = dtype("i4") +
                     "q\x01"
                     "0";
  for (int level = 0; level < 10; ++level) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (int i = 0; i < 100; ++i) fields.emplace_back(std::to_string(i), "h\x01" + integer(0) + "\x86");
    wide += structured(4, fields) +
            "q\x01"
            "0";
  }
  EXPECT_THAT(error_of(stream(wide + "h\x01")), StartsWith("too_large: "));
}

// What an array was made with stays, whatever happens to the type behind it.
TEST(StructuredArray, ATypeThatIsChangedLaterDoesNotChangeItsArrays) {
  const std::string body = dtype("V4") +
                           "q\x01"
                           "0](" +
                           array({1}, "h\x01", "abcd") + "h\x01" +
                           state_of_type("|", "NNN" + integer(1 << 20) + "K\x01K\x10") + "e";
  const Document document = parsed(body);
  EXPECT_EQ(document.root().items[0]->array->type->item_size, 4u);
  EXPECT_EQ(document.root().items[1]->type->item_size, 1u << 20);
}

TEST(Scalar, MustHaveItsBytes) {
  const auto scalar = [](std::string_view type, std::string_view data) {
    return stream(global("numpy.core.multiarray", "scalar") + std::string(type) + std::string(data) + "\x86R");
  };
  EXPECT_EQ(error_of(scalar(dtype("i2"), bytes("ab"))), "");
  EXPECT_THAT(error_of(scalar(dtype("i2"), bytes("abc"))), HasSubstr("takes 2 bytes and has 3"));
  EXPECT_THAT(error_of(scalar(dtype("O"), "N")), StartsWith("unsupported: a numpy scalar of type |O"));
  EXPECT_THAT(error_of(scalar("N", bytes("ab"))), HasSubstr("None where its type should be"));
}

TEST(FromBuffer, AxesMustBeAPermutation) {
  const auto buffer = [](const std::string& axes) {
    return stream(global("numpy.core.numeric", "_frombuffer") +
                  tuple({bytes("abcdef"), dtype("u1"), shape({2, 3}), text("K"), axes}) + "R");
  };
  EXPECT_EQ(error_of(buffer(shape({1, 0}))), "");
  for (const auto& axes : {shape({1, 1}), shape({0}), shape({0, 2}), shape({0, 1, 2}), std::string("K\x01")}) {
    EXPECT_THAT(error_of(buffer(axes)), StartsWith("corrupt: ")) << axes;
  }
}

// What joblib writes: a description, then the bytes in the stream.
std::string wrapper(const std::string& type, const std::string& sizes, const std::string& order) {
  return global("joblib.numpy_pickle", "NumpyArrayWrapper") + ")\x81}(" + text("subclass") +
         global("numpy", "ndarray") + text("shape") + sizes + text("order") + text(order) + text("dtype") + type +
         text("numpy_array_alignment_bytes") + "K\x10u" + "b";
}

TEST(InlineArray, PaddingIsSkippedAndLengthsAreChecked) {
  const Document document = parsed(wrapper(dtype("u1"), shape({2, 2}), "F") + "\x03\xff\xff\xff" + "abcd");
  EXPECT_THAT(integers(*document.root().array).value(), ElementsAre('a', 'c', 'b', 'd'));
  EXPECT_TRUE(document.has_inline_arrays);
  EXPECT_THAT(error_of(stream(wrapper(dtype("f8"), shape({1 << 30, 1 << 20}), "C") + std::string(1, '\0'))),
              StartsWith("corrupt: the file claims"));
  EXPECT_THAT(error_of(stream(wrapper(dtype("u1"), shape({2}), "C") + "\xff" + "ab")),
              StartsWith("corrupt: the file claims 255"));
  EXPECT_THAT(error_of(stream(wrapper(dtype("u1"), shape({2}), "X"))), HasSubstr("lacks its dtype, shape or order"));
}

TEST(InlineArray, APickleWithinHoldsNoneOfItsOwn) {
  const std::string inner = "\x80\x02" + wrapper(dtype("u1"), shape({0}), "C") + std::string(1, '\0') + ".";
  EXPECT_THAT(error_of(stream(wrapper(dtype("O"), shape({1}), "C") + inner)),
              HasSubstr("within a pickle within joblib's"));
  EXPECT_THAT(error_of(stream(wrapper(dtype("O"), shape({1}), "C") + "\x80\x02N.")),
              HasSubstr("an array of joblib's is None"));
}

}  // namespace
}  // namespace scoria::pickle
