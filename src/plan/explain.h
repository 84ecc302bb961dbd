// What the steps of a run did: rows in and out, seconds, counts worth telling.
// Threads: StepLog is one partition's; merge them under the caller's lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/named_list.h"

namespace scoria::plan {

struct Plan;

// "12,345,678".
std::string with_commas(std::uint64_t number);

struct Step {
  std::string name;  // "prepare 2: join products"
  std::uint64_t rows_in = 0;
  std::uint64_t rows_out = 0;
  double seconds = 0;               // of all threads together
  NamedList<std::uint64_t> counts;  // {"unmatched", 3}
};

// One model of a run.
struct ModelUse {
  std::string path;
  std::string title;  // "gbm: boosted trees, gaussian"
  std::vector<std::string> features;
  std::uint64_t rows = 0;  // that it scored
  bool flags = false;      // it tells outliers
  std::uint64_t flagged = 0;
  std::optional<double> warn_flagged;  // the share of rows above which to warn
};

class StepLog {
 public:
  // Adds to the step of that name, or makes it the last one.
  void add(const Step& step);
  void merge(const StepLog& other);
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::vector<Step> steps_;
};

// Seconds since it was made, or since it was last asked.
class Stopwatch {
 public:
  double lap();

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// A plan's steps in the order in which they are done, each with what the plan says of it.
NamedList<std::string> outline(const Plan& plan);

// Aligned tables for a terminal. `log` holds what was done; a step of the outline that it lacks was not reached.
std::string outline_text(const Plan& plan);
std::string steps_text(const Plan& plan, const std::vector<Step>& steps);
std::string models_text(const std::vector<ModelUse>& models);

}  // namespace scoria::plan
