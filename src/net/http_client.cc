#include "net/http_client.h"

#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "net/asio.h"
#include "net/url.h"

// Behind asio.h, which they need.
#include <openssl/evp.h>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace scoria::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;
using Reply = http::response<http::string_body>;

Error failed(const Url& url, Code code, const std::string& what) { return Error{code, url.shown() + ": " + what}; }

// What an error of the network means to the caller.
Error network_error(const Url& url, const error_code& error, const char* doing) {
  const std::string what = std::string(doing) + ": " + error.message();
  if (error == beast::error::timeout) return failed(url, Code::deadline, std::string(doing) + " took too long");
  if (error == http::error::body_limit) return failed(url, Code::too_large, "the body is larger than the limit");
  if (error == http::error::header_limit)
    return failed(url, Code::too_large, "the reply's headers are larger than the limit");
  if (error == http::error::partial_message) return failed(url, Code::corrupt, "the body ended early");
  if (error.category() == make_error_code(http::error::bad_version).category() && error != http::error::end_of_stream) {
    return failed(url, Code::corrupt, "the reply is not HTTP (" + error.message() + ")");
  }
  return failed(url, Code::unavailable, what);
}

std::string basic_credentials(const std::string& user_info) {
  std::string encoded((user_info.size() + 2) / 3 * 4 + 1, '\0');  // and the 0 that is written behind
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(user_info.data()), static_cast<int>(user_info.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return "Basic " + encoded;
}

// One connection to one host. Its context is its own, so that calls of several threads do not meet.
class Connection {
 public:
  Connection(asio::ssl::context& tls, const HttpLimits& limits) : tls_(tls), limits_(limits) {}

  Status open(const Url& url) {
    error_code error;
    asio::ip::tcp::resolver resolver(context_);
    const auto found = resolver.resolve(url.host, url.port, error);
    if (error) return network_error(url, error, "looking up the host");
    if (!url.is_tls) {
      stream_.emplace<Plain>(context_);
      return connect(std::get<Plain>(stream_), found, url);
    }
    auto& secure = stream_.emplace<Secure>(context_, tls_);
    SCORIA_TRY_STATUS(connect(beast::get_lowest_layer(secure), found, url));
    // The name of the host in the clear (SNI), and the one that its certificate must have.
    SSL_set_tlsext_host_name(secure.native_handle(), url.host.c_str());
    secure.set_verify_callback(asio::ssl::host_name_verification(url.host));
    beast::get_lowest_layer(secure).expires_after(limits_.connect_timeout);
    secure.async_handshake(asio::ssl::stream_base::client, [&](error_code e) { error = e; });
    run();
    if (!error) return Ok{};
    if (error == beast::error::timeout) return network_error(url, error, "the TLS handshake");
    const long verified = SSL_get_verify_result(secure.native_handle());
    if (verified != X509_V_OK) {
      return failed(url, Code::denied,
                    std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(verified));
    }
    return network_error(url, error, "the TLS handshake");
  }

  Result<Reply> ask(const Url& url) {
    return std::holds_alternative<Plain>(stream_) ? ask_on(std::get<Plain>(stream_), url)
                                                  : ask_on(std::get<Secure>(stream_), url);
  }

  bool was_used() const { return was_used_; }

 private:
  Status connect(Plain& stream, const asio::ip::tcp::resolver::results_type& found, const Url& url) {
    error_code error;
    stream.expires_after(limits_.connect_timeout);
    stream.async_connect(found, [&](error_code e, const auto&) { error = e; });
    run();
    if (error) return network_error(url, error, "connecting");
    return Ok{};
  }

  template <typename Stream>
  Result<Reply> ask_on(Stream& stream, const Url& url) {
    http::request<http::empty_body> request{http::verb::get, url.target, 11};
    request.set(http::field::host, url.authority());
    request.set(http::field::user_agent, "scoria/" SCORIA_VERSION);
    request.set(http::field::accept, "*/*");
    if (!url.user_info.empty()) request.set(http::field::authorization, basic_credentials(url.user_info));
    error_code error;
    beast::get_lowest_layer(stream).expires_after(limits_.idle_timeout);
    http::async_write(stream, request, [&](error_code e, std::size_t) { error = e; });
    run();
    if (error) return network_error(url, error, "sending the request");
    http::response_parser<http::string_body> parser;
    parser.header_limit(limits_.max_head);
    parser.body_limit(limits_.max_body);
    while (!parser.is_done()) {
      beast::get_lowest_layer(stream).expires_after(limits_.idle_timeout);
      http::async_read_some(stream, buffer_, parser, [&](error_code e, std::size_t) { error = e; });
      run();
      if (error == asio::ssl::error::stream_truncated) error = http::error::partial_message;
      if (error) return network_error(url, error, "reading the reply");
    }
    was_used_ = true;
    return parser.release();
  }

  void run() {
    context_.restart();
    context_.run();
  }

  asio::ssl::context& tls_;
  const HttpLimits& limits_;
  asio::io_context context_{1};
  std::variant<std::monostate, Plain, Secure> stream_;
  beast::flat_buffer buffer_;
  bool was_used_ = false;
};

// A failure that the next try may not meet.
bool may_pass(unsigned status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

Error status_error(const Url& url, const Reply& reply) {
  const unsigned status = reply.result_int();
  const std::string what = "status " + std::to_string(status) + " " + std::string(reply.reason());
  if (status == 404 || status == 410) return failed(url, Code::not_found, what);
  if (status == 401 || status == 403) return failed(url, Code::denied, what);
  return failed(url, Code::unavailable, what);
}

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

struct HttpClient::State {
  explicit State(HttpLimits given) : limits(given) {
    tls.set_default_verify_paths();
    tls.set_verify_mode(asio::ssl::verify_peer);
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  }

  using Key = std::string;  // scheme and authority
  static Key key_of(const Url& url) { return (url.is_tls ? "s" : "p") + url.authority(); }

  std::unique_ptr<Connection> take(const Key& key) {
    const std::lock_guard lock(mutex);
    std::vector<std::unique_ptr<Connection>>& open = idle[key];
    if (open.empty()) return nullptr;
    std::unique_ptr<Connection> connection = std::move(open.back());
    open.pop_back();
    return connection;
  }

  void keep(const Key& key, std::unique_ptr<Connection> connection) {
    constexpr std::size_t kMostIdle = 16;
    const std::lock_guard lock(mutex);
    if (idle[key].size() < kMostIdle) idle[key].push_back(std::move(connection));
  }

  // One request. A connection that the other side has closed meanwhile is no failure: a new one is tried.
  Result<Reply> once(const Url& url) {
    const Key key = key_of(url);
    std::unique_ptr<Connection> connection = take(key);
    if (connection != nullptr) {
      auto reply = connection->ask(url);
      if (reply.ok()) return finish(key, std::move(connection), std::move(reply));
      if (reply.error().code != Code::unavailable) return reply;
    }
    connection = std::make_unique<Connection>(tls, limits);
    SCORIA_TRY_STATUS(connection->open(url));
    auto reply = connection->ask(url);
    return reply.ok() ? finish(key, std::move(connection), std::move(reply)) : std::move(reply);
  }

  Result<Reply> finish(const Key& key, std::unique_ptr<Connection> connection, Result<Reply> reply) {
    if (reply.value().keep_alive()) keep(key, std::move(connection));
    return reply;
  }

  Result<Reply> with_tries(const Url& url) {
    auto wait = limits.first_wait;
    for (int left = limits.tries;; --left) {
      auto reply = once(url);
      const bool passes = reply.ok() ? may_pass(reply.value().result_int()) : reply.error().code == Code::unavailable;
      if (!passes || left <= 1) return reply;
      std::this_thread::sleep_for(wait);
      wait *= 2;
    }
  }

  HttpLimits limits;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::mutex mutex;
  std::map<Key, std::vector<std::unique_ptr<Connection>>> idle;  // guarded by mutex
};

HttpClient::HttpClient(HttpLimits limits) : state_(std::make_unique<State>(limits)) {}
HttpClient::~HttpClient() = default;

Result<std::string> HttpClient::get(std::string_view text) {
  SCORIA_TRY(url, parse_url(text));
  for (int redirects = 0;; ++redirects) {
    SCORIA_TRY(reply, state_->with_tries(url));
    if (reply.result_int() == 200) return std::move(reply.body());
    const auto location = reply.find(http::field::location);
    if (!is_redirect(reply.result_int()) || location == reply.end()) return status_error(url, reply);
    if (redirects == state_->limits.max_redirects) {
      return failed(url, Code::unavailable, "more than " + std::to_string(redirects) + " redirects");
    }
    SCORIA_TRY(next, resolve(url, std::string_view(location->value().data(), location->value().size())));
    url = std::move(next);
  }
}

}  // namespace scoria::net
