#include "serve/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace scoria::serve {
namespace {

// How long a line may wait: a system call for many lines costs less than one for each.
constexpr std::chrono::milliseconds kPatience{200};

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(LogFileOptions options) {
  if (options.path.empty()) return Error{Code::invalid, "a log needs a path, or - for standard output"};
  if (options.keep < 1 || options.keep > 100) {
    return Error{Code::invalid, "log '" + options.path + "': keep is " + std::to_string(options.keep) +
                                    ", must be 1 to 100 older files"};
  }
  std::unique_ptr<LogFile> file(new LogFile(std::move(options)));
  SCORIA_TRY_STATUS(file->open_path());
  // So that no line waits for memory; what is never used of it costs none.
  file->waiting_.reserve(file->options_.buffer_bytes);
  file->thread_ = std::jthread([raw = file.get()](const std::stop_token& stop) { raw->run(stop); });
  return file;
}

LogFile::~LogFile() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (descriptor_ >= 0 && descriptor_ != STDOUT_FILENO) ::close(descriptor_);
}

Status LogFile::open_path() {
  if (options_.path == "-") {
    descriptor_ = STDOUT_FILENO;
    return Ok{};
  }
  const int opened = ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (opened < 0) {
    const Code code = errno == EACCES || errno == EROFS ? Code::denied
                      : errno == ENOENT                 ? Code::not_found
                                                        : Code::unavailable;
    return Error{code, "log '" + options_.path + "': " + std::strerror(errno)};
  }
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = opened;
  struct stat state {};
  size_ = ::fstat(opened, &state) == 0 ? static_cast<std::uint64_t>(state.st_size) : 0;
  return Ok{};
}

void LogFile::add(std::string_view line) {
  bool must_wake = false;
  {
    const std::lock_guard lock(waiting_mutex_);
    if (waiting_.size() + line.size() > options_.buffer_bytes) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    waiting_.append(line);
    // Else it is found when the writer's patience ends: no system call for a line.
    must_wake = waiting_.size() > options_.buffer_bytes / 4 && !std::exchange(is_wanted_now_, true);
  }
  if (must_wake) changed_.notify_all();
}

void LogFile::reopen() { must_reopen_ = true; }

void LogFile::flush() {
  std::unique_lock lock(waiting_mutex_);
  is_wanted_now_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return waiting_.empty() && !is_writing_; });
}

void LogFile::run(const std::stop_token& stop) {
  std::string lines;
  lines.reserve(options_.buffer_bytes);
  std::unique_lock lock(waiting_mutex_);
  for (;;) {
    changed_.wait_for(lock, stop, kPatience, [this] { return is_wanted_now_; });
    is_wanted_now_ = false;
    const bool is_last = stop.stop_requested();
    lines.clear();
    std::swap(lines, waiting_);
    is_writing_ = true;
    lock.unlock();
    if (must_reopen_.exchange(false)) {
      if (const Status opened = open_path(); !opened.ok()) {
        log::warn("log_reopen_failed", {{"why", opened.error().message}});
      }
    }
    write_out(lines);
    lock.lock();
    is_writing_ = false;
    changed_.notify_all();
    if (is_last && waiting_.empty()) return;
  }
}

void LogFile::write_out(std::string_view lines) {
  if (lines.empty()) return;
  if (options_.rotate_bytes > 0 && size_ > 0 && size_ + lines.size() > options_.rotate_bytes) rotate();
  while (!lines.empty()) {
    const ssize_t wrote = ::write(descriptor_, lines.data(), lines.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      dropped_.fetch_add(lines_in(lines), std::memory_order_relaxed);
      log::warn("log_write_failed", {{"log", options_.path}, {"why", std::strerror(errno)}});
      return;
    }
    size_ += static_cast<std::uint64_t>(wrote);
    written_.fetch_add(static_cast<std::uint64_t>(wrote), std::memory_order_relaxed);
    lines.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void LogFile::rotate() {
  if (descriptor_ == STDOUT_FILENO) return;
  for (int i = options_.keep; i > 0; --i) {
    const std::string from = i == 1 ? options_.path : options_.path + "." + std::to_string(i - 1);
    (void)std::rename(from.c_str(), (options_.path + "." + std::to_string(i)).c_str());  // there may be none yet
  }
  if (const Status opened = open_path(); !opened.ok()) {
    log::warn("log_reopen_failed", {{"why", opened.error().message}});
  }
}

}  // namespace scoria::serve
