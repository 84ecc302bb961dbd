#include "cli/progress.h"

#include <cstdio>

namespace scoria::cli {
namespace {

using std::chrono::steady_clock;

constexpr auto kTerminalInterval = std::chrono::milliseconds(200);
constexpr auto kLogInterval = std::chrono::seconds(10);
constexpr auto kQuiet = std::chrono::seconds(1);

// "12.3 M", "456 k", "789".
std::string short_number(double value) {
  char text[32];
  if (value >= 1e6) {
    std::snprintf(text, sizeof text, "%.1f M", value / 1e6);
  } else if (value >= 1e4) {
    std::snprintf(text, sizeof text, "%.0f k", value / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.0f", value);
  }
  return text;
}

}  // namespace

Progress::Progress(std::string unit, std::uint64_t total, bool is_terminal)
    : unit_(std::move(unit)),
      total_(total),
      is_terminal_(is_terminal),
      start_(steady_clock::now()),
      next_(start_ + (is_terminal ? steady_clock::duration(kQuiet) : steady_clock::duration(kLogInterval))) {}

Progress::~Progress() {
  if (has_line_ && is_terminal_) std::fputs("\r\x1b[K", stderr);
}

void Progress::update(std::uint64_t done) {
  const auto now = steady_clock::now();
  const std::lock_guard lock(line_mutex_);
  if (now < next_) return;
  next_ = now + (is_terminal_ ? steady_clock::duration(kTerminalInterval) : steady_clock::duration(kLogInterval));
  const std::string text = line(done, std::chrono::duration<double>(now - start_).count());
  std::fprintf(stderr, is_terminal_ ? "\r\x1b[K%s" : "%s\n", text.c_str());
  has_line_ = true;
}

std::string Progress::line(std::uint64_t done, double seconds) const {
  const double rate = static_cast<double>(done) / seconds;
  std::string text = short_number(static_cast<double>(done));
  if (total_ > 0) text += " of " + short_number(static_cast<double>(total_));
  text += " " + unit_ + ", " + short_number(rate) + "/s";
  if (total_ > 0 && done > 0) {
    text += ", " + short_number(static_cast<double>(total_ - done) / rate) + " s left";
  }
  return text;
}

}  // namespace scoria::cli
