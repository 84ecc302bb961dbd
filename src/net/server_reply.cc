// The sending half of ServerConnection.
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "base/log.h"
#include "base/text_writer.h"
#include "net/server_connection.h"

namespace scoria::net {
namespace {

using Outcome = ByteStream::Outcome;

constexpr std::size_t kJoinedBody = 16u << 10;  // a body up to this travels in one buffer with its head
constexpr std::uint64_t kMostLingered = 16u << 20;
constexpr std::uint64_t kLingerMs = 5'000;
constexpr std::uint64_t kLeftToTheKernel = 16u << 10;

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Status";
  }
}

void append_hexadecimal(std::string& out, std::uint64_t number) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  out.append(digits.data(), end);
}

// "Sun, 06 Nov 1994 08:49:37 GMT", made once a second in each thread.
std::string_view date_now() {
  thread_local std::time_t made = -1;
  thread_local std::array<char, 32> text;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != made) {
    made = now.tv_sec;
    std::tm parts{};
    ::gmtime_r(&made, &parts);
    // Not strftime's %a and %b, which follow the locale.
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[parts.tm_wday % 7],
                  parts.tm_mday % 100, kMonths[parts.tm_mon % 12], (parts.tm_year + 1900) % 10000, parts.tm_hour % 100,
                  parts.tm_min % 100, parts.tm_sec % 100);
  }
  return {text.data(), 29};
}

constexpr auto kEndsALine = [] {
  std::array<bool, 256> ends{};
  ends['\r'] = ends['\n'] = ends['\0'] = true;
  return ends;
}();

// A handler that echoes what a client sent must not let it begin a header of its own.
void put_clean(TextWriter& out, std::string_view text) {
  if (out.put_unless(text, kEndsALine)) return;
  for (const char c : text) out.put(kEndsALine[static_cast<unsigned char>(c)] ? ' ' : c);
}

// At most, but for its headers.
constexpr std::size_t kHeadBytes = 256;

std::size_t most_bytes(const Headers& headers) {
  std::size_t sum = kHeadBytes;
  for (const auto& [name, value] : headers) sum += name.size() + value.size() + 4;
  return sum;
}

// A Responder dropped unsent, a handler that threw; a log may have given it an id.
bool is_lost(const HttpReply& reply) {
  if (reply.status != 500 || !reply.body.empty() || reply.file || reply.source != nullptr) return false;
  return std::ranges::all_of(reply.headers, [](const auto& one) { return is_same_name(one.first, "X-Request-Id"); });
}

bool is_the_servers(std::string_view name) {
  switch (name.size()) {
    case 4: return is_same_name(name, "Date");
    case 10: return is_same_name(name, "Connection");
    case 14: return is_same_name(name, "Content-Length");
    case 17: return is_same_name(name, "Transfer-Encoding");
    default: return false;
  }
}

}  // namespace

// Step::on: send reply_.
ServerConnection::Step ServerConnection::start_reply() {
  exchange_.store(Exchange::reading, std::memory_order_relaxed);
  HttpReply& reply = *reply_;
  if (is_lost(reply)) {
    Headers added = std::move(reply.headers);
    reply = explained(500, "the server failed; its log says how");
    for (auto& header : added) reply.headers.push_back(std::move(header));
  }
  must_close_ |= shared_->is_closing.load(std::memory_order_relaxed);
  for (const auto& [name, value] : reply.headers) {
    must_close_ |= name.size() == 10 && is_same_name(name, "Connection") && is_same_name(value, "close");
  }
  // What the body is, and how it is told where it ends.
  const bool is_bodiless = reply.status == 204 || reply.status == 304;
  std::optional<std::uint64_t> length;
  if (reply.source != nullptr) {
    length = reply.source->length();
  } else if (reply.file) {
    length = reply.file->length;
  } else {
    length = reply.body.size();
  }
  if (is_head_request_ && reply.head_length) length = reply.head_length;
  const bool has_body = !is_bodiless && !is_head_request_;
  is_chunked_ = has_body && !length && !reader_.is_http_1_0();
  if (has_body && !length && !is_chunked_) must_close_ = true;  // HTTP/1.0: the body ends with the connection
  out_at_ = 0;
  write_head(reply, !is_bodiless, length);
  if (!has_body) {
    reply.body.clear();
    reply.file.reset();
    reply.source.reset();
  }
  source_is_open_ = reply.source != nullptr;
  source_left_ = length.value_or(0);
  tail_ = reply.source == nullptr && !reply.file ? std::string_view(reply.body) : std::string_view();
  if (tail_.size() <= kJoinedBody) {
    out_.append(tail_);
    tail_ = {};
  }
  after_ = must_close_ ? AfterReply::close : AfterReply::next_request;
  phase_ = Phase::reply;
  return Step::on;
}

