#include "serve/script/pool_numbers.h"

#include <algorithm>
#include <cstdio>

namespace scoria::serve::script {
namespace {

std::string number(double value) {
  char text[32];
  (void)snprintf(text, sizeof text, "%.9g", value);
  return text;
}

void append_head(std::string& out, const char* name, const char* what, const char* type) {
  out += std::string("# HELP ") + name + " " + what + "\n# TYPE " + name + " " + type + "\n";
}

void append_durations(std::string& out, const std::string& name, const char* what, const std::string& labels,
                      const Durations& durations) {
  append_head(out, name.c_str(), what, "histogram");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < durations.counts.size(); ++i) {
    below += durations.counts[i];
    const std::string bound = i < Durations::kBounds.size() ? number(Durations::kBounds[i]) : "+Inf";
    out += name + "_bucket{" + labels + ",le=\"" + bound + "\"} " + std::to_string(below) + "\n";
  }
  out += name + "_sum{" + labels + "} " + number(durations.sum) + "\n";
  out += name + "_count{" + labels + "} " + std::to_string(below) + "\n";
}

void append_by(std::string& out, const char* name, const char* what, const char* type, const std::string& labels,
               const char* by, const std::map<std::string, std::uint64_t>& values) {
  append_head(out, name, what, type);
  for (const auto& [key, value] : values) {
    out += std::string(name) + "{" + labels + "," + by + "=\"" + key + "\"} " + std::to_string(value) + "\n";
  }
}

}  // namespace

void Durations::add(double seconds) {
  const auto at = std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin();
  ++counts[static_cast<std::size_t>(at)];
  sum += seconds;
}

std::string pool_metrics(const PoolNumbers& numbers, const std::string& labels) {
  std::string out;
  append_head(out, "serve_queue_depth", "Jobs that wait for a worker.", "gauge");
  out += "serve_queue_depth{" + labels + "} " + std::to_string(numbers.queue_depth) + "\n";
  append_durations(out, "serve_queue_duration_seconds", "What jobs waited for a worker.", labels, numbers.queue);
  append_durations(out, "serve_compute_duration_seconds", "What workers took for a call.", labels, numbers.compute);
  append_by(out, "serve_rejected_total", "Jobs that were not answered.", "counter", labels, "reason", numbers.rejected);
  const std::string with_runtime = labels + ",runtime=\"" + numbers.runtime + "\"";
  append_by(out, "serve_workers", "Workers.", "gauge", with_runtime, "state", numbers.workers);
  append_by(out, "serve_worker_restarts_total", "Workers that were replaced.", "counter", labels, "reason",
            numbers.restarts);
  append_head(out, "serve_worker_rss_bytes", "Resident memory of the workers; what they share is counted for each.",
              "gauge");
  out += "serve_worker_rss_bytes{" + labels + "} " + std::to_string(numbers.rss_bytes) + "\n";
  return out;
}

}  // namespace scoria::serve::script
