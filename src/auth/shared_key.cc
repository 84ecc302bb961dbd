#include "auth/shared_key.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "auth/target.h"
#include "base/iso8601.h"

namespace scoria::auth {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::chrono::minutes kMaxSkew{15};

std::string encode(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k <= n; ++k) text += alphabet[group >> (18 - 6 * k) & 63];
    for (std::size_t k = n; pad && k < 3; ++k) text += '=';
  }
  return text;
}

Result<std::string> decode(std::string_view text, std::string_view alphabet) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos) return Error{Code::invalid, "base64 with a character that it does not have"};
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(group >> bits & 255);
  }
  // What is left over must be the zero bits that fill the last character.
  if (bits >= 6 || (group & ((1u << bits) - 1)) != 0) return Error{Code::invalid, "base64 that ends within a byte"};
  return bytes;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// Several ways in which clients write one section of the text they sign; the documented one first.
using Variants = std::vector<std::string>;

void add_variant(Variants& variants, std::string text) {
  if (std::find(variants.begin(), variants.end(), text) == variants.end()) variants.push_back(std::move(text));
}

// .NET's order of words, which Storage's documentation asks for and the SDKs imitate: hyphens count only where all else is equal, and the
// underscore stands before digits.
int word_weight(char c) {
  if (c == '_') return 1;
  return static_cast<unsigned char>(c) + 2;
}

bool is_before_as_words(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t k = 0;
  for (;;) {
    while (i < a.size() && a[i] == '-') ++i;
    while (k < b.size() && b[k] == '-') ++k;
    if (i == a.size() || k == b.size()) break;
    if (a[i] != b[k]) return word_weight(a[i]) < word_weight(b[k]);
    ++i;
    ++k;
  }
  if ((i == a.size()) != (k == b.size())) return i == a.size();
  return a.size() != b.size() ? a.size() < b.size() : a > b;  // an earlier hyphen stands behind
}

Variants service_headers(Service service, const net::Headers& headers) {
  const std::string_view prefix = service == Service::batch ? "ocp-" : "x-ms-";
  std::map<std::string, std::string> values;  // in the order of bytes
  for (const auto& [name, value] : headers) {
    std::string lower = lower_case(name);
    if (!lower.starts_with(prefix)) continue;
    const auto [place, is_new] = values.emplace(std::move(lower), trimmed(value));
    if (!is_new) place->second += "," + trimmed(value);
  }
  using Pair = std::pair<std::string, std::string>;
  std::vector<Pair> ordered(values.begin(), values.end());
  const auto text = [&] {
    std::string block;
    for (const auto& [name, value] : ordered) block += name + ":" + value + "\n";
    return block;
  };
  Variants variants;
  add_variant(variants, text());
  if (service == Service::batch) return variants;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Pair& a, const Pair& b) { return is_before_as_words(a.first, b.first); });
  add_variant(variants, text());
  return variants;
}

std::string query_block(const Target& target, bool with_empty, bool plus_is_space) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [name, value] : target.query) {
    if (value.empty() && !with_empty) continue;
    std::string decoded = value;
    if (plus_is_space) std::replace(decoded.begin(), decoded.end(), '+', ' ');
    values[lower_case(name)].push_back(std::move(decoded));
  }
  std::string block;
  for (auto& [name, several] : values) {
    std::sort(several.begin(), several.end());
    block += "\n" + name + ":";
    for (std::size_t i = 0; i < several.size(); ++i) block += (i == 0 ? "" : ",") + several[i];
  }
  return block;
}

// Everything a signature covers, section by section.
struct Canonical {
  std::string front;  // method, encoding, language
  Variants length;
  std::string middle;  // MD5, type
  Variants date;
  std::string conditions;  // If-* and Range
  Variants headers;
  std::string resource;
  Variants query;

  std::string text(std::size_t i, std::size_t k, std::size_t m, std::size_t n) const {
    return front + length[i] + "\n" + middle + date[k] + "\n" + conditions + headers[m] + resource + query[n];
  }
};

Canonical canonicalize(Service service, std::string_view account, std::string_view method, std::string_view target,
                       const net::Headers& headers) {
  const auto line = [&](std::string_view name) { return trimmed(net::find_header(headers, name).value_or("")) + "\n"; };
  const auto value = [&](std::string_view name) { return trimmed(net::find_header(headers, name).value_or("")); };
  const Target parts = split_target(target);
  Canonical canonical;
  canonical.front = std::string(method) + "\n" + line("Content-Encoding") + line("Content-Language");

  // Batch signs what is on the wire, Storage a zero as nothing; Python's azure-batch 15 a missing length as zero. HTTP libraries add or drop
  // "Content-Length: 0" behind the back of the code that signs, so either service takes either.
  const std::string length = value("Content-Length");
  if (service == Service::blob && length == "0") add_variant(canonical.length, "");
  add_variant(canonical.length, length);
  if (length == "0") add_variant(canonical.length, "");
  if (length.empty() && method != "GET" && method != "HEAD") add_variant(canonical.length, "0");

  canonical.middle = line("Content-MD5") + line("Content-Type");
  // The services' own date header stands for Date, whose line is then empty.
  const bool has_own_date = net::find_header(headers, service == Service::batch ? "ocp-date" : "x-ms-date").has_value();
  if (has_own_date) add_variant(canonical.date, "");
  add_variant(canonical.date, value("Date"));
  canonical.conditions = line("If-Modified-Since") + line("If-Match") + line("If-None-Match") +
                         line("If-Unmodified-Since") + line("Range");
  canonical.headers = service_headers(service, headers);
  canonical.resource = "/" + std::string(account) + parts.path;
  // rAzureBatch and JavaScript sign empty parameters, Python does not.
  for (const bool plus_is_space : {false, true}) {
    for (const bool with_empty : {true, false}) {
      add_variant(canonical.query, query_block(parts, with_empty, plus_is_space));
    }
  }
  return canonical;
}

