#include "serve/script/warm_worker.h"

#include <filesystem>

#include "serve/script/codec.h"
#include "worker/leased_worker.h"
#include "worker/resident.h"

namespace scoria::serve::script {
namespace {

using Steady = std::chrono::steady_clock;

class WarmWorker final : public ScriptWorker {
 public:
  WarmWorker(std::unique_ptr<worker::LeasedWorker> leased, std::shared_ptr<const Codec> codec)
      : leased_(std::move(leased)), codec_(std::move(codec)), pid_(leased_->pid()) {}

  Outcome ask(const Question& question, Time until) override {
    auto answer = leased_->call(worker::kRequest, codec_->encode(question), until);
    Outcome outcome;
    if (!answer.ok()) {
      outcome.is_over = true;
      give_up(answer.error(), outcome);
      return outcome;
    }
    outcome.is_over = answer.value().is_last;
    outcome.why_over = "recycled";
    read(answer.value(), std::holds_alternative<table::Table>(question), outcome);
    return outcome;
  }

  bool is_there() const override { return !leased_->is_gone(); }
  std::uint64_t resident_bytes() const override { return worker::resident_bytes(pid_); }

 private:
  void give_up(const Error& error, Outcome& outcome) {
    if (error.code == Code::deadline) {
      leased_->kill();
      outcome.why_over = "deadline";
      outcome.failure = {.status = 504,
                         .code = "deadline",
                         .message = "the script gave no answer until the request's deadline, and was ended"};
      return;
    }
    outcome.why_over = "died";
    if (error.code == Code::too_large) {
      leased_->kill();
      outcome.failure = {.status = 502, .code = "bad_answer", .message = error.message};
      return;
    }
    const std::string how = leased_->end();
    outcome.failure = {
        .status = 502,
        .code = "worker_died",
        .message = "the worker ended while it had the request: " + how.substr(0, how.find("; it wrote last: ")),
        .detail = how};
  }

  void read(const worker::WorkerAnswer& answer, bool is_rows, Outcome& outcome) const {
    Said said;
    if (answer.kind == worker::kValue) {
      auto value = codec_->decode(answer.payload, is_rows, said);
      outcome.output = std::move(said.output);
      if (value.ok()) {
        outcome.answer = std::move(value).value();
      } else {
        outcome.failure = {.status = 500, .code = "bad_answer", .message = value.error().message};
      }
      return;
    }
    said = codec_->decode_failure(answer.payload);
    outcome.output = std::move(said.output);
    outcome.failure = {.status = 500, .code = "script_error", .message = said.message, .detail = said.calls};
  }

  std::unique_ptr<worker::LeasedWorker> leased_;
  std::shared_ptr<const Codec> codec_;
  pid_t pid_;
};

std::string name_of_service(const ScriptPlan& plan) {
  return "'" + (plan.script.empty() ? plan.model : plan.script) + "'";
}

Error cannot_start(const ScriptPlan& plan, const std::string& why, const std::string& detail) {
  std::string message = name_of_service(plan) + " cannot be served: " + why;
  if (!detail.empty()) message += "\n" + detail;
  return {Code::unavailable, std::move(message)};
}

Result<std::unique_ptr<ScriptWorker>> make(const ScriptPlan& plan, const WarmOptions& options,
                                           const worker::Lease& lease, const std::shared_ptr<const Codec>& codec,
                                           const std::string& start) {
  auto leased = worker::LeasedWorker::lease(lease);
  if (!leased.ok()) return cannot_start(plan, leased.error().message, {});
  const Time until = Steady::now() + options.start_timeout;
  auto answer = leased.value()->call(worker::kService, start, until);
  if (!answer.ok()) {
    if (answer.error().code == Code::deadline) {
      leased.value()->kill();
      return cannot_start(plan, "its start took longer than " + std::to_string(options.start_timeout.count()) + " ms",
                          {});
    }
    return cannot_start(plan, "its worker ended while it started: " + leased.value()->end(), {});
  }
  if (answer.value().kind != worker::kValue) {
    const Said said = codec->decode_failure(answer.value().payload);
    return cannot_start(plan, said.message, said.calls + (said.output.empty() ? "" : "\nit printed: " + said.output));
  }
  auto made = std::make_unique<WarmWorker>(std::move(leased).value(), codec);
  if (options.sample) {
    const Outcome outcome = made->ask(Question(*options.sample), until);
    if (!outcome.answer)
      return cannot_start(plan, "it fails for the sample: " + outcome.failure.message, outcome.failure.detail);
    const auto& table = std::get<table::Table>(*outcome.answer);
    if (plan.is_rowwise && table.rows() != options.sample->rows())
      return cannot_start(plan,
                          "it is declared row-wise, but answers " + std::to_string(table.rows()) + " values for " +
                              std::to_string(options.sample->rows()) + " rows",
                          {});
  }
  return std::unique_ptr<ScriptWorker>(std::move(made));
}

}  // namespace

MakeWorker warm_worker_maker(const ScriptPlan& plan, const WarmOptions& options) {
  worker::Lease lease;
  lease.runtime = plan.runtime;
  lease.program = options.program;
  lease.preload = plan.preload;
  lease.preload.insert(lease.preload.end(), options.preload.begin(), options.preload.end());
  lease.environment = options.environment;
  if (plan.form == Form::py_run || plan.form == Form::py_predict) {
    if (!plan.model.empty())
      lease.environment["AZUREML_MODEL_DIR"] = std::filesystem::is_directory(plan.model)
                                                   ? plan.model
                                                   : std::filesystem::path(plan.model).parent_path().string();
  }
  lease.directory = std::filesystem::path(plan.script.empty() ? plan.model : plan.script).parent_path();
  lease.memory_bytes = options.memory_bytes;
  lease.calls = options.calls;
  lease.seconds = options.seconds;
  lease.resident_bytes = options.growth_bytes;
  const std::shared_ptr<const Codec> codec = plan.runtime == worker::Runtime::r ? make_r_codec() : make_python_codec();
  return [plan, options, lease, codec, start = codec->encode_start(plan)] {
    return make(plan, options, lease, codec, start);
  };
}

}  // namespace scoria::serve::script
