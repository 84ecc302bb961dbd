#include "serve/inference_request.h"

#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <unordered_set>

#include "serve/json_rows.h"

namespace scoria::serve {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::uint64_t kMostValues = 100'000'000;

[[noreturn]] void refuse_input(const std::string& message, const char* code = "bad_request") {
  throw Refusal{one_mistake(400, code, message)};
}

struct Datatype {
  const char* name;
  std::size_t bytes;
};
constexpr Datatype kDatatypes[] = {{"BOOL", 1},  {"UINT8", 1}, {"UINT16", 2}, {"UINT32", 4}, {"UINT64", 8}, {"INT8", 1},
                                   {"INT16", 2}, {"INT32", 4}, {"INT64", 8},  {"FP32", 4},   {"FP64", 8}};

struct Tensor {
  std::string name, datatype;
  std::vector<std::uint64_t> shape;
  std::uint64_t rows = 1, width = 1;  // width: values of a row
  element data;
  bool has_data = false;
  std::string_view bytes;
};

template <typename Number>
double number_at(std::string_view bytes, std::size_t index) {
  Number value;
  memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return static_cast<double>(value);
}

class TensorReader {
 public:
  TensorReader(const Tensor& tensor) : tensor_(tensor) {
    if (!tensor_.has_data)
      read_bytes();
    else
      flatten(tensor_.data, 0);
    if (count() != tensor_.rows * tensor_.width) {
      refuse_input("input '" + tensor_.name + "' has " + std::to_string(count()) + " values, its shape says " +
                   std::to_string(tensor_.rows * tensor_.width));
    }
  }
  Cell cell(std::size_t index) const {
    if (!texts_.empty()) return {.kind = Cell::Kind::text, .text = texts_[index]};
    if (!values_.empty()) return of_json(values_[index]);
    if (tensor_.datatype == "BOOL") return {.kind = Cell::Kind::boolean, .boolean = tensor_.bytes[index] != 0};
    return {.kind = Cell::Kind::number, .number = binary_number(index)};
  }

 private:
  std::size_t count() const { return !texts_.empty() ? texts_.size() : !values_.empty() ? values_.size() : binary_; }

  void flatten(const element& value, std::size_t depth) {
    if (depth > 8) refuse_input("input '" + tensor_.name + "': its data is nested too deeply");
    if (value.type() == element_type::ARRAY) {
      for (const element one : simdjson::dom::array(value)) flatten(one, depth + 1);
      return;
    }
    if (value.type() == element_type::OBJECT)
      refuse_input("input '" + tensor_.name + "': its data must be numbers, texts, true or false");
    values_.push_back(value);
  }

  Cell of_json(const element& value) const {
    switch (value.type()) {
      case element_type::STRING: return {.kind = Cell::Kind::text, .text = value.get_string().value()};
      case element_type::BOOL: return {.kind = Cell::Kind::boolean, .boolean = value.get_bool().value()};
      case element_type::NULL_VALUE: return {};
      default: return {.kind = Cell::Kind::number, .number = value.get_double().value()};
    }
  }

  void read_bytes() {
    if (tensor_.datatype == "BYTES") {
      std::string_view rest = tensor_.bytes;
      while (!rest.empty()) {
        std::uint32_t size = 0;
        if (rest.size() < sizeof size) refuse_input("input '" + tensor_.name + "': a length of BYTES is cut off");
        memcpy(&size, rest.data(), sizeof size);
        rest.remove_prefix(sizeof size);
        if (rest.size() < size) refuse_input("input '" + tensor_.name + "': a text of BYTES is cut off");
        texts_.push_back(rest.substr(0, size));
        rest.remove_prefix(size);
      }
      return;
    }
    for (const auto& type : kDatatypes) {
      if (tensor_.datatype != type.name) continue;
      width_ = type.bytes;
      if (tensor_.bytes.size() % width_ != 0)
        refuse_input("input '" + tensor_.name + "': its bytes are no whole number of " + tensor_.datatype);
      binary_ = tensor_.bytes.size() / width_;
      return;
    }
  }

  double binary_number(std::size_t index) const {
    const auto& type = tensor_.datatype;
    const auto bytes = tensor_.bytes;
    if (type == "FP64") return number_at<double>(bytes, index);
    if (type == "FP32") return static_cast<double>(number_at<float>(bytes, index));
    if (type == "INT64") return number_at<std::int64_t>(bytes, index);
    if (type == "INT32") return number_at<std::int32_t>(bytes, index);
    if (type == "INT16") return number_at<std::int16_t>(bytes, index);
    if (type == "INT8") return number_at<std::int8_t>(bytes, index);
    if (type == "UINT64") return number_at<std::uint64_t>(bytes, index);
    if (type == "UINT32") return number_at<std::uint32_t>(bytes, index);
    if (type == "UINT16") return number_at<std::uint16_t>(bytes, index);
    return number_at<std::uint8_t>(bytes, index);
  }

