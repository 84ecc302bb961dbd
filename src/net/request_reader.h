// Reads the requests of one connection out of its bytes, wherever those come from: heads within a limit, bodies in pieces.
// Source: RFC 9112; Boost.Beast's parser inside, and in front of it what Beast lets pass (obsolete folding, bare LF, foreign
// transfer codings, Host). Threads: one at a time. Owns: the request being read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace scoria::net {

class RequestReader {
 public:
  enum class Event : std::uint8_t {
    more,    // to go on, call next() with what is left and more behind it
    head,    // request() has method, target and headers
    body,    // piece() are bytes of the body, valid as long as those given to next()
    done,    // the request is complete; the next call begins another
    failed,  // status() and why() say what is wrong; the connection is of no more use
  };

  // `max_fields`: of headers, 0: any number.
  RequestReader(std::uint32_t max_head, std::uint32_t max_fields);
  ~RequestReader();

  // Takes bytes from the front of `bytes` up to the next event.
  Event next(std::string_view& bytes);

  HttpRequest& request();
  std::string_view piece() const;
  bool keep_alive() const;   // of the request whose head was read
  bool is_http_1_0() const;  // likewise; false before the first
  bool has_body() const;     // likewise
  bool expects_continue() const;
  std::optional<std::uint64_t> content_length() const;  // none where there is no body, or it is chunked

  int status() const;
  std::string_view why() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace scoria::net
