// Reads the replies of one connection out of its bytes: heads within a limit, bodies in pieces; interim replies (100) are passed over.
// Source: RFC 9112; Boost.Beast's parser inside. Threads: one at a time. Owns: the reply's headers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"

namespace scoria::net {

class ReplyReader {
 public:
  enum class Event : std::uint8_t {
    more,    // call next() again with what is left and more behind it
    head,    // status() and headers() are there
    body,    // piece() are bytes of the body, valid as long as those given to next()
    done,    // the reply is complete; the next begins behind begin()
    failed,  // it is no HTTP: why()
  };

  explicit ReplyReader(std::uint32_t max_head);
  ~ReplyReader();

  // In front of each reply. The one to a HEAD request has no body whatever its headers say.
  void begin(bool has_no_body);
  Event next(std::string_view& bytes);
  // The connection has ended: done where that ends the body, else failed.
  Event end();

  int status() const;
  Headers& headers();
  std::string_view piece() const;
  bool keep_alive() const;  // once done
  std::string_view why() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace scoria::net
