#include "serve/traffic.h"

#include <algorithm>
#include <cstdio>

namespace scoria::serve {
namespace {

std::string labels(std::string_view service, std::string_view version, const std::string& more = {}) {
  return "{service=\"" + std::string(service) + "\",version=\"" + std::string(version) + "\"" +
         (more.empty() ? "" : "," + more) + "}";
}

std::string number(double value) {
  char text[32];
  (void)snprintf(text, sizeof text, "%.9g", value);
  return text;
}

}  // namespace

std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::plumber: return "plumber";
    case Protocol::ml_server: return "ml_server";
    case Protocol::inference: return "inference_v2";
    case Protocol::invocations: return "invocations";
    default: return "other";
  }
}

std::size_t Traffic::code_index(int status) {
  return static_cast<std::size_t>(std::find(kCodes.begin(), kCodes.end(), status) - kCodes.begin());
}

void Traffic::end(Protocol protocol, int status, std::size_t rows, double seconds) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  answers_[static_cast<std::size_t>(protocol)][code_index(status)].fetch_add(1, kRelaxed);
  rows_.fetch_add(rows, kRelaxed);
  nanoseconds_.fetch_add(static_cast<std::uint64_t>(seconds * 1e9), kRelaxed);
  const auto bucket =
      static_cast<std::size_t>(std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin());
  durations_[bucket].fetch_add(1, kRelaxed);
  inflight_.fetch_sub(1, kRelaxed);
}

std::uint64_t Traffic::requests() const {
  std::uint64_t sum = 0;
  for (const auto& bucket : durations_) sum += bucket.load(std::memory_order_relaxed);
  return sum;
}

std::string traffic_help() {
  return "# HELP serve_requests_total Requests answered, by service, version, protocol and status.\n# TYPE "
         "serve_requests_total counter\n"
         "# HELP serve_request_duration_seconds From a request's last byte to its answer.\n# TYPE "
         "serve_request_duration_seconds histogram\n"
         "# HELP serve_rows_total Rows scored.\n# TYPE serve_rows_total counter\n"
         "# HELP serve_inflight Requests being answered.\n# TYPE serve_inflight gauge\n";
}

std::string Traffic::to_metrics(std::string_view service, std::string_view version) const {
  std::string text;
  for (std::size_t p = 0; p < answers_.size(); ++p) {
    for (std::size_t c = 0; c < answers_[p].size(); ++c) {
      const auto count = answers_[p][c].load(std::memory_order_relaxed);
      if (count == 0) continue;
      const std::string code = c < kCodes.size() ? std::to_string(kCodes[c]) : "other";
      text +=
          "serve_requests_total" +
          labels(service, version,
                 "protocol=\"" + std::string(protocol_name(static_cast<Protocol>(p))) + "\",code=\"" + code + "\"") +
          " " + std::to_string(count) + "\n";
    }
  }
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < durations_.size(); ++i) {
    sum += durations_[i].load(std::memory_order_relaxed);
    const std::string bound = i < kBounds.size() ? number(kBounds[i]) : "+Inf";
    text += "serve_request_duration_seconds_bucket" + labels(service, version, "le=\"" + bound + "\"") + " " +
            std::to_string(sum) + "\n";
  }
  text += "serve_request_duration_seconds_sum" + labels(service, version) + " " +
          number(static_cast<double>(nanoseconds_.load()) / 1e9) + "\n";
  text += "serve_request_duration_seconds_count" + labels(service, version) + " " + std::to_string(sum) + "\n";
  text += "serve_rows_total" + labels(service, version) + " " + std::to_string(rows_.load()) + "\n";
  text += "serve_inflight" + labels(service, version) + " " + std::to_string(inflight_.load()) + "\n";
  return text;
}

}  // namespace scoria::serve
