#include "net/request_reader.h"

#include <cstring>
#include <limits>
#include <utility>

#include "net/beast_parser.h"

namespace scoria::net {
namespace {

// "name:port", "[::1]:port", or nothing. Not each form is looked at, but what would make another of the line, the path or the user.
bool may_be_host(std::string_view text) { return text.find_first_of(" \t\"#/<>?@\\^`{|},") == std::string_view::npos; }

// Beast's parser with its findings put where they are wanted.
class RequestParser final : public http::basic_parser<true> {
 public:
  explicit RequestParser(HttpRequest& request) : request_(request) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // RequestReader has counted
    body_limit(std::numeric_limits<std::uint64_t>::max());    // RequestReader's owner counts
  }

  std::string_view piece;
  bool has_chunk = false;  // the first one's line was read
  int hosts = 0;
  int lengths = 0;
  bool has_odd_host = false;
  int version = 11;
  bool has_transfer_encoding = false;
  bool has_foreign_coding = false;
  bool expects_continue = false;
  bool has_foreign_expectation = false;

 private:
  void on_request_impl(http::verb, BeastView method, BeastView target, int minor, error_code&) override {
    request_.method = view(method);
    request_.target = view(target);
    version = minor;
  }
  void on_field_impl(http::field field, BeastView name, BeastView value, error_code&) override {
    if (is_header_done()) return;  // a trailer: nobody asks for them
    if (field == http::field::host) {
      ++hosts;
      has_odd_host |= !may_be_host(view(value));
    }
    if (field == http::field::transfer_encoding) {
      has_foreign_coding |= has_transfer_encoding || !is_same_name(view(value), "chunked");
      has_transfer_encoding = true;
    }
    lengths += field == http::field::content_length ? 1 : 0;
    if (field == http::field::expect) {
      expects_continue = is_same_name(view(value), "100-continue");
      has_foreign_expectation |= !expects_continue;
    }
    request_.headers.emplace_back(view(name), view(value));
  }
  std::size_t on_body_impl(BeastView body, error_code&) override {
    piece = view(body);
    return body.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override {
    piece = view(body);
    return body.size();
  }
  void on_response_impl(int, BeastView, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override { has_chunk = true; }
  void on_finish_impl(error_code&) override {}

  HttpRequest& request_;
};

}  // namespace

struct RequestReader::State {
  enum class Phase : std::uint8_t { head, body, failed };

  Event fail(int code, std::string text) {
    phase = Phase::failed;
    status = code;
    why = std::move(text);
    return Event::failed;
  }

  Event fail(const error_code& error) {
    if (error == http::error::bad_version) return fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    return fail(400, "the request is no HTTP: " + error.message());
  }

  // Looks for the end of the head in what was not yet looked at. Lines end with CR LF, and none begins with a space.
  // Returns the head's size, 0 where its end is not there yet, or nothing after fail().
  std::optional<std::size_t> find_head_end(std::string_view bytes) {
    for (;;) {
      if (line_start < bytes.size() && line_start > 0 && (bytes[line_start] == ' ' || bytes[line_start] == '\t')) {
        fail(400, "a header line is folded, which is obsolete and not accepted");
        return std::nullopt;
      }
      const std::size_t from = std::max(scanned, line_start);
      const void* found = from < bytes.size() ? std::memchr(bytes.data() + from, '\n', bytes.size() - from) : nullptr;
      if (found == nullptr) {
        scanned = bytes.size();
        return 0;
      }
      const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
      if (at == 0 || bytes[at - 1] != '\r') {
        fail(400, "a line of the head ends with LF alone, it must end with CR LF");
        return std::nullopt;
      }
      const bool is_empty = at - line_start == 1;
      line_start = at + 1;
      if (is_empty) return line_start;
    }
  }