Error signature_denied(std::string message) { return Error{Code::denied, std::move(message), "AuthenticationFailed"}; }

// Errors: denied, where there is no date or it is off.
Status check_date(Service service, const net::Headers& headers, WallTime now) {
  const char* name = service == Service::batch ? "ocp-date" : "x-ms-date";
  auto text = net::find_header(headers, name);
  if (!text) {
    name = "Date";
    text = net::find_header(headers, name);
  }
  if (!text) {
    return signature_denied(std::string("the request has neither a Date nor ") +
                            (service == Service::batch ? "an ocp-date" : "an x-ms-date") +
                            " header, and one must be signed");
  }
  const auto date = parse_time(trimmed(*text));
  if (!date.ok()) {
    return signature_denied("the header " + std::string(name) + " is no date such as 'Fri, 20 Nov 2026 11:18:18 GMT'");
  }
  if (date.value() - now > kMaxSkew || now - date.value() > kMaxSkew) {
    return signature_denied("the header " + std::string(name) + " says " + format_http_time(date.value()) +
                            ", and here it is " + format_http_time(now) + ": it may be off by 15 minutes");
  }
  return Ok{};
}

struct Credentials {
  std::string_view account, signature;
};

Result<Credentials> read_authorization(const net::Headers& headers) {
  const auto header = net::find_header(headers, "Authorization");
  if (!header) return signature_denied("the request has no Authorization header 'SharedKey ACCOUNT:SIGNATURE'");
  constexpr std::string_view kScheme = "sharedkey ";
  if (lower_case(header->substr(0, kScheme.size())) != kScheme) {
    return signature_denied("the Authorization header's scheme must be SharedKey");
  }
  std::string_view rest = header->substr(kScheme.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) {
    return signature_denied("the Authorization header has no ':' between account and signature");
  }
  return Credentials{rest.substr(0, colon), rest.substr(colon + 1)};
}

}  // namespace

std::string base64(std::string_view bytes) { return encode(bytes, kAlphabet, true); }
std::string base64url(std::string_view bytes) { return encode(bytes, kUrlAlphabet, false); }

Result<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return Error{Code::invalid, "base64 whose length is no multiple of 4"};
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, kAlphabet);
}

Result<std::string> from_base64url(std::string_view text) { return decode(text, kUrlAlphabet); }

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  SCORIA_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size) != nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Status check_shared_key(Service service, const AccountKey& account, std::string_view method, std::string_view target,
                        const net::Headers& headers, WallTime now) {
  SCORIA_TRY(credentials, read_authorization(headers));
  if (credentials.account != account.name) {
    return signature_denied("the Authorization header names an account that is not '" + account.name + "'");
  }
  SCORIA_TRY_STATUS(check_date(service, headers, now));
  const auto given = from_base64(credentials.signature);
  if (!given.ok() || given.value().size() != 32) {
    return signature_denied("the signature in the Authorization header is not 32 bytes in base64");
  }
  const Canonical canonical = canonicalize(service, account.name, method, target, headers);
  for (std::size_t i = 0; i < canonical.length.size(); ++i) {
    for (std::size_t k = 0; k < canonical.date.size(); ++k) {
      for (std::size_t m = 0; m < canonical.headers.size(); ++m) {
        for (std::size_t n = 0; n < canonical.query.size(); ++n) {
          if (equal_in_constant_time(hmac_sha256(account.key, canonical.text(i, k, m, n)), given.value())) return Ok{};
        }
      }
    }
  }
  return signature_denied(
      "the signature does not fit the request: the key is another, or what was signed is not what arrived (" +
      std::string(method) + " " + split_target(target).path + ")");
}

net::Headers sign(Service service, const AccountKey& account, std::string_view method, std::string_view target,
                  const net::Headers& headers, WallTime now) {
  const char* date = service == Service::batch ? "ocp-date" : "x-ms-date";
  net::Headers added = {{date, format_http_time(now)}};
  net::Headers all = headers;
  all.push_back(added.front());
  const Canonical canonical = canonicalize(service, account.name, method, target, all);
  added.emplace_back("Authorization",
                     "SharedKey " + account.name + ":" + base64(hmac_sha256(account.key, canonical.text(0, 0, 0, 0))));
  return added;
}

}  // namespace scoria::auth
