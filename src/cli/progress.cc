#include "cli/progress.h"

#include <cstdio>

#include "cli/numbers.h"

namespace scoria::cli {
namespace {

using std::chrono::steady_clock;

constexpr auto kTerminalInterval = std::chrono::milliseconds(200);
constexpr auto kLogInterval = std::chrono::seconds(10);
constexpr auto kQuiet = std::chrono::seconds(1);

}  // namespace

Progress::Progress(std::string unit, bool is_terminal)
    : unit_(std::move(unit)),
      is_terminal_(is_terminal),
      start_(steady_clock::now()),
      next_(start_ + (is_terminal ? steady_clock::duration(kQuiet) : steady_clock::duration(kLogInterval))) {}

Progress::~Progress() {
  if (has_line_ && is_terminal_) std::fputs("\r\x1b[K", stderr);
}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  const auto now = steady_clock::now();
  const std::lock_guard lock(line_mutex_);
  if (now < next_) return;
  next_ = now + (is_terminal_ ? steady_clock::duration(kTerminalInterval) : steady_clock::duration(kLogInterval));
  const std::string text = line(done, total, std::chrono::duration<double>(now - start_).count());
  std::fprintf(stderr, is_terminal_ ? "\r\x1b[K%s" : "%s\n", text.c_str());
  has_line_ = true;
}

std::string Progress::line(std::uint64_t done, std::uint64_t total, double seconds) const {
  const double rate = static_cast<double>(done) / seconds;
  std::string text = short_count(static_cast<double>(done));
  if (total > 0) text += " of " + short_count(static_cast<double>(total));
  text += " " + unit_ + ", " + short_count(rate) + "/s";
  if (total > 0 && done > 0) {
    text += ", " + short_count(static_cast<double>(total - done) / rate) + " s left";
  }
  return text;
}

}  // namespace scoria::cli
