#include "server/documents.h"

#include <algorithm>
#include <charconv>

#include "base/iso8601.h"
#include "net/url.h"
#include "spec/errors.h"
#include "spec/odata.h"

namespace scoria::server {
namespace {

constexpr std::size_t kMostResults = 1000;
// Rows looked at for one page: with a $filter that matches few, a page may be short (or empty) and still have a nextLink.
constexpr std::size_t kMostScanned = 200'000;
constexpr std::size_t kBatch = 1000;

std::string base64url(std::string_view bytes) {
  std::string text = auth::base64(bytes);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return text;
}

Result<std::string> from_base64url(std::string_view text) {
  std::string padded(text);
  for (char& c : padded) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (padded.size() % 4 != 0) padded += '=';
  return auth::from_base64(padded);
}

Error invalid_parameter(std::string_view name, std::string_view value, std::string_view wanted) {
  return spec::batch_error("InvalidQueryParameterValue",
                           "the query parameter '" + std::string(name) + "' is '" + std::string(value.substr(0, 100)) +
                               "', must be " + std::string(wanted),
                           {{"QueryParameterName", std::string(name)}, {"QueryParameterValue", std::string(value)}});
}

net::Headers headers_of(const Call& call, std::string_view path, const Json& document) {
  net::Headers headers{{"DataServiceId", call.base_url() + std::string(path)}};
  if (const std::string tag = text_at(document, "eTag"); !tag.empty()) headers.emplace_back("ETag", quoted_tag(tag));
  if (const auto time = parse_time(text_at(document, "lastModified")); time.ok()) {
    headers.emplace_back("Last-Modified", format_http_time(time.value()));
  }
  return headers;
}

std::string unquoted(std::string_view tag) {
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  return std::string(tag);
}

// What a GET's conditions say: 200, 304 or 412. RFC 9110 section 13.2.2 gives the order.
int conditional_status(const Call& call, const Json& document) {
  const auto condition = call.precondition();
  const std::string tag = unquoted(text_at(document, "eTag"));
  const auto modified = parse_time(text_at(document, "lastModified"));
  const auto seconds = [](WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); };
  if (condition.if_match) {
    if (*condition.if_match != "*" && *condition.if_match != tag) return 412;
  } else if (condition.if_unmodified_since && modified.ok() &&
             seconds(modified.value()) > seconds(*condition.if_unmodified_since)) {
    return 412;
  }
  if (condition.if_none_match) {
    if (*condition.if_none_match == "*" || *condition.if_none_match == tag) return 304;
  } else if (condition.if_modified_since && modified.ok() &&
             seconds(modified.value()) <= seconds(*condition.if_modified_since)) {
    return 304;
  }
  return 200;
}

bool refused_by_condition(const CallPtr& call, std::string_view path, const Json& document) {
  const int status = conditional_status(*call, document);
  if (status == 412) call->fail(spec::batch_error("ConditionNotMet"));
  if (status == 304) call->send_empty(304, headers_of(*call, path, document));
  return status != 200;
}

// Of "$expand" there is "stats" alone, and documents here have none.
Result<spec::Select> selection(const Call& call, spec::Entity entity) {
  const auto expand = call.target().query_value("$expand").value_or("");
  if (!expand.empty() && expand != "stats") return invalid_parameter("$expand", expand, "stats");
  return spec::Select::parse(entity, call.target().query_value("$select").value_or(""));
}

}  // namespace

std::string text_at(const Json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void send_document(const CallPtr& call, spec::Entity entity, std::string_view set, std::string_view path,
                   Json document) {
  const auto select = selection(*call, entity);
  if (!select.ok()) return call->fail(select.error());
  if (refused_by_condition(call, path, document)) return;
  net::Headers headers = headers_of(*call, path, document);
  document["url"] = std::string(path);
  make_urls_absolute(call->base_url(), document);
  spec::shape_for(entity, call->version, document);
  select.value().apply(document);
  document["odata.metadata"] = call->base_url() + "/$metadata#" + std::string(set) + "/@Element";
  call->send_json(200, document, std::move(headers));
}

void send_exists(const CallPtr& call, std::string_view path, const Json& document) {
  if (refused_by_condition(call, path, document)) return;
  call->send_empty(200, headers_of(*call, path, document));
}

Result<std::size_t> max_results(const Call& call) {
  const auto text = call.target().query_value("maxresults");
  if (!text || text->empty()) return kMostResults;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) {
    return invalid_parameter("maxresults", *text, "a number from 1 to 1000");
  }
  if (number < 1 || number > kMostResults) {
    return spec::batch_error("OutOfRangeInput",
                             "maxresults is " + std::string(*text) + ", must be 1 to " + std::to_string(kMostResults),
                             {{"QueryParameterName", "maxresults"},
                              {"QueryParameterValue", std::string(*text)},
                              {"MinimumAllowed", "1"},
                              {"MaximumAllowed", std::to_string(kMostResults)}});
  }
  return number;
}

