#include "access/roles.h"

#include <algorithm>
#include <array>

namespace scoria::access {
namespace {

constexpr std::array<std::string_view, 5> kRoleNames = {"none", "scorer", "reader", "contributor", "owner"};
constexpr std::size_t kMostServiceName = 65;

bool is_service_pattern(std::string_view text) {
  if (text.empty() || text.size() > kMostServiceName) return false;
  if (text.ends_with('*')) text.remove_suffix(1);
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  });
}

bool covers(std::string_view pattern, std::string_view service) {
  if (service.empty()) return pattern == "*";
  if (!pattern.ends_with('*')) return pattern == service;
  return service.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool role_may(Role role, Action action, bool is_of_service) {
  switch (action) {
    case Action::read: return role >= Role::reader || (role == Role::scorer && is_of_service);
    case Action::score: return role >= Role::scorer;
    case Action::deploy: return role >= Role::contributor;
    case Action::administer: return role == Role::owner;
  }
  return false;
}

}  // namespace

std::string_view role_name(Role role) { return kRoleNames.at(static_cast<std::size_t>(role)); }

std::optional<Role> role_named(std::string_view name) {
  const auto found = std::ranges::find(kRoleNames, name);
  if (found == kRoleNames.end()) return std::nullopt;
  return static_cast<Role>(found - kRoleNames.begin());
}

Result<Grant> parse_grant(std::string_view text) {
  const auto at = text.find('@');
  const auto role = role_named(text.substr(0, at));
  std::string service(at == std::string_view::npos ? std::string_view("*") : text.substr(at + 1));
  if (!role || *role == Role::none || !is_service_pattern(service)) {
    return Error{Code::invalid, "'" + std::string(text.substr(0, 100)) +
                                    "' must be ROLE@SERVICE, as scorer@boston or reader@boston*; roles are scorer, "
                                    "reader, contributor and owner"};
  }
  return Grant{*role, std::move(service)};
}

std::string grant_text(const Grant& grant) { return std::string(role_name(grant.role)) + "@" + grant.service; }

bool Rights::may(Action action, std::string_view service) const {
  if (role_may(role, action, !service.empty())) return true;
  // Users and keys are nobody's of a service.
  if (action == Action::administer) return false;
  return std::ranges::any_of(grants, [&](const Grant& grant) {
    return covers(grant.service, service) && role_may(grant.role, action, !service.empty());
  });
}

}  // namespace scoria::access
