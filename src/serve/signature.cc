#include "serve/signature.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/na.h"
#include "serve/json_rows.h"
#include "serve/script/body_guard.h"

namespace scoria::serve {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t kMostParameters = 1000, kMostValues = 100'000, kShown = 100;
constexpr std::string_view kLengths = ".lengths";

// A variable's name in both languages.
bool is_variable_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && name.size() <= 64 && is_letter(name[0]) && name[0] != '_' &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const char* wanted(std::string_view type) {
  if (type == "numeric") return "one number";
  if (type == "integer") return "one whole number from -2147483647 to 2147483647";
  if (type == "logical") return "true or false";
  if (type == "character") return "one text";
  return "an array of numbers, of texts, or of true and false";
}

std::string shown(const Json& value) {
  if (value.is_array()) return "an array of " + std::to_string(value.size());
  if (value.is_object()) return "an object";
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // no half of a character
  return text.substr(0, end) + "...";
}

bool is_missing(const Json& value) { return value.is_null() || value == "NA"; }

// What R and its JSON packages write for what JSON has no number for, too.
std::optional<double> number_of(const Json& value) {
  if (is_missing(value)) return na_real();
  if (value.is_number()) return value.get<double>();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value == "Inf") return std::numeric_limits<double>::infinity();
  if (value == "-Inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

// As a script gets it: `rows` values, those behind the given ones missing. Null: one of them is of another kind.
table::ColumnPtr column_of(std::string_view type, const std::vector<const Json*>& values, std::size_t rows) {
  table::Validity validity;
  const auto set_null = [&](std::size_t row) {
    if (validity.all_valid()) validity = table::Validity(rows);
    validity.set_null(row);
  };
  if (type == "numeric" || type == "integer") {
    std::vector<double> numbers(rows, na_real());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto number = number_of(*values[i]);
      const bool is_whole = type == "numeric" || is_missing(*values[i]) ||
                            (number && *number == std::trunc(*number) && std::abs(*number) <= 2147483647.0);
      if (!number || !is_whole) return nullptr;
      numbers[i] = *number;
    }
    return table::Column::real(std::move(numbers));
  }
  if (type == "logical") {
    std::vector<std::uint8_t> flags(rows, 0);
    for (std::size_t i = 0; i < rows; ++i) {
      if (i >= values.size() || is_missing(*values[i])) {
        set_null(i);
      } else if (values[i]->is_boolean()) {
        flags[i] = values[i]->get<bool>() ? 1 : 0;
      } else {
        return nullptr;
      }
    }
    return table::Column::logical(std::move(flags), std::move(validity));
  }
  std::vector<std::string> texts(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (i >= values.size() || values[i]->is_null()) {
      set_null(i);
    } else if (values[i]->is_string()) {
      texts[i] = values[i]->get<std::string>();
    } else {
      return nullptr;
    }
  }
  return table::Column::text(std::span<const std::string>(texts), std::move(validity));
}

// Of a vector: numbers where a number or nothing is in it; texts that stand for numbers make texts of it otherwise.
std::string_view type_of(const std::string& type, const std::vector<const Json*>& values) {
  if (type != "vector") return type;
  const auto has = [&](auto is_so) {
    return std::ranges::any_of(values, [&](const Json* one) { return is_so(*one); });
  };
  if (has([](const Json& one) { return one.is_number(); })) return "numeric";
  if (has([](const Json& one) { return one.is_boolean(); })) return "logical";
  return has([](const Json& one) { return !one.is_null(); }) ? "character" : "numeric";
}

// R has no single values: its clients send a vector of one without its brackets, and a single value with them.
std::vector<const Json*> values_of(const Json& value) {
  std::vector<const Json*> values;
  if (!value.is_array()) return {&value};
  for (const Json& one : value) values.push_back(&one);
  return values;
}

// Null: `problem`. A name that an object has twice is a mistake, as in rows: R's and Python's readers would take another of the two.
std::optional<Json> parsed(std::string_view body, Problem& problem) {
  std::vector<std::set<std::string>> names;
  std::string twice;
  const auto look = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return true;
  };
  Json document = Json::parse(body, look, false);
  if (document.is_discarded()) {
    problem = one_mistake(400, "bad_json", "the body is no JSON: it must be an object with a member for each input");
  } else if (!twice.empty()) {
    problem = one_mistake(400, "duplicate_key", "the body has '" + twice.substr(0, kShown) + "' twice");
  } else {
    return document;
  }
  return std::nullopt;
}