  Event read_head(std::string_view& bytes) {
    // RFC 9112 2.2: empty lines in front of a request line are passed over, as some old clients send one behind a body.
    while (line_start == 0 && bytes.starts_with("\r\n")) {
      bytes.remove_prefix(2);
      scanned = 0;
      if (++empty_lines > 4) return fail(400, "there are only empty lines where a request should be");
    }
    const std::optional<std::size_t> size = find_head_end(bytes.substr(0, max_head + std::size_t{1}));
    if (!size) return Event::failed;
    if (*size > max_head || (*size == 0 && bytes.size() > max_head)) {
      return fail(431, "the request line and headers are larger than " + std::to_string(max_head) + " bytes");
    }
    if (*size == 0) return Event::more;
    request = HttpRequest{};
    request.headers.reserve(8);
    parser.emplace(request);
    error_code error;
    const std::size_t used = parser->put(boost::asio::const_buffer(bytes.data(), *size), error);
    if (error) return fail(error);
    if (used != *size || !parser->is_header_done()) return fail(400, "the request's head is no HTTP");
    bytes.remove_prefix(used);
    line_start = scanned = 0;
    empty_lines = 0;
    return check_head();
  }

  Event check_head() {
    const bool is_1_0 = parser->version == 10;
    if (parser->has_foreign_coding) return fail(501, "the only Transfer-Encoding understood is 'chunked'");
    if (parser->has_transfer_encoding && is_1_0) return fail(400, "HTTP/1.0 knows no Transfer-Encoding");
    if (parser->hosts > 1 || (parser->hosts == 0 && !is_1_0)) {
      return fail(400, "there must be one Host header, there are " + std::to_string(parser->hosts));
    }
    if (parser->lengths > 1)
      return fail(400, "there must be one Content-Length header, there are " + std::to_string(parser->lengths));
    if (parser->has_odd_host) return fail(400, "the Host header is no host and port");
    if (max_fields > 0 && request.headers.size() > max_fields) {
      return fail(431, "the request has " + std::to_string(request.headers.size()) + " header fields, at most " +
                           std::to_string(max_fields) + " are accepted here");
    }
    if (parser->has_foreign_expectation) return fail(417, "the only Expect understood is '100-continue'");
    phase = Phase::body;
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
        if (bytes.size() > kMaxChunkLines) return fail(400, "a chunk's size line, or the trailers, are too long");
        return Event::more;
      }
      if (error) return fail(error);
      if (!parser->piece.empty()) return Event::body;
      if (bytes.empty() && !parser->is_done()) return Event::more;
    }
    phase = Phase::head;
    return Event::done;
  }

  State(std::uint32_t bytes, std::uint32_t fields) : max_head(bytes), max_fields(fields) {}

  std::uint32_t max_head;
  std::uint32_t max_fields;
  Phase phase = Phase::head;
  std::size_t line_start = 0;  // of the head's line being looked for the end of
  std::size_t scanned = 0;     // up to here there is no end of a line
  int empty_lines = 0;
  HttpRequest request;
  std::optional<RequestParser> parser;
  int status = 0;
  std::string why;
};

RequestReader::RequestReader(std::uint32_t max_head, std::uint32_t max_fields)
    : state_(std::make_unique<State>(max_head, max_fields)) {}
RequestReader::~RequestReader() = default;

RequestReader::Event RequestReader::next(std::string_view& bytes) {
  if (state_->phase == State::Phase::failed) return Event::failed;
  return state_->phase == State::Phase::head ? state_->read_head(bytes) : state_->read_body(bytes);
}

HttpRequest& RequestReader::request() { return state_->request; }
std::string_view RequestReader::piece() const { return state_->parser->piece; }
bool RequestReader::keep_alive() const { return state_->parser->keep_alive(); }
bool RequestReader::is_http_1_0() const { return state_->parser && state_->parser->version == 10; }
bool RequestReader::has_body() const {
  return state_->parser->chunked() || state_->parser->content_length().value_or(0) > 0;
}
bool RequestReader::expects_continue() const { return state_->parser->expects_continue && !is_http_1_0(); }
std::optional<std::uint64_t> RequestReader::content_length() const {
  const auto length = state_->parser->content_length();
  if (!length) return std::nullopt;
  return *length;
}
int RequestReader::status() const { return state_->status; }
std::string_view RequestReader::why() const { return state_->why; }

}  // namespace scoria::net