void ServerConnection::write_head(const HttpReply& reply, bool has_body, std::optional<std::uint64_t> length) {
  out_.resize(most_bytes(reply.headers));
  TextWriter head(out_.data());
  head.put("HTTP/1.1 ");
  head.put_number(static_cast<std::uint64_t>(reply.status));
  head.put(' ');
  head.put(reason(reply.status));
  head.put("\r\nDate: ");
  head.put(date_now());
  head.put("\r\n");
  for (const auto& [name, value] : reply.headers) {
    if (is_the_servers(name)) continue;
    put_clean(head, name);
    head.put(": ");
    put_clean(head, value);
    head.put("\r\n");
  }
  if (has_body && length) {
    head.put("Content-Length: ");
    head.put_number(*length);
    head.put("\r\n");
  } else if (is_chunked_ || (has_body && is_head_request_ && !reader_.is_http_1_0())) {
    head.put("Transfer-Encoding: chunked\r\n");
  }
  if (must_close_) {
    head.put("Connection: close\r\n");
  } else if (reader_.is_http_1_0()) {
    head.put("Connection: keep-alive\r\n");
  }
  head.put("\r\n");
  out_.resize(head.size());
}

ServerConnection::Step ServerConnection::send_reply() {
  if (out_at_ < out_.size()) return send_out();
  if (after_ == AfterReply::body) {
    out_.clear();
    out_at_ = 0;
    phase_ = Phase::body;
    return Step::on;
  }
  if (!tail_.empty() || (reply_->file && reply_->file->length > 0)) return send_tail();
  if (source_is_open_) return next_piece();
  return after_reply();
}

ServerConnection::Step ServerConnection::send_out() {
  const bool more_follows = reply_ && (reply_->file && reply_->file->length > 0);
  const std::string_view rest = std::string_view(out_).substr(out_at_);
  ByteStream::Moved moved = more_follows ? stream_.write(rest, true) : stream_.write_two(rest, tail_);
  if (moved.outcome == Outcome::want_write) return Step::write;
  if (moved.outcome == Outcome::want_read) return Step::read;
  if (moved.outcome != Outcome::done) return Step::end;
  count_written(moved.bytes);
  const std::size_t of_out = std::min(moved.bytes, rest.size());
  out_at_ += of_out;
  tail_.remove_prefix(moved.bytes - of_out);
  return Step::on;
}

ServerConnection::Step ServerConnection::send_tail() {
  ByteStream::Moved moved{};
  if (!tail_.empty()) {
    moved = stream_.write(tail_);
  } else {
    moved = stream_.write_file(*reply_->file->descriptor, reply_->file->offset, reply_->file->length);
  }
  if (moved.outcome == Outcome::want_write) return Step::write;
  if (moved.outcome == Outcome::want_read) return Step::read;
  if (moved.outcome == Outcome::closed) return cut("the file became shorter");
  if (moved.outcome != Outcome::done) return Step::end;
  count_written(moved.bytes);
  if (!tail_.empty()) {
    tail_.remove_prefix(moved.bytes);
  } else {
    reply_->file->offset += moved.bytes;
    reply_->file->length -= moved.bytes;
  }
  return Step::on;
}

