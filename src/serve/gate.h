// What stands before an App where there are users: which right a request takes, by its method and path, and whether its sender has it.
//
//   open to all     GET of /livez, /readyz, /startupz, /health, /ping, /v2/health/...; the paths of logins (access/access.h)
//   score           POST of a path that scores, of the service that it names; any method below /services/NAME/, which a script may answer
//   read            any other GET; of the service that it names, or of all
//   read any        GET of /, /openapi.json and /services, which show what their reader may read
//   score           of the first service: what names no service that is there and is none of the above, where that one takes requests as they are
//   deploy          any other method
//
// Threads: free functions.
#pragma once

#include <boost/container/small_vector.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "access/access.h"
#include "net/http.h"
#include "serve/catalog.h"

namespace scoria::serve {

// The segments of a path, decoded; empty ones do not count.
using PathParts = boost::container::small_vector<std::string, 6>;
PathParts path_parts(std::string_view path);

// The service that a path names; empty: none.
std::string service_of(const PathParts& parts);

struct Need {
  bool is_open = false;
  access::Action action = access::Action::deploy;
  std::string service;
  bool is_of_first = false;       // the path names no service and means the first one
  bool is_list = false;           // it is for who may read any one
  bool may_be_passed_on = false;  // to the first service, if that takes requests as they are and no other one is named
};
Need need_of(const net::HttpRequest& head);

// As need_of(), with the first service's name where it means that one, or goes there.
Need need_in(const Catalog& catalog, const net::HttpRequest& head);

// Whether the sender may do what the request needs. Pending: a password has to be looked at, so ask_later().
access::Admission ask(access::Access& access, const Catalog& catalog, const net::HttpRequest& request,
                      const Need& need);
// `request` is not looked at any more when this has returned. `then` is called once, on any thread. Borrows access and catalog.
void ask_later(access::Access& access, const Catalog& catalog, const net::HttpRequest& request, const Need& need,
               std::function<void(access::Admission)> then);

// For a body that is worth not being read: the reply to a sender who certainly may not.
std::optional<net::HttpReply> refuse_early(access::Access& access, const Catalog& catalog,
                                           const net::HttpRequest& head);

}  // namespace scoria::serve
