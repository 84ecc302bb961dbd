#include "access/access.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "access/credential_cache.h"
#include "access/login.h"
#include "access/verifier.h"
#include "access/work_pool.h"
#include "auth/shared_key.h"
#include "base/log.h"

namespace scoria::access {
namespace {

constexpr std::chrono::milliseconds kLook{250};
constexpr int kLooksPerSave = 240;  // a minute
constexpr std::size_t kMostWaiting = 64, kMostCredential = auth::kMostJwtBytes + 16;
// Wrong tokens of one address: each costs a signature to check.
constexpr Rate kWrongTokens{.per_second = 50, .burst = 200};

struct Credential {
  enum class Kind : std::uint8_t { none, bearer, basic, other } kind = Kind::none;
  std::string_view text;
};

bool has_scheme(std::string_view header, std::string_view scheme) {
  return header.size() > scheme.size() && header[scheme.size()] == ' ' &&
         net::is_same_name(header.substr(0, scheme.size()), scheme);
}

std::string_view after_scheme(std::string_view header, std::size_t scheme) {
  header.remove_prefix(scheme);
  while (header.starts_with(' ')) header.remove_prefix(1);
  return header;
}

Credential credential_of(const net::HttpRequest& head) {
  using Kind = Credential::Kind;
  if (const auto header = head.header("Authorization"); header && !header->empty()) {
    if (header->size() > kMostCredential) return {Kind::other, {}};
    // A proxy may have looked at another than we do.
    const auto is_one = [](const auto& field) { return net::is_same_name(field.first, "Authorization"); };
    if (std::ranges::count_if(head.headers, is_one) > 1) return {Kind::other, {}};
    if (has_scheme(*header, "Bearer")) return {Kind::bearer, after_scheme(*header, 6)};
    if (has_scheme(*header, "Basic")) return {Kind::basic, after_scheme(*header, 5)};
    return {Kind::other, {}};
  }
  if (const auto key = head.header("X-API-Key"); key && !key->empty() && key->size() <= kMostCredential)
    return {Kind::bearer, *key};
  return {};
}

// "user:password" of base64.
std::optional<std::pair<std::string, std::string>> read_basic(std::string_view text) {
  auto read = auth::from_base64(text);
  if (!read.ok()) return std::nullopt;
  const auto colon = read.value().find(':');
  if (colon == std::string::npos || !is_user_name(std::string_view(read.value()).substr(0, colon))) return std::nullopt;
  return std::pair(read.value().substr(0, colon), read.value().substr(colon + 1));
}

// Whom a check is for: told once, and at the latest when the check is dropped or thrown out of.
class Asker {
 public:
  explicit Asker(std::function<void(Identified)> then) : then_(std::move(then)) {}
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker() {
    try {
      tell({.caller = nullptr, .refusal = Refusal{.reason = Reason::failed}});
    } catch (const std::exception& error) {
      log::error("access_not_told", {{"error", error.what()}});
    }
  }
  void tell(Identified found) {
    if (auto then = std::exchange(then_, nullptr)) then(std::move(found));
  }

 private:
  std::function<void(Identified)> then_;
};

}  // namespace

struct Access::State {
  State(std::unique_ptr<Verifier> given, AccessOptions chosen, const Clock& time)
      : options(std::move(chosen)),
        clock(time),
        verifier(std::move(given)),
        cache(options.cache_entries),
        wrong_tokens(kWrongTokens, 10'000),
        login(*verifier, guard, pool, refusals, options.proxy, clock),
        pool(options.login_threads, kMostWaiting),
        housekeeping([this](const std::stop_token& stop) { look_again(stop); }) {}

  void look_again(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    for (int count = 1; !stop.stop_requested(); ++count) {
      stopped.wait_for(lock, stop, kLook, [] { return false; });
      try {
        verifier->look();
        if (count % kLooksPerSave == 0 || stop.stop_requested()) verifier->save_uses();
      } catch (const std::exception& error) {
        log::error("access_not_read", {{"error", error.what()}});
      }
    }
  }

  Identified known(CallerPtr caller, WallTime now) const {
    if (caller->used_at != nullptr) {
      const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
      if (caller->used_at->load(std::memory_order_relaxed) != seconds)
        caller->used_at->store(seconds, std::memory_order_relaxed);
    }
    return {.caller = std::move(caller), .refusal = {}};
  }

  Identified refused(Refusal refusal, const net::HttpRequest& head) {
    refusal.offers_basic = is_safe(head, options.proxy);
    refusals.add(refusal.reason);
    return {.caller = nullptr, .refusal = refusal};
  }

  Identified identify(const net::HttpRequest& head, Now now) {
    using Kind = Credential::Kind;
    const Credential credential = credential_of(head);
    if (credential.kind == Kind::none) return refused({.reason = Reason::no_credential}, head);
    if (credential.kind == Kind::other) return refused({.reason = Reason::malformed}, head);
    if (credential.kind == Kind::basic && !is_safe(head, options.proxy))
      return refused({.reason = Reason::insecure}, head);
    // Before anything is looked up: what is verified now is not newer than that.
    const std::uint64_t generation = verifier->generation();
    const Digest digest = cache.digest(credential.text);
    if (auto caller = cache.find(digest, generation, now.wall)) return known(std::move(caller), now.wall);
    if (credential.kind == Kind::basic) {
      if (!read_basic(credential.text)) return refused({.reason = Reason::malformed}, head);
      return {};
    }
    const std::string address = client_address(head, options.proxy);
    if (const auto wait = wrong_tokens.wait(address, now.steady))
      return refused({.reason = Reason::locked_out, .retry_after = *wait}, head);
    auto outcome = verifier->verify_bearer(credential.text, now);
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
      (void)wrong_tokens.take(address, now.steady);
      return refused(*refusal, head);
    }
    auto& verified = std::get<Verified>(outcome);
    cache.add(digest, verified.caller, generation, verified.until);
    return known(std::move(verified.caller), now.wall);
  }

