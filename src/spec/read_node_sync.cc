// The read side of spec/node_sync.h.
#include <algorithm>
#include <limits>

#include "spec/json_text.h"
#include "spec/node_sync.h"
#include "spec/node_sync_names.h"

namespace scoria::spec {
namespace {

constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxWord = 64;
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxText = 64 << 10;
constexpr std::size_t kMaxItems = 100'000;

bool is_below_root(std::string_view path) {
  if (path.starts_with('/') || path.find('\0') != std::string_view::npos) return false;
  while (!path.empty()) {
    const auto end = path.find('/');
    if (path.substr(0, end) == "..") return false;
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return true;
}

// MemberReader of one object. The first that is wrong is remembered in `error`; what follows does nothing.
class MemberReader {
 public:
  MemberReader(const Json& object, std::string where, std::optional<Error>& error)
      : object_(object), where_(std::move(where)), error_(error) {
    if (!object_.is_object() && !error_) {
      error_ = Error{Code::invalid, "sync: " + (where_.empty() ? where_ : where_ + ": ") + "must be an object"};
    }
  }

  // The member where it is there and nothing was wrong so far; null where not.
  const Json* find(const char* name) const {
    if (error_) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  void require(const char* name) {
    if (error_) return;
    const Json* value = find(name);
    if (value == nullptr || (value->is_string() && value->get_ref<const std::string&>().empty())) {
      fail(name, "is missing");
    }
  }
  void text(const char* name, std::string& out, std::size_t max) {
    const Json* value = find(name);
    if (value == nullptr) return;
    const auto* string = value->get_ptr<const std::string*>();
    if (string == nullptr || string->size() > max) {
      return fail(name, "must be a string of at most " + std::to_string(max) + " bytes");
    }
    out = *string;
  }
  // A path below the node's root.
  void path(const char* name, std::string& out) {
    text(name, out, kMaxPath);
    if (!error_ && !is_below_root(out)) fail(name, "must be a relative path without '..'");
  }
  template <typename Integer>
  void integer(const char* name, Integer& out, Integer min, Integer max) {
    const Json* value = find(name);
    if (value == nullptr) return;
    const bool fits = value->is_number_unsigned()
                          ? std::in_range<Integer>(value->get<std::uint64_t>())
                          : value->is_number_integer() && std::in_range<Integer>(value->get<std::int64_t>());
    if (!fits || value->get<Integer>() < min || value->get<Integer>() > max) {
      return fail(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    }
    out = value->get<Integer>();
  }
  void number(const char* name, double& out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_number() || value->get<double>() < 0) return fail(name, "must be a number, not below 0");
    out = value->get<double>();
  }
  void flag(const char* name, bool& out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_boolean()) return fail(name, "must be true or false");
    out = value->get<bool>();
  }
  template <typename Enum, std::size_t kSize>
  void enumerator(const char* name, Enum& out, const std::array<std::string_view, kSize>& names) {
    const Json* value = find(name);
    if (value == nullptr) return;
    const auto* string = value->get_ptr<const std::string*>();
    const auto found = string == nullptr ? names.end() : std::ranges::find(names, *string);
    if (found != names.end()) {
      out = static_cast<Enum>(found - names.begin());
      return;
    }
    std::string allowed;
    for (const auto each : names) allowed.append(allowed.empty() ? "" : ", ").append(each);
    fail(name, "must be one of " + allowed);
  }
  template <typename Item, typename Read>
  void list(const char* name, std::vector<Item>& out, Read read) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_array() || value->size() > kMaxItems) {
      return fail(name, "must be a list of at most " + std::to_string(kMaxItems));
    }
    out.reserve(value->size());
    for (const Json& item : *value) {
      out.push_back(read(item, path_of(name) + "[" + std::to_string(out.size()) + "]", error_));
      if (error_) return;
    }
  }
  void integers(const char* name, std::vector<int>& out) {
    list(name, out, [](const Json& item, const std::string& where, std::optional<Error>& error) {
      if (item.is_number_unsigned() && item.get<std::uint64_t>() < 1'000'000) return item.get<int>();
      error = Error{Code::invalid, "sync: " + where + ": must be an integer from 0 to 999999"};
      return 0;
    });
  }
  std::string path_of(const char* name) const { return where_.empty() ? name : where_ + "." + name; }

 private:
  void fail(const char* name, const std::string& what) {
    if (!error_) error_ = Error{Code::invalid, "sync: " + path_of(name) + ": " + what};
  }

