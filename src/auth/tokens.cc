#include "auth/tokens.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "auth/private_file.h"

namespace scoria::auth {
namespace {

constexpr std::string_view kFile = "account.json";
constexpr std::size_t kKeyBytes = 64;  // as Azure's

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  SCORIA_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) == 1);
  return bytes;
}

bool is_account_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 24 &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

Result<AccountKey> read_text(const std::string& text, const std::filesystem::path& path) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  const auto broken = [&](std::string_view what) {
    return Error{Code::corrupt, "'" + path.string() + "' " + std::string(what)};
  };
  if (!document.is_object()) return broken("is no JSON object with the account's name and key");
  const auto name = document.find("accountName");
  const auto key = document.find("accountKey");
  if (name == document.end() || !name->is_string() || !is_account_name(name->get<std::string>())) {
    return broken("has no accountName of 3 to 24 lower-case letters and digits");
  }
  auto bytes = from_base64(key != document.end() && key->is_string() ? key->get<std::string>() : std::string("-"));
  if (!bytes.ok() || bytes.value().size() < 16) return broken("has no accountKey of 16 or more bytes in base64");
  return AccountKey{name->get<std::string>(), std::move(bytes).value()};
}

}  // namespace

std::string random_token() { return base64url(random_bytes(32)); }

std::string hash_token(std::string_view token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Result<AccountKey> read_account(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kFile;
  SCORIA_TRY(text, read_private_file(path));
  return read_text(text, path);
}

Result<AccountKey> ensure_account(const std::filesystem::path& folder, std::string_view name) {
  const std::string wanted = name.empty() ? "scoria" : std::string(name);
  if (!is_account_name(wanted)) {
    return Error{Code::invalid, "the account's name '" + wanted + "' must be 3 to 24 lower-case letters and digits"};
  }
  const nlohmann::ordered_json document = {{"accountName", wanted}, {"accountKey", base64(random_bytes(kKeyBytes))}};
  const std::filesystem::path path = folder / kFile;
  SCORIA_TRY(text, ensure_private_file(path, document.dump() + "\n"));
  return read_text(text, path);
}

}  // namespace scoria::auth
