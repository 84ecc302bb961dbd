#include "serve/script/warm_worker.h"

#include "serve/script/answered_jobs.h"
#include "worker/resident.h"

namespace scoria::serve::script {

WarmWorker::WarmWorker(std::unique_ptr<worker::LeasedWorker> leased, std::shared_ptr<const Codec> codec)
    : leased_(std::move(leased)), codec_(std::move(codec)), pid_(leased_->pid()) {}

std::uint64_t WarmWorker::resident_bytes() const { return worker::resident_bytes(pid_); }

Outcome WarmWorker::ask(const Question& question, Time until) {
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

void WarmWorker::give_up(const Error& error, Outcome& outcome) {
  if (leased_->is_interrupted()) {
    leased_->kill();
    outcome.why_over = "stopped";
    outcome.failure = stopped();
    return;
  }
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

void WarmWorker::read(const worker::WorkerAnswer& answer, bool is_rows, Outcome& outcome) const {
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

}  // namespace scoria::serve::script
