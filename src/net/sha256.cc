#include "net/sha256.h"

#include <fstream>

#include <openssl/evp.h>

#include "base/result.h"

namespace scoria::net {

struct Sha256::Context {
  Context() : state(EVP_MD_CTX_new()) { SCORIA_CHECK(state != nullptr); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(state); }
  EVP_MD_CTX* state;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  SCORIA_CHECK(EVP_DigestInit_ex(context_->state, EVP_sha256(), nullptr) == 1);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  SCORIA_CHECK(EVP_DigestUpdate(context_->state, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  SCORIA_CHECK(EVP_DigestFinal_ex(context_->state, digest, &size) == 1);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

Result<std::string> sha256_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::not_found, "'" + path.string() + "' cannot be read"};
  Sha256 sum;
  std::string piece(1u << 20, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    sum.add({piece.data(), static_cast<std::size_t>(file.gcount())});
  if (file.bad() || !file.eof()) return Error{Code::unavailable, "'" + path.string() + "' cannot be read"};
  return sum.finish();
}

}  // namespace scoria::net
