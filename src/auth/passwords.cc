#include "auth/passwords.h"

#include <crypt.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "auth/shared_key.h"
#include "auth/tokens.h"

namespace scoria::auth {
namespace {

constexpr std::string_view kArgon = "$argon2id$v=19$";
constexpr std::uint64_t kMostArgonKibibytes = 256u << 10, kMostArgonPasses = 10, kMostArgonLanes = 16;
constexpr int kLeastBcryptCost = 4, kMostBcryptCost = 15;  // 15: three seconds
constexpr std::size_t kBcryptLength = 60, kMostHash = crypto_pwhash_STRBYTES - 1;

bool is_bcrypt(std::string_view hash) {
  return hash.size() > 4 && hash[0] == '$' && hash[1] == '2' && (hash[2] == 'a' || hash[2] == 'b' || hash[2] == 'y') &&
         hash[3] == '$';
}

// The number behind "m=" in "m=65536,t=2,p=1$...".
std::optional<std::uint64_t> argon_number(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  std::uint64_t number = 0;
  const char* begin = text.data() + name.size();
  const auto read = std::from_chars(begin, text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr == begin) return std::nullopt;
  return number;
}

bool has_bearable_argon(std::string_view hash) {
  hash.remove_prefix(kArgon.size());
  const auto memory = argon_number(hash, "m=");
  const auto first = hash.find(','), second = first == std::string_view::npos ? first : hash.find(',', first + 1);
  if (!memory || second == std::string_view::npos) return false;
  const auto passes = argon_number(hash.substr(first + 1), "t="), lanes = argon_number(hash.substr(second + 1), "p=");
  return passes && lanes && *memory <= kMostArgonKibibytes && *passes <= kMostArgonPasses && *lanes <= kMostArgonLanes;
}

bool is_bcrypt_of(const std::string& hash, const std::string& password) {
  const auto data = std::make_unique<crypt_data>();
  const char* made = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool is_same = made != nullptr && made[0] != '*' && equal_in_constant_time(made, hash);
  sodium_memzero(data.get(), sizeof(crypt_data));
  return is_same;
}

bool is_possible_password(std::string_view password) {
  return !password.empty() && password.size() <= kMostPasswordBytes && password.find('\0') == std::string_view::npos;
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  if (!is_possible_password(password)) {
    return Error{Code::invalid,
                 "a password must be of 1 to " + std::to_string(kMostPasswordBytes) + " bytes, none of them 0"};
  }
  if (::sodium_init() < 0) return Error{Code::unavailable, "libsodium does not start"};
  std::string hash(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str(hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
    return Error{Code::exhausted, "there are no 64 MiB of memory to hash a password with"};
  }
  hash.resize(hash.find('\0'));
  return hash;
}

bool is_password(std::string_view hash, std::string_view password) {
  if (!is_possible_password(password) || !check_password_hash(hash).ok() || ::sodium_init() < 0) return false;
  const std::string text(hash);  // both libraries want a 0 at the end
  if (is_bcrypt(hash)) {
    std::string copy(password);
    const bool is_right = is_bcrypt_of(text, copy);
    sodium_memzero(copy.data(), copy.size());
    return is_right;
  }
  return crypto_pwhash_str_verify(text.c_str(), password.data(), password.size()) == 0;
}

bool is_argon2(std::string_view hash) { return hash.starts_with(kArgon); }

void waste_password_time(std::string_view password) {
  static const std::string hash = [] {
    auto made = hash_password(random_token());
    return made.ok() ? std::move(made).value() : std::string();
  }();
  (void)is_password(hash, password.empty() ? "-" : password);
}

Status check_password_hash(std::string_view hash) {
  const auto refuse = [](std::string_view why) {
    return Error{Code::unsupported, "the password's hash " + std::string(why) +
                                        ": bcrypt ($2y$, as `htpasswd -B` makes it) and argon2id are read"};
  };
  if (hash.size() > kMostHash || hash.find('\0') != std::string_view::npos) return refuse("is too long");
  if (hash.starts_with(kArgon)) {
    if (!has_bearable_argon(hash)) return refuse("asks for more than 256 MiB or 10 passes");
    return Ok{};
  }
  if (!is_bcrypt(hash)) return refuse("is of another kind");
  int cost = 0;
  const auto read = std::from_chars(hash.data() + 4, hash.data() + std::min<std::size_t>(hash.size(), 6), cost);
  if (hash.size() != kBcryptLength || read.ec != std::errc{} || hash[6] != '$') return refuse("is broken bcrypt");
  if (cost < kLeastBcryptCost || cost > kMostBcryptCost) return refuse("has a cost that is not 4 to 15");
  return Ok{};
}

}  // namespace scoria::auth
