// A script behind a URL: its pool of warm workers, the columns that its function takes, and what becomes of a request that fails.
//
//   SCORIA_TRY(service, ScriptService::open({.wish = {.script = "score.R"}}));
//   if (service->takes_rows()) service->score(table, deadline, [](ScoredRows scored) { ... });
//   else                       service->answer(std::move(request), "/predict", deadline, [](net::HttpReply reply) { ... });
//
// Threads: all functions by any; callbacks on threads of the pool, or before the call returns, and must not block. Owns: the pool, whose workers end with it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/model.h"
#include "net/http.h"
#include "serve/problem.h"
#include "serve/schema.h"
#include "serve/script/body_guard.h"
#include "serve/script/script_settings.h"
#include "serve/script/worker_maker.h"
#include "serve/script/worker_pool.h"

namespace scoria::serve::script {

struct ScriptOptions {
  ScriptWish wish;
  std::string sample;  // file: the columns of a function's rows, and what each worker is asked before it is ready
  PoolOptions pool{.most = 0};   // most 0: the cores
  std::size_t most_rows = 1024;  // of one call of a row-wise function
  WarmOptions warm;              // environment empty: this process's own
  bool has_own_environment =
      true;  // false: of it only what a runtime's start looks at, HOME and the like, but no secret of a server
  std::chrono::milliseconds timeout{30'000};  // of a request; its X-Request-Timeout-Ms may ask for less
  GuardLimits guard;
};

// All but the files. Precondition: check_script_settings().
ScriptOptions options_of(const ScriptSettings& settings);

// What a function made of rows.
struct ScoredRows {
  table::Table rows;  // its columns; one that has no name is "value"
  std::optional<Problem> problem;
  int retry_after_s = 0;  // 0: none
};

class ScriptService {
 public:
  // When the least number of workers is ready. Errors: what the script's start says; not_found, invalid (plan_script(), read_sample()).
  static Result<std::shared_ptr<ScriptService>> open(ScriptOptions options);

  const ScriptPlan& plan() const { return plan_; }
  bool takes_rows() const { return plan_.takes_rows(); }
  // Of rows; null: the function takes what a request brings, see find_features.h.
  const model::Description* description() const { return description_ ? &*description_ : nullptr; }
  const Schema* schema() const { return schema_ ? &*schema_ : nullptr; }

  void score(table::Table rows, Time deadline, std::function<void(ScoredRows)> done);
  // `path`: below the service, with its slash in front. The body is looked at before a worker gets it (413, 400).
  void answer(net::HttpRequest request, std::string path, Time deadline, std::function<void(net::HttpReply)> done);

  void stop() { pool_->stop(); }
  PoolNumbers numbers() const { return pool_->numbers(); }
  std::string metrics(const std::string& labels) const { return pool_metrics(numbers(), labels); }

 private:
  ScriptService(ScriptPlan plan, ScriptOptions options) : plan_(std::move(plan)), options_(std::move(options)) {}
  Status find_columns();

  ScriptPlan plan_;
  ScriptOptions options_;
  std::optional<model::Description> description_;
  std::optional<Schema> schema_;
  std::unique_ptr<WorkerPool> pool_;
};

Problem problem_of(const Failure& failure);

}  // namespace scoria::serve::script
