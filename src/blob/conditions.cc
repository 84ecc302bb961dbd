#include "blob/conditions.h"

#include "blob/errors.h"

namespace scoria::blob {
namespace {

// Clients send ETags with and without quotes.
std::string_view bare(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return etag;
}

}  // namespace

Status check_conditions(const Conditions& conditions, std::string_view container, std::string_view name,
                        const BlobProperties* existing) {
  using std::chrono::floor;
  using std::chrono::seconds;
  if (conditions.if_match) {
    const std::string_view wanted = bare(*conditions.if_match);
    if (existing == nullptr || (wanted != "*" && wanted != existing->etag)) return condition_not_met("If-Match");
  }
  if (conditions.if_none_match && existing != nullptr) {
    const std::string_view unwanted = bare(*conditions.if_none_match);
    if (unwanted == "*") return blob_exists(container, name);
    if (unwanted == existing->etag) return condition_not_met("If-None-Match");
  }
  if (existing == nullptr) return Ok{};
  const auto modified = floor<seconds>(existing->modified);
  if (conditions.if_modified_since && modified <= floor<seconds>(*conditions.if_modified_since)) {
    return condition_not_met("If-Modified-Since");
  }
  if (conditions.if_unmodified_since && modified > floor<seconds>(*conditions.if_unmodified_since)) {
    return condition_not_met("If-Unmodified-Since");
  }
  return Ok{};
}

}  // namespace scoria::blob