  AccessOptions options;
  const Clock& clock;
  std::unique_ptr<Verifier> verifier;
  CredentialCache cache;
  Buckets wrong_tokens;
  RefusalCounts refusals;
  LoginGuard guard;
  Login login;
  WorkPool pool;  // its threads work for the others: they end first
  std::jthread housekeeping;
};

Result<std::unique_ptr<Access>> Access::open(const std::filesystem::path& path, AccessOptions options,
                                             const Clock& clock) {
  SCORIA_TRY(folder, Folder::open(path, clock.now().wall));
  const Rate limit{.per_second = options.requests_per_second,
                   .burst = options.burst > 0 ? options.burst : options.requests_per_second};
  SCORIA_TRY(verifier, Verifier::open(std::move(folder), limit));
  return std::unique_ptr<Access>(new Access(std::make_unique<State>(std::move(verifier), std::move(options), clock)));
}

Access::Access(std::unique_ptr<State> state) : state_(std::move(state)) {}
Access::~Access() = default;

Identified Access::identify(const net::HttpRequest& head) { return state_->identify(head, state_->clock.now()); }

void Access::identify_later(const net::HttpRequest& head, std::function<void(Identified)> then) {
  const std::string text(credential_of(head).text);
  const auto basic = read_basic(text);
  if (!basic) return then(state_->refused({.reason = Reason::malformed}, head));
  const std::string address = client_address(head, state_->options.proxy);
  State* state = state_.get();
  const auto asker = std::make_shared<Asker>(std::move(then));
  const bool is_taken = state->pool.add([state, text, basic, address, asker] {
    const std::uint64_t generation = state->verifier->generation();
    const Digest digest = state->cache.digest(text);
    const Now now = state->clock.now();
    // Several requests of one caller may have come before the first was done.
    if (auto caller = state->cache.find(digest, generation, now.wall))
      return asker->tell({.caller = std::move(caller)});
    auto outcome = state->login.check_password(basic->first, basic->second, address);
    if (auto* refusal = std::get_if<Refusal>(&outcome)) {
      refusal->offers_basic = true;  // it was sent
      state->refusals.add(refusal->reason);
      return asker->tell({.caller = nullptr, .refusal = *refusal});
    }
    auto& verified = std::get<Verified>(outcome);
    state->cache.add(digest, verified.caller, generation, verified.until);
    asker->tell({.caller = std::move(verified.caller), .refusal = {}});
  });
  if (!is_taken) asker->tell(state->refused({.reason = Reason::busy, .retry_after = std::chrono::seconds(1)}, head));
}

namespace {

std::optional<Refusal> over_rate(const Caller& caller, SteadyTime now) {
  if (caller.limit == nullptr) return std::nullopt;
  const auto wait = caller.limit->take(now);
  return wait ? std::optional(Refusal{.reason = Reason::rate_limited, .retry_after = *wait}) : std::nullopt;
}

Admission admission_of(Identified identified, Action action, std::string_view service, SteadyTime now,
                       RefusalCounts& refusals) {
  if (identified.refusal) return {.caller = nullptr, .refusal = reply_of(*identified.refusal)};
  if (identified.caller == nullptr) return {};
  const auto refuse = [&refusals](Refusal refusal) {
    refusals.add(refusal.reason);
    return Admission{.caller = nullptr, .refusal = reply_of(refusal)};
  };
  if (const auto refusal = over_rate(*identified.caller, now)) return refuse(*refusal);
  if (!identified.caller->may(action, service)) return refuse({.reason = Reason::forbidden});
  return {.caller = std::move(identified.caller), .refusal = {}};
}

}  // namespace

std::optional<Refusal> Access::throttle(const Caller& caller) {
  const auto refusal = over_rate(caller, state_->clock.now().steady);
  if (refusal) state_->refusals.add(refusal->reason);
  return refusal;
}

Admission Access::admit(const net::HttpRequest& head, Action action, std::string_view service) {
  const Now now = state_->clock.now();
  return admission_of(state_->identify(head, now), action, service, now.steady, state_->refusals);
}

void Access::admit_later(const net::HttpRequest& head, Action action, std::string service,
                         std::function<void(Admission)> then) {
  State* state = state_.get();
  identify_later(head, [state, action, service = std::move(service), then = std::move(then)](Identified identified) {
    then(admission_of(std::move(identified), action, service, state->clock.now().steady, state->refusals));
  });
}

bool Access::is_own_path(std::string_view target) { return Login::is_own_path(target); }

void Access::handle_own(net::HttpRequest request, net::Responder responder) {
  state_->login.handle(std::move(request), std::move(responder));
}

void Access::audit(std::string_view event, const AuditFields& fields) const {
  write_audit(folder().path(), event, fields, state_->clock.now().wall);
}

std::string Access::metrics() const { return state_->refusals.metrics(); }

const Folder& Access::folder() const { return state_->verifier->folder(); }

std::string Access::address(const net::HttpRequest& request) const {
  return client_address(request, state_->options.proxy);
}

}  // namespace scoria::access
