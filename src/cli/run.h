// `scoria run PLAN.yaml`: runs a plan and says what came out.
// Threads: one call at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/context.h"
#include "model/model.h"
#include "plan/memory_limit.h"

namespace scoria::cli {

struct RunCommandOptions {
  std::string plan;
  std::vector<std::string> settings;  // "K=V": a value of the plan, by its path
  std::vector<std::string> only;
  std::size_t jobs = 0;  // threads; 0: as many as there are cores
  bool resume = false;
  bool explain = false;               // print what each step did
  bool dry_run = false;               // print the steps and do none
  std::optional<std::string> report;  // an HTML file to write
  std::vector<std::string> series;    // "KEY=VALUE,VALUE": which series it shows
  std::uint64_t memory_limit = plan::default_memory_limit();
  model::SimdTarget simd = model::SimdTarget::automatic;
};

Status run(const RunCommandOptions& options, const Context& context);

}  // namespace scoria::cli
