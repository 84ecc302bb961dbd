#include "server/files.h"

#include <algorithm>
#include <charconv>

#include "base/iso8601.h"
#include "net/url.h"
#include "server/documents.h"
#include "server/node_folders.h"
#include "server/nodes.h"
#include "server/tasks.h"
#include "spec/errors.h"

namespace scoria::server::files {
namespace {

// A folder that clients see files of: a node's root, or a task's directory.
struct Place {
  std::shared_ptr<NodeFolder> folder;
  std::string root;           // below the node's root; empty: itself
  std::string url;            // of its files, without the last slash
  bool is_completed = false;  // a task that is over: without its directory its files were cleaned up
};

std::string encoded_path(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    text += (text.empty() ? "" : "/") + net::percent_encode(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return text;
}

Result<Place> place_of_node(const CallPtr& call) {
  const std::string& pool = call->argument("pool");
  const std::string& node = call->argument("node");
  SCORIA_TRY(document, nodes::find(call->app(), pool, node));
  return Place{std::make_shared<NodeFolder>(call->app(), pool, node), "",
               call->base_url() + "/pools/" + pool + "/nodes/" + node + "/files"};
}

Result<Place> place_of_task(const CallPtr& call) {
  const std::string& job = call->argument("job");
  const std::string& id = call->argument("task");
  SCORIA_TRY(task, tasks::find(call->app(), job, id));
  const auto info = task.find("nodeInfo");
  const std::string pool = info != task.end() && info->is_object() ? info->value("poolId", "") : "";
  if (pool.empty()) {
    return spec::batch_error("OperationInvalidForCurrentState",
                             "task '" + id + "' has not been started on a node: it has no files");
  }
  const std::string node = info->value("nodeId", "");
  const auto found = nodes::find(call->app(), pool, node);
  if (!found.ok()) {
    return spec::batch_error("TaskFilesUnavailable", "the files of task '" + id + "' went with node '" + node +
                                                         "' of pool '" + pool + "', which is not there any more");
  }
  SCORIA_TRY(root, node::tidy_relative_path(info->value("taskRootDirectory", "")));
  if (root.empty()) return Error{Code::corrupt, "the stored task '" + id + "' has no directory"};
  return Place{std::make_shared<NodeFolder>(call->app(), pool, node), root,
               call->base_url() + "/jobs/" + job + "/tasks/" + id + "/files", task.value("state", "") == "completed"};
}

// The path below the node's root that the request names.
Result<std::string> path_in(const Place& place, const CallPtr& call) {
  auto tidy = node::tidy_relative_path(call->argument("path"));
  // Where a path leads out of its folder there is no file, for whoever asks.
  if (!tidy.ok()) return spec::batch_error("FileNotFound", tidy.error().message);
  const std::string& path = tidy.value();
  if (path.empty()) return spec::batch_error("FileNotFound", "the request names no file");
  return place.root.empty() ? path : place.root + "/" + path;
}

WallTime time_of(std::int64_t micros) { return WallTime(Duration(micros)); }

std::string mode_text(std::uint32_t mode, bool is_directory) {
  char text[16];
  const std::uint32_t kind = is_directory ? 0040000 : 0100000;
  const auto end = std::to_chars(text, text + sizeof text, (mode & 07777) | kind, 8).ptr;
  const std::string octal(text, end);
  return octal.size() < 7 ? std::string(7 - octal.size(), '0') + octal : octal;
}

// By its name, as nobody looks into it. rAzureBatch shows what is text and refuses an octet stream, so a name that says nothing is text, too.
const char* content_type_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  const std::string_view kind = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  const bool is_text = kind.empty() || kind == "txt" || kind == "log" || kind == "out" || kind == "err";
  return is_text ? "text/plain" : "application/octet-stream";
}

net::Headers headers_of(const Place& place, const node::FileFacts& facts) {
  const std::string name = facts.path.substr(place.root.empty() ? 0 : place.root.size() + 1);
  net::Headers headers{{"ocp-creation-time", format_http_time(time_of(facts.created_us))},
                       {"ocp-batch-file-isdirectory", facts.is_directory ? "true" : "false"},
                       {"ocp-batch-file-url", place.url + "/" + encoded_path(name)},
                       {"ocp-batch-file-mode", mode_text(facts.mode, facts.is_directory)},
                       {"Last-Modified", format_http_time(time_of(facts.modified_us))},
                       {"Accept-Ranges", "bytes"}};
  if (!facts.is_directory) headers.emplace_back("Content-Type", content_type_of(name));
  return headers;
}

// RFC 9110 section 13.2.2, of the two conditions that file operations have.
bool refused_by_time(const CallPtr& call, const node::FileFacts& facts) {
  const auto condition = call->precondition();
  const auto modified = std::chrono::floor<std::chrono::seconds>(time_of(facts.modified_us));
  if (condition.if_unmodified_since && modified > *condition.if_unmodified_since) {
    call->fail(spec::batch_error("ConditionNotMet"));
    return true;
  }
  if (condition.if_modified_since && modified <= *condition.if_modified_since) {
    call->send_empty(304);
    return true;
  }
  return false;
}

// A missing file of a task whose whole directory is gone was cleaned up: another answer, which clients tell apart.
void fail_missing(const CallPtr& call, const Place& place, const Error& error) {
  if (error.code != Code::not_found || !place.is_completed) return call->fail(error);
  place.folder->properties(place.root, [call, error](const Result<node::FileFacts>& facts) {
    if (facts.ok() || facts.error().code != Code::not_found) return call->fail(error);
    call->fail(spec::batch_error("TaskFilesCleanedup"));
  });
}

struct Range {
  std::uint64_t first = 0, last = 0;
};
// "bytes=a-b", "bytes=a-", "bytes=-n" of a file of `size`; nothing where none is asked for. Errors: InvalidHeaderValue, InvalidRange.
Result<std::optional<Range>> range_of(const Call& call, std::uint64_t size) {
  auto text = call.request().header("ocp-range");
  if (!text) text = call.request().header("Range");
  if (!text || text->empty()) return std::optional<Range>();
  const auto bad = [&] {
    return spec::batch_error("InvalidHeaderValue", "ocp-range is '" + std::string(text->substr(0, 100)) +
                                                       "', must be bytes=FIRST-LAST, bytes=FIRST- or bytes=-COUNT");
  };
  if (!text->starts_with("bytes=")) return bad();
  const std::string_view spec_text = text->substr(6);
  const auto dash = spec_text.find('-');
  if (dash == std::string_view::npos) return bad();
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const auto first = number(spec_text.substr(0, dash)), last = number(spec_text.substr(dash + 1));
  if ((!first && dash != 0) || (!last && dash + 1 != spec_text.size()) || (!first && !last)) return bad();
  if (first && last && *last < *first) return bad();
  Range range;
  if (first) {
    // An empty file from its start on is no error: a log that has not been written to yet.
    if (*first == 0 && size == 0) return std::optional<Range>();
    if (*first >= size) {
      return spec::batch_error("InvalidRange", "the file has " + std::to_string(size) + " bytes, the range begins at " +
                                                   std::to_string(*first));
    }
    range = {*first, last ? std::min(*last, size - 1) : size - 1};
  } else {
    if (size == 0) return std::optional<Range>();
    range = {size - std::min(size, *last), size - 1};
    if (*last == 0) return spec::batch_error("InvalidRange", "the range is empty");
  }
  return std::optional<Range>(range);
}

using PlaceOf = Result<Place> (*)(const CallPtr& call);

void read(const CallPtr& call, PlaceOf place_of) {
  auto place = place_of(call);
  if (!place.ok()) return call->fail(place.error());
  const auto path = path_in(place.value(), call);
  if (!path.ok()) return call->fail(path.error());
  place.value().folder->properties(
      path.value(), [call, place = place.value(), path = path.value()](const Result<node::FileFacts>& facts) {
        if (!facts.ok()) return fail_missing(call, place, facts.error());
        if (refused_by_time(call, facts.value())) return;
        net::HttpReply reply{
            .headers = headers_of(place, facts.value()), .body = {}, .file = {}, .source = {}, .head_length = {}};
        if (facts.value().is_directory) {
          return call->fail(spec::batch_error("OperationInvalidForCurrentState",
                                              "'" + call->argument("path") + "' is a directory: list its files"));
        }
        const auto range = range_of(*call, facts.value().length);
        if (!range.ok()) return call->fail(range.error());
        std::uint64_t offset = 0, length = facts.value().length;
        if (range.value()) {
          offset = range.value()->first;
          length = range.value()->last - offset + 1;
          // Still 200: Azure Batch's clients take nothing else for an answer.
          reply.headers.emplace_back("Content-Range", "bytes " + std::to_string(offset) + "-" +
                                                          std::to_string(offset + length - 1) + "/" +
                                                          std::to_string(facts.value().length));
        }
        if (length == 0) return call->send(std::move(reply));
        auto bytes = place.folder->read(path, offset, length);
        if (!bytes.ok()) return fail_missing(call, place, bytes.error());
        reply.file = std::move(bytes.value().file);
        reply.source = std::move(bytes.value().source);
        call->send(std::move(reply));
      });
}

void properties(const CallPtr& call, PlaceOf place_of) {
  auto place = place_of(call);
  if (!place.ok()) return call->fail(place.error());
  const auto path = path_in(place.value(), call);
  if (!path.ok()) return call->fail(path.error());
  place.value().folder->properties(path.value(), [call, place = place.value()](const Result<node::FileFacts>& facts) {
    if (!facts.ok()) return fail_missing(call, place, facts.error());
    if (refused_by_time(call, facts.value())) return;
    call->send({.headers = headers_of(place, facts.value()),
                .body = {},
                .file = {},
                .source = {},
                .head_length = facts.value().is_directory ? 0 : facts.value().length});
  });
}

Json document_of(const Place& place, const node::FileFacts& facts) {
  const std::string name = facts.path.substr(place.root.empty() ? 0 : place.root.size() + 1);
  Json document{{"name", name}, {"url", place.url + "/" + encoded_path(name)}, {"isDirectory", facts.is_directory}};
  if (!facts.is_directory) {
    document["properties"] = {{"creationTime", format_time(time_of(facts.created_us))},
                              {"lastModified", format_time(time_of(facts.modified_us))},
                              {"contentLength", facts.length},
                              {"contentType", content_type_of(name)},
                              {"fileMode", mode_text(facts.mode, false)}};
  }
  return document;
}

void list(const CallPtr& call, PlaceOf place_of) {
  const auto limit = max_results(*call);
  if (!limit.ok()) return call->fail(limit.error());
  const auto token = skip_token(*call);
  if (!token.ok()) return call->fail(token.error());
  if (const auto filter = call->target().query_value("$filter"); filter && !filter->empty()) {
    return call->fail(spec::batch_error("InvalidQueryParameterValue", "$filter is not supported in lists of files"));
  }
  auto place = place_of(call);
  if (!place.ok()) return call->fail(place.error());
  const auto recursive = call->target().query_value("recursive");
  const bool is_recursive = recursive && batch::lower(*recursive) == "true";
  place.value().folder->list(
      place.value().root, is_recursive,
      [call, place = place.value(), limit = limit.value(),
       token = token.value()](Result<std::vector<node::FileFacts>> listed) {
        if (!listed.ok()) return fail_missing(call, place, listed.error());
        auto& files = listed.value();
        std::ranges::sort(files, {}, &node::FileFacts::path);
        auto file = token.empty() ? files.begin() : std::ranges::upper_bound(files, token, {}, &node::FileFacts::path);
        Json page{{"odata.metadata", call->base_url() + "/$metadata#files"}, {"value", Json::array()}};
        std::size_t count = 0;
        for (; file != files.end() && count < limit; ++file, ++count) {
          page["value"].push_back(document_of(place, *file));
        }
        if (file != files.end()) page["odata.nextLink"] = next_link(*call, std::prev(file)->path);
        call->send_json(200, page);
      });
}

void remove(const CallPtr& call, PlaceOf place_of) {
  auto place = place_of(call);
  if (!place.ok()) return call->fail(place.error());
  const auto path = path_in(place.value(), call);
  if (!path.ok()) return call->fail(path.error());
  const auto recursive = call->target().query_value("recursive");
  const bool is_recursive = recursive && batch::lower(*recursive) == "true";
  place.value().folder->remove(path.value(), is_recursive, [call, place = place.value()](const Status& removed) {
    if (!removed.ok()) return fail_missing(call, place, removed.error());
    call->send_empty(200);
  });
}

}  // namespace

void list_of_node(CallPtr call) { list(call, place_of_node); }
void read_of_node(CallPtr call) { read(call, place_of_node); }
void properties_of_node(CallPtr call) { properties(call, place_of_node); }
void remove_of_node(CallPtr call) { remove(call, place_of_node); }
void list_of_task(CallPtr call) { list(call, place_of_task); }
void read_of_task(CallPtr call) { read(call, place_of_task); }
void properties_of_task(CallPtr call) { properties(call, place_of_task); }
void remove_of_task(CallPtr call) { remove(call, place_of_task); }

}  // namespace scoria::server::files
