// Secrets at rest: each sealed under a key that lies beside the data, in a file of mode 0600.
// A sealed secret is bound to its name: under another name it does not open.
// Source: XChaCha20-Poly1305 (libsodium), a random nonce before the bytes.
// Threads: immutable after open(). Owns: the key, wiped at the end.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::auth {

// 32 random bytes in a file of mode 0600, made when missing: for Sealer, and for bearer tokens. Errors: as ensure_private_file(); corrupt.
Result<std::string> ensure_key(const std::filesystem::path& path);

class Sealer {
 public:
  // Errors: as ensure_key().
  static Result<Sealer> open(const std::filesystem::path& key_file);
  Sealer(Sealer&& other) noexcept;
  Sealer& operator=(Sealer&&) = delete;
  ~Sealer();

  std::string seal(std::string_view name, std::string_view secret) const;
  // Errors: corrupt (damaged, sealed under another name or with another key).
  Result<std::string> unseal(std::string_view name, std::string_view sealed) const;

 private:
  explicit Sealer(std::string key);
  std::string key_;
};

}  // namespace scoria::auth
