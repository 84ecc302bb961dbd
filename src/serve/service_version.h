// A version of a service: what answers requests, be it a model that is read here or a script in an interpreter of its own. Several versions of one
// service live side by side; requests hold theirs while they run.
// Threads: any number of requests at once. Owns: what it answers with.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/executor.h"
#include "model/model.h"
#include "net/http.h"
#include "serve/problem.h"
#include "serve/schema.h"
#include "serve/signature.h"
#include "serve/traffic.h"

namespace scoria::serve {

using Deadline = std::chrono::steady_clock::time_point;

// Of rows: predictions, or (`is_scored` false) what is wrong.
struct Outcome {
  bool is_scored = false;
  table::Table predictions;
  Problem problem;
  int retry_after_s = 0;  // where trying again may help; 0: it is not said
};

// Rows that a version was made for, and what it makes of them.
struct Baseline {
  table::Table rows, predictions;
};

class ServiceVersion {
 public:
  ServiceVersion(std::string service, std::string version)
      : service_(std::move(service)), version_(std::move(version)) {}
  virtual ~ServiceVersion() = default;
  ServiceVersion(const ServiceVersion&) = delete;
  ServiceVersion& operator=(const ServiceVersion&) = delete;

  const std::string& service() const { return service_; }
  const std::string& version() const { return version_; }
  Traffic& traffic() const { return *traffic_; }
  // Goes on with the numbers of the one whose place it takes.
  void take_over(const ServiceVersion& before) { traffic_ = before.traffic_; }

  // What drift is measured against. Null: nothing is known before requests come. Set before the version is shared.
  const Baseline* baseline() const { return baseline_.get(); }
  void set_baseline(Baseline baseline) { baseline_ = std::make_unique<const Baseline>(std::move(baseline)); }

  // As who deployed it wrote it; may be empty. Set before the version is shared, as the next.
  const std::string& about() const { return about_; }
  void set_about(std::string about) { about_ = std::move(about); }
  // What published code takes and gives, instead of rows; null: rows.
  const Signature* signature() const { return signature_.get(); }
  void set_signature(Signature signature) { signature_ = std::make_unique<const Signature>(std::move(signature)); }

  virtual const char* kind() const = 0;           // "model", "set", "plan", "plumber", "r", "python"
  virtual const std::string& sha256() const = 0;  // of the model's file, or the script's
  // What it takes and gives, for documents. Without features where nothing is known of them before a request comes.
  virtual const model::Description& description() const = 0;
  // What rows are read by; null: by what stands in them.
  virtual const Schema* schema() const = 0;
  // False: it takes whole requests, by answer_whole() alone.
  virtual bool takes_rows() const { return true; }

  // Whether score() is to be called, which answers on the caller's thread; else score_later(), whose `done` comes from another thread, once.
  virtual bool is_immediate() const { return true; }
  virtual Outcome score(const table::Table& rows, const model::Request& request, Executor& executor) const;
  using Done = std::function<void(Outcome)>;
  virtual void score_later(table::Table rows, model::Request request, Deadline deadline, Done done) const;
  // `path` is the request's below the service: "/predict". Its query stands in the target.
  using Answered = std::function<void(net::HttpReply)>;
  virtual void answer_whole(net::HttpRequest request, std::string path, Deadline deadline, Answered done) const;
  // Ends what runs, and answers what waits: for the end of the process.
  virtual void stop() const {}
  // How long a request may take, its waiting included.
  virtual std::chrono::milliseconds patience() const { return std::chrono::seconds(30); }
  // Samples in Prometheus's form beside those of the traffic, each family's help in front.
  virtual std::string own_metrics() const { return {}; }

 private:
  std::string service_, version_, about_;
  std::unique_ptr<const Signature> signature_;
  std::unique_ptr<const Baseline> baseline_;
  std::shared_ptr<Traffic> traffic_ = std::make_shared<Traffic>();
};

using ServiceVersionPtr = std::shared_ptr<const ServiceVersion>;

// Letters, digits, - _ and . as they stand in URLs: at most 64, none of them "." or "..".
bool is_service_name(const std::string& name);

}  // namespace scoria::serve
