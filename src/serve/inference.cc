// Open Inference Protocol V2: tensors in, tensors out; in JSON, or as bytes behind it.
#include <nlohmann/json.hpp>
#include <optional>

#include "serve/inference_request.h"
#include "serve/protocols.h"

namespace scoria::serve {
namespace {

// The protocol's error: {"error": text}, with our list beside it.
net::HttpReply refuse(const Problem& problem) {
  std::string body = "{\"error\":";
  append_text(body, problem.message());
  body += ",\"errors\":" + nlohmann::json::parse(to_json(problem))["errors"].dump() + "}";
  return json_reply(problem.status, std::move(body));
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

net::HttpReply write_tensors(const Exchange& exchange, const table::Table& table) {
  const InferenceRequest& wanted = exchange.inference;
  std::vector<std::pair<std::size_t, bool>> chosen;  // column, binary
  for (const auto& [name, is_binary] : wanted.outputs) {
    const auto at = table.position(name);
    if (!at) throw Refusal{one_mistake(400, "bad_request", "there is no output '" + name + "'")};
    chosen.emplace_back(*at, is_binary);
  }
  if (wanted.outputs.empty()) {
    for (std::size_t i = 0; i < table.columns(); ++i) chosen.emplace_back(i, wanted.is_binary);
  }
  std::string body = "{\"model_name\":", bytes;
  append_text(body, exchange.version->service());
  body += ",\"model_version\":";
  append_text(body, exchange.version->version());
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
    const Status written = append_column(body, column, exchange.no_number);
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

net::HttpReply write(const Exchange& exchange, const table::Table& table) {
  try {
    return write_tensors(exchange, table);
  } catch (const Refusal& wrong) {
    return refuse(wrong.problem);
  }
}

bool read(Exchange& exchange, table::Table& table, Problem& problem) {
  exchange.no_number = NoNumber::strict;
  if (refuse_published(*exchange.version, problem) || !read_query(exchange, problem)) return false;
  const auto json_length = exchange.request.header("Inference-Header-Content-Length");
  const Schema* schema = exchange.version->schema();
  std::optional<Schema> found;
  try {
    if (schema == nullptr) schema = &found.emplace(find_tensor_features(exchange.request.body, json_length));
    RowBuilder rows(*schema);
    exchange.inference = read_inference_request(exchange.request.body, json_length, rows);
    exchange.rows = rows.rows();
    return rows.finish(true, table, problem);
  } catch (const Refusal& wrong) {
    problem = wrong.problem;
    return false;
  }
}

}  // namespace

const Form kInferenceForm{Protocol::inference, read, write, refuse};

}  // namespace scoria::serve