  const Tensor& tensor_;
  std::vector<element> values_;
  std::vector<std::string_view> texts_;
  std::size_t binary_ = 0, width_ = 1;
};

std::uint64_t number_of(const element& value, const std::string& what) {
  std::uint64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS) refuse_input(what + " must be a whole number");
  return number;
}

Tensor read_tensor(const element& input, std::string_view& rest) {
  Tensor tensor;
  std::string_view text;
  if (input["name"].get(text) != simdjson::SUCCESS) refuse_input("an input has no \"name\"");
  tensor.name = text;
  if (input["datatype"].get(text) != simdjson::SUCCESS) refuse_input("input '" + tensor.name + "' has no \"datatype\"");
  tensor.datatype = text;
  bool is_known = tensor.datatype == "BYTES";
  for (const auto& type : kDatatypes) is_known = is_known || tensor.datatype == type.name;
  if (!is_known)
    refuse_input("input '" + tensor.name + "': datatype '" + tensor.datatype +
                 "' is none that is read here (FP64, FP32, INT8 to INT64, UINT8 to UINT64, BOOL, BYTES)");
  simdjson::dom::array shape;
  if (input["shape"].get(shape) != simdjson::SUCCESS || shape.size() == 0 || shape.size() > 8)
    refuse_input("input '" + tensor.name + "' has no \"shape\" of 1 to 8 numbers");
  for (const element one : shape) {
    tensor.shape.push_back(number_of(one, "a number of the shape of input '" + tensor.name + "'"));
    auto& product = tensor.shape.size() == 1 ? tensor.rows : tensor.width;
    if (tensor.shape.back() > kMostValues || product * tensor.shape.back() > kMostValues)
      refuse_input("input '" + tensor.name + "' has too large a shape");
    product *= tensor.shape.back();
  }
  if (tensor.rows * tensor.width > kMostValues) refuse_input("input '" + tensor.name + "' has too large a shape");
  tensor.has_data = input["data"].get(tensor.data) == simdjson::SUCCESS;
  auto size = input["parameters"]["binary_data_size"];
  if (size.error() == simdjson::SUCCESS) {
    if (tensor.has_data) refuse_input("input '" + tensor.name + "' has both \"data\" and \"binary_data_size\"");
    const std::uint64_t bytes = number_of(size.value(), "binary_data_size of input '" + tensor.name + "'");
    if (bytes > rest.size()) {
      refuse_input("input '" + tensor.name + "': binary_data_size is " + std::to_string(bytes) + ", but " +
                   std::to_string(rest.size()) + " bytes are left behind the JSON");
    }
    tensor.bytes = rest.substr(0, bytes);
    rest.remove_prefix(bytes);
  } else if (!tensor.has_data) {
    refuse_input("input '" + tensor.name + "' has neither \"data\" nor \"binary_data_size\"");
  }
  return tensor;
}

// A tensor for each column, or one of all columns by position.
void fill(const std::vector<Tensor>& tensors, RowBuilder& rows) {
  const Schema& schema = rows.schema();
  const JsonLimits limits;
  for (const auto& tensor : tensors) {
    if (tensor.rows > limits.rows)
      throw Refusal{one_mistake(413, "too_many_rows", "there are more than " + std::to_string(limits.rows) + " rows")};
  }
  if (tensors.size() == 1 && !schema.find(tensors[0].name) && !schema.features().empty()) {
    const Tensor& all = tensors[0];
    if (all.width != schema.features().size()) {
      refuse_input("input '" + all.name + "' is no column's name, and has " + std::to_string(all.width) +
                   " values a row instead of " + std::to_string(schema.features().size()));
    }
    const TensorReader reader(all);
    for (std::size_t row = 0; row < all.rows && !rows.has_too_many_mistakes(); ++row) {
      for (std::size_t i = 0; i < all.width; ++i) rows.set_next(i, reader.cell(row * all.width + i));
    }
  } else {
    for (const auto& tensor : tensors) {
      const auto feature = schema.find(tensor.name);
      if (!feature) continue;
      if (tensor.width != 1) refuse_input("input '" + tensor.name + "' must have one value a row: shape [n] or [n, 1]");
      if (rows.has(*feature)) refuse_input("input '" + tensor.name + "' is there twice", "duplicate_key");
      const TensorReader reader(tensor);
      for (std::size_t row = 0; row < tensor.rows && !rows.has_too_many_mistakes(); ++row)
        rows.set_next(*feature, reader.cell(row));
    }
  }
  rows.end_columns();
  if (rows.rows() == 0) refuse_input("there is no row");
}