  const Json& object_;
  std::string where_;
  std::optional<Error>& error_;
};

constexpr auto kAnyAttempt = std::numeric_limits<AttemptId>::max();

void read_attempt(MemberReader& members, AttemptId& out) {
  members.require("attempt");
  members.integer("attempt", out, AttemptId{1}, kAnyAttempt);
}

std::pair<std::string, std::string> read_pair(const Json& json, const std::string& where, std::optional<Error>& error) {
  if (json.is_array() && json.size() == 2 && json[0].is_string() && json[1].is_string()) {
    return {json[0].get<std::string>(), json[1].get<std::string>()};
  }
  error = Error{Code::invalid, "sync: " + where + ": must be [name, value], two strings"};
  return {};
}

Failure read_failure(const Json& json, std::string where, std::optional<Error>& error) {
  Failure out;
  MemberReader members(json, std::move(where), error);
  members.text("category", out.category, kMaxWord);
  members.text("code", out.code, kMaxId);
  members.text("message", out.message, kMaxText);
  members.list("details", out.details, read_pair);
  return out;
}

StartOrder read_start(const Json& json, std::string where, std::optional<Error>& error) {
  StartOrder out;
  MemberReader members(json, std::move(where), error);
  read_attempt(members, out.attempt);
  members.enumerator("kind", out.kind, kRunKinds);
  members.text("job", out.job, kMaxId);
  members.text("task", out.task, kMaxId);
  members.require("directory");
  members.path("directory", out.directory);
  members.integer("slots", out.slots, 0, 1 << 16);
  members.flag("may_wait", out.may_wait);
  if (const Json* spec = members.find("spec")) out.spec = *spec;
  members.path("preparation_directory", out.preparation_directory);
  members.text("token", out.token, kMaxPath);
  members.integers("devices", out.devices);
  members.integer("retry", out.retry, 0, std::numeric_limits<int>::max());
  return out;
}

StopOrder read_stop(const Json& json, std::string where, std::optional<Error>& error) {
  StopOrder out;
  MemberReader members(json, std::move(where), error);
  read_attempt(members, out.attempt);
  members.text("reason", out.reason, kMaxWord);
  members.integer("grace_ms", out.grace_ms, std::int64_t{0}, std::int64_t{24} * 3600 * 1000);
  return out;
}

FileOrder read_file(const Json& json, std::string where, std::optional<Error>& error) {
  FileOrder out;
  MemberReader members(json, std::move(where), error);
  members.require("id");
  members.integer("id", out.id, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max());
  members.text("action", out.action, kMaxWord);
  members.path("path", out.path);
  members.integer("offset", out.offset, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max());
  members.integer("length", out.length, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max());
  return out;
}

Held read_held(const Json& json, std::string where, std::optional<Error>& error) {
  Held out;
  MemberReader members(json, std::move(where), error);
  read_attempt(members, out.attempt);
  members.enumerator("phase", out.phase, kPhases);
  return out;
}

Event read_event(const Json& json, std::string where, std::optional<Error>& error) {
  Event out;
  MemberReader members(json, std::move(where), error);
  members.require("kind");
  members.enumerator("kind", out.kind, kEventKinds);
  read_attempt(members, out.attempt);
  members.integer("at_us", out.at_us, std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
  if (members.find("exit_code") != nullptr) {
    int code = 0;
    members.integer("exit_code", code, std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
    out.exit_code = code;
  }
  if (const Json* failure = members.find("failure")) {
    out.failure = read_failure(*failure, members.path_of("failure"), error);
  }
  members.flag("has_outputs", out.has_outputs);
  members.text("reason", out.reason, kMaxWord);
  members.text("container", out.container, kMaxId);
  return out;
}

NodeFacts read_facts(const Json& json, std::string where, std::optional<Error>& error) {
  NodeFacts out;
  MemberReader members(json, std::move(where), error);
  members.text("agent_version", out.agent_version, kMaxWord);
  members.text("ip_address", out.ip_address, kMaxWord);
  members.integer("cores", out.cores, 0, 1 << 16);
  members.integer("memory_bytes", out.memory_bytes, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max());
  members.integers("devices", out.devices);
  members.text("boot_id", out.boot_id, kMaxId);
  members.text("root_directory", out.root_directory, kMaxPath);
  return out;
}

NodeSample read_sample(const Json& json, std::string where, std::optional<Error>& error) {
  NodeSample out;
  MemberReader members(json, std::move(where), error);
  members.integer("at_us", out.at_us, std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
  members.number("cpu_percent", out.cpu_percent);
  members.number("memory_bytes", out.memory_bytes);
  members.number("disk_bytes", out.disk_bytes);
  members.number("disk_read_bytes", out.disk_read_bytes);
  members.number("disk_write_bytes", out.disk_write_bytes);
  members.number("disk_read_ops", out.disk_read_ops);
  members.number("disk_write_ops", out.disk_write_ops);
  members.number("network_in_bytes", out.network_in_bytes);
  members.number("network_out_bytes", out.network_out_bytes);
  return out;
}

std::string read_path(const Json& json, const std::string& where, std::optional<Error>& error) {
  const auto* text = json.get_ptr<const std::string*>();
  if (text != nullptr && !text->empty() && text->size() <= kMaxPath && is_below_root(*text)) return *text;
  error = Error{Code::invalid, "sync: " + where + ": must be a relative path without '..'"};
  return {};
}

}  // namespace

Result<SyncRequest> parse_sync_request(std::string_view text) {
  SCORIA_TRY(json, parse_json(text));
  SyncRequest out;
  std::optional<Error> error;
  MemberReader members(json, "", error);
  members.require("session");
  members.text("session", out.session, kMaxId);
  members.integer("sequence", out.sequence, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max());
  members.list("held", out.held, read_held);
  members.list("events", out.events, read_event);
  if (const Json* facts = members.find("facts")) out.facts = read_facts(*facts, "facts", error);
  if (const Json* sample = members.find("sample")) out.sample = read_sample(*sample, "sample", error);
  members.list("removed", out.removed, read_path);
  members.text("trouble", out.trouble, kMaxWord);
  members.flag("retains_data", out.retains_data);
  members.integer("wait_ms", out.wait_ms, std::int64_t{0}, std::int64_t{20'000});
  if (error) return std::move(*error);
  return out;
}

Result<SyncReply> parse_sync_reply(std::string_view text) {
  SCORIA_TRY(json, parse_json(text));
  SyncReply out;
  std::optional<Error> error;
  MemberReader members(json, "", error);
  members.list("start", out.start, read_start);
  members.list("stop", out.stop, read_stop);
  members.list("files", out.files, read_file);
  members.list("remove_jobs", out.remove_jobs, read_path);
  members.enumerator("order", out.order, kNodeOrders);
  members.flag("is_known", out.is_known);
  if (error) return std::move(*error);
  return out;
}

}  // namespace scoria::spec
