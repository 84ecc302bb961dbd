// Every operation of the Batch surface: a plain array, read top to bottom, which docs/operations-list.md is made from.
// Source: Azure Batch REST API 2022-10-01.16.0. Threads: immutable.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/call.h"

namespace scoria::server {

enum class Verb { get, head, post, put, patch, del };

// Who may call: the account's key; or also a task that holds a token of the job that the path names.
enum class Scope { account, job };

using Handler = void (*)(CallPtr call);

struct Route {
  Verb verb;
  // "/pools/{pool}/nodes": literal segments and {names}; {name...} at the end takes all that is left, slashes too.
  std::string_view pattern;
  Scope scope;
  Handler handler;
};

std::span<const Route> batch_routes();

// docs/operations-list.md, made from the table.
std::string routes_reference();

// Paths of our own stand below this prefix, need no api-version, and are never a pool's, job's or container's.
inline constexpr std::string_view kOwnPrefix = "scoria";

std::string_view verb_name(Verb verb);

// With a full disk new work is refused, while what ends work or frees space goes through (deleting, terminating, disabling, taking away),
// and what only reads.
batch::Work work_of(const Route& route);

struct RouteMatch {
  const Route* route = nullptr;  // null: no such operation
  bool path_is_known = false;    // another verb would have been right
  std::vector<std::pair<std::string_view, std::string>> arguments;
};
RouteMatch find_route(std::span<const Route> routes, std::string_view method, const Target& target);

// Takes a request of the Batch surface to its handler: route, authentication, api-version; and answers all that these refuse.
void dispatch(const CallPtr& call);

}  // namespace scoria::server
