#include "net/reply_reader.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "net/beast_parser.h"

namespace scoria::net {
namespace {

class ReplyParser final : public http::basic_parser<false> {
 public:
  explicit ReplyParser(Headers& headers) : headers_(headers) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // ReplyReader has counted
    body_limit(std::numeric_limits<std::uint64_t>::max());    // ReplyReader's owner counts
  }

  std::string_view piece;
  bool has_chunk = false;  // the first one's line was read
  int status = 0;
  bool has_foreign_coding = false;

 private:
  void on_response_impl(int code, BeastView, int, error_code&) override { status = code; }
  void on_field_impl(http::field field, BeastView name, BeastView value, error_code&) override {
    if (is_header_done()) return;  // a trailer
    if (field == http::field::transfer_encoding) has_foreign_coding |= !is_same_name(view(value), "chunked");
    headers_.emplace_back(view(name), view(value));
  }
  std::size_t on_body_impl(BeastView body, error_code&) override {
    piece = view(body);
    return body.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override {
    piece = view(body);
    return body.size();
  }
  void on_request_impl(http::verb, BeastView, BeastView, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override { has_chunk = true; }
  void on_finish_impl(error_code&) override {}

  Headers& headers_;
};

}  // namespace

struct ReplyReader::State {
  explicit State(std::uint32_t limit) : max_head(limit) {}

  Event fail(std::string text) {
    why = std::move(text);
    return Event::failed;
  }

  void begin(bool skips_body) {
    has_no_body = skips_body;
    headers.clear();
    parser.emplace(headers);
    if (has_no_body) parser->skip(true);
    is_in_body = false;
    scanned = 0;
  }

  Event read_head(std::string_view& bytes) {
    const std::string_view searched = bytes.substr(0, max_head);
    const std::size_t end = searched.find("\r\n\r\n", scanned);
    if (end == std::string_view::npos) {
      if (bytes.size() >= max_head) return fail("the reply's headers are larger than the limit");
      // What does not begin as HTTP is not waited for.
      const std::string_view start = "HTTP/1.";
      if (!bytes.starts_with(start.substr(0, std::min(bytes.size(), start.size())))) {
        return fail("the reply does not begin with HTTP/1");
      }
      scanned = bytes.size() > 3 ? bytes.size() - 3 : 0;
      return Event::more;
    }
    error_code error;
    const std::size_t used = parser->put(boost::asio::const_buffer(bytes.data(), end + 4), error);
    if (error) return fail(error.message());
    if (used != end + 4 || !parser->is_header_done()) return fail("the reply's head is no HTTP");
    bytes.remove_prefix(used);
    if (parser->has_foreign_coding) return fail("its Transfer-Encoding is not 'chunked'");
    // 101 would be another protocol, which nobody asked for.
    if (parser->status == 101) return fail("the server switched protocols unasked");
    if (parser->status / 100 == 1) {
      if (++interim > 16) return fail("the server sends one interim reply after the other");
      begin(has_no_body);
      return read_head(bytes);
    }
    is_in_body = true;
    return Event::head;
  }

  Event read_body(std::string_view& bytes) {
    while (!parser->is_done()) {
      if (parser->chunked() && !parser->has_chunk && may_be_cut_last_chunk(bytes)) return Event::more;
      parser->piece = {};
      error_code error;
      const std::size_t used = parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
      bytes.remove_prefix(used);
      if (error == http::error::need_more) {
        if (bytes.size() > kMaxChunkLines) return fail("a chunk's size line, or the trailers, are too long");
        return Event::more;
      }
      if (error) return fail(error.message());
      if (!parser->piece.empty()) return Event::body;
      if (bytes.empty() && !parser->is_done()) return Event::more;
    }
    return Event::done;
  }

  std::uint32_t max_head;
  bool has_no_body = false;
  bool is_in_body = false;
  int interim = 0;
  std::size_t scanned = 0;
  Headers headers;
  std::optional<ReplyParser> parser;
  std::string why;
};

ReplyReader::ReplyReader(std::uint32_t max_head) : state_(std::make_unique<State>(max_head)) { begin(false); }
ReplyReader::~ReplyReader() = default;

void ReplyReader::begin(bool has_no_body) {
  state_->interim = 0;
  state_->begin(has_no_body);
}

ReplyReader::Event ReplyReader::next(std::string_view& bytes) {
  return state_->is_in_body ? state_->read_body(bytes) : state_->read_head(bytes);
}

ReplyReader::Event ReplyReader::end() {
  error_code error;
  if (!state_->is_in_body) return state_->fail("the connection ended before the reply's headers did");
  if (!state_->parser->is_done()) state_->parser->put_eof(error);
  return error ? state_->fail("the body ended early") : Event::done;
}

int ReplyReader::status() const { return state_->parser->status; }
Headers& ReplyReader::headers() { return state_->headers; }
std::string_view ReplyReader::piece() const { return state_->parser->piece; }
bool ReplyReader::keep_alive() const { return state_->parser->keep_alive(); }
std::string_view ReplyReader::why() const { return state_->why; }

}  // namespace scoria::net
