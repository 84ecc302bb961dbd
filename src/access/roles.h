// What callers may do: a role over everything, or over the services that a grant names.
//
//   owner        everything, users and keys too
//   contributor  reads, scores and deploys
//   reader       reads and scores, as ML Server's readers
//   scorer       scores, and reads the documents of the very services that it may score (their swagger, their metadata)
//   none         nothing but what grants add
//
// Source: ML Server's roles (owner, contributor, reader), and one less than those. Threads: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::access {

enum class Role : std::uint8_t { none, scorer, reader, contributor, owner };  // each may what the ones before it may
enum class Action : std::uint8_t { read, score, deploy, administer };

std::string_view role_name(Role role);
std::optional<Role> role_named(std::string_view name);

struct Grant {
  Role role = Role::none;
  std::string service;  // a name, or the beginning of names and a star
};

// "scorer@boston*", or "scorer" of every service ("*"). Errors: invalid.
Result<Grant> parse_grant(std::string_view text);
std::string grant_text(const Grant& grant);

struct Rights {
  Role role = Role::none;
  std::vector<Grant> grants;

  // `service`: empty for what is of no single service (lists, users).
  bool may(Action action, std::string_view service) const;
};

}  // namespace scoria::access
