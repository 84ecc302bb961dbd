#include "serve/script/worker_maker.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "base/log.h"
#include "serve/script/script_rows.h"
#include "serve/script/warm_worker.h"

namespace scoria::serve::script {
namespace {

using Steady = std::chrono::steady_clock;

// R compiles a function at its second call: that is shared, too, where calls are quick.
constexpr std::chrono::milliseconds kQuickCall{200};
// A fork answers the sample as its template did, or waits for a thread that it does not have.
constexpr std::chrono::seconds kForkPatience{5};

// `code`: invalid where the script itself is why, unavailable where trying again may help.
Error cannot_start(const ScriptPlan& plan, Code code, const std::string& why, const std::string& detail = {}) {
  std::string message = "'" + (plan.script.empty() ? plan.model : plan.script) + "' cannot be served: " + why;
  if (!detail.empty()) message += "\n" + detail;
  return {code, std::move(message)};
}

worker::Lease lease_of(const ScriptPlan& plan, const WarmOptions& options) {
  worker::Lease lease;
  lease.runtime = plan.runtime;
  lease.program = options.program;
  lease.preload = plan.preload;
  lease.preload.insert(lease.preload.end(), options.preload.begin(), options.preload.end());
  lease.environment = options.environment;
  if ((plan.form == Form::py_run || plan.form == Form::py_predict) && !plan.model.empty()) {
    const std::filesystem::path model(plan.model);
    lease.environment["AZUREML_MODEL_DIR"] =
        std::filesystem::is_directory(model) ? plan.model : model.parent_path().string();
  }
  lease.directory = std::filesystem::path(plan.script.empty() ? plan.model : plan.script).parent_path();
  lease.memory_bytes = options.memory_bytes;
  lease.has_network = options.has_network;
  lease.calls = options.calls;
  lease.seconds = options.seconds;
  lease.resident_bytes = options.growth_bytes;
  return lease;
}

class Maker {
 public:
  Maker(const ScriptPlan& plan, const WarmOptions& options)
      : plan_(plan),
        options_(options),
        lease_(lease_of(plan, options)),
        codec_(plan.runtime == worker::Runtime::r ? make_r_codec() : make_python_codec()),
        start_(codec_->encode_start(plan)),
        loads_in_each_(options.loads_in_each) {}

  Result<std::unique_ptr<ScriptWorker>> make(const std::stop_token& stop);

 private:
  using Made = std::unique_ptr<WarmWorker>;
  Result<Made> load(const std::stop_token& stop) const;
  Status ask_sample(WarmWorker& worker, Time until) const;
  Result<Made> load_template(std::string& from, const std::stop_token& stop);
  Result<std::unique_ptr<ScriptWorker>> fork(const std::string& from);
  void load_in_each(const std::string& why);

