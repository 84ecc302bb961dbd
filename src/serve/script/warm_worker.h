// Workers of `scoria workers` as a pool's: leased, made a service by our code for their runtime, asked until they have had their share.
// Threads: the maker may be called by several at once. Owns: what it captures.
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
  std::chrono::milliseconds start_timeout{60'000};
  std::uint64_t calls = 10'000, seconds = 3600, growth_bytes = 2ull << 30;  // a worker's share
  std::uint64_t memory_bytes = 0;                                           // of data; 0: no limit
  std::optional<table::Table> sample;  // asked once before a worker is ready: it warms what is lazy, and must not fail
};

// The maker's errors name the script and tell R's or Python's message and call stack.
MakeWorker warm_worker_maker(const ScriptPlan& plan, const WarmOptions& options);

}  // namespace scoria::serve::script
