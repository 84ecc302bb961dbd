// Lines to a file or to standard output, written by a thread of its own: whoever has a line never waits for a disk. What does not fit into memory
// while the disk is slow is dropped, and counted.
//
//   SCORIA_TRY(file, LogFile::open({.path = "access.jsonl"}));
//   file->add(line);       // with its end; about 50 ns
//   file->reopen();        // after logrotate has moved it away (SIGHUP)
//
// Threads: all functions from several. Owns: the file, but for standard output.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace scoria::serve {

struct LogFileOptions {
  std::string path;  // "-": standard output
  std::uint64_t rotate_bytes =
      100ull << 20;  // a file as large becomes PATH.1, and PATH.1 PATH.2; 0: never; standard output: never
  int keep = 5;      // PATH.1 to PATH.keep stay
  std::size_t buffer_bytes = 4u << 20;  // lines that wait to be written
};

class LogFile {
 public:
  // The file is made with mode 0600. Errors: invalid (no path, keep < 1), denied, not_found, unavailable: the file's, naming it.
  static Result<std::unique_ptr<LogFile>> open(LogFileOptions options);
  ~LogFile();  // writes what waits
  LogFile(const LogFile&) = delete;

  void add(std::string_view line);
  // The path is opened anew before the next write; where that fails, writing goes on in the old file.
  void reopen();
  // Waits until all that was added is written.
  void flush();

  std::uint64_t dropped() const {
    return dropped_.load(std::memory_order_relaxed);
  }  // lines, for want of room or of disk
  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }  // bytes

 private:
  explicit LogFile(LogFileOptions options) : options_(std::move(options)) {}
  Status open_path();
  void run(const std::stop_token& stop);
  void write_out(std::string_view lines);
  void rotate();

  const LogFileOptions options_;
  std::atomic<std::uint64_t> dropped_ = 0, written_ = 0;
  std::atomic<bool> must_reopen_ = false;

  // Of the writing thread, once it runs.
  int descriptor_ = -1;
  std::uint64_t size_ = 0;

  std::mutex waiting_mutex_;
  std::condition_variable_any changed_;  // with waiting_mutex_
  std::string waiting_;                  // guarded by waiting_mutex_
  bool is_writing_ = false;              // guarded by waiting_mutex_
  bool is_wanted_now_ = false;           // guarded by waiting_mutex_

  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace scoria::serve
