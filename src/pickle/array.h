// numpy arrays and element types as they stand in a pickle, and their elements as C++ values.
// Source: numpy's documentation of dtypes and of ndarray.__reduce__, and files that numpy 1.11 to 2 wrote.
// Threads: immutable. Ownership: the Document's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pickle/value.h"

namespace scoria::pickle {

enum class ElementKind : std::uint8_t {
  boolean,           // b
  signed_integer,    // i
  unsigned_integer,  // u
  real,              // f: 2, 4, 8 bytes; 12 or 16 (long double) can be carried but not read
  complex,           // c
  bytes,             // S
  text,              // U: UTF-32
  object,            // O: elements are Values
  raw,               // V: structured where there are fields, a small array where there is a base
  time,              // M: 64-bit count of `unit` since 1970
  time_difference,   // m
};

struct Field;

struct DataType {
  ElementKind kind = ElementKind::real;
  std::uint64_t item_size = 0;  // bytes; 8 for objects, of which nothing is stored
  bool is_big_endian = false;
  std::span<const Field> fields;   // structured, in order
  const DataType* base = nullptr;  // of a small array within each element
  std::span<const std::uint64_t> base_shape;
  std::string_view unit;     // times: "ns", "25s", ...; empty: generic
  bool has_objects = false;  // itself or in a field
  std::uint32_t depth = 1;   // of nested fields and bases; at most kMaxTypeDepth
  std::uint64_t leaves = 1;  // numbers and texts in one element; at most kMaxTypeLeaves
};

constexpr std::uint32_t kMaxTypeDepth = 16;
constexpr std::uint64_t kMaxTypeLeaves = 1 << 20;

struct Field {
  std::string_view name;
  std::uint64_t offset = 0;
  const DataType* type = nullptr;
};

// All offsets within `data` were checked when it was made: for every index, sum(index * strides) + item_size <= data.size().
struct Array {
  const DataType* type = nullptr;
  std::span<const std::uint64_t> shape;
  std::span<const std::uint64_t> strides;  // in bytes, one for each dimension
  std::uint64_t count = 1;                 // product of shape
  std::span<const std::byte> data;         // from the first element on
  std::span<const Value* const>
      objects;  // where the type is object: `count` of them, the last index fastest; `data` is empty
};

// "<f8", "|S5", "<M8[ns]", "structured (left <i8, right <i8, ...)": numpy's own short name where there is one.
std::string type_name(const DataType& type);
// "[3 x 4]"; "[]" for no dimensions.
std::string shape_text(std::span<const std::uint64_t> shape);

// One field of a structured array, as an array of the same shape. Errors: corrupt, naming the field and those there are.
Result<Array> field(const Array& array, std::string_view name);
bool has_field(const Array& array, std::string_view name);

// The elements, the last index fastest whatever the order in the file. Errors: corrupt, naming the type: another kind; an integer
// that the result cannot hold; unsupported: long double.
Result<std::vector<double>> numbers(const Array& array);         // boolean, integers (to 2^53 exactly), reals
Result<std::vector<float>> floats(const Array& array);           // float16 and float32 only
Result<std::vector<std::int64_t>> integers(const Array& array);  // boolean, integers, times
Result<std::vector<std::string>> strings(
    const Array& array);  // S and U without padding, as UTF-8; objects that are texts

// One element as text, for outlines: 1.5, True, 'abc', {left: 1, right: 2}. Precondition: index < array.count.
std::string element_text(const Array& array, std::uint64_t index, std::size_t max_text = 60);

// Offset in `data` of the element with that index, counted with the last dimension fastest.
std::uint64_t element_offset(const Array& array, std::uint64_t index);

}  // namespace scoria::pickle
