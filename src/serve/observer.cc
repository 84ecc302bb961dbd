#include "serve/observer.h"

#include <utility>

namespace scoria::serve {

Result<std::unique_ptr<Observer>> Observer::open(ObserverOptions options) {
  std::unique_ptr<Observer> observer(new Observer(std::move(options)));
  const ObserverOptions& chosen = observer->options_;
  if (!chosen.access_log.empty()) {
    LogFileOptions file;
    file.path = chosen.access_log;
    SCORIA_TRY(log, AccessLog::open(std::move(file)));
    observer->access_ = std::move(log);
  }
  if (!chosen.payload_log.empty()) {
    PayloadLogOptions payload;
    payload.file.path = chosen.payload_log;
    payload.masked = chosen.masked;
    SCORIA_TRY(log, PayloadLog::open(std::move(payload)));
    observer->payload_ = std::move(log);
  }
  return observer;
}

NotePtr Observer::begin(const net::HttpRequest& request, net::Responder& responder) {
  if (access_ == nullptr && !wants_rows()) return nullptr;
  auto note = std::make_shared<Note>();
  note->request_id = request_id(request);
  if (access_ == nullptr) return note;
  note->peer = request.peer;
  note->method = request.method;
  note->target = request.target;
  note->begin = std::chrono::steady_clock::now();
  note->to.emplace(std::move(responder));
  responder = net::Responder([this, note](net::HttpReply reply) {
    const auto took = std::chrono::steady_clock::now() - note->begin;
    access_->add(
        {.request_id = note->request_id,
         .peer = note->peer,
         .user = note->user,
         .service = note->service,
         .version = note->version,
         .protocol = note->protocol,
         .method = note->method,
         .target = note->target,
         .status = reply.status,
         .rows = note->rows,
         .bytes = reply.body.size(),
         .micros = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count())});
    reply.headers.emplace_back("X-Request-Id", note->request_id);
    note->to->send(std::move(reply));
  });
  return note;
}

void Observer::observe(const NotePtr& note, const ServiceVersion& version, const table::Table& rows,
                       const table::Table& predictions) {
  if (note == nullptr || !sampler_.takes()) return;
  const ObservedContext context{.request_id = note->request_id,
                                .service = version.service(),
                                .version = version.version(),
                                .sha256 = version.sha256()};
  if (payload_ != nullptr) payload_->observe(rows, predictions, context);
  if (options_.drift_baseline == 0) return;
  Drift* drift = nullptr;
  {
    const std::lock_guard lock(drifts_mutex_);
    auto& found = drifts_[{version.service(), version.version()}];
    if (found == nullptr) {
      const Baseline* stored = version.baseline();
      found = stored != nullptr && stored->rows.rows() >= Drift::kLeastStored
                  ? std::make_unique<Drift>(stored->rows, stored->predictions)
                  : std::make_unique<Drift>(options_.drift_baseline);
    }
    drift = found.get();
  }
  drift->observe(rows, predictions, context);
}

void Observer::reopen() {
  if (access_ != nullptr) access_->reopen();
  if (payload_ != nullptr) payload_->reopen();
}

std::string Observer::metrics() const {
  std::string text;
  const auto dropped = [&](const char* log, std::uint64_t lines) {
    text += "serve_log_dropped_total{log=\"" + std::string(log) + "\"} " + std::to_string(lines) + "\n";
  };
  if (access_ != nullptr || payload_ != nullptr)
    text +=
        "# HELP serve_log_dropped_total Lines that a log could not keep up with.\n# TYPE serve_log_dropped_total "
        "counter\n";
  if (access_ != nullptr) dropped("access", access_->dropped());
  if (payload_ != nullptr) dropped("payload", payload_->dropped());
  std::vector<NamedDrift> named;
  const std::lock_guard lock(drifts_mutex_);
  for (const auto& [name, drift] : drifts_) named.push_back({name.first, name.second, drift.get()});
  if (!named.empty()) text += drift_metrics(named);
  return text;
}

}  // namespace scoria::serve