Result<std::string> skip_token(const Call& call) {
  const auto text = call.target().query_value("$skiptoken");
  if (!text || text->empty()) return std::string();
  auto key = text->size() <= 1024 ? from_base64url(*text) : Result<std::string>(Error{Code::invalid, ""});
  if (!key.ok()) return invalid_parameter("$skiptoken", *text, "the one of an odata.nextLink");
  return key;
}

std::string next_link(const Call& call, std::string_view token) {
  std::string link = call.url() + "?api-version=";
  link += net::percent_encode(call.target().query_value("api-version").value_or(""));
  link += "&$skiptoken=" + base64url(token);
  for (const auto& [name, value] : call.target().query) {
    if (name == "api-version" || name == "$skiptoken" || name == "timeout") continue;
    link += "&" + (name.starts_with('$') ? "$" + net::percent_encode(name.substr(1)) : net::percent_encode(name)) +
            "=" + net::percent_encode(value);
  }
  return link;
}

void send_list(const CallPtr& call, spec::Entity entity, std::string_view set, const SourceOfState& source_of) {
  const auto limit = max_results(*call);
  if (!limit.ok()) return call->fail(limit.error());
  const auto token = skip_token(*call);
  if (!token.ok()) return call->fail(token.error());
  const auto filter = spec::Filter::parse(entity, call->target().query_value("$filter").value_or(""));
  if (!filter.ok()) return call->fail(filter.error());
  const auto select = selection(*call, entity);
  if (!select.ok()) return call->fail(select.error());
  const Source source = source_of(filter.value().required_state());

  Json::array_t values;
  std::string after = token.value();
  std::optional<std::string> next;
  for (std::size_t scanned = 0;;) {
    // One more than the page: whether a nextLink is due is known without another query.
    const std::size_t wanted = filter.value().is_all() ? std::min(limit.value() - values.size() + 1, kBatch) : kBatch;
    auto rows = source(after, wanted);
    if (!rows.ok()) return call->fail(rows.error());
    const bool is_last = rows.value().size() < wanted;
    for (Row& row : rows.value()) {
      if (filter.value().matches(row.document)) {
        if (values.size() == limit.value()) {
          next = after;
          break;
        }
        spec::shape_for(entity, call->version, row.document);
        select.value().apply(row.document);
        values.push_back(std::move(row.document));
      }
      after = std::move(row.key);
    }
    scanned += rows.value().size();
    if (next || is_last) break;
    if (scanned >= kMostScanned) {
      next = after;
      break;
    }
  }
  Json page{{"odata.metadata", call->base_url() + "/$metadata#" + std::string(set)}, {"value", std::move(values)}};
  if (next) page["odata.nextLink"] = next_link(*call, *next);
  call->send_json(200, page);
}

void make_urls_absolute(std::string_view base, Json& document) {
  static constexpr std::string_view kUrls[] = {"url",    "nodeUrl", "taskUrl",
                                               "jobUrl", "poolUrl", "taskRootDirectoryUrl"};
  static constexpr std::string_view kBelow[] = {"executionInfo",
                                                "nodeInfo",
                                                "recentJob",
                                                "recentTask",
                                                "recentTasks",
                                                "startTaskInfo",
                                                "jobPreparationTaskExecutionInfo",
                                                "jobReleaseTaskExecutionInfo"};
  if (document.is_array()) {
    for (Json& element : document) make_urls_absolute(base, element);
  }
  if (!document.is_object()) return;
  for (auto& [name, value] : document.items()) {
    if (value.is_string()) {
      if (std::ranges::find(kUrls, std::string_view(name)) == std::end(kUrls)) continue;
      auto& text = value.get_ref<std::string&>();
      if (text.starts_with('/')) text.insert(0, base);
    } else if (std::ranges::find(kBelow, std::string_view(name)) != std::end(kBelow)) {
      make_urls_absolute(base, value);
    }
  }
}

Result<Json> parse_stored(std::string_view what, std::string_view text) {
  Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) {
    return Error{Code::corrupt, "the stored document of " + std::string(what) + " is no JSON object"};
  }
  return document;
}

Source stored_documents(const CallPtr& call, store::Kind kind, std::optional<std::string> parent,
                        std::function<std::string(const Json& document)> path) {
  return [call, kind, parent = std::move(parent), path = std::move(path), base = call->base_url()](
             std::string_view after, std::size_t limit) -> Result<std::vector<Row>> {
    SCORIA_TRY(documents, call->app().store.list(kind, parent ? std::optional<std::string_view>(*parent) : std::nullopt,
                                                 after, limit));
    std::vector<Row> rows;
    rows.reserve(documents.size());
    for (const store::Document& document : documents) {
      SCORIA_TRY(json, parse_stored("'" + document.id + "'", document.text));
      if (std::string url = path(json); !url.empty()) json["url"] = std::move(url);
      make_urls_absolute(base, json);
      rows.push_back({parent ? document.id : document.parent + "\n" + document.id, std::move(json)});
    }
    return rows;
  };
}

}  // namespace scoria::server
