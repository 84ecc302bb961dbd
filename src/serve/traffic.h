// What went through a version: requests by their answer, rows, and how long they took, for metrics.
// Threads: any number add and read.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
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

// A request on its way through a version, counted from now until end(); one that gets lost ends with 500. Borrows the traffic.
class Passage {
 public:
  Passage(Traffic& traffic, Protocol protocol) : traffic_(&traffic), protocol_(protocol) { traffic.begin(); }
  Passage(Passage&& other) noexcept
      : traffic_(std::exchange(other.traffic_, nullptr)), protocol_(other.protocol_), begin_(other.begin_) {}
  Passage& operator=(Passage&&) = delete;
  ~Passage() {
    if (traffic_ != nullptr) end(500, 0);
  }

  void end(int status, std::size_t rows) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin_;
    std::exchange(traffic_, nullptr)->end(protocol_, status, rows, took.count());
  }

 private:
  Traffic* traffic_;
  Protocol protocol_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
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
