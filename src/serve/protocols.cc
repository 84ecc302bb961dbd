#include "serve/protocols.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "serve/csv_rows.h"
#include "serve/find_features.h"
#include "serve/json_rows.h"

namespace scoria::serve {
namespace {

constexpr std::string_view kJson = "application/json";

const Envelope kPlumberRows = [] {
  Envelope envelope{.members = {}, .may_be_bare = true};
  for (const auto name : kRowMembers) envelope.members.push_back({name});
  return envelope;
}();
const Envelope kInvocationsRows{.members = {{"dataframe_split", Envelope::Rows::split},
                                            {"dataframe_records", Envelope::Rows::records},
                                            {"instances"},
                                            {"inputs"}}};
const Envelope kMlServerRows{
    .members = {{"inputData"}},
    .may_be_bare = true,
    .forms = "a member for each input, as in {\"NAME\": value, ...}, or {\"inputData\": {\"NAME\": [values], ...}}"};

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return net::is_same_name(type, name); });
}

bool is_lines(std::string_view type) {
  return is_one_of(type,
                   {"application/jsonlines", "application/x-ndjson", "application/x-jsonlines", "application/jsonl"});
}

bool read_body(Exchange& exchange, const Envelope& envelope, RowBuilder& rows, Problem& problem) {
  std::string& body = exchange.request.body;
  const std::string_view type = media_type(exchange.request);
  if (is_csv(type)) return read_csv_rows(body, {}, rows, problem);
  if (is_lines(type)) return read_json_line_rows(body, {}, rows, problem);
  return read_json_rows(body, envelope, {}, rows, problem);
}

// Rows by any of the bodies' kinds. False: `problem`.
bool read_rows(Exchange& exchange, const Envelope& envelope, table::Table& table, Problem& problem) {
  const std::string_view type = media_type(exchange.request);
  if (!is_csv(type) && !is_lines(type) && !is_json(type)) {
    problem = one_mistake(415, "bad_request",
                          "Content-Type is '" + std::string(type.substr(0, 100)) +
                              "'; there are application/json, text/csv and application/x-ndjson");
    return false;
  }
  const Schema* schema = exchange.version->schema();
  std::optional<Schema> found;
  if (schema == nullptr) {
    model::Description seen;
    if (!find_features(exchange.request.body, is_csv(type), is_lines(type), envelope, {}, seen, problem)) return false;
    schema = &found.emplace(seen);
  }
  RowBuilder rows(*schema);
  const bool is_read = read_body(exchange, envelope, rows, problem);
  exchange.rows = rows.rows();
  return rows.finish(is_read, table, problem);
}

// Of published code, which takes no rows: its inputs.
bool read_parameters(Exchange& exchange, bool has_rows, table::Table& inputs, Problem& problem) {
  const std::string_view type = media_type(exchange.request);
  if (!is_json(type)) {
    problem = one_mistake(
        415, "bad_request",
        "Content-Type is '" + std::string(type.substr(0, 100)) + "'; published code takes application/json");
    return false;
  }
  exchange.rows = 1;
  return read_inputs(exchange.request.body, has_rows, *exchange.version->signature(), inputs, problem);
}

net::HttpReply cannot_write(const Form& form, const Error& error) {
  return form.refuse(one_mistake(500, "infinite_result", error.message));
}

bool read_plumber(Exchange& exchange, table::Table& rows, Problem& problem) {
  if (!read_query(exchange, problem)) return false;
  if (exchange.version->signature() != nullptr) return read_parameters(exchange, true, rows, problem);
  return read_rows(exchange, kPlumberRows, rows, problem);
}

net::HttpReply write_plumber(const Exchange& exchange, const table::Table& predictions) {
  const bool has_rows = exchange.version->signature() == nullptr;
  std::string body = has_rows ? "" : "{";
  const Status written = has_rows ? append_rows(body, predictions, exchange.no_number)
                                  : append_outputs(body, predictions, exchange.no_number);
  if (!has_rows) body += '}';
  return written.ok() ? json_reply(200, std::move(body)) : cannot_write(kPlumberForm, written.error());
}

bool read_invocations(Exchange& exchange, table::Table& rows, Problem& problem) {
  exchange.no_number = NoNumber::strict;
  if (refuse_published(*exchange.version, problem)) return false;
  return read_query(exchange, problem) && read_rows(exchange, kInvocationsRows, rows, problem);
}

net::HttpReply write_invocations(const Exchange& exchange, const table::Table& predictions) {
  std::string body = "{\"predictions\":";
  const Status written = append_rows(body, predictions, exchange.no_number);
  if (!written.ok()) return cannot_write(kInvocationsForm, written.error());
  body += '}';
  return json_reply(200, std::move(body));
}

net::HttpReply refuse_invocations(const Problem& problem) {
  nlohmann::ordered_json document = nlohmann::ordered_json::parse(to_json(problem));
  document["error_code"] = problem.status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR";
  document["message"] = problem.message();
  return json_reply(problem.status, document.dump());
}

