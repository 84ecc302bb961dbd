// What is kept of requests beside the numbers: a line of the access log for each, and of a sample of them the rows, the predictions and how far these have
// moved away from what was seen first.
// Drift is a version's own: one that is deployed anew, or read anew from its file, is measured anew; what was counted of one
// that is served no more is not told of, and let go when the next one comes.
// Threads: any. Owns: the logs and the counts of drift.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "net/http.h"
#include "serve/access_log.h"
#include "serve/catalog.h"
#include "serve/drift.h"
#include "serve/payload_log.h"
#include "serve/service_version.h"

namespace scoria::serve {

struct ObserverOptions {
  std::string access_log;   // file, "-": standard output; empty: none
  std::string payload_log;  // file; empty: none
  double sample = 0.01;     // share of requests whose rows are looked at
  std::set<std::string, std::less<>> masked;
  // First rows seen that are the baseline of each version which has none of its own (service_version.h) of 100 rows; 0: no figures of drift.
  std::size_t drift_baseline = 0;
};

// Of a request, filled while it is answered; where there is an access log, the reply goes through it.
struct Note final : net::ReplyTaker {
  void take(net::HttpReply&& reply) override;
  void start(const net::HttpRequest& request, AccessLog* into);
  void end(net::HttpReply& reply);  // writes the line, and tells the request's id

  std::string request_id, peer, user, method, target, service, version;
  std::string_view protocol;
  std::uint64_t rows = 0;
  std::chrono::steady_clock::time_point begin;
  AccessLog* log = nullptr;
  std::optional<net::Responder> to;  // of who asked, behind the log
};
using NotePtr = std::shared_ptr<Note>;

class Observer {
 public:
  // Errors: as LogFile::open().
  static Result<std::unique_ptr<Observer>> open(ObserverOptions options);

  // Begins a request's note, whose end is a line when `responder` is sent to. Null: nothing is kept of requests.
  NotePtr begin(const net::HttpRequest& request, net::Responder& responder);
  // Of one that is refused by its head, and comes no further.
  void note_refused(const net::HttpRequest& head, net::HttpReply& reply);
  void observe(const NotePtr& note, const ServiceVersionPtr& version, const table::Table& rows,
               const table::Table& predictions);
  // Whether rows may be looked at after they are scored.
  bool wants_rows() const { return payload_ != nullptr || options_.drift_baseline > 0; }
  void reopen();  // after logrotate
  // Drift of the versions that are served now.
  std::string metrics(const Catalog::Services& served) const;

 private:
  explicit Observer(ObserverOptions options) : options_(std::move(options)), sampler_(options_.sample) {}

  std::shared_ptr<Drift> drift_of(const ServiceVersionPtr& version);
  std::string drift_text(const Catalog::Services& served) const;

  const ObserverOptions options_;
  const Sampler sampler_;
  std::unique_ptr<AccessLog> access_;
  std::unique_ptr<PayloadLog> payload_;
  mutable std::mutex drifts_mutex_;
  // By the version itself, as names come again. Guarded by drifts_mutex_.
  std::map<std::weak_ptr<const ServiceVersion>, std::shared_ptr<Drift>, std::owner_less<>> drifts_;
};

}  // namespace scoria::serve
