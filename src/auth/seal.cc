#include "auth/seal.h"

#include <openssl/rand.h>
#include <sodium.h>

#include "auth/private_file.h"

namespace scoria::auth {
namespace {

constexpr std::size_t kKey = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

Result<std::string> ensure_key(const std::filesystem::path& path) {
  std::string fresh(kKey, '\0');
  SCORIA_CHECK(RAND_bytes(octets(fresh), static_cast<int>(fresh.size())) == 1);
  auto key = ensure_private_file(path, fresh);
  sodium_memzero(fresh.data(), fresh.size());
  if (key.ok() && key.value().size() != kKey) {
    return Error{Code::corrupt, "'" + path.string() + "' is no key: it has " + std::to_string(key.value().size()) +
                                    " bytes and must have 32"};
  }
  return key;
}

Result<Sealer> Sealer::open(const std::filesystem::path& key_file) {
  if (::sodium_init() < 0) return Error{Code::unavailable, "libsodium does not start"};
  SCORIA_TRY(key, ensure_key(key_file));
  return Sealer(std::move(key));
}

Sealer::Sealer(std::string key) : key_(std::move(key)) {}
Sealer::Sealer(Sealer&& other) noexcept : key_(std::exchange(other.key_, {})) {}
Sealer::~Sealer() { sodium_memzero(key_.data(), key_.size()); }

std::string Sealer::seal(std::string_view name, std::string_view secret) const {
  std::string sealed(kNonce + secret.size() + kTag, '\0');
  randombytes_buf(sealed.data(), kNonce);
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(octets(sealed) + kNonce, &size, octets(secret), secret.size(),
                                             octets(name), name.size(), nullptr, octets(sealed),
                                             octets(std::string_view(key_)));
  return sealed;
}

Result<std::string> Sealer::unseal(std::string_view name, std::string_view sealed) const {
  const Error broken{Code::corrupt, "the sealed secret '" + std::string(name) +
                                        "' does not open: it is damaged, or sealed with another key or name"};
  if (sealed.size() < kNonce + kTag) return broken;
  std::string secret(sealed.size() - kNonce - kTag, '\0');
  unsigned long long size = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(octets(secret), &size, nullptr, octets(sealed) + kNonce,
                                                 sealed.size() - kNonce, octets(name), name.size(), octets(sealed),
                                                 octets(std::string_view(key_))) != 0) {
    return broken;
  }
  return secret;
}

}  // namespace scoria::auth
