#include "serve/access_log.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <random>

#include "base/text_writer.h"

namespace scoria::serve {
namespace {

constexpr std::size_t kLongestPath = 1024, kLongestText = 256;
// Ten texts of which each byte becomes six (\u0001), and all that stands between.
constexpr std::size_t kLongestLine = 6 * (kLongestPath + 10 * kLongestText) + 1024;

// In memory that each thread keeps.
char* line_memory() {
  thread_local const std::unique_ptr<char[]> kept(new char[kLongestLine]);
  return kept.get();
}

constexpr auto kEscaped = [] {
  std::array<bool, 256> escaped{};
  for (std::size_t c = 0; c < 0x20; ++c) escaped[c] = true;
  escaped['"'] = escaped['\\'] = true;
  return escaped;
}();

void put_escaped(TextWriter& line, std::string_view text) {
  for (const char c : text) {
    const bool is_escaped = kEscaped[static_cast<unsigned char>(c)];
    if (is_escaped) line.put('\\');
    if (is_escaped && static_cast<unsigned char>(c) < 0x20) {
      line.put("u00");
      line.put(c < 0x10 ? '0' : '1');
      line.put("0123456789abcdef"[c & 15]);
    } else {
      line.put(c);
    }
  }
}

// `begin`: of the member, up to its value: ,"user":"
void put_text(TextWriter& line, std::string_view begin, std::string_view value, std::size_t longest = kLongestText) {
  if (value.empty()) return;
  value = value.substr(0, longest);
  line.put(begin);
  if (!line.put_unless(value, kEscaped)) put_escaped(line, value);
  line.put('"');
}

void put_number(TextWriter& line, std::string_view begin, std::uint64_t number) {
  line.put(begin);
  line.put_number(number);
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

std::array<char, 16> hexadecimal(std::uint64_t word) {
  std::array<char, 16> digits;
  for (std::size_t i = 16; i-- > 0; word >>= 4) digits[i] = "0123456789abcdef"[word & 15];
  return digits;
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
  static const std::array<char, 16> process = hexadecimal(random_word());
  static std::atomic<std::uint64_t> count = random_word();
  const auto own = hexadecimal(count.fetch_add(1, std::memory_order_relaxed));
  std::string id;
  id.reserve(32);
  return id.append(process.data(), process.size()).append(own.data(), own.size());
}

Result<std::unique_ptr<AccessLog>> AccessLog::open(LogFileOptions options) {
  SCORIA_TRY(file, LogFile::open(std::move(options)));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(file)));
}

void AccessLog::add(const AccessRecord& record) {
  TextWriter line(line_memory());
  const auto time = time_now();
  line.put("{\"time\":\"");
  line.put({time.data(), time.size()});
  line.put('"');
  put_text(line, ",\"request_id\":\"", record.request_id);
  put_text(line, ",\"peer\":\"", record.peer);
  put_text(line, ",\"user\":\"", record.user);
  put_text(line, ",\"service\":\"", record.service);
  put_text(line, ",\"version\":\"", record.version);
  put_text(line, ",\"protocol\":\"", record.protocol);
  put_text(line, ",\"method\":\"", record.method);
  put_text(line, ",\"path\":\"", record.target.substr(0, record.target.find('?')), kLongestPath);
  put_number(line, ",\"status\":", static_cast<std::uint64_t>(record.status));
  put_number(line, ",\"rows\":", record.rows);
  put_number(line, ",\"bytes\":", record.bytes);
  put_number(line, ",\"micros\":", record.micros);
  line.put("}\n");
  file_->add(line.text());
}

}  // namespace scoria::serve
