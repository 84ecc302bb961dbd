#include "access/verifier.h"

#include <algorithm>
#include <array>

#include "access/accounts.h"
#include "auth/jwks.h"
#include "auth/passwords.h"
#include "auth/shared_key.h"
#include "auth/tokens.h"
#include "base/iso8601.h"
#include "base/log.h"

namespace scoria::access {
namespace {

constexpr std::array<const char*, 5> kWatched = {kUsersFile, kKeysFile, kSigningFile, kSettingsFile, kOidcFile};
// A password need not be hashed with each request: for so long it is remembered as right.
constexpr std::chrono::minutes kPasswordGood{10};
constexpr std::size_t kMostBuckets = 20'000;

WallTime forever() { return WallTime::max(); }

Refusal refused_for(auth::JwtFault fault) {
  switch (fault) {
    case auth::JwtFault::malformed: return {.reason = Reason::malformed};
    case auth::JwtFault::unknown_key: return {.reason = Reason::unknown_key};
    case auth::JwtFault::bad_signature: return {.reason = Reason::bad_signature};
    case auth::JwtFault::expired:
    case auth::JwtFault::not_yet: return {.reason = Reason::expired};
    case auth::JwtFault::wrong_issuer: return {.reason = Reason::wrong_issuer};
    case auth::JwtFault::wrong_audience: return {.reason = Reason::wrong_audience};
  }
  return {.reason = Reason::malformed};
}

std::string claim_text(const nlohmann::json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

Verifier::Verifier(Folder folder, Rate limit) : folder_(std::move(folder)), limit_(limit), sessions_(folder_) {}

Result<std::unique_ptr<Verifier>> Verifier::open(Folder folder, Rate limit) {
  std::unique_ptr<Verifier> verifier(new Verifier(std::move(folder), limit));
  SCORIA_TRY_STATUS(verifier->read_changed(true));
  SCORIA_TRY_STATUS(verifier->sessions_.look());
  return verifier;
}

std::shared_ptr<const Verifier::Picture> Verifier::picture() const {
  const std::lock_guard lock(picture_mutex_);
  return picture_;
}

Result<Verifier::Picture> Verifier::read_picture() const {
  Picture picture;
  SCORIA_TRY(users, folder_.users());
  SCORIA_TRY(keys, folder_.keys());
  SCORIA_TRY(signing, folder_.signing());
  SCORIA_TRY(settings, folder_.settings());
  for (User& user : users) picture.users.emplace(user.name, user);
  for (ApiKey& key : keys) picture.keys.emplace(key.id, key);
  for (const SigningKey& key : signing) {
    auto read = auth::JwtKey::from_pem(key.pem);
    if (!read.ok()) return with_context("'" + (folder_.path() / kSigningFile).string() + "'", read.error());
    picture.signing.push_back(std::move(read).value());
  }
  picture.settings = std::move(settings);
  return picture;
}

// Precondition: look_mutex_ is held, or nobody else has the object yet.
Status Verifier::read_changed(bool is_first) {
  // Before they are read: what is written in between is read twice, not never.
  std::vector<Folder::Stamp> stamps;
  for (const char* file : kWatched) stamps.push_back(folder_.stamp(file));
  if (stamps == stamps_) return Ok{};
  const bool is_oidc_new = is_first || stamps.back() != stamps_.back();
  stamps_ = stamps;  // also of what cannot be read, so that it is said once
  SCORIA_TRY(picture, read_picture());
  std::optional<std::vector<OidcIssuer>> issuers;
  if (is_oidc_new) {
    SCORIA_TRY(document, folder_.document(kOidcFile));
    issuers.emplace();
    if (!document.is_null()) {
      auto read = read_oidc(document);
      if (!read.ok())
        return Error{Code::corrupt, "'" + (folder_.path() / kOidcFile).string() + "' " + read.error().message};
      issuers = std::move(read).value();
    }
  }
  if (issuers) oidc_.configure(std::move(*issuers));
  {
    const std::lock_guard lock(picture_mutex_);
    picture_ = std::make_shared<const Picture>(std::move(picture));
  }
  generation_.fetch_add(1, std::memory_order_acq_rel);
  return Ok{};
}

void Verifier::look() {
  Status status = Ok{};
  const std::lock_guard lock(look_mutex_);
  status = read_changed(false);
  if (status.ok()) status = sessions_.look();
  const std::string trouble = status.ok() ? std::string() : status.error().message;
  if (!trouble.empty() && trouble != last_trouble_) log::error("access_not_read", {{"error", trouble}});
  last_trouble_ = trouble;
}

std::shared_ptr<Bucket> Verifier::bucket_of(const std::string& name, SteadyTime now) {
  if (limit_.per_second <= 0) return nullptr;
  const std::lock_guard lock(callers_mutex_);
  if (buckets_.size() >= kMostBuckets)
    std::erase_if(buckets_, [now](const auto& one) { return one.second->is_full(now); });
  auto& bucket = buckets_[name];
  if (bucket == nullptr) bucket = std::make_shared<Bucket>(limit_);
  return bucket;
}

std::shared_ptr<std::atomic<std::int64_t>> Verifier::use_of(const std::string& key) {
  const std::lock_guard lock(callers_mutex_);
  auto& use = uses_[key];
  if (use == nullptr) use = std::make_shared<std::atomic<std::int64_t>>(0);
  return use;
}

Verification Verifier::verify_bearer(std::string_view token, Now now) {
  if (token.starts_with(kKeyPrefix)) {
    auto verified = verify_key(token, now);
    if (std::holds_alternative<Verified>(verified)) return verified;
    look();  // made a moment ago, by another process
    return verify_key(token, now);
  }
  const auto glance = auth::glance_at_jwt(token);
  if (!glance) return Refusal{.reason = Reason::malformed};
  if (glance->issuer != picture()->settings.issuer) return verify_foreign_token(token, *glance, now);
  auto verified = verify_own_token(token, now);
  const auto* refusal = std::get_if<Refusal>(&verified);
  if (refusal == nullptr || (refusal->reason != Reason::revoked && refusal->reason != Reason::unknown_key))
    return verified;
  look();  // another process may have given it a moment ago
  return verify_own_token(token, now);
}

Verification Verifier::verify_key(std::string_view text, Now now) {
  const auto pictured = picture();
  const std::string_view rest = text.substr(kKeyPrefix.size());
  const auto found = pictured->keys.find(std::string(rest.substr(0, std::min<std::size_t>(rest.find('_'), 64))));
  // One hash and one comparison, whether there is such a key or not.
  const std::string hash = auth::hash_token(text),
                    wanted = found == pictured->keys.end() ? std::string(64, '-') : found->second.hash;
  if (!auth::equal_in_constant_time(hash, wanted)) return Refusal{.reason = Reason::revoked};
  const ApiKey& key = found->second;
  if (key.expires && *key.expires <= now.wall) return Refusal{.reason = Reason::expired};
  const std::string name = "key:" + key.id;
  auto caller = std::make_shared<const Caller>(Caller{.kind = Caller::Kind::key,
                                                      .name = name,
                                                      .rights = key.rights,
                                                      .limit = bucket_of(name, now.steady),
                                                      .is_live = nullptr,
                                                      .used_at = use_of(key.id)});
  return Verified{std::move(caller), key.expires.value_or(forever())};
}

Verification Verifier::verify_own_token(std::string_view token, Now now) {
  const auto pictured = picture();
  const auto outcome =
      auth::verify_jwt(token, pictured->signing,
                       {.issuers = {pictured->settings.issuer}, .audiences = {pictured->settings.audience}}, now.wall);
  if (outcome.fault) return refused_for(*outcome.fault);
  const std::string user = claim_text(outcome.claims, "sub");
  const auto found = pictured->users.find(user);
  auto live = sessions_.live(claim_text(outcome.claims, "sid"), claim_text(outcome.claims, "jti"));
  if (found == pictured->users.end() || live == nullptr) return Refusal{.reason = Reason::revoked};
  auto caller = std::make_shared<const Caller>(Caller{.kind = Caller::Kind::user,
                                                      .name = user,
                                                      .rights = found->second.rights,
                                                      .limit = bucket_of("user:" + user, now.steady),
                                                      .is_live = std::move(live),
                                                      .used_at = nullptr});
  return Verified{std::move(caller), WallTime(std::chrono::seconds(outcome.claims["exp"].get<std::int64_t>()))};
}

Verification Verifier::verify_foreign_token(std::string_view token, const auth::JwtGlance& glance, Now now) {
  auto outcome = oidc_.verify(token, glance, now);
  using Kind = Oidc::Outcome::Kind;
  switch (outcome.kind) {
    case Kind::not_ours: return Refusal{.reason = Reason::wrong_issuer};
    case Kind::no_keys_yet: return Refusal{.reason = Reason::no_keys, .retry_after = std::chrono::seconds(2)};
    case Kind::faulty: return refused_for(outcome.fault);
    case Kind::without_groups: return Refusal{.reason = Reason::forbidden};
    case Kind::good: break;
  }
  // Whatever a provider calls its people, its own name ends theirs: none passes for a user, or a key, of ours.
  const std::string name = outcome.subject + " of " + outcome.issuer;
  auto limit = bucket_of(name, now.steady);
  auto caller = std::make_shared<const Caller>(Caller{.kind = Caller::Kind::foreign,
                                                      .name = name,
                                                      .rights = std::move(outcome.rights),
                                                      .limit = std::move(limit),
                                                      .is_live = nullptr,
                                                      .used_at = nullptr});
  return Verified{std::move(caller), outcome.expires};
}

Verification Verifier::verify_password(const std::string& user, std::string_view password, Now now) {
  // Before the picture is taken: a password that is changed meanwhile is under a newer generation.
  auto pictured = picture();
  auto found = pictured->users.find(user);
  if (found == pictured->users.end()) {
    look();
    pictured = picture();
    found = pictured->users.find(user);
  }
  if (found == pictured->users.end() || found->second.password.empty()) {
    auth::waste_password_time(password);
    return Refusal{.reason = Reason::bad_password};
  }
  if (!auth::is_password(found->second.password, password)) {
    // One that came from htpasswd is checked faster: the time must not tell that there is such a name.
    if (!auth::is_argon2(found->second.password)) auth::waste_password_time(password);
    return Refusal{.reason = Reason::bad_password};
  }
  auto caller = std::make_shared<const Caller>(Caller{.kind = Caller::Kind::user,
                                                      .name = user,
                                                      .rights = found->second.rights,
                                                      .limit = bucket_of("user:" + user, now.steady),
                                                      .is_live = nullptr,
                                                      .used_at = nullptr});
  return Verified{std::move(caller), now.wall + kPasswordGood};
}

Result<Verifier::AccessToken> Verifier::make_token(const Session& session, WallTime now) const {
  const auto pictured = picture();
  const auto algorithm = session.is_rs256 ? auth::JwtAlgorithm::rs256 : auth::JwtAlgorithm::es256;
  const auto key = std::find_if(pictured->signing.rbegin(), pictured->signing.rend(),
                                [algorithm](const auth::JwtKey& one) { return one.algorithm() == algorithm; });
  const auto user = pictured->users.find(session.user);
  if (key == pictured->signing.rend()) {
    return Error{Code::corrupt, "'" + (folder_.path() / kSigningFile).string() + "' has no key of " +
                                    std::string(auth::algorithm_name(algorithm)) + ": scoria access rotate-key"};
  }
  if (user == pictured->users.end()) return Error{Code::denied, "the user is not there any more"};
  const std::int64_t issued = seconds_of(now), life = pictured->settings.token_minutes * 60;
  const Json claims{{"iss", pictured->settings.issuer},
                    {"aud", pictured->settings.audience},
                    {"sub", session.user},
                    {"iat", issued},
                    {"nbf", issued},
                    {"exp", issued + life},
                    {"jti", session.token_id},
                    {"sid", session.id},
                    {"roles", Json::array({role_name(user->second.rights.role)})}};
  return AccessToken{.text = auth::make_jwt(*key, claims), .expires_in = life, .expires_on = issued + life};
}

bool Verifier::signs_rs256_by_default() const { return picture()->settings.login_rs256; }

bool Verifier::has_user(const std::string& name) const { return picture()->users.contains(name); }

std::string Verifier::jwks() const { return auth::write_jwks(picture()->signing); }

void Verifier::save_uses() {
  if (folder_.is_read_only()) return;
  std::vector<std::pair<std::string, std::int64_t>> newer;
  {
    const std::lock_guard lock(callers_mutex_);
    for (const auto& [key, use] : uses_) {
      const std::int64_t at = use->load(std::memory_order_relaxed);
      if (at > saved_uses_[key]) newer.emplace_back(key, saved_uses_[key] = at);
    }
  }
  if (newer.empty()) return;
  const auto pictured = picture();
  const Status saved = folder_.change_document(kUsedFile, [&](Json& document) -> Status {
    if (!document.is_object()) document = Json::object();
    for (const auto& [key, at] : newer) {
      const std::string text = format_time(WallTime(std::chrono::seconds(at)));
      // As texts they are in the order of time; another process may have seen it later.
      if (document.value(key, std::string()) < text) document[key] = text;
    }
    for (auto one = document.begin(); one != document.end();)
      one = pictured->keys.contains(one.key()) ? std::next(one) : document.erase(one);
    return Ok{};
  });
  if (!saved.ok()) log::warn("key_uses_not_saved", {{"error", saved.error().message}});
}

}  // namespace scoria::access
