// What a pool asks of one warm worker, whatever runs in it, and what comes back.
// Threads: ask() by one thread at a time; interrupt() and resident_bytes() by any. Ownership: a worker is ended with its object.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "base/result.h"
#include "net/http.h"
#include "table/table.h"

namespace scoria::serve::script {

using Time = std::chrono::steady_clock::time_point;

// An HTTP request that a script answers as a whole: its path begins below the service.
struct WholeRequest {
  std::string method, path, query;  // "POST", "/predict/3", "a=1&b=2": as on the wire
  net::Headers headers;
  std::string body;
  std::string peer;  // "127.0.0.1:40312"
  bool is_tls = false;
};

using Question = std::variant<table::Table, WholeRequest>;
using Answer = std::variant<table::Table, net::HttpReply>;

// Why there is no answer.
struct Failure {
  int status = 500;  // of HTTP
  std::string
      code;  // script_error, worker_died, deadline, overloaded, no_worker, bad_answer, stopped; bad_json, too_large of a body
  std::string message;    // for the client
  std::string detail;     // call stack, what was written last: for the log
  int retry_after_s = 0;  // of 503
};

struct Outcome {
  std::optional<Answer> answer;
  Failure failure;       // where there is no answer
  std::string output;    // what the script printed
  bool is_over = false;  // the worker cannot be asked again: it was killed, died, or has had its share
  std::string why_over;  // deadline, died, recycled
};

class ScriptWorker {
 public:
  virtual ~ScriptWorker() = default;
  // A worker that has no answer by `until` is killed.
  virtual Outcome ask(const Question& question, Time until) = 0;
  // What is asked now, and from now on, fails soon.
  virtual void interrupt() = 0;
  // Whether it can be asked still: it may have been killed while it was idle. Does not block.
  virtual bool is_there() const = 0;
  virtual std::uint64_t resident_bytes() const = 0;
};

// Errors: what the script's start says; unavailable soon after it is to stop.
using MakeWorker = std::function<Result<std::unique_ptr<ScriptWorker>>(const std::stop_token& stop)>;

}  // namespace scoria::serve::script