  const ScriptPlan plan_;
  const WarmOptions options_;
  const worker::Lease lease_;
  const std::shared_ptr<const Codec> codec_;
  const std::string start_;
  std::mutex mutex_;  // guards all below; held while the template loads: who comes meanwhile wants it
  Made template_;
  bool loads_in_each_;
  bool has_forked_ = false;  // a worker that answered the sample
};

Result<Maker::Made> Maker::load(const std::stop_token& stop) const {
  if (stop.stop_requested()) return cannot_start(plan_, Code::unavailable, "it is stopping");
  auto leased = worker::LeasedWorker::lease(lease_);
  if (!leased.ok()) return cannot_start(plan_, Code::unavailable, leased.error().message);
  auto made = std::make_unique<WarmWorker>(std::move(leased).value(), codec_);
  const std::stop_callback interrupt(stop, [worker = made.get()] { worker->interrupt(); });
  const Time until = Steady::now() + options_.start_timeout;
  auto answer = made->leased().call(worker::kService, start_, until);
  if (!answer.ok()) {
    if (made->leased().is_interrupted()) {
      made->leased().kill();
      return cannot_start(plan_, Code::unavailable, "it is stopping");
    }
    if (answer.error().code == Code::deadline) {
      made->leased().kill();
      return cannot_start(plan_, Code::unavailable,
                          "its start took longer than " + std::to_string(options_.start_timeout.count()) + " ms");
    }
    return cannot_start(plan_, Code::invalid, "its worker ended while it started: " + made->leased().end());
  }
  const Said said = codec_->decode_start(answer.value().payload);
  if (answer.value().kind != worker::kValue) {
    return cannot_start(plan_, Code::invalid, said.message,
                        said.calls + (said.output.empty() ? "" : "\nit printed: " + said.output));
  }
  if (!said.output.empty()) log::info("script_output", {{"text", said.output}});
  SCORIA_TRY_STATUS(ask_sample(*made, until));
  return made;
}

Status Maker::ask_sample(WarmWorker& worker, Time until) const {
  if (!options_.sample) return Ok{};
  const Outcome outcome = worker.ask(Question(*options_.sample), until);
  if (!outcome.answer) {
    return cannot_start(plan_, outcome.failure.code == "deadline" ? Code::unavailable : Code::invalid,
                        "it fails for the sample: " + outcome.failure.message, outcome.failure.detail);
  }
  const auto& table = std::get<table::Table>(*outcome.answer);
  if (!answers_each_row(plan_) || table.rows() == options_.sample->rows()) return Ok{};
  return cannot_start(plan_, Code::invalid, wrong_count(table.rows(), options_.sample->rows()));
}

void Maker::load_in_each(const std::string& why) {
  loads_in_each_ = true;
  template_.reset();
  log::info("script_loads_in_each_worker", {{"script", plan_.script}, {"why", why}});
}

// `from` is the template's id; where there can be none, the process that was to be it is a worker.
Result<Maker::Made> Maker::load_template(std::string& from, const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  if (loads_in_each_) return Made();
  if (template_ == nullptr || !template_->is_there()) {
    template_.reset();
    SCORIA_TRY(made, load(stop));
    const auto begin = Steady::now();
    const Time until = begin + options_.start_timeout;
    for (int i = 0; i < 2 && Steady::now() - begin < kQuickCall; ++i) SCORIA_TRY_STATUS(ask_sample(*made, until));
    std::string why;
    auto is_template = made->leased().become_template(until, why);
    if (!is_template.ok())
      return cannot_start(plan_, Code::unavailable, "its template ended while it started: " + made->leased().end());
    if (!is_template.value()) {
      load_in_each(codec_->decode_failure(why).message);
      return std::move(made);
    }
    template_ = std::move(made);
  }
  from = template_->leased().id();
  return Made();
}

Result<std::unique_ptr<ScriptWorker>> Maker::fork(const std::string& from) {
  worker::Lease lease = lease_;
  lease.from = from;
  auto leased = worker::LeasedWorker::lease(lease);
  if (!leased.ok()) return cannot_start(plan_, Code::unavailable, leased.error().message);
  auto made = std::make_unique<WarmWorker>(std::move(leased).value(), codec_);
  const Status asked =
      ask_sample(*made, Steady::now() + std::min<std::chrono::milliseconds>(options_.start_timeout, kForkPatience));
  const std::lock_guard lock(mutex_);
  has_forked_ = has_forked_ || asked.ok();
  if (asked.ok()) return std::unique_ptr<ScriptWorker>(std::move(made));
  if (!has_forked_ && !loads_in_each_) load_in_each("a fork of it fails: " + asked.error().message);
  return asked.error();
}

Result<std::unique_ptr<ScriptWorker>> Maker::make(const std::stop_token& stop) {
  std::string from;
  SCORIA_TRY(loaded, load_template(from, stop));
  if (!from.empty()) {
    auto forked = fork(from);
    if (forked.ok()) return forked;
    // Its template may have been killed, or cannot be forked after all: both are seen there.
    from.clear();
    SCORIA_TRY(instead, load_template(from, stop));
    if (!from.empty()) return fork(from);
    loaded = std::move(instead);
  }
  if (loaded == nullptr) {
    SCORIA_TRY(made, load(stop));
    loaded = std::move(made);
  }
  return std::unique_ptr<ScriptWorker>(std::move(loaded));
}

}  // namespace

MakeWorker warm_worker_maker(const ScriptPlan& plan, const WarmOptions& options) {
  return [maker = std::make_shared<Maker>(plan, options)](const std::stop_token& stop) { return maker->make(stop); };
}

}  // namespace scoria::serve::script