ServerConnection::Step ServerConnection::next_piece() {
  std::string piece;
  try {
    auto next = reply_->source->next();
    if (!next.ok()) return cut(next.error().message);
    piece = std::move(next).value();
  } catch (const std::exception& thrown) {
    return cut(thrown.what());
  }
  out_at_ = 0;
  source_is_open_ = !piece.empty();
  if (is_chunked_) {
    out_.clear();
    append_hexadecimal(out_, piece.size());
    out_.append("\r\n");
    out_.append(piece);
    out_.append("\r\n");
    return Step::on;
  }
  out_ = std::move(piece);
  if (!reply_->source->length()) return Step::on;
  // Not a byte more or less than was promised.
  if (out_.size() > source_left_ || (out_.empty() && source_left_ > 0)) {
    return cut("the body is not as long as its Content-Length");
  }
  source_left_ -= out_.size();
  return Step::on;
}

// Ends a body that cannot be had whole by a reset, so that the client takes it for that, even where it ends with the connection.
ServerConnection::Step ServerConnection::cut(std::string_view why) {
  log::warn("http_body_cut", {{"peer", peer_}, {"why", why}});
  reset_at_end();
  return Step::end;
}

ServerConnection::Step ServerConnection::after_reply() {
  is_held_up_.store(false, std::memory_order_relaxed);
  reply_.reset();
  constexpr std::size_t kKept = 32u << 10;
  if (out_.capacity() > kKept) out_ = std::string();
  out_.clear();
  out_at_ = 0;
  if (after_ == AfterReply::next_request) {
    phase_ = Phase::idle;
    return Step::on;
  }
  stream_.finish_writing();
  phase_ = Phase::linger;
  const auto idle = std::chrono::milliseconds(shared_->config.idle_timeout);
  head_deadline_ms_ = shared_->now_ms + (owes_much() ? static_cast<std::uint64_t>(idle.count()) : kLingerMs);
  return Step::on;
}

// Closing with bytes unread would reset the connection, and take the reply away from a client that is still sending.
ServerConnection::Step ServerConnection::linger() {
  std::array<char, 16 << 10> dropped;
  for (;;) {
    // Plain bytes, whatever they mean: TLS has said goodbye.
    const ssize_t got = ::recv(descriptor_, dropped.data(), dropped.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      // Once it is closed, nobody would watch how slowly the rest is taken.
      return body_is_left_ || owes_much() ? Step::read : Step::end;
    }
    if (got <= 0) return Step::end;
    lingered_ += static_cast<std::uint64_t>(got);
    if (lingered_ > kMostLingered) return Step::end;
  }
}

// Written, and not acknowledged by the client's side.
std::uint64_t ServerConnection::untaken() const {
  int bytes = 0;
  return ::ioctl(descriptor_, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

// A little is left to the kernel: most replies are on their way still when their connection ends.
bool ServerConnection::owes_much() const { return untaken() > kLeftToTheKernel; }

// A reply that fits into the kernel's buffer is written at once, however slowly it is taken: only the kernel knows.
bool ServerConnection::takes_too_slowly(std::uint64_t now_ms) {
  const HttpServerConfig& config = shared_->config;
  const std::uint64_t written = written_.load(std::memory_order_relaxed);
  if (config.min_rate == 0 || written == taken_whole_) return false;
  const std::uint64_t left = untaken();
  if (left == 0) {
    taken_whole_ = written;
    owing_since_ms_ = 0;
    return false;
  }
  const std::uint64_t taken = written - taken_whole_ - std::min(left, written - taken_whole_);
  if (owing_since_ms_ == 0) {
    owing_since_ms_ = now_ms;
    owed_until_ = written;
  } else if (!is_held_up_.load(std::memory_order_relaxed) && taken_whole_ + taken >= owed_until_) {
    // All that was owed then has been taken since, and nothing waits to be written. A quick client on a long way has its next small reply on the wire at every
    // look, and is not slow.
    taken_whole_ += taken;
    owing_since_ms_ = now_ms;
    owed_until_ = written;
    return false;
  }
  return now_ms >= owing_since_ms_ + static_cast<std::uint64_t>(std::chrono::milliseconds(config.rate_grace).count()) +
                       taken * 1000 / config.min_rate;
}

// What the client has not taken when the connection ends is thrown away, and it is told by a reset.
void ServerConnection::reset_at_end() {
  const ::linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace scoria::net
