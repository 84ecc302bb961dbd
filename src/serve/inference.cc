// Open Inference Protocol V2: tensors in, tensors out; in JSON, or as bytes behind it.
#include <simdjson.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "serve/json_rows.h"
#include "serve/protocols.h"
#include "table/number_format.h"

namespace scoria::serve {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::uint64_t kMostValues = 100'000'000;

// The protocol's error: {"error": text}, with our list beside it.
net::HttpReply refuse(const Problem& problem) {
  std::string body = "{\"error\":";
  append_text(body, problem.message());
  body += ",\"errors\":" + nlohmann::json::parse(to_json(problem))["errors"].dump() + "}";
  return json_reply(problem.status, std::move(body));
}

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
      default: return {.kind = Cell::Kind::number, .number = value.get_double().value(), .text = tensor_.name};
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
  if (tensors.size() == 1 && !schema.find(tensors[0].name) && schema.features().size() > 0) {
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

struct Wanted {
  std::string id;
  bool has_id = false;
  bool is_binary = false;
  std::vector<std::pair<std::string, bool>> outputs;  // name, binary
};

Wanted read_wanted(const element& document) {
  Wanted wanted;
  std::string_view text;
  if (document["id"].get(text) == simdjson::SUCCESS) {
    wanted.id = text;
    wanted.has_id = true;
  }
  bool flag = false;
  if (document["parameters"]["binary_data_output"].get(flag) == simdjson::SUCCESS) wanted.is_binary = flag;
  simdjson::dom::array outputs;
  if (document["outputs"].get(outputs) != simdjson::SUCCESS) return wanted;
  for (const element output : outputs) {
    if (output["name"].get(text) != simdjson::SUCCESS) refuse_input("an output has no \"name\"");
    flag = wanted.is_binary;
    if (bool is_asked = false; output["parameters"]["binary_data"].get(is_asked) == simdjson::SUCCESS) flag = is_asked;
    wanted.outputs.emplace_back(text, flag);
  }
  return wanted;
}

const char* datatype_of(const table::Column& column) {
  switch (column.type()) {
    case table::Type::real: return "FP64";
    case table::Type::integer: return "INT32";
    case table::Type::logical: return "BOOL";
    default: return "BYTES";
  }
}

std::string text_of(const table::Column& column, std::size_t row) {
  if (column.is_null(row)) return "NA";
  return std::string(column.type() == table::Type::factor
                         ? column.levels()[static_cast<std::size_t>(column.codes()[row])]
                         : column.text_at(row));
}

void append_binary(std::string& out, const table::Column& column) {
  const auto append = [&](const auto& value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); };
  for (std::size_t row = 0; row < column.size(); ++row) {
    switch (column.type()) {
      case table::Type::real: append(column.reals()[row]); break;
      case table::Type::integer: append(column.integers()[row]); break;
      case table::Type::logical: append(column.logicals()[row]); break;
      default: {
        const std::string text = text_of(column, row);
        append(static_cast<std::uint32_t>(text.size()));
        out += text;
      }
    }
  }
}

net::HttpReply write(const Exchange& exchange, const Wanted& wanted, const table::Table& table, NoNumber no_number) {
  std::vector<std::pair<std::size_t, bool>> chosen;  // column, binary
  for (const auto& [name, is_binary] : wanted.outputs) {
    const auto at = table.position(name);
    if (!at) refuse_input("there is no output '" + name + "'");
    chosen.emplace_back(*at, is_binary);
  }
  if (wanted.outputs.empty()) {
    for (std::size_t i = 0; i < table.columns(); ++i) chosen.emplace_back(i, wanted.is_binary);
  }
  std::string body = "{\"model_name\":", bytes;
  append_text(body, exchange.model.service());
  body += ",\"model_version\":";
  append_text(body, exchange.model.version());
  if (wanted.has_id) {
    body += ",\"id\":";
    append_text(body, wanted.id);
  }
  body += ",\"outputs\":[";
  for (const auto& [at, is_binary] : chosen) {
    const auto& column = *table.column(at);
    if (body.back() != '[') body += ',';
    body += "{\"name\":";
    append_text(body, table.names()[at]);
    body +=
        ",\"datatype\":\"" + std::string(datatype_of(column)) + "\",\"shape\":[" + std::to_string(table.rows()) + "]";
    if (is_binary) {
      const std::size_t before = bytes.size();
      append_binary(bytes, column);
      body += ",\"parameters\":{\"binary_data_size\":" + std::to_string(bytes.size() - before) + "}}";
      continue;
    }
    body += ",\"data\":[";
    const Status written = append_column(body, column, no_number);
    if (!written.ok()) throw Refusal{one_mistake(500, "infinite_result", written.error().message)};
    body += "]}";
  }
  body += "]}";
  if (bytes.empty()) return json_reply(200, std::move(body));
  net::HttpReply reply = json_reply(200, {});
  reply.headers = {{"Content-Type", "application/octet-stream"},
                   {"Inference-Header-Content-Length", std::to_string(body.size())}};
  reply.body = std::move(body) + bytes;
  return reply;
}

net::HttpReply infer(Exchange& exchange) {
  NoNumber no_number = NoNumber::strict;
  model::Request request;
  Problem problem;
  if (!read_request(exchange, request, no_number, problem)) throw Refusal{std::move(problem)};
  std::string_view json = exchange.request.body, rest;
  if (const auto length = exchange.request.header("Inference-Header-Content-Length")) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(length->data(), length->data() + length->size(), size);
    if (error != std::errc{} || end != length->data() + length->size() || size > json.size()) {
      refuse_input("Inference-Header-Content-Length is '" + std::string(*length) + "', the whole body has " +
                   std::to_string(json.size()) + " bytes");
    }
    rest = json.substr(size);
    json = json.substr(0, size);
  }
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(json);
  element document;
  if (parser.allocate(padded.size() + 64, JsonLimits{}.depth) != simdjson::SUCCESS)
    refuse_input("there is no memory for so large a body");
  if (const auto error = parser.parse(padded).get(document); error != simdjson::SUCCESS) {
    refuse_input(std::string("the body's JSON") +
                     (rest.empty() ? "" : ", of the length that Inference-Header-Content-Length says,") +
                     " cannot be read: " + simdjson::error_message(error),
                 "bad_json");
  }
  simdjson::dom::array inputs;
  if (document["inputs"].get(inputs) != simdjson::SUCCESS) refuse_input("the body has no list \"inputs\"");
  if (inputs.size() > JsonLimits{}.keys)
    throw Refusal{one_mistake(413, "too_many_columns", "there are too many inputs")};
  std::vector<Tensor> tensors;
  for (const element input : inputs) tensors.push_back(read_tensor(input, rest));
  if (!rest.empty())
    refuse_input(std::to_string(rest.size()) +
                 " bytes behind the JSON belong to no input: the binary_data_size of the inputs are too small");
  const Wanted wanted = read_wanted(document);
  RowBuilder rows(exchange.model.schema());
  fill(tensors, rows);
  exchange.rows = rows.rows();
  table::Table table;
  if (!rows.finish(table, problem)) throw Refusal{std::move(problem)};
  model::Prediction prediction;
  if (!exchange.model.score(table, request, exchange.executor, prediction, problem)) throw Refusal{std::move(problem)};
  return write(exchange, wanted, prediction.table, no_number);
}

}  // namespace

net::HttpReply answer_inference(Exchange& exchange) {
  try {
    return infer(exchange);
  } catch (const Refusal& wrong) {
    return refuse(wrong.problem);
  } catch (const simdjson::simdjson_error& error) {
    return refuse(one_mistake(400, "bad_json", error.what()));
  }
}

}  // namespace scoria::serve
