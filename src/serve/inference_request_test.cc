#include "serve/inference_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "serve/schema_for_tests.h"

namespace scoria::serve {
namespace {

using testing::HasSubstr;

struct TensorRead {
  InferenceRequest wanted;
  table::Table table;
  Problem problem;
  bool is_ok = false;
};

TensorRead read_tensors(const std::string& body, std::optional<std::string> length = {}) {
  static const Schema schema(description_for_tests());
  TensorRead result;
  RowBuilder rows(schema);
  try {
    result.wanted =
        read_inference_request(body, length ? std::optional<std::string_view>(*length) : std::nullopt, rows);
    result.is_ok = rows.finish(true, result.table, result.problem);
  } catch (const Refusal& refusal) {
    result.problem = refusal.problem;
  }
  return result;
}

template <typename Value>
std::string bytes_of(std::initializer_list<Value> values) {
  std::string bytes;
  for (const Value value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

std::string texts_of(std::initializer_list<std::string> texts) {
  std::string bytes;
  for (const auto& text : texts) bytes += bytes_of({static_cast<std::uint32_t>(text.size())}) + text;
  return bytes;
}

// All columns of two rows but x, in JSON.
const std::string kOtherTensors =
    R"(,{"name":"on","shape":[2],"datatype":"BOOL","data":[true,false]},{"name":"kind","shape":[2,1],"datatype":"BYTES","data":["a","b"]},)"
    R"({"name":"size","shape":[2],"datatype":"BYTES","data":["S","L"]},{"name":"note","shape":[2],"datatype":"BYTES","data":["","n"]}]})";

TensorRead tensor_x(const std::string& tensor) { return read_tensors(R"({"inputs":[)" + tensor + kOtherTensors); }
TensorRead bytes_x(const std::string& datatype, const std::string& bytes, std::optional<std::size_t> size = {}) {
  const std::string head = R"({"inputs":[{"name":"x","shape":[2],"datatype":")" + datatype +
                           R"(","parameters":{"binary_data_size":)" + std::to_string(size.value_or(bytes.size())) +
                           "}}" + kOtherTensors;
  return read_tensors(head + bytes, std::to_string(head.size()));
}

TEST(InferenceRequest, ReadsATensorForEachColumn) {
  const TensorRead got = tensor_x(R"({"name":"x","shape":[2],"datatype":"FP64","data":[0.1,-0.0]})");
  ASSERT_TRUE(got.is_ok) << got.problem.message();
  EXPECT_EQ(got.table.column(0)->reals()[0], 0.1);
  EXPECT_TRUE(std::signbit(got.table.column(0)->reals()[1]));
  EXPECT_EQ(got.table.column(2)->codes()[1], 1);
}

TEST(InferenceRequest, ReadsOneTensorOfAllColumnsNestedAndFlat) {
  for (const auto* data : {"[[1,0,10,null,5,6],[7,1,10,null,5,6]]", "[1,0,10,null,5,6,7,1,10,null,5,6]"}) {
    const TensorRead got =
        read_tensors(std::string(R"({"inputs":[{"name":"all","shape":[2,6],"datatype":"FP64","data":)") + data + "}]}");
    ASSERT_TRUE(got.is_ok) << got.problem.message();
    EXPECT_EQ(got.table.column(0)->reals()[1], 7);
    EXPECT_EQ(got.table.column(2)->codes()[1], 2);
  }
}

TEST(InferenceRequest, ReadsBytesOfEveryKindOfNumber) {
  const auto second = [](const TensorRead& got) { return got.is_ok ? got.table.column(0)->reals()[1] : -1; };
  EXPECT_EQ(second(bytes_x("FP64", bytes_of({1.0, 0.1}))), 0.1);
  EXPECT_EQ(second(bytes_x("FP32", bytes_of({1.0f, 0.1f}))), static_cast<double>(0.1f));
  EXPECT_EQ(second(bytes_x("INT64", bytes_of<std::int64_t>({1, -7}))), -7);
  EXPECT_EQ(second(bytes_x("INT32", bytes_of<std::int32_t>({1, -7}))), -7);
  EXPECT_EQ(second(bytes_x("INT16", bytes_of<std::int16_t>({1, -7}))), -7);
  EXPECT_EQ(second(bytes_x("INT8", bytes_of<std::int8_t>({1, -7}))), -7);
  EXPECT_EQ(second(bytes_x("UINT64", bytes_of<std::uint64_t>({1, 1ull << 60}))), 1152921504606846976.0);
  EXPECT_EQ(second(bytes_x("UINT32", bytes_of<std::uint32_t>({1, 4'000'000'000}))), 4e9);
  EXPECT_EQ(second(bytes_x("UINT16", bytes_of<std::uint16_t>({1, 65535}))), 65535);
  EXPECT_EQ(second(bytes_x("UINT8", bytes_of<std::uint8_t>({1, 255}))), 255);
  EXPECT_EQ(second(bytes_x("BOOL", bytes_of<std::uint8_t>({1, 0}))), 0);
  EXPECT_EQ(second(bytes_x("BYTES", texts_of({"1", "2.5"}))), 2.5);
}

TEST(InferenceRequest, RefusesAnOutputThatIsAskedForTwice) {
  const TensorRead got = read_tensors(
      R"({"outputs":[{"name":"a"},{"name":"a"}],"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1]}]})");
  ASSERT_FALSE(got.is_ok);
  EXPECT_EQ(got.problem.mistakes.at(0).code, "duplicate_key");
}

TEST(InferenceRequest, TakesTruthForALevel) {
  model::Description description;
  description.features.push_back({.name = "f", .kind = model::FeatureKind::factor, .levels = {"FALSE", "TRUE"}});
  const Schema schema(description);
  RowBuilder rows(schema);
  const std::string head =
      R"({"inputs":[{"name":"f","shape":[1],"datatype":"BOOL","parameters":{"binary_data_size":1}}]})";
  (void)read_inference_request(head + "\1", std::to_string(head.size()), rows);
  table::Table table;
  Problem problem;
  ASSERT_TRUE(rows.finish(true, table, problem)) << problem.message();
  EXPECT_EQ(table.column(0)->codes()[0], 1);
}

TEST(InferenceRequest, ReadsWhatIsAskedFor) {
  std::string body =
      R"({"id":"42","parameters":{"binary_data_output":true},"outputs":[{"name":"a"},{"name":"b","parameters":{"binary_data":false}}],)"
      R"("inputs":[{"name":"x","shape":[2],"datatype":"INT32","data":[1,2]})" +
      kOtherTensors;
  const TensorRead got = read_tensors(body);
  ASSERT_TRUE(got.is_ok) << got.problem.message();
  EXPECT_TRUE(got.wanted.has_id);
  EXPECT_EQ(got.wanted.id, "42");
  ASSERT_EQ(got.wanted.outputs.size(), 2u);
  EXPECT_TRUE(got.wanted.outputs[0].second);
  EXPECT_FALSE(got.wanted.outputs[1].second);
}

TEST(InferenceRequest, TellsWhatIsWrongWithTheHeaderLength) {
  const std::string head =
      R"({"inputs":[{"name":"x","shape":[2],"datatype":"FP64","parameters":{"binary_data_size":16}})" + kOtherTensors;
  const std::string body = head + bytes_of({1.0, 2.0});
  ASSERT_TRUE(read_tensors(body, std::to_string(head.size())).is_ok);
  for (const auto* length : {"abc", "-1", "1e3", "", "99999", "18446744073709551616"})
    EXPECT_THAT(read_tensors(body, length).problem.message(), HasSubstr("Inference-Header-Content-Length")) << length;
  for (const std::size_t length : {head.size() - 1, head.size() + 3, std::size_t{0}})
    EXPECT_THAT(read_tensors(body, std::to_string(length)).problem.message(),
                HasSubstr("Inference-Header-Content-Length"))
        << length;
  EXPECT_FALSE(read_tensors(body).is_ok) << "bytes behind JSON without the header";
}

TEST(InferenceRequest, TellsWhatIsWrongWithTensors) {
  struct Case {
    std::string tensor;
    const char* message;
  };
  for (const Case& one :
       {Case{R"({"shape":[2],"datatype":"FP64","data":[1,2]})", "no \"name\""},
        Case{R"({"name":"x","shape":[2],"data":[1,2]})", "no \"datatype\""},
        Case{R"({"name":"x","shape":[2],"datatype":"FP16","data":[1,2]})", "FP16"},
        Case{R"({"name":"x","datatype":"FP64","data":[1,2]})", "\"shape\""},
        Case{R"({"name":"x","shape":[],"datatype":"FP64","data":[1,2]})", "\"shape\""},
        Case{R"({"name":"x","shape":[-2],"datatype":"FP64","data":[1,2]})", "whole number"},
        Case{R"({"name":"x","shape":[3],"datatype":"FP64","data":[1,2]})", "2 values, its shape says 3"},
        Case{R"({"name":"x","shape":[4294967296,4294967296],"datatype":"FP64","data":[1,2]})", "too large"},
        Case{R"({"name":"x","shape":[2],"datatype":"FP64"})", "neither"},
        Case{R"({"name":"x","shape":[2],"datatype":"FP64","data":[1,2],"parameters":{"binary_data_size":16}})", "both"},
        Case{R"({"name":"x","shape":[2],"datatype":"FP64","parameters":{"binary_data_size":16}})", "0 bytes are left"},
        Case{R"({"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]})", "one value a row"},
        Case{R"({"name":"x","shape":[2],"datatype":"FP64","data":[{},2]})", "must be numbers"},
        Case{R"({"name":"x","shape":[1],"datatype":"FP64","data":[[[[[[[[[[1]]]]]]]]]]})", "nested"},
        Case{R"({"name":"x","shape":[1],"datatype":"FP64","data":[1]})", "has 1 values"},
        Case{R"({"name":"x","shape":[100001],"datatype":"FP64","data":[]})", "100000 rows"}}) {
    const TensorRead got = tensor_x(one.tensor);
    ASSERT_FALSE(got.is_ok) << one.tensor;
    EXPECT_THAT(got.problem.message(), HasSubstr(one.message)) << one.tensor;
  }
  EXPECT_THAT(read_tensors("{}").problem.message(), HasSubstr("\"inputs\""));
  EXPECT_THAT(read_tensors("[").problem.message(), HasSubstr("cannot be read"));
  EXPECT_THAT(read_tensors(R"({"inputs":[]})").problem.message(), HasSubstr("no row"));
  EXPECT_THAT(read_tensors(R"({"inputs":[{"name":"all","shape":[2,3],"datatype":"FP64","data":[1,2,3,4,5,6]}]})")
                  .problem.message(),
              HasSubstr("instead of 6"));
}

TEST(InferenceRequest, TellsWhatIsWrongWithBytes) {
  EXPECT_THAT(bytes_x("FP64", std::string(15, '\0')).problem.message(), HasSubstr("no whole number of FP64"));
  EXPECT_THAT(bytes_x("FP64", std::string(24, '\0')).problem.message(), HasSubstr("3 values"));
  EXPECT_THAT(bytes_x("FP64", std::string(24, '\0'), 16).problem.message(),
              HasSubstr("8 bytes behind the JSON belong to no input"));
  EXPECT_THAT(bytes_x("BYTES", std::string({'\1', '\0'})).problem.message(), HasSubstr("cut off"));
  EXPECT_THAT(bytes_x("BYTES", bytes_of<std::uint32_t>({100}) + "abc").problem.message(), HasSubstr("cut off"));
}

TEST(InferenceRequest, NamesRowAndValueOfAnUnknownLevel) {
  const TensorRead got =
      read_tensors(R"({"inputs":[{"name":"all","shape":[1,6],"datatype":"FP64","data":[1,0,7,null,5,6]}]})");
  ASSERT_EQ(got.problem.mistakes.size(), 1u);
  EXPECT_EQ(got.problem.mistakes[0].code, "unknown_level");
  EXPECT_EQ(got.problem.mistakes[0].value, "7");
}

}  // namespace
}  // namespace scoria::serve