InferenceRequest read_wanted(const element& document) {
  InferenceRequest wanted;
  std::string_view text;
  if (document["id"].get(text) == simdjson::SUCCESS) {
    wanted.id = text;
    wanted.has_id = true;
  }
  bool flag = false;
  if (document["parameters"]["binary_data_output"].get(flag) == simdjson::SUCCESS) wanted.is_binary = flag;
  simdjson::dom::array outputs;
  if (document["outputs"].get(outputs) != simdjson::SUCCESS) return wanted;
  std::unordered_set<std::string_view> asked;  // each is written as often as it is asked for
  for (const element output : outputs) {
    if (output["name"].get(text) != simdjson::SUCCESS) refuse_input("an output has no \"name\"");
    flag = wanted.is_binary;
    if (bool is_asked = false; output["parameters"]["binary_data"].get(is_asked) == simdjson::SUCCESS) flag = is_asked;
    if (!asked.insert(text).second)
      refuse_input("output '" + std::string(text.substr(0, 80)) + "' is asked for twice", "duplicate_key");
    wanted.outputs.emplace_back(text, flag);
  }
  return wanted;
}

// The JSON, and the bytes behind it.
std::pair<std::string_view, std::string_view> split_body(std::string_view body,
                                                         std::optional<std::string_view> json_length) {
  if (!json_length) return {body, {}};
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(json_length->data(), json_length->data() + json_length->size(), size);
  if (error != std::errc{} || end != json_length->data() + json_length->size() || size > body.size()) {
    refuse_input("Inference-Header-Content-Length is '" + std::string(json_length->substr(0, 40)) +
                 "', it must be the JSON's length, and the whole body has " + std::to_string(body.size()) + " bytes");
  }
  return {body.substr(0, size), body.substr(size)};
}

// The document, as long as its parser lives; the bytes behind it are left in `rest`.
element parse(std::string_view body, std::optional<std::string_view> json_length, simdjson::dom::parser& parser,
              std::string_view& rest) {
  const auto [json, bytes] = split_body(body, json_length);
  rest = bytes;
  const simdjson::padded_string padded(json);
  element document;
  if (parser.allocate(padded.size() + 64, JsonLimits{}.depth) != simdjson::SUCCESS)
    refuse_input("there is no memory for so large a body");
  if (const auto error = parser.parse(padded).get(document); error != simdjson::SUCCESS) {
    refuse_input(std::string("the body's JSON") +
                     (json_length ? ", as long as Inference-Header-Content-Length says," : "") +
                     " cannot be read: " + simdjson::error_message(error),
                 "bad_json");
  }
  return document;
}

std::vector<Tensor> read_tensors(const element& document, std::string_view rest) {
  simdjson::dom::array inputs;
  if (document["inputs"].get(inputs) != simdjson::SUCCESS) refuse_input("the body has no list \"inputs\"");
  if (inputs.size() > JsonLimits{}.keys)
    throw Refusal{one_mistake(413, "too_many_columns", "there are too many inputs")};
  std::vector<Tensor> tensors;
  for (const element input : inputs) tensors.push_back(read_tensor(input, rest));
  if (!rest.empty())
    refuse_input(std::to_string(rest.size()) +
                 " bytes behind the JSON belong to no input: the binary_data_size of the inputs are too small");
  return tensors;
}

model::FeatureKind kind_of(const Tensor& tensor) {
  if (tensor.datatype == "BYTES") return model::FeatureKind::factor;
  return tensor.datatype == "BOOL" ? model::FeatureKind::logical : model::FeatureKind::number;
}

}  // namespace

InferenceRequest read_inference_request(std::string_view body, std::optional<std::string_view> json_length,
                                        RowBuilder& rows) {
  try {
    simdjson::dom::parser parser;
    std::string_view rest;
    const element document = parse(body, json_length, parser, rest);
    const std::vector<Tensor> tensors = read_tensors(document, rest);
    InferenceRequest wanted = read_wanted(document);
    fill(tensors, rows);
    return wanted;
  } catch (const simdjson::simdjson_error& error) {
    throw Refusal{one_mistake(400, "bad_json", error.what())};
  }
}

model::Description find_tensor_features(std::string_view body, std::optional<std::string_view> json_length) {
  try {
    simdjson::dom::parser parser;
    std::string_view rest;
    const element document = parse(body, json_length, parser, rest);
    model::Description seen;
    for (const Tensor& tensor : read_tensors(document, rest)) {
      if (tensor.width > JsonLimits{}.keys)
        throw Refusal{one_mistake(413, "too_many_columns", "input '" + tensor.name + "' has too many columns")};
      for (std::size_t i = 0; i < tensor.width; ++i) {
        const std::string name = tensor.width == 1 ? tensor.name : "x" + std::to_string(i);
        seen.features.push_back({.name = name, .kind = kind_of(tensor), .levels = {}});
      }
    }
    return seen;
  } catch (const simdjson::simdjson_error& error) {
    throw Refusal{one_mistake(400, "bad_json", error.what())};
  }
}

}  // namespace scoria::serve
