#include "server/file_relay.h"

#include <random>
#include <vector>

#include "spec/errors.h"

namespace scoria::server {
namespace {

constexpr std::chrono::seconds kPatience{30};

}  // namespace

FileRelay::FileRelay(batch::Service& service) : service_(service) {
  // Ids of before a restart are no ids of now: late answers meet nobody.
  next_ = (static_cast<std::uint64_t>(std::random_device{}()) << 20) + 1;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

FileRelay::~FileRelay() { stop(); }

void FileRelay::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  std::map<std::uint64_t, Waiting> left;
  {
    const std::lock_guard lock(waiting_mutex_);
    is_stopped_ = true;
    left.swap(waiting_);
  }
  for (auto& [id, waiting] : left) waiting.done(Error{Code::unavailable, "the server stops"});
}

void FileRelay::ask(std::string pool, std::string node, spec::FileOrder order, Done done) {
  bool is_stopped = false;
  {
    const std::lock_guard lock(waiting_mutex_);
    is_stopped = is_stopped_;
    order.id = next_++;
    if (!is_stopped) {
      waiting_[order.id] = {batch::lower(pool), batch::lower(node), std::chrono::steady_clock::now() + kPatience,
                            std::move(done)};
    }
  }
  if (is_stopped) return done(Error{Code::unavailable, "the server stops"});
  changed_.notify_one();
  service_.ask_for_file(std::move(pool), std::move(node), std::move(order));
}

bool FileRelay::answer(std::string_view pool, std::string_view node, std::uint64_t id, Answer answer) {
  Done done;
  {
    const std::lock_guard lock(waiting_mutex_);
    const auto found = waiting_.find(id);
    if (found == waiting_.end() || found->second.pool != batch::lower(pool) ||
        found->second.node != batch::lower(node)) {
      return false;
    }
    done = std::move(found->second.done);
    waiting_.erase(found);
  }
  done(std::move(answer));
  return true;
}

void FileRelay::run(const std::stop_token& stop) {
  std::unique_lock lock(waiting_mutex_);
  while (!stop.stop_requested()) {
    if (waiting_.empty()) {
      changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
      continue;
    }
    // Ids grow with time: the first waits longest.
    const auto until = waiting_.begin()->second.until;
    changed_.wait_until(lock, stop, until, [] { return false; });
    std::vector<Waiting> late;
    while (!waiting_.empty() && waiting_.begin()->second.until <= std::chrono::steady_clock::now()) {
      late.push_back(std::move(waiting_.begin()->second));
      waiting_.erase(waiting_.begin());
    }
    lock.unlock();
    for (Waiting& one : late) {
      one.done(spec::batch_error("OperationTimedOut", "node '" + one.node + "' of pool '" + one.pool +
                                                          "' did not answer for its files within 30 s"));
    }
    lock.lock();
  }
}

}  // namespace scoria::server
