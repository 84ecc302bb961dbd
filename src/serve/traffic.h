// What went through a version: requests by their answer, rows, and how long they took, for metrics.
// Threads: any number add and read.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scoria::serve {

enum class Protocol : std::uint8_t { plumber, ml_server, inference, invocations, count };
std::string_view protocol_name(Protocol protocol);

class Traffic {
 public:
  void begin() { inflight_.fetch_add(1, std::memory_order_relaxed); }
  void end(Protocol protocol, int status, std::size_t rows, double seconds);

  std::uint64_t requests() const;

  static constexpr std::array kBounds{10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3,
                                      10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1.0,  2.5,    10.0};

 private:
  friend class TrafficText;
  static constexpr std::array kCodes{200, 400, 413, 415, 422, 429, 500, 503, 504};
  static std::size_t code_index(int status);

  std::array<std::array<std::atomic<std::uint64_t>, kCodes.size() + 1>, static_cast<std::size_t>(Protocol::count)>
      answers_{};
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> durations_{};
  std::atomic<std::uint64_t> rows_ = 0, nanoseconds_ = 0;
  std::atomic<std::int64_t> inflight_ = 0;
};

struct NamedTraffic {
  std::string service, version;
  const Traffic* traffic;
};
// A Prometheus text: each family's help, then its samples of all services.
std::string traffic_metrics(const std::vector<NamedTraffic>& all);

// {service="...",version="...",MORE}, with what Prometheus wants escaped.
std::string metric_labels(std::string_view service, std::string_view version, const std::string& more = {});
// NAME="VALUE" for `more`, escaped likewise.
std::string metric_label(std::string_view name, std::string_view value);

}  // namespace scoria::serve
