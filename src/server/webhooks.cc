#include "server/webhooks.h"

#include <algorithm>

#include "auth/shared_key.h"
#include "base/log.h"
#include "net/http_connection.h"
#include "net/url.h"
#include "server/secrets.h"

namespace scoria::server {

using spec::Json;

std::string notice_signature(std::string_view secret, std::int64_t timestamp, std::string_view body) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "sha256=";
  for (const char c : auth::hmac_sha256(secret, std::to_string(timestamp) + "." + std::string(body))) {
    text += kDigits[(static_cast<unsigned char>(c)) >> 4];
    text += kDigits[(static_cast<unsigned char>(c)) & 15];
  }
  return text;
}

Webhooks::Webhooks(std::vector<Webhook> hooks, const Secrets& secrets, const Clock& clock)
    : hooks_(std::move(hooks)), secrets_(secrets), clock_(clock) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Webhooks::~Webhooks() = default;

void Webhooks::set_told(Told told) { told_ = std::move(told); }

void Webhooks::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Webhooks::deliver(Json notice) {
  const std::lock_guard lock(queue_mutex_);
  queue_.push_back({std::move(notice), nullptr});
  changed_.notify_one();
}

void Webhooks::test(Json notice, std::function<void(const Json&)> done) {
  const std::lock_guard lock(queue_mutex_);
  queue_.push_back({std::move(notice), std::move(done)});
  changed_.notify_one();
}

void Webhooks::run(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(queue_mutex_);
    if (!changed_.wait(lock, stop, [this] { return !queue_.empty(); })) return;  // what is left is told after a restart
    const Work work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    try {
      work_off(work);
    } catch (const std::exception& error) {
      log::error("notice_failed", {{"error", error.what()}});
    }
  }
}

void Webhooks::work_off(const Work& work) {
  const std::string event = work.notice.value("event", "");
  Json outcomes = Json::array();
  std::string why;
  for (const Webhook& hook : hooks_) {
    const bool is_wanted = hook.events.empty() || std::ranges::find(hook.events, event) != hook.events.end();
    // A notice may be for one webhook alone.
    const std::string only = work.notice.value("url", hook.url);
    if (!work.done && (!is_wanted || only != hook.url)) continue;
    Json outcome = send(hook, work.notice);
    if (outcome.contains("error")) why = outcome["error"].get<std::string>();
    outcomes.push_back(std::move(outcome));
  }
  if (work.done) return work.done(outcomes);
  if (told_) told_(work.notice.value("id", ""), why);
}

Json Webhooks::send(const Webhook& hook, const Json& notice) {
  const auto url = net::parse_url(hook.url);
  if (!url.ok()) return {{"url", hook.url}, {"error", url.error().message}};
  const std::string shown = url.value().shown();
  std::string secret = hook.secret;
  if (secret.starts_with("secret:")) {
    auto opened = secrets_.open(secret.substr(7));
    if (!opened.ok()) return {{"url", shown}, {"error", opened.error().message}};
    secret = std::move(opened).value();
  }
  Json body_json = notice;
  body_json.erase(spec::kPrivate);
  body_json.erase("url");
  const std::string body = body_json.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::int64_t now = std::chrono::floor<std::chrono::seconds>(clock_.now().wall).time_since_epoch().count();
  net::ClientRequest request{.method = "POST",
                             .target = url.value().target,
                             .headers = {{"Content-Type", "application/json"},
                                         {"X-Scoria-Event", notice.value("event", "")},
                                         {"X-Scoria-Delivery", notice.value("id", "")},
                                         {"X-Scoria-Timestamp", std::to_string(now)}},
                             .body = body,
                             .file = {},
                             .timeout = std::chrono::seconds(20)};
  if (!secret.empty()) request.headers.emplace_back("X-Scoria-Signature", notice_signature(secret, now, body));
  net::HttpConnection connection(
      {.url = (url.value().is_tls ? "https://" : "http://") + url.value().authority(), .ca_file = {}});
  const auto reply = connection.request(request);
  if (!reply.ok()) return {{"url", shown}, {"error", reply.error().message}};
  if (reply.value().status / 100 != 2) {
    return {{"url", shown}, {"error", shown + " answered " + std::to_string(reply.value().status) + ", must be 2xx"}};
  }
  return {{"url", shown}, {"status", reply.value().status}};
}

}  // namespace scoria::server
