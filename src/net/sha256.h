// SHA-256, as 64 hexadecimal digits.
// Threads: free functions; a Sha256 is for one caller at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace scoria::net {

std::string sha256(std::string_view bytes);

// Of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  ~Sha256();

  void add(std::string_view bytes);
  // Once, at the end.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace scoria::net
