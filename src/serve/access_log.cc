#include "serve/access_log.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>

namespace scoria::serve {
namespace {

constexpr std::size_t kLongestPath = 1024, kLongestText = 256;
// Ten texts of which each byte becomes six (\u0001), and all that stands between.
constexpr std::size_t kLongestLine = 6 * (kLongestPath + 10 * kLongestText) + 1024;

// A line being made, in memory that is there: hundreds of small appends to a string would be most of what a line costs.
class Line {
 public:
  Line() : begin_(memory()), end_(begin_) {}

  void put(std::string_view text) {
    std::memcpy(end_, text.data(), text.size());
    end_ += text.size();
  }
  // `begin`: of the member, up to its value: ,"user":"
  void put_text(std::string_view begin, std::string_view value, std::size_t longest = kLongestText) {
    if (value.empty()) return;
    put(begin);
    for (const char c : value.substr(0, longest)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || c == '"' || c == '\\') {
        put_escaped(byte);
      } else {
        *end_++ = c;
      }
    }
    *end_++ = '"';
  }
  void put_number(std::string_view begin, std::uint64_t number) {
    put(begin);
    end_ = std::to_chars(end_, end_ + 20, number).ptr;
  }
  std::string_view text() const { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }

 private:
  static char* memory() {
    thread_local const std::unique_ptr<char[]> kept(new char[kLongestLine]);
    return kept.get();
  }
  void put_escaped(unsigned char byte) {
    *end_++ = '\\';
    if (byte >= 0x20) {
      *end_++ = static_cast<char>(byte);
      return;
    }
    put("u00");
    *end_++ = "0123456789abcdef"[byte >> 4];
    *end_++ = "0123456789abcdef"[byte & 15];
  }

  char* begin_;
  char* end_;
};

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

std::array<char, 27> time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  // Made anew once a second in each thread, but for what is behind the point.
  thread_local std::time_t made = -1;
  thread_local std::array<char, 64> text;
  if (now.tv_sec != made) {
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    (void)std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.000000Z", parts.tm_year + 1900,
                        parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    made = now.tv_sec;
  }
  std::array<char, 27> shown;
  std::memcpy(shown.data(), text.data(), shown.size());
  auto left = static_cast<std::uint32_t>(now.tv_nsec / 1000);
  for (std::size_t i = 25; i >= 20; --i, left /= 10) shown[i] = static_cast<char>('0' + left % 10);
  return shown;
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
  Line line;
  const auto time = time_now();
  line.put("{\"time\":\"");
  line.put({time.data(), time.size()});
  line.put("\"");
  line.put_text(",\"request_id\":\"", record.request_id);
  line.put_text(",\"peer\":\"", record.peer);
  line.put_text(",\"user\":\"", record.user);
  line.put_text(",\"service\":\"", record.service);
  line.put_text(",\"version\":\"", record.version);
  line.put_text(",\"protocol\":\"", record.protocol);
  line.put_text(",\"method\":\"", record.method);
  line.put_text(",\"path\":\"", record.target.substr(0, record.target.find('?')), kLongestPath);
  line.put_number(",\"status\":", static_cast<std::uint64_t>(record.status));
  line.put_number(",\"rows\":", record.rows);
  line.put_number(",\"bytes\":", record.bytes);
  line.put_number(",\"micros\":", record.micros);
  line.put("}\n");
  file_->add(line.text());
}

}  // namespace scoria::serve
