#include "server/blob/access_policy.h"

#include "base/iso8601.h"
#include "server/blob/xml.h"

namespace scoria::server::storage {
namespace {

constexpr std::size_t kMaxPolicies = 5;
constexpr std::size_t kMaxId = 64;

Error bad_value(std::string message) { return Error{Code::invalid, std::move(message), "InvalidXmlNodeValue"}; }

Status add_policy(const XmlElement& identifier, Policies& policies) {
  if (identifier.name != "SignedIdentifier") {
    return bad_value("SignedIdentifiers may hold SignedIdentifier only, not '" + identifier.name + "'");
  }
  const std::string id(identifier.child_text("Id"));
  if (id.empty() || id.size() > kMaxId) return bad_value("a SignedIdentifier's Id must have 1 to 64 characters");
  const XmlElement none;
  const XmlElement* policy = identifier.child("AccessPolicy");
  if (policy == nullptr) policy = &none;
  XmlWriter writer;
  writer.open("AccessPolicy");
  for (const char* name : {"Start", "Expiry"}) {
    const std::string_view text = policy->child_text(name);
    if (text.empty()) continue;
    if (!parse_time(text).ok()) {
      return bad_value(std::string("the ") + name + " of policy '" + id +
                       "' must be a time such as 2026-11-29T12:00:00Z");
    }
    writer.leaf(name, text);
  }
  const std::string_view permissions = policy->child_text("Permission");
  if (permissions.find_first_not_of("racwdxyltmeopif") != std::string_view::npos) {
    return bad_value("the Permission of policy '" + id + "' has a letter that is no permission");
  }
  if (!permissions.empty()) writer.leaf("Permission", permissions);
  policies.insert_or_assign(id, writer.close("AccessPolicy").take());
  return Ok{};
}

}  // namespace

Result<Policies> read_policies(std::string_view body) {
  Policies policies;
  if (body.empty()) return policies;
  SCORIA_TRY(root, read_xml(body));
  if (root.name != "SignedIdentifiers") {
    return Error{Code::invalid, "the XML body's root must be SignedIdentifiers", "InvalidXmlDocument"};
  }
  if (root.children.size() > kMaxPolicies) return bad_value("a container may have at most 5 stored access policies");
  for (const XmlElement& identifier : root.children) SCORIA_TRY_STATUS(add_policy(identifier, policies));
  return policies;
}

std::string write_policies(const Policies& policies) {
  XmlWriter writer;
  writer.open("SignedIdentifiers");
  for (const auto& [id, xml] : policies) {
    const std::size_t start = xml.find("<AccessPolicy");  // behind the declaration
    writer.open("SignedIdentifier").leaf("Id", id);
    writer.raw(start == std::string::npos ? std::string_view{} : std::string_view(xml).substr(start));
    writer.close("SignedIdentifier");
  }
  return writer.close("SignedIdentifiers").take();
}

std::optional<auth::AccessPolicy> stored_policy(std::string_view xml) {
  const auto root = read_xml(xml);
  if (!root.ok()) return std::nullopt;
  auth::AccessPolicy policy;
  if (const auto start = parse_time(root.value().child_text("Start")); start.ok()) policy.start = start.value();
  if (const auto expiry = parse_time(root.value().child_text("Expiry")); expiry.ok()) policy.expiry = expiry.value();
  policy.permissions = std::string(root.value().child_text("Permission"));
  return policy;
}

}  // namespace scoria::server::storage
