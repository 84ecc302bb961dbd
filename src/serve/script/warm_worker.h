// A worker of `scoria workers` that has been made a service, as a pool asks it.
// Threads: as ScriptWorker. Owns: the lease.
#pragma once

#include <sys/types.h>

#include <memory>

#include "serve/script/codec.h"
#include "serve/script/script_worker.h"
#include "worker/leased_worker.h"

namespace scoria::serve::script {

class WarmWorker final : public ScriptWorker {
 public:
  WarmWorker(std::unique_ptr<worker::LeasedWorker> leased, std::shared_ptr<const Codec> codec);

  Outcome ask(const Question& question, Time until) override;
  void interrupt() override { leased_->interrupt(); }
  bool is_there() const override { return !leased_->is_gone(); }
  std::uint64_t resident_bytes() const override;

  worker::LeasedWorker& leased() { return *leased_; }

 private:
  void give_up(const Error& error, Outcome& outcome);
  void read(const worker::WorkerAnswer& answer, bool is_rows, Outcome& outcome) const;

  std::unique_ptr<worker::LeasedWorker> leased_;
  std::shared_ptr<const Codec> codec_;
  pid_t pid_;
};

}  // namespace scoria::serve::script
