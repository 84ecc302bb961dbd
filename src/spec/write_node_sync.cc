// The write side of spec/node_sync.h. Text is appended directly: an exchange follows every short task.
#include <charconv>
#include <cmath>

#include "spec/json_text.h"
#include "spec/node_sync.h"
#include "spec/node_sync_names.h"

namespace scoria::spec {
namespace {

constexpr std::size_t kMaxFailureMessage = 8 << 10;

// MemberWriter of one object, in the order written; what is at its default is not.
class MemberWriter {
 public:
  explicit MemberWriter(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  std::string& key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_.append(1, '"').append(name).append("\":");
    return out_;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) append_json_string(key(name), value);
  }
  template <typename Integer>
  void integer(std::string_view name, Integer value, Integer unset = 0) {
    if (value != unset) key(name) += std::to_string(value);
  }
  void number(std::string_view name, double value) {
    if (value == 0 || !std::isfinite(value)) return;
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    key(name).append(digits, end);
  }
  void flag(std::string_view name, bool value, bool unset = false) {
    if (value != unset) key(name) += value ? "true" : "false";
  }
  template <typename Items, typename Write>
  void list(std::string_view name, const Items& items, Write write) {
    if (items.empty()) return;
    key(name) += '[';
    for (const auto& item : items) {
      if (out_.back() != '[') out_ += ',';
      write(item);
    }
    out_ += ']';
  }
  void integers(std::string_view name, const std::vector<int>& values) {
    list(name, values, [&](int value) { out_ += std::to_string(value); });
  }

 private:
  std::string& out_;
};

// At most `limit` bytes, never through the middle of a UTF-8 character.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

void append(std::string& out, const Failure& failure) {
  MemberWriter members(out);
  members.text("category", failure.category);
  members.text("code", failure.code);
  members.text("message", cut(failure.message, kMaxFailureMessage));
  members.list("details", failure.details, [&](const auto& detail) {
    out += '[';
    append_json_string(out, detail.first);
    out += ',';
    append_json_string(out, detail.second);
    out += ']';
  });
  members.close();
}

void append(std::string& out, const StartOrder& order) {
  MemberWriter members(out);
  members.integer("attempt", order.attempt);
  members.text("kind", kRunKinds[static_cast<std::size_t>(order.kind)]);
  members.text("job", order.job);
  members.text("task", order.task);
  members.text("directory", order.directory);
  members.integer("slots", order.slots, 1);
  members.flag("may_wait", order.may_wait);
  members.key("spec") += json_text(order.spec);
  members.text("preparation_directory", order.preparation_directory);
  members.text("token", order.token);
  members.integers("devices", order.devices);
  members.integer("retry", order.retry);
  members.close();
}

void append(std::string& out, const StopOrder& order) {
  MemberWriter members(out);
  members.integer("attempt", order.attempt);
  members.text("reason", order.reason);
  members.integer("grace_ms", order.grace_ms);
  members.close();
}

void append(std::string& out, const FileOrder& order) {
  MemberWriter members(out);
  members.key("id") += std::to_string(order.id);
  members.text("action", order.action);
  members.text("path", order.path);
  members.integer("offset", order.offset);
  members.integer("length", order.length);
  members.close();
}

void append(std::string& out, const Held& held) {
  MemberWriter members(out);
  members.integer("attempt", held.attempt);
  members.text("phase", kPhases[static_cast<std::size_t>(held.phase)]);
  members.close();
}

void append(std::string& out, const Event& event) {
  MemberWriter members(out);
  members.text("kind", kEventKinds[static_cast<std::size_t>(event.kind)]);
  members.integer("attempt", event.attempt);
  members.integer("at_us", event.at_us);
  if (event.exit_code) members.key("exit_code") += std::to_string(*event.exit_code);
  if (event.failure) append(members.key("failure"), *event.failure);
  members.flag("has_outputs", event.has_outputs);
  members.text("reason", event.reason);
  members.text("container", event.container);
  members.close();
}

void append(std::string& out, const NodeFacts& facts) {
  MemberWriter members(out);
  members.text("agent_version", facts.agent_version);
  members.text("ip_address", facts.ip_address);
  members.integer("cores", facts.cores);
  members.integer("memory_bytes", facts.memory_bytes);
  members.integers("devices", facts.devices);
  members.text("boot_id", facts.boot_id);
  members.text("root_directory", facts.root_directory);
  members.close();
}

void append(std::string& out, const NodeSample& sample) {
  MemberWriter members(out);
  members.integer("at_us", sample.at_us);
  members.number("cpu_percent", sample.cpu_percent);
  members.number("memory_bytes", sample.memory_bytes);
  members.number("disk_bytes", sample.disk_bytes);
  members.number("disk_read_bytes", sample.disk_read_bytes);
  members.number("disk_write_bytes", sample.disk_write_bytes);
  members.number("disk_read_ops", sample.disk_read_ops);
  members.number("disk_write_ops", sample.disk_write_ops);
  members.number("network_in_bytes", sample.network_in_bytes);
  members.number("network_out_bytes", sample.network_out_bytes);
  members.close();
}

}  // namespace

std::string to_text(const SyncRequest& request) {
  std::string out;
  const auto each = [&](const auto& item) { append(out, item); };
  MemberWriter members(out);
  members.text("session", request.session);
  members.integer("sequence", request.sequence);
  members.list("held", request.held, each);
  members.list("events", request.events, each);
  if (request.facts) append(members.key("facts"), *request.facts);
  if (request.sample) append(members.key("sample"), *request.sample);
  members.list("removed", request.removed, [&](const std::string& path) { append_json_string(out, path); });
  members.text("trouble", request.trouble);
  members.flag("retains_data", request.retains_data);
  members.integer("wait_ms", request.wait_ms);
  members.close();
  return out;
}

std::string to_text(const SyncReply& reply) {
  std::string out;
  const auto each = [&](const auto& item) { append(out, item); };
  MemberWriter members(out);
  members.list("start", reply.start, each);
  members.list("stop", reply.stop, each);
  members.list("files", reply.files, each);
  members.list("remove_jobs", reply.remove_jobs, [&](const std::string& path) { append_json_string(out, path); });
  if (reply.order != NodeOrder::none) members.text("order", kNodeOrders[static_cast<std::size_t>(reply.order)]);
  members.flag("is_known", reply.is_known, true);
  members.close();
  return out;
}

}  // namespace scoria::spec