// The object that has the inputs as members. Null: `problem`.
const Json* find_object(const Json& document, bool has_rows, const Signature& signature, Problem& problem) {
  const auto is_input = [&](const std::string& name) {
    return std::ranges::find(signature.inputs, name, &ServiceParameter::name) != signature.inputs.end();
  };
  const Json* found = &document;
  if (has_rows && found->is_object() && found->size() == 1 && !is_input(found->begin().key()) &&
      std::ranges::find(kRowMembers, found->begin().key()) != kRowMembers.end())
    found = &*found->begin();
  if (has_rows && found->is_array() && found->size() == 1) found = &found->front();
  if (found->is_object()) return found;
  problem = one_mistake(
      400, "bad_request",
      found->is_array() && found->size() != 1
          ? "published code takes its inputs once for each request, not " + std::to_string(found->size()) + " times"
          : "the body must be a JSON object with a member for each input");
  return nullptr;
}

Mistake mistake(const ServiceParameter& input, const char* code, const std::string& what, const Json* value) {
  Mistake made{.code = code,
               .message = "the input '" + input.name + "' " + what,
               .row = {},
               .column = input.name,
               .value = value == nullptr ? "" : shown(*value),
               .expected = {wanted(input.type)}};
  return made;
}

std::string came(const Json& value, const std::string& type) {
  if (!value.is_array() || type != "vector") return shown(value);
  return "an array with an element of another kind";
}

OrderedJson schema_of(const std::string& type, bool is_output, bool is_openapi) {
  OrderedJson schema = OrderedJson::object();
  if (type == "numeric") schema = {{"type", "number"}, {"format", "double"}};
  if (type == "integer") schema = {{"type", "integer"}, {"format", "int32"}};
  if (type == "logical") schema = {{"type", "boolean"}};
  if (type == "character") schema = {{"type", "string"}};
  // Swagger 2 has no word for "number, text or boolean": no type is any.
  if (type == "vector" && is_openapi)
    schema["oneOf"] = {{{"type", "number"}}, {{"type", "string"}}, {{"type", "boolean"}}};
  if (is_openapi) schema["nullable"] = true;
  if (type != "vector" && !is_output) return schema;
  return {{"type", "array"}, {"items", std::move(schema)}};
}

OrderedJson schema_of(const std::vector<ServiceParameter>& parameters, bool is_output, bool is_openapi) {
  OrderedJson properties = OrderedJson::object(), required = OrderedJson::array();
  for (const auto& one : parameters) {
    properties[one.name] = schema_of(one.type, is_output, is_openapi);
    required.push_back(one.name);
  }
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

// "1 3", of `columns` columns, none longer than the table. Empty: it is none.
std::vector<std::size_t> read_lengths(std::string_view text, std::size_t columns, std::size_t rows) {
  std::vector<std::size_t> lengths;
  while (lengths.size() < columns) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc{} || length > rows) return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    lengths.push_back(length);
  }
  return text.empty() ? lengths : std::vector<std::size_t>{};
}

}  // namespace

