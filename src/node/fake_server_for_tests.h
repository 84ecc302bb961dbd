// A server that orders what a test says and remembers what nodes report, by the rules of spec/node_sync.h: holds an exchange while there is
// nothing to say, repeats what a node does not hold, takes events once. Test programs only.
// Threads: all functions may be called from several threads at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/server_link.h"
#include "spec/node_sync.h"

namespace scoria::node {

class FakeServer {
 public:
  struct Told {
    int started = 0, preparing = 0;
    std::optional<spec::Event> ended;
    int ended_first_times = 0;
  };

  LinkFactory links() {
    return [this] { return std::make_unique<Link>(*this); };
  }

  void order(spec::StartOrder start) {
    change([&] { wanted_[start.attempt] = std::move(start); });
  }
  void order_many(std::vector<spec::StartOrder> starts) {
    change([&] {
      for (auto& start : starts) wanted_[start.attempt] = std::move(start);
    });
  }
  void stop(spec::StopOrder stop) {
    change([&] { stops_[stop.attempt] = std::move(stop); });
  }
  void say(spec::SyncReply once) {
    change([&] { once_.push_back(std::move(once)); });
  }
  void set_secret(const std::string& name, const std::string& value) {
    const std::lock_guard lock(mutex_);
    secrets_[name] = value;
  }
  // While false every exchange fails as if nobody listened.
  void set_reachable(bool is_reachable) {
    change([&] { is_reachable_ = is_reachable; });
  }

  // How long each answer is on its way.
  void set_delay(std::chrono::milliseconds delay) {
    change([&] { delay_ = delay; });
  }

  // False: not within 20 s.
  bool wait_until(const std::function<bool()>& holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), holds);
  }
  bool wait_for_end(std::uint64_t attempt) {
    return wait_until([&] { return told_[attempt].ended.has_value(); });
  }
  Told told(std::uint64_t attempt) {
    const std::lock_guard lock(mutex_);
    return told_[attempt];
  }
  spec::Event end_of(std::uint64_t attempt) { return told(attempt).ended.value_or(spec::Event{}); }

  // Of use under wait_until() only, or when the node has stopped.
  std::map<std::uint64_t, Told> told_;
  std::map<std::uint64_t, spec::Phase> held_;
  std::vector<spec::NodeFacts> facts_;
  std::vector<std::string> sessions_;
  std::map<std::uint64_t, Result<std::string>> file_answers_;
  std::map<std::string, std::string> outputs_;  // "ATTEMPT/CONTAINER/BLOB" -> bytes
  std::size_t ended_ = 0, exchanges_ = 0, samples_ = 0;
  std::string trouble_;
  bool retains_data_ = false;

 private:
  class Link final : public ServerLink {
   public:
    explicit Link(FakeServer& server) : server_(server) {}
    Result<std::string> sync(const std::string& request, std::chrono::milliseconds) override {
      return server_.exchange(request, is_cancelled_);
    }
    Result<std::string> secret(const std::string& name) override {
      const std::lock_guard lock(server_.mutex_);
      const auto found = server_.secrets_.find(name);
      if (found == server_.secrets_.end()) return Error{Code::not_found, "no such secret"};
      return found->second;
    }
    Status answer_file(std::uint64_t order, const Result<std::string>& answer) override {
      server_.change([&] { server_.file_answers_.emplace(order, answer); });
      return Ok{};
    }
    Status put_output(std::uint64_t attempt, const std::string& container, const std::string& blob,
                      const net::FilePart& file, const net::Headers&, const std::string&) override {
      std::string bytes(file.length, '\0');
      if (pread(*file.descriptor, bytes.data(), bytes.size(), static_cast<off_t>(file.offset)) !=
          static_cast<ssize_t>(bytes.size())) {
        return Error{Code::unavailable, "file cannot be read"};
      }
      server_.change(
          [&] { server_.outputs_[std::to_string(attempt) + "/" + container + "/" + blob] = std::move(bytes); });
      return Ok{};
    }
    void cancel() override {
      server_.change([&] { is_cancelled_ = true; });
    }

   private:
    FakeServer& server_;
    bool is_cancelled_ = false;
  };

  template <typename Change>
  void change(const Change& what) {
    {
      const std::lock_guard lock(mutex_);
      what();
    }
    changed_.notify_all();
  }

  void take(const spec::SyncRequest& request) {
    ++exchanges_;
    if (request.session != session_) {
      session_ = request.session;
      sessions_.push_back(session_);
      sequence_ = 0;
    }
    if (request.sequence > sequence_) {
      sequence_ = request.sequence;
      held_.clear();
      for (const auto& held : request.held) held_[held.attempt] = held.phase;
      trouble_ = request.trouble;
      retains_data_ = request.retains_data;
    }
    if (request.facts) facts_.push_back(*request.facts);
    if (request.sample) ++samples_;
    for (const auto& event : request.events) {
      Told& told = told_[event.attempt];
      if (event.kind == spec::Event::Kind::started) ++told.started;
      if (event.kind == spec::Event::Kind::preparing) ++told.preparing;
      if (event.kind != spec::Event::Kind::ended || told.ended) continue;
      told.ended = event;
      ++told.ended_first_times;
      ++ended_;
      wanted_.erase(event.attempt);
    }
  }

  bool fill(spec::SyncReply& reply) {
    for (const auto& [attempt, start] : wanted_) {
      if (!held_.contains(attempt)) reply.start.push_back(start);
    }
    for (const auto& [attempt, stop] : stops_) {
      const auto held = held_.find(attempt);
      if (held != held_.end() && held->second != spec::Phase::ended) reply.stop.push_back(stop);
    }
    if (!once_.empty()) {
      auto starts = std::move(reply.start);
      auto stops = std::move(reply.stop);
      reply = std::move(once_.front());
      once_.erase(once_.begin());
      reply.start.insert(reply.start.end(), starts.begin(), starts.end());
      reply.stop.insert(reply.stop.end(), stops.begin(), stops.end());
      return true;
    }
    return !reply.start.empty() || !reply.stop.empty();
  }

  Result<std::string> exchange(const std::string& text, const bool& is_cancelled) {
    SCORIA_TRY(request, spec::parse_sync_request(text));
    std::unique_lock lock(mutex_);
    if (!is_reachable_) return Error{Code::unavailable, "nobody listens"};
    take(request);
    changed_.notify_all();
    spec::SyncReply reply;
    bool has_something = false;
    changed_.wait_for(lock, std::chrono::milliseconds(request.wait_ms), [&] {
      if (is_cancelled || !is_reachable_ || request.session != session_ || request.sequence < sequence_) return true;
      has_something = fill(reply);
      return has_something;
    });
    if (is_cancelled || !is_reachable_) return Error{Code::unavailable, "the connection broke"};
    // What is ordered now is held from now on, for all that this server knows; the next request tells.
    for (const auto& start : reply.start) held_.emplace(start.attempt, spec::Phase::queued);
    changed_.wait_for(lock, delay_, [&] { return is_cancelled; });
    return spec::to_text(reply);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, spec::StartOrder> wanted_;
  std::map<std::uint64_t, spec::StopOrder> stops_;
  std::vector<spec::SyncReply> once_;
  std::map<std::string, std::string> secrets_;
  std::string session_;
  std::uint64_t sequence_ = 0;
  bool is_reachable_ = true;
  std::chrono::milliseconds delay_{0};
};

}  // namespace scoria::node
