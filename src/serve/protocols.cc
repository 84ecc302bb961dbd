#include "serve/protocols.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "serve/csv_rows.h"
#include "serve/json_rows.h"

namespace scoria::serve {
namespace {

constexpr const char* kJson = "application/json";

const Envelope kPlumber{.members = {{"df"}, {"data"}, {"newdata"}, {"rows"}, {"instances"}}, .may_be_bare = true};
const Envelope kInvocations{.members = {{"dataframe_split", Envelope::Rows::split},
                                        {"dataframe_records", Envelope::Rows::records},
                                        {"instances"},
                                        {"inputs"}}};
const Envelope kMlServer{.members = {{"inputData"}}, .may_be_bare = true};

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return net::is_same_name(type, name); });
}

bool is_lines(std::string_view type) {
  return is_one_of(type,
                   {"application/jsonlines", "application/x-ndjson", "application/x-jsonlines", "application/jsonl"});
}

// Rows by any of the bodies' kinds. False: `problem`.
bool read_rows(Exchange& exchange, const Envelope& envelope, table::Table& table, Problem& problem) {
  RowBuilder rows(exchange.model.schema());
  const std::string_view type = media_type(exchange.request);
  bool is_read = false;
  if (is_csv(type)) {
    is_read = read_csv_rows(exchange.request.body, {}, rows, problem);
  } else if (is_lines(type)) {
    is_read = read_json_line_rows(exchange.request.body, {}, rows, problem);
  } else if (is_json(type)) {
    is_read = read_json_rows(exchange.request.body, envelope, {}, rows, problem);
  } else {
    problem = one_mistake(415, "bad_request",
                          "Content-Type is '" + std::string(type.substr(0, 100)) +
                              "'; there are application/json, text/csv and application/x-ndjson");
    return false;
  }
  exchange.rows = rows.rows();
  return rows.finish(is_read, table, problem);
}

bool read_and_score(Exchange& exchange, const Envelope& envelope, NoNumber& no_number, model::Prediction& prediction,
                    Problem& problem) {
  model::Request request;
  table::Table table;
  return read_request(exchange, request, no_number, problem) && read_rows(exchange, envelope, table, problem) &&
         exchange.model.score(table, request, exchange.executor, prediction, problem);
}

Problem cannot_write(const Error& error) { return one_mistake(500, "infinite_result", error.message); }

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
  return {.status = status,
          .headers = {{"Content-Type", kJson}},
          .body = std::move(body),
          .file = {},
          .source = {},
          .head_length = {}};
}

net::HttpReply problem_reply(const Problem& problem) {
  auto reply = json_reply(problem.status, to_json(problem));
  reply.headers[0].second = "application/problem+json";
  return reply;
}

bool read_request(const Exchange& exchange, model::Request& request, NoNumber& no_number, Problem& problem) {
  const auto& known = exchange.model.description();
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
      no_number = rule.value();
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

net::HttpReply answer_plumber(Exchange& exchange) {
  NoNumber no_number = NoNumber::text;
  model::Prediction prediction;
  Problem problem;
  if (!read_and_score(exchange, kPlumber, no_number, prediction, problem)) return problem_reply(problem);
  std::string body;
  const Status written = append_rows(body, prediction.table, no_number);
  return written.ok() ? json_reply(200, std::move(body)) : problem_reply(cannot_write(written.error()));
}

net::HttpReply answer_invocations(Exchange& exchange) {
  NoNumber no_number = NoNumber::strict;
  model::Prediction prediction;
  Problem problem;
  const auto refuse = [](const Problem& wrong) {
    nlohmann::ordered_json document = nlohmann::ordered_json::parse(to_json(wrong));
    document["error_code"] = wrong.status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR";
    document["message"] = wrong.message();
    return json_reply(wrong.status, document.dump());
  };
  if (!read_and_score(exchange, kInvocations, no_number, prediction, problem)) return refuse(problem);
  std::string body = "{\"predictions\":";
  const Status written = append_rows(body, prediction.table, no_number);
  if (!written.ok()) return refuse(cannot_write(written.error()));
  body += '}';
  return json_reply(200, std::move(body));
}

net::HttpReply answer_ml_server(Exchange& exchange) {
  NoNumber no_number = NoNumber::text;
  model::Prediction prediction;
  Problem problem;
  const auto refuse = [](const Problem& wrong) {
    std::string body = "{\"success\":false,\"errorMessage\":";
    append_text(body, wrong.message());
    body += ",\"outputParameters\":{},\"outputFiles\":{},\"consoleOutput\":\"\",\"changedFiles\":[],\"errors\":";
    body += nlohmann::json::parse(to_json(wrong))["errors"].dump() + "}";
    return json_reply(wrong.status, std::move(body));
  };
  if (!read_and_score(exchange, kMlServer, no_number, prediction, problem)) return refuse(problem);
  std::string body = "{\"success\":true,\"errorMessage\":\"\",\"outputParameters\":{";
  for (std::size_t i = 0; i < prediction.table.columns(); ++i) {
    if (i > 0) body += ',';
    append_text(body, prediction.table.columns() == 1 ? "answer" : label_of(prediction.table.names()[i]));
    body += ":[";
    const Status written = append_column(body, *prediction.table.column(i), no_number);
    if (!written.ok()) return refuse(cannot_write(written.error()));
    body += ']';
  }
  body += "},\"outputFiles\":{},\"consoleOutput\":\"\",\"changedFiles\":[]}";
  return json_reply(200, std::move(body));
}

}  // namespace scoria::serve
