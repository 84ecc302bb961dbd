#include "serve/access_log.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <random>

#include "serve/answer.h"

namespace scoria::serve {
namespace {

constexpr std::size_t kLongestPath = 1024;

void append_number(std::string& out, std::string_view name, std::uint64_t number) {
  out.append(",\"").append(name).append("\":");
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(",\"").append(name).append("\":");
  append_text(out, value);
}

bool is_plain(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::uint64_t random_word() {
  std::uint64_t word = 0;
  if (::getrandom(&word, sizeof word, 0) != sizeof word) word = std::random_device()();
  return word;
}

}  // namespace

void append_time(std::string& out) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  // Made anew once a second in each thread.
  thread_local std::time_t made = -1;
  thread_local std::array<char, 64> text;
  if (now.tv_sec != made) {
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    (void)std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.", parts.tm_year + 1900,
                        parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    made = now.tv_sec;
  }
  out.append(text.data(), 20);
  std::array<char, 7> micros;
  long left = now.tv_nsec / 1000;
  for (int i = 5; i >= 0; --i, left /= 10) micros[static_cast<std::size_t>(i)] = static_cast<char>('0' + left % 10);
  micros[6] = 'Z';
  out.append(micros.data(), micros.size());
}

std::string request_id(const net::HttpRequest& request) {
  if (const auto given = request.header("X-Request-Id"); given && is_plain(*given)) return std::string(*given);
  // The process' own half, and a count: no call into the kernel for a request.
  static const std::uint64_t kProcess = random_word();
  static std::atomic<std::uint64_t> count = random_word();
  std::array<std::uint64_t, 2> words{kProcess, count.fetch_add(1, std::memory_order_relaxed)};
  std::string id(32, '0');
  for (std::size_t i = 0; i < 32; ++i) {
    id[i] = "0123456789abcdef"[words[i / 16] >> (60 - 4 * (i % 16)) & 15];
  }
  return id;
}

Result<std::unique_ptr<AccessLog>> AccessLog::open(LogFileOptions options) {
  SCORIA_TRY(file, LogFile::open(std::move(options)));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(file)));
}

void AccessLog::add(const AccessRecord& record) {
  thread_local std::string line;
  line.assign("{\"time\":\"");
  append_time(line);
  line.push_back('"');
  append_member(line, "request_id", record.request_id);
  append_member(line, "peer", record.peer);
  append_member(line, "user", record.user);
  append_member(line, "service", record.service);
  append_member(line, "version", record.version);
  append_member(line, "protocol", record.protocol);
  append_member(line, "method", record.method);
  append_member(line, "path", record.target.substr(0, record.target.find('?')).substr(0, kLongestPath));
  append_number(line, "status", static_cast<std::uint64_t>(record.status));
  append_number(line, "rows", record.rows);
  append_number(line, "bytes", record.bytes);
  append_number(line, "micros", record.micros);
  line.append("}\n");
  file_->add(line);
}

}  // namespace scoria::serve
