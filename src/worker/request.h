// What clients ask the host for, checked. Threads: plain values and free functions.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "worker/kit.h"

namespace scoria::worker {

struct TemplateRequest {
  Runtime runtime = Runtime::r;
  std::string program;                   // found
  std::string preload;                   // "a,b"
  std::vector<std::string> environment;  // "NAME=value", sorted
  std::string key() const;               // equal for equal templates
};

struct Limits {
  std::uint64_t memory_bytes = 0;  // 0: none
  std::uint64_t calls = 10'000;
  std::uint64_t seconds = 3600;
  std::uint64_t resident_bytes = 2ull << 30;
  bool has_network = true;  // as a service
};

// Of a request's "template". Errors: invalid, naming the field; not_found (no such runtime here).
Result<TemplateRequest> read_template(const nlohmann::json& request);
Result<Limits> read_limits(const nlohmann::json& request);

}  // namespace scoria::worker
