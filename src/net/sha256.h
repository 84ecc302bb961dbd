// SHA-256, as 64 hexadecimal digits.
// Threads: free functions; a Sha256 is for one caller at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::net {

std::string sha256(std::string_view bytes);
// Of a file of any size, piece by piece. Errors: not_found, unavailable.
Result<std::string> sha256_of_file(const std::filesystem::path& path);

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
