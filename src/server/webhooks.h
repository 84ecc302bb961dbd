// Tells webhooks what happened: each notice as a signed POST, answered by a 2xx. What is not taken is told again by whoever asked
// (batch/notices.h keeps the outbox).
//
//   POST, Content-Type: application/json, X-Scoria-Event: job.completed, X-Scoria-Delivery: ID, X-Scoria-Timestamp: seconds since 1970,
//   X-Scoria-Signature: sha256=HEX, HMAC-SHA256 by the webhook's secret of "TIMESTAMP.BODY".
//
// Threads: all functions may be called from several threads at once; sends on a thread of its own. Borrows: secrets, clock.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/http.h"
#include "server/config.h"
#include "spec/json.h"

namespace scoria::server {

class Secrets;

// The signature header's value. Given away so that receivers' tests can use it.
std::string notice_signature(std::string_view secret, std::int64_t timestamp, std::string_view body);

class Webhooks {
 public:
  // `why` is empty where every webhook that wants the event took it. Called on the sending thread.
  using Told = std::function<void(const std::string& id, const std::string& why)>;

  Webhooks(std::vector<Webhook> hooks, const Secrets& secrets, const Clock& clock);
  ~Webhooks();

  void set_told(Told told);  // before the first deliver()
  void stop();               // nobody is told any more, and set_told()'s function is not called again
  void deliver(spec::Json notice);
  // Tells all webhooks, whatever events they want; `done` gets [{"url", "status" or "error"}].
  void test(spec::Json notice, std::function<void(const spec::Json& outcomes)> done);

 private:
  struct Work {
    spec::Json notice;
    std::function<void(const spec::Json&)> done;  // of a test
  };
  void run(const std::stop_token& stop);
  void work_off(const Work& work);
  spec::Json send(const Webhook& hook, const spec::Json& notice);

  std::vector<Webhook> hooks_;
  const Secrets& secrets_;
  const Clock& clock_;
  Told told_;
  std::mutex queue_mutex_;
  std::condition_variable_any changed_;
  std::deque<Work> queue_;  // guarded by queue_mutex_
  std::jthread thread_;     // last: it uses all of the above
};

}  // namespace scoria::server
