#include "node/sync_lines.h"

#include <exception>

#include "base/result.h"

namespace scoria::node {

SyncLines::SyncLines(const LinkFactory& links, Mailbox& mailbox, Answer answer)
    : mailbox_(mailbox), answer_(std::move(answer)) {
  for (Line& line : lines_) line.link = links();
  for (Line& line : lines_) {
    line.thread = std::jthread([this, &line](const std::stop_token& stop) { run(stop, line); });
  }
}

SyncLines::~SyncLines() {
  for (Line& line : lines_) {
    line.thread.request_stop();
    line.link->cancel();
  }
  for (Line& line : lines_) line.thread.join();
}

void SyncLines::send(std::uint64_t id, std::string request, std::chrono::milliseconds timeout) {
  for (Line& line : lines_) {
    if (line.is_busy) continue;
    line.is_busy = true;
    ++in_flight_;
    {
      const std::lock_guard lock(line.request_mutex);
      line.request = Request{id, std::move(request), timeout};
    }
    line.has_request.notify_one();
    return;
  }
  SCORIA_CHECK(false && "send() with both lines in use");
}

void SyncLines::run(const std::stop_token& stop, Line& line) {
  while (!stop.stop_requested()) {
    Request request;
    {
      std::unique_lock lock(line.request_mutex);
      if (!line.has_request.wait(lock, stop, [&] { return line.request.has_value(); })) return;
      request = std::move(*line.request);
      line.request.reset();
    }
    Result<std::string> reply = Error{Code::unavailable, "the exchange failed"};
    try {
      reply = line.link->sync(request.text, request.timeout);
    } catch (const std::exception& exception) {
      reply = Error{Code::unavailable, exception.what()};
    }
    mailbox_.post([this, &line, id = request.id, reply = std::move(reply)]() mutable {
      line.is_busy = false;
      --in_flight_;
      answer_(id, std::move(reply));
    });
  }
}

}  // namespace scoria::node
