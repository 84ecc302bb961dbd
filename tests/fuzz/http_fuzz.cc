// HTTP: requests and replies read in one piece and in small ones are the same, and stay within their limits.
// The first byte is the size of the small pieces; the rest is what a client (or, with its highest bit, a server) sends.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/reply_reader.h"
#include "net/request_reader.h"

namespace {

using namespace scoria::net;

constexpr std::uint32_t kMaxHead = 1024, kMaxFields = 20;

void write(std::string& log, const Headers& headers) {
  std::size_t size = 0;
  for (const auto& [name, value] : headers) {
    log += name + ": " + value + "\n";
    size += name.size() + value.size();
    // What a handler gets cannot break out of a header, were it to echo it.
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) std::abort();
  }
  if (size > kMaxHead) std::abort();
}

// What a reader makes of `bytes`, given `step` more of them each time it wants more.
template <typename Reader, typename Head>
std::string read_all(Reader& reader, std::string_view bytes, std::size_t step, Head on_head) {
  std::string log;
  std::string body;
  std::string unread;
  for (;;) {
    std::string_view left = unread;
    for (;;) {
      const std::size_t before = left.size();
      const auto event = reader.next(left);
      if (event == Reader::Event::more) break;
      if (event == Reader::Event::failed) return log + body + "\nfailed";  // pieces may fail for another reason
      if (event == Reader::Event::head) on_head(log);
      if (event == Reader::Event::body) {
        if (reader.piece().empty() || before == left.size()) std::abort();
        body += reader.piece();
      }
      if (event == Reader::Event::done) {
        log += body + "\ndone\n";
        body.clear();
      }
    }
    unread = std::string(left);
    if (bytes.empty()) return log + body + "\nmore";
    unread += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    // Nothing is hoarded: a head, a chunk's line, and what was just added.
    if (unread.size() > kMaxHead + (8u << 10) + step) std::abort();
  }
}

std::string requests(std::string_view bytes, std::size_t step) {
  RequestReader reader(kMaxHead, kMaxFields);
  return read_all(reader, bytes, step, [&](std::string& log) {
    const HttpRequest& request = reader.request();
    log += request.method + " " + request.target + (reader.keep_alive() ? " keep" : " close") + "\n";
    if (reader.has_body() && reader.content_length() && find_header(request.headers, "Transfer-Encoding")) std::abort();
    write(log, request.headers);
  });
}

std::string replies(std::string_view bytes, std::size_t step) {
  ReplyReader reader(kMaxHead);
  struct EachInTurn {  // a reply is asked for anew behind each
    using Event = ReplyReader::Event;
    ReplyReader& reader;
    bool is_over = false;
    Event next(std::string_view& left) {
      if (is_over) return Event::failed;
      const Event event = reader.next(left);
      if (event == Event::done) {
        is_over = !reader.keep_alive();
        reader.begin(false);
      }
      return event;
    }
    std::string_view piece() const { return reader.piece(); }
  } each{reader};
  return read_all(each, bytes, step, [&](std::string& log) {
    log += std::to_string(reader.status()) + "\n";
    write(log, reader.headers());
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + (data[0] & 0x7F) % 16u;
  const auto read = data[0] < 128 ? requests : replies;
  const std::string whole = read(bytes, size);
  const std::string pieces = read(bytes, step);
  if (whole != pieces) {
    std::fprintf(stderr, "in one piece:\n%s\n\nin pieces of %zu:\n%s\n", whole.c_str(), step, pieces.c_str());
    std::abort();
  }
  return 0;
}
