#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "table/arrow_c.h"
#include "table/arrow_for_tests.h"

namespace scoria::table {
namespace {

using ::testing::HasSubstr;

struct Spoilt {
  const char* what;
  std::function<void(ArrowBatchForTests&)> build;
};

// Every refusal names the column where there is one; none reads beyond a buffer (the sanitizers say).
TEST(ArrowImport, WhatCannotBeIsRefused) {
  const std::vector<Spoilt> cases{
      {"column 'x': length -1", [](auto& b) { b.add_values("g", "x", std::vector<double>{1}).array.length = -1; }},
      {"column 'x': length 1 and offset -1",
       [](auto& b) { b.add_values("g", "x", std::vector<double>{1}).array.offset = -1; }},
      {"and offset 9223372036854775807",
       [](auto& b) { b.add_values("g", "x", std::vector<double>{1}).array.offset = INT64_MAX; }},
      {"column 'x': null_count -2",
       [](auto& b) { b.add_values("g", "x", std::vector<double>{1}).array.null_count = -2; }},
      {"has nulls and no validity bitmap",
       [](auto& b) { b.add_values("g", "x", std::vector<double>{1}).array.null_count = 1; }},
      {"column 'x': has 0 rows, must have 1",
       [](auto& b) { b.add_values("g", "x", std::vector<double>{1}).array.length = 0; }},
      {"has 3 buffers, must have 2",
       [](auto& b) {
         b.add("g", "x", {"", "12345678", ""});
       }},
      {"has 2 buffers, must have 3",
       [](auto& b) {
         b.add("u", "x", {"", "12345678"});
       }},
      {"type 'n' has no buffers", [](auto& b) { b.add("n", "x", {""}); }},
      {"type 'vu' has at least 3 buffers",
       [](auto& b) {
         b.add("vu", "x", {"", "12345678"});
       }},
      {"its buffers are missing",
       [](auto& b) { b.add_values("g", "x", std::vector<double>{1}).array.buffers = nullptr; }},
      {"buffer 1 is missing",
       [](auto& b) {
         b.add("g", "x", {"", ""}).pointers[1] = nullptr;
       }},
      {"buffer 1 is missing",
       [](auto& b) {
         b.add("u", "x", {"", "", ""}).pointers[1] = nullptr;
       }},
      {"buffer 2 is missing",
       [](auto& b) {
         b.add("u", "x", {"", bytes_of<std::int32_t>({0, 1}), ""}).pointers[2] = nullptr;
       }},
      {"its format is missing",
       [](auto& b) {
         b.add("g", "x", {"", "12345678"}).schema.format = nullptr;
       }},
      {"the nested Arrow type '+l' is not read",
       [](auto& b) {
         b.add("+l", "x", {"", "1234"});
       }},
      {"Arrow type 'z' is not read",
       [](auto& b) {
         b.add("z", "x", {"", "12345678", ""});
       }},
      {"Arrow type '' is not read",
       [](auto& b) {
         b.add("", "x", {"", "12345678"});
       }},
      {"Arrow type 'tDs' is not read",
       [](auto& b) {
         b.add("tDs", "x", {"", "12345678"});
       }},
      {"Arrow type 'tss' is not read",
       [](auto& b) {
         b.add("tss", "x", {"", "12345678"});
       }},
      {"Arrow type 'tsx:' is not read",
       [](auto& b) {
         b.add("tsx:", "x", {"", "12345678"});
       }},
      {"Arrow type 'd:5' is not read",
       [](auto& b) {
         b.add("d:5", "x", {"", "12345678"});
       }},
      {"Arrow type 'd:5,2,256' is not read",
       [](auto& b) {
         b.add("d:5,2,256", "x", {"", "12345678"});
       }},
      {"Arrow type 'd:5,2,64,1' is not read",
       [](auto& b) {
         b.add("d:5,2,64,1", "x", {"", "12345678"});
       }},
      {"Arrow type 'd:5,99999999999' is not read",
       [](auto& b) {
         b.add("d:5,99999999999", "x", {"", "12345678"});
       }},
      {"row 1, column 'x': the offsets of its text go backwards",
       [](auto& b) {
         b.add("u", "x", {"", bytes_of<std::int32_t>({5, 2}), "abcdef"});
       }},
      {"the offsets of its text go backwards",
       [](auto& b) {
         b.add("U", "x", {"", bytes_of<std::int64_t>({-1, 2}), "abcdef"});
       }},
      {"9223372036854775807 bytes of text; at most",
       [](auto& b) {
         b.add("U", "x", {"", bytes_of<std::int64_t>({0, INT64_MAX}), "abcdef"});
       }},
      {"row 1, column 'x': the text is not UTF-8",
       [](auto& b) {
         b.add("u", "x", {"", bytes_of<std::int32_t>({0, 2}), "a\xff"});
       }},
      {"the length of its text is negative",
       [](auto& b) {
         b.add("vu", "x", {"", std::string(16, '\xff'), ""});
       }},
      {"its text lies in no buffer",
       [](auto& b) {
         b.add("vu", "x", {"", std::string(16, '\x20'), ""});
       }},
      {"its text goes beyond the end of its buffer",
       [](auto& b) {
         b.add("vu", "x", {"", bytes_of<std::int32_t>({13, 0, 0, 1}), "thirteen bytes", bytes_of<std::int64_t>({13})});
       }},
      {"row 1, column 'x': dictionary index -1 where there are 1 entries",
       [](auto& b) {
         auto& x = b.add_values("i", "x", std::vector<std::int32_t>{-1});
         b.add_dictionary(x, "u", {"", bytes_of<std::int32_t>({0, 1}), "a"}, 1);
       }},
      {"a dictionary of -1 entries cannot be",
       [](auto& b) {
         auto& x = b.add_values("i", "x", std::vector<std::int32_t>{0});
         b.add_dictionary(x, "u", {"", bytes_of<std::int32_t>({0, 1}), "a"}, -1);
       }},
      {"a dictionary of Arrow type 'g' is not read",
       [](auto& b) {
         auto& x = b.add_values("i", "x", std::vector<std::int32_t>{0});
         b.add_dictionary(x, "g", {"", "12345678"}, 1);
       }},
      {"the indices of a dictionary must be integers",
       [](auto& b) {
         auto& x = b.add_values("g", "x", std::vector<double>{0});
         b.add_dictionary(x, "u", {"", bytes_of<std::int32_t>({0, 1}), "a"}, 1);
       }},
      {"schema and array must both have a dictionary",
       [](auto& b) {
         auto& x = b.add_values("i", "x", std::vector<std::int32_t>{0});
         b.add_dictionary(x, "u", {"", bytes_of<std::int32_t>({0, 1}), "a"}, 1);
         x.array.dictionary = nullptr;
       }},
      {"schema and array differ in their number of children",
       [](auto& b) { b.add_values("g", "x", std::vector<double>{1}).schema.n_children = 3; }},
      {"there are two of column 'x'",
       [](auto& b) {
         b.add_values("g", "x", std::vector<double>{1});
         b.add_values("g", "x", std::vector<double>{1});
       }},
      {"the name of column 1 is not UTF-8", [](auto& b) { b.add_values("g", "\xff", std::vector<double>{1}); }},
  };
  for (const Spoilt& spoilt : cases) {
    ArrowBatchForTests batch(1);
    spoilt.build(batch);
    EXPECT_THAT(refusal(batch), HasSubstr(spoilt.what));
    EXPECT_EQ(batch.schema_releases + batch.array_releases, 2) << spoilt.what;
  }
}

TEST(ArrowImport, ATableThatIsNoRecordBatchIsRefused) {
  const std::vector<Spoilt> cases{
      {"must be a record batch", [](auto& b) { b.schema()->format = "g"; }},
      {"must be a record batch", [](auto& b) { b.schema()->format = nullptr; }},
      {"length -5", [](auto& b) { b.array()->length = -5; }},
      {"at most 2147483647 rows", [](auto& b) { b.array()->length = 1ll << 31; }},
      {"the Arrow table: 1 rows at offset", [](auto& b) { b.array()->offset = INT64_MAX; }},
      {"a struct has 1 buffer, not 0", [](auto& b) { b.array()->n_buffers = 0; }},
  };
  for (const Spoilt& spoilt : cases) {
    ArrowBatchForTests batch(1);
    batch.add_values<double>("g", "x", {1});
    ArrowSchema* const schema = batch.schema();
    ArrowArray* const array = batch.array();
    spoilt.build(batch);
    const auto table = import_table(schema, array);
    ASSERT_FALSE(table.ok()) << spoilt.what;
    EXPECT_THAT(table.error().message, HasSubstr(spoilt.what));
  }
  ArrowBatchForTests batch(1);
  batch.add_values<double>("g", "x", {1});
  ArrowSchema* const schema = batch.schema();
  ArrowArray* const array = batch.array();
  for (const std::int64_t children : {std::int64_t{-1}, std::int64_t{2}, INT64_MAX}) {
    schema->n_children = children;
    EXPECT_THAT(import_batch(*schema, *array).error().message, HasSubstr("children and the array 1"));
  }
  schema->n_children = array->n_children = 2'000'000;
  EXPECT_THAT(import_batch(*schema, *array).error().message, HasSubstr("2000000 columns; at most"));
  schema->n_children = array->n_children = 1;
  const std::uint8_t no_row_is_valid = 0;
  const void* buffers[] = {&no_row_is_valid};
  array->buffers = buffers;
  array->null_count = -1;
  EXPECT_THAT(import_batch(*schema, *array).error().message, HasSubstr("row 1 is null as a whole"));
}

}  // namespace
}  // namespace scoria::table