Result<std::vector<ServiceParameter>> read_service_parameters(const Json& list, const std::string& member) {
  const std::string what = "\"" + member + "\"";
  std::vector<ServiceParameter> parameters;
  if (list.is_null()) return parameters;
  if (!list.is_array() || list.size() > kMostParameters)
    return Error{Code::invalid, what + " must be a list of at most 1,000 {\"name\", \"type\"}"};
  std::set<std::string> names;
  for (const Json& one : list) {
    ServiceParameter parameter;
    if (one.is_object()) parameter = {text_of(one, "name"), text_of(one, "type")};
    if (!is_variable_name(parameter.name))
      return Error{Code::invalid, what + ": each needs a \"name\" of letters, digits and _, with a letter first"};
    if (!names.insert(parameter.name).second) return Error{Code::invalid, what + " has '" + parameter.name + "' twice"};
    static constexpr std::array<std::string_view, 5> kTypes = {"numeric", "integer", "logical", "character", "vector"};
    if (parameter.type == "matrix" || parameter.type == "data.frame") {
      return Error{Code::unsupported, what + ": '" + parameter.name + "' is a " + parameter.type +
                                          ", which is not served: name its columns, each of type vector"};
    }
    if (std::ranges::find(kTypes, parameter.type) == kTypes.end()) {
      return Error{Code::invalid, what + ": '" + parameter.name + "' has the type '" + parameter.type.substr(0, 40) +
                                      "', must be numeric, integer, logical, character or vector"};
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

Json to_json(const std::vector<ServiceParameter>& parameters) {
  Json list = Json::array();
  for (const auto& one : parameters) list.push_back({{"name", one.name}, {"type", one.type}});
  return list;
}

bool read_inputs(std::string_view body, bool has_rows, const Signature& signature, table::Table& inputs,
                 Problem& problem) {
  if (auto refused = script::guard_json(body, {})) {
    problem = std::move(*refused);
    return false;
  }
  const auto document = parsed(body, problem);
  if (!document) return false;
  const Json* object = find_object(*document, has_rows, signature, problem);
  if (object == nullptr) return false;
  std::vector<std::vector<const Json*>> given;
  std::string lengths;
  std::size_t rows = 1;
  problem = {};
  for (const auto& input : signature.inputs) {
    const auto found = object->find(input.name);
    auto& values = given.emplace_back();
    if (found == object->end()) {
      problem.mistakes.push_back(
          mistake(input, "missing_column", "is missing: it is " + input.type + ", " + wanted(input.type), nullptr));
    } else {
      values = values_of(*found);
      const bool is_long = input.type == "vector" ? values.size() > kMostValues : values.size() != 1;
      if (is_long || column_of(type_of(input.type, values), values, values.size()) == nullptr) {
        const std::string what = "is " + (is_long ? shown(*found) : came(*found, input.type)) + ", must be " +
                                 input.type + ": " +
                                 (is_long && input.type == "vector" ? "at most 100,000 values" : wanted(input.type));
        problem.mistakes.push_back(mistake(input, "wrong_type", what, &*found));
      }
    }
    if (problem.mistakes.size() == kMostMistakes) return false;
    rows = std::max(rows, values.size());
    lengths += (lengths.empty() ? "" : " ") + std::to_string(values.size());
  }
  if (!problem.mistakes.empty()) return false;
  // What is filled up with missing values must stay of the size of a body.
  if (rows * signature.inputs.size() > 10 * kMostValues) {
    problem = one_mistake(413, "too_large", "the longest input times the number of inputs is more than 1,000,000");
    return false;
  }
  inputs = table::Table(rows);
  for (std::size_t i = 0; i < given.size(); ++i)
    inputs.add(signature.inputs[i].name, column_of(type_of(signature.inputs[i].type, given[i]), given[i], rows));
  const Json first = std::move(lengths);
  inputs.add(std::string(kLengths), column_of("character", {&first}, rows));
  return true;
}

Status append_outputs(std::string& out, const table::Table& outputs, NoNumber rule) {
  const auto lengths = outputs.find(kLengths);
  const std::size_t columns = outputs.columns() - (lengths == nullptr ? 0 : 1);
  std::vector<std::size_t> sizes;
  if (lengths != nullptr && lengths->type() == table::Type::text && outputs.rows() > 0 && !lengths->is_null(0))
    sizes = read_lengths(lengths->text_at(0), columns, outputs.rows());
  if (sizes.empty()) return Error{Code::corrupt, "the published code's answer has not as many outputs as it should"};
  for (std::size_t i = 0, at = 0; i < outputs.columns(); ++i) {
    if (outputs.names()[i] == kLengths) continue;
    if (at > 0) out += ',';
    append_text(out, outputs.names()[i]);
    out += ":[";
    SCORIA_TRY_STATUS(append_column(out, *outputs.column(i)->slice(0, sizes[at++]), rule));
    out += ']';
  }
  return Ok{};
}

OrderedJson inputs_schema(const Signature& signature, bool is_openapi) {
  return schema_of(signature.inputs, false, is_openapi);
}

OrderedJson outputs_schema(const Signature& signature, bool is_openapi) {
  return schema_of(signature.outputs, true, is_openapi);
}

OrderedJson example_inputs(const Signature& signature) {
  OrderedJson example = OrderedJson::object();
  for (const auto& one : signature.inputs) {
    if (one.type == "vector") {
      example[one.name] = OrderedJson::array({0});
    } else if (one.type == "logical") {
      example[one.name] = false;
    } else if (one.type == "character") {
      example[one.name] = "";
    } else {
      example[one.name] = 0;
    }
  }
  return example;
}

}  // namespace scoria::serve
