// Tells a watching person how far a long command is: a line that is rewritten on a terminal, a line now and then in a log.
// Threads: update() may be called from several threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace scoria::cli {

class Progress {
 public:
  // `unit` is what is counted ("rows"); `total` 0 where it is not known. Quiet for the first second.
  Progress(std::string unit, std::uint64_t total, bool is_terminal);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // clears its line on a terminal

  void update(std::uint64_t done);

 private:
  std::string line(std::uint64_t done, double seconds) const;

  const std::string unit_;
  const std::uint64_t total_;
  const bool is_terminal_;
  const std::chrono::steady_clock::time_point start_;
  std::mutex line_mutex_;
  std::chrono::steady_clock::time_point next_;  // guarded by line_mutex_
  bool has_line_ = false;                       // guarded by line_mutex_
};

}  // namespace scoria::cli
