// NodeLoop: what NodeMachine asks of a machine.
#include <algorithm>

#include "base/log.h"
#include "node/node_loop.h"
#include "node/podman.h"
#include "spec/json_text.h"

namespace scoria::node {
namespace {

constexpr std::size_t kMaxListed = 20'000;           // files of one answer
constexpr std::uint64_t kMaxAnswerBytes = 4u << 20;  // bytes of one answer

spec::Json json_of(const FileFacts& facts, std::string_view below) {
  std::string_view name = facts.path;
  name.remove_prefix(std::min(name.size(), below.empty() ? 0 : below.size() + 1));
  return {{"name", std::string(name)},      {"isDirectory", facts.is_directory}, {"length", facts.length},
          {"created_us", facts.created_us}, {"modified_us", facts.modified_us},  {"mode", facts.mode}};
}

Result<std::string> file_answer(const NodeFiles& files, const spec::FileOrder& order) {
  if (order.action == "read") return files.read(order.path, order.offset, std::min(order.length, kMaxAnswerBytes));
  if (order.action == "properties") {
    SCORIA_TRY(facts, files.properties(order.path));
    return spec::json_text(json_of(facts, facts.path));
  }
  if (order.action == "list" || order.action == "list_recursive") {
    SCORIA_TRY(below, tidy_relative_path(order.path));
    SCORIA_TRY(listing, files.list(order.path, order.action == "list_recursive", kMaxListed));
    spec::Json list = spec::Json::array();
    for (const auto& facts : listing.files) list.push_back(json_of(facts, below));
    return spec::json_text({{"files", std::move(list)}});
  }
  if (order.action == "delete" || order.action == "delete_recursive") {
    SCORIA_TRY_STATUS(files.remove(order.path, order.action == "delete_recursive" || order.length != 0));
    return std::string();
  }
  return Error{Code::unsupported, "file order '" + order.action + "' is not known to this node", "InvalidInput"};
}

}  // namespace

std::int64_t NodeLoop::steady_ms() const { return steady_now_ms(); }
std::int64_t NodeLoop::wall_us() const { return wall_now_us(); }
std::string NodeLoop::random_id() { return node::random_id(); }

void NodeLoop::keeper_start(const StartCommand& command) {
  if (has_keeper()) keeper_->start(command);
}

void NodeLoop::keeper_kill(const KillCommand& command) {
  if (has_keeper()) keeper_->kill(command);
}

void NodeLoop::keeper_forget(std::uint64_t attempt) {
  if (has_keeper()) keeper_->forget(attempt);
}

void NodeLoop::keeper_renew(std::int64_t lease_until_ms) {
  if (has_keeper()) keeper_->renew(lease_until_ms);
}

void NodeLoop::exchange(std::uint64_t id, std::string request, std::chrono::milliseconds timeout) {
  lines_->send(id, std::move(request), timeout);
}

bool NodeLoop::takes_long(const spec::StartOrder& order) const { return launcher_.takes_long(order); }

void NodeLoop::launch(const spec::StartOrder& order, Cancelled cancelled) {
  if (!launcher_.takes_long(order)) {
    machine_.launched(order.attempt, launcher_.launch(order, nullptr, nullptr));
    return;
  }
  workers_->push([this, order, cancelled = std::move(cancelled)](Bench& bench) {
    auto result = launcher_.launch(order, &bench, cancelled.get());
    mailbox_.post([this, id = order.attempt, result = std::move(result)] { machine_.launched(id, result); });
  });
}

void NodeLoop::fetch_images(const spec::StartOrder& order, Cancelled cancelled) {
  workers_->push([this, order, cancelled = std::move(cancelled)](Bench& bench) {
    auto failure = launcher_.fetch_images(order, bench, cancelled.get());
    mailbox_.post([this, id = order.attempt, failure = std::move(failure)] { machine_.images_fetched(id, failure); });
  });
}

void NodeLoop::upload(const spec::StartOrder& order, bool has_succeeded, Cancelled cancelled) {
  workers_->push([this, order, has_succeeded, cancelled = std::move(cancelled)](Bench& bench) {
    auto result = launcher_.upload(order, has_succeeded, bench, cancelled.get());
    mailbox_.post([this, id = order.attempt, result = std::move(result)] { machine_.uploaded(id, result); });
  });
}

std::string NodeLoop::container_of(const spec::StartOrder& order) const {
  const auto settings = order.spec.find("containerSettings");
  if (settings == order.spec.end() || plan_container(*settings, config_.containers).is_host) return {};
  return launcher_.container_name(order);
}

std::optional<spec::Failure> NodeLoop::container_refused(const spec::StartOrder& order, int exit_code) const {
  return launcher_.container_refused(order, exit_code);
}

void NodeLoop::remove_container(const std::string& name) {
  workers_->push([this, name](Bench&) { node::remove_container(config_.containers, name); });
}

void NodeLoop::answer_file(const spec::FileOrder& order) {
  workers_->push([this, order](Bench& bench) {
    const auto told = bench.server->answer_file(order.id, file_answer(files_, order));
    if (!told.ok()) log::warn("file_not_answered", {{"path", order.path}, {"error", told.error().message}});
  });
}

void NodeLoop::keep_directory(const std::string& directory, std::int64_t until_us) { shelf_.keep(directory, until_us); }

void NodeLoop::remove_directory(const std::string& directory) {
  shelf_.remove(directory);
  workers_->push([clear = shelf_.clear_trash()](Bench&) { clear(); });
}

}  // namespace scoria::node
