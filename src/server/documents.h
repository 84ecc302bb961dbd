// How documents are answered: one by one with conditions, in lists with pages, filtered, selected, and in the shape of the client's
// api-version.
// Source: Azure Batch REST API; OData JSON light. Threads: as Call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/call.h"
#include "spec/shape.h"

namespace scoria::server {

// One document: 304 and 412 by its eTag and lastModified, $select, ETag and Last-Modified. `set` is the name of its collection
// ("pools"), `path` where it is found.
void send_document(const CallPtr& call, spec::Entity entity, std::string_view set, std::string_view path,
                   Json document);
// The same without a body, for HEAD.
void send_exists(const CallPtr& call, std::string_view path, const Json& document);

struct Row {
  std::string key;  // by which the source goes on: opaque to clients
  Json document;
};
// At most `limit` rows behind the key `after` (empty: from the start); fewer mean that there are no more.
using Source = std::function<Result<std::vector<Row>>(std::string_view after, std::size_t limit)>;
// Rows that may be skipped by state before they are read: `required_state` is what a $filter asks of all.
using SourceOfState = std::function<Source(const std::optional<std::string>& required_state)>;

// A page of at most maxresults (1000) matching rows, with odata.nextLink where there may be more.
void send_list(const CallPtr& call, spec::Entity entity, std::string_view set, const SourceOfState& source);
inline void send_list(const CallPtr& call, spec::Entity entity, std::string_view set, Source source) {
  send_list(call, entity, set, SourceOfState([&source](const std::optional<std::string>&) { return source; }));
}

// "maxresults", 1 to 1000. Errors: OutOfRangeInput.
Result<std::size_t> max_results(const Call& call);
// Errors: InvalidQueryParameterValue.
Result<std::string> skip_token(const Call& call);
// This request again, from `token` on: "...?api-version=X&$skiptoken=T&..." (R's client counts on that order).
std::string next_link(const Call& call, std::string_view token);

// Stored documents hold paths where clients get urls ("/pools/p1"): puts `base` before them.
void make_urls_absolute(std::string_view base, Json& document);

// A member's text; empty where it has none.
std::string text_at(const Json& document, const char* name);

// A stored document's text. Errors: corrupt, naming it.
Result<Json> parse_stored(std::string_view what, std::string_view text);
// Documents of a kind below a parent (nothing: of all), each given its url by `path` ("/pools/p1"; empty: it has none).
Source stored_documents(const CallPtr& call, store::Kind kind, std::optional<std::string> parent,
                        std::function<std::string(const Json& document)> path);

}  // namespace scoria::server
