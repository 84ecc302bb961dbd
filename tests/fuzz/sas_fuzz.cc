// Feeds a request's target to the reading of signatures: nothing may crash, and nothing that was not signed may be granted.
#include <cstdlib>

#include "auth/bearer.h"
#include "auth/sas.h"
#include "base/iso8601.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scoria;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auth::AccountKey account{"acct", std::string(64, 'k')};
  const WallTime now = parse_time("2026-11-29T12:00:00Z").value();
  const auth::SasUse use{.container = "con",
                         .blob = "b",
                         .service_permissions = "r",
                         .account_permissions = "r",
                         .is_tls = true,
                         .peer = "10.0.0.1:1"};
  const auto policies = [](std::string_view, std::string_view) {
    return std::optional<auth::AccessPolicy>(auth::AccessPolicy{});
  };
  const auth::Target target = auth::split_target(text);
  // The key of the seeds is another: a signature that fits cannot be found.
  if (auth::check_sas(account, target, use, policies, now).ok()) std::abort();
  if (auth::check_task_token(std::string(32, 's'), "acct", text, now).ok()) std::abort();
  const net::Headers headers = {{"x-ms-date", "Sun, 29 Nov 2026 12:00:00 GMT"},
                                {"Authorization", "SharedKey acct:" + text},
                                {"x-ms-meta-" + text, text}};
  if (auth::check_shared_key(auth::Service::blob, account, "GET", text, headers, now).ok()) std::abort();
  (void)auth::from_base64(text);
  return 0;
}
