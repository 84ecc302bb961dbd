#include "server/secrets.h"

#include <algorithm>

#include "auth/shared_key.h"
#include "base/iso8601.h"
#include "batch/state.h"
#include "spec/errors.h"

namespace scoria::server {

using spec::Json;

Status Secrets::check_name(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  if (fits) return Ok{};
  return Error{Code::invalid, "the secret's name '" + std::string(name.substr(0, 80)) +
                                  "' must be 1 to 64 letters, digits, '-' or '_'"};
}

store::Document Secrets::sealed(std::string_view name, std::string_view secret, WallTime now) const {
  // The store's ids compare without case: so does what the seal is bound to.
  const Json text{{"name", name},
                  {"changed", format_time(now)},
                  {"sealed", auth::base64(sealer_.seal(batch::lower(name), secret))}};
  return {store::Kind::secret, "", std::string(name), text.dump()};
}

Result<Json> Secrets::list() const {
  SCORIA_TRY(documents, store_.list(store::Kind::secret, "", "", 10'000));
  Json names = Json::array();
  for (const store::Document& document : documents) {
    const Json stored = Json::parse(document.text, nullptr, /*allow_exceptions=*/false);
    if (stored.is_object()) {
      names.push_back({{"name", stored.value("name", document.id)}, {"lastModified", stored.value("changed", "")}});
    }
  }
  return names;
}

Result<std::string> Secrets::open(std::string_view name) const {
  SCORIA_TRY(document, store_.get(store::Kind::secret, "", name));
  if (!document) return spec::batch_error("ResourceNotFound", "there is no secret '" + std::string(name) + "'");
  const Json stored = Json::parse(document->text, nullptr, /*allow_exceptions=*/false);
  const auto bytes = auth::from_base64(stored.is_object() ? stored.value("sealed", "") : "");
  if (!bytes.ok()) return Error{Code::corrupt, "the stored secret '" + std::string(name) + "' is damaged"};
  return sealer_.unseal(batch::lower(name), bytes.value());
}

}  // namespace scoria::server
