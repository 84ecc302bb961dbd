#include "serve/observer.h"

#include <utility>
#include <vector>

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
  note->start(request, access_.get());
  note->to.emplace(std::move(responder));
  responder = net::Responder(note);
  return note;
}

void Observer::note_refused(const net::HttpRequest& head, net::HttpReply& reply) {
  if (access_ == nullptr) return;
  Note note;
  note.request_id = request_id(head);
  note.start(head, access_.get());
  note.end(reply);
}

void Note::start(const net::HttpRequest& request, AccessLog* into) {
  peer = request.peer;
  method = request.method;
  target = request.target;
  begin = std::chrono::steady_clock::now();
  log = into;
}

void Note::take(net::HttpReply&& reply) {
  end(reply);
  to->send(std::move(reply));
}

void Note::end(net::HttpReply& reply) {
  const auto took = std::chrono::steady_clock::now() - begin;
  log->add({.request_id = request_id,
            .peer = peer,
            .user = user,
            .service = service,
            .version = version,
            .protocol = protocol,
            .method = method,
            .target = target,
            .status = reply.status,
            .rows = rows,
            .bytes = reply.body.size(),
            .micros = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count())});
  reply.headers.emplace_back("X-Request-Id", std::move(request_id));
}

void Observer::observe(const NotePtr& note, const ServiceVersionPtr& version, const table::Table& rows,
                       const table::Table& predictions) {
  if (note == nullptr || !sampler_.takes()) return;
  const ObservedContext context{.request_id = note->request_id,
                                .service = version->service(),
                                .version = version->version(),
                                .sha256 = version->sha256()};
  if (payload_ != nullptr) payload_->observe(rows, predictions, context);
  if (options_.drift_baseline > 0) drift_of(version)->observe(rows, predictions, context);
}

std::shared_ptr<Drift> Observer::drift_of(const ServiceVersionPtr& version) {
  const std::lock_guard lock(drifts_mutex_);
  if (const auto found = drifts_.find(version); found != drifts_.end()) return found->second;
  std::erase_if(drifts_, [](const auto& one) { return one.first.expired(); });
  const Baseline* stored = version->baseline();
  auto made = stored != nullptr && stored->rows.rows() >= Drift::kLeastStored
                  ? std::make_shared<Drift>(stored->rows, stored->predictions)
                  : std::make_shared<Drift>(options_.drift_baseline);
  drifts_.emplace(version, made);
  return made;
}

void Observer::reopen() {
  if (access_ != nullptr) access_->reopen();
  if (payload_ != nullptr) payload_->reopen();
}

std::string Observer::drift_text(const Catalog::Services& served) const {
  std::vector<std::shared_ptr<Drift>> held;  // while its figures are made, without the lock that requests wait for
  std::vector<NamedDrift> named;
  {
    const std::lock_guard lock(drifts_mutex_);
    for (const Service& service : served) {
      for (const auto& version : service.versions) {
        const auto found = drifts_.find(version);
        if (found == drifts_.end()) continue;
        held.push_back(found->second);
        named.push_back({version->service(), version->version(), held.back().get()});
      }
    }
  }
  return named.empty() ? std::string() : drift_metrics(named);
}

std::string Observer::metrics(const Catalog::Services& served) const {
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
  return text + drift_text(served);
}

}  // namespace scoria::serve
