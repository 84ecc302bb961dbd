// Makes the workers of a script's pool. The first that is made loads everything: packages, the script, its model, the sample's answer; then it becomes the
// service's template, from which the others are forked in milliseconds and with which they share what is not written to. A script whose process cannot be
// forked (threads, open files or connections after its start), or whose fork fails for the sample, is loaded in each worker instead.
// Threads: the maker may be called by several at once. Owns: the service's template, which ends with the last copy of the maker.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "serve/script/script_kind.h"
#include "serve/script/script_worker.h"

namespace scoria::serve::script {

struct WarmOptions {
  std::map<std::string, std::string> environment;  // all that the worker gets
  std::vector<std::string> preload;                // beside what the plan says
  std::string program;                             // Rscript or python3; empty: of PATH
  bool has_network = true;
  bool loads_in_each = false;  // no template: each worker loads the script itself
  std::chrono::milliseconds start_timeout{60'000};
  std::uint64_t calls = 10'000, seconds = 3600, growth_bytes = 2ull << 30;  // a worker's share
  std::uint64_t memory_bytes = 0;                                           // of data; 0: no limit
  std::optional<table::Table> sample;  // asked before a worker is ready: it warms what is lazy, and must not fail
};

// The maker's errors name the script and tell R's or Python's message and call stack.
MakeWorker warm_worker_maker(const ScriptPlan& plan, const WarmOptions& options);

}  // namespace scoria::serve::script