bool read_ml_server(Exchange& exchange, table::Table& rows, Problem& problem) {
  if (!read_query(exchange, problem)) return false;
  if (exchange.version->signature() != nullptr) return read_parameters(exchange, false, rows, problem);
  return read_rows(exchange, kMlServerRows, rows, problem);
}

net::HttpReply write_ml_server(const Exchange& exchange, const table::Table& predictions) {
  std::string body = "{\"success\":true,\"errorMessage\":\"\",\"outputParameters\":{";
  const bool has_rows = exchange.version->signature() == nullptr;
  if (!has_rows) {
    const Status written = append_outputs(body, predictions, exchange.no_number);
    if (!written.ok()) return cannot_write(kMlServerForm, written.error());
  }
  for (std::size_t i = 0; has_rows && i < predictions.columns(); ++i) {
    if (i > 0) body += ',';
    append_text(body, predictions.columns() == 1 ? "answer" : label_of(predictions.names()[i]));
    body += ":[";
    const Status written = append_column(body, *predictions.column(i), exchange.no_number);
    if (!written.ok()) return cannot_write(kMlServerForm, written.error());
    body += ']';
  }
  body += "},\"outputFiles\":{},\"consoleOutput\":\"\",\"changedFiles\":[]}";
  return json_reply(200, std::move(body));
}

net::HttpReply refuse_ml_server(const Problem& problem) {
  std::string body = "{\"success\":false,\"errorMessage\":";
  append_text(body, problem.message());
  body += ",\"outputParameters\":{},\"outputFiles\":{},\"consoleOutput\":\"\",\"changedFiles\":[],\"errors\":";
  body += nlohmann::json::parse(to_json(problem))["errors"].dump() + "}";
  return json_reply(problem.status, std::move(body));
}

}  // namespace

const std::string* Query::find(std::string_view name) const {
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.first == name; });
  return found == items.end() ? nullptr : &found->second;
}

bool is_csv(std::string_view media_type) { return is_one_of(media_type, {"text/csv", "application/csv"}); }

bool is_json(std::string_view media_type) {
  constexpr std::string_view kSuffix = "+json";
  return media_type.empty() || is_one_of(media_type, {kJson, "text/plain", "application/x-www-form-urlencoded"}) ||
         (media_type.size() > kSuffix.size() &&
          net::is_same_name(media_type.substr(media_type.size() - kSuffix.size()), kSuffix));
}

std::string_view media_type(const net::HttpRequest& request) {
  std::string_view type = request.header("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

net::HttpReply json_reply(int status, std::string body) {
  net::HttpReply reply{
      .status = status, .headers = {}, .body = std::move(body), .file = {}, .source = {}, .head_length = {}};
  // In place: a list would be copied from. And with room for what others add.
  reply.headers.reserve(4);
  reply.headers.emplace_back("Content-Type", kJson);
  return reply;
}

net::HttpReply problem_reply(const Problem& problem) {
  auto reply = json_reply(problem.status, to_json(problem));
  reply.headers[0].second = "application/problem+json";
  return reply;
}

bool read_query(Exchange& exchange, Problem& problem) {
  const auto& known = exchange.version->description();
  model::Request& request = exchange.wanted;
  for (const auto& [name, value] : exchange.query.items) {
    if (name == "type") {
      std::size_t begin = 0;
      while (begin <= value.size()) {
        const std::size_t end = std::min(value.find(',', begin), value.size());
        request.types.push_back(value.substr(begin, end - begin));
        begin = end + 1;
      }
      continue;
    }
    if (name == "no_number") {
      const auto rule = no_number_named(value);
      if (!rule.ok()) {
        problem = one_mistake(400, "bad_request", rule.error().message);
        return false;
      }
      exchange.no_number = rule.value();
      continue;
    }
    const bool is_parameter = std::any_of(known.parameters.begin(), known.parameters.end(),
                                          [&](const auto& one) { return one.name == name; });
    if (is_parameter) {
      request.parameters[name] = value;
    } else {
      problem = one_mistake(400, "bad_request",
                            "the query's '" + name + "' is neither type, no_number, nor a parameter of the model");
      return false;
    }
  }
  return true;
}

bool refuse_published(const ServiceVersion& version, Problem& problem) {
  if (version.signature() == nullptr) return false;
  problem = one_mistake(400, "bad_request",
                        "service '" + version.service() +
                            "' is published code, which takes parameters and no rows: ask it by POST /api/" +
                            version.service() + "/" + version.version());
  return true;
}

const Form kPlumberForm{Protocol::plumber, read_plumber, write_plumber, problem_reply};
const Form kInvocationsForm{Protocol::invocations, read_invocations, write_invocations, refuse_invocations};
const Form kMlServerForm{Protocol::ml_server, read_ml_server, write_ml_server, refuse_ml_server};

}  // namespace scoria::serve
