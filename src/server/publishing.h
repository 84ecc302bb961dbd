// ML Server's calls by which code becomes a service: POST and DELETE of /services/NAME/VERSION. What is published is deployed as `scoria service
// deploy --script` does it, and asked by POST /api/NAME/VERSION.
//
//   {"code": "answer <- x + y", "runtimeType": "R", "initCode": "...", "description": "...",
//    "inputParameterDefinitions": [{"name": "x", "type": "numeric"}, ...], "outputParameterDefinitions": [{"name": "answer", "type": "numeric"}]}
//
// The code runs once for each request, with the inputs as variables; what it leaves in those of the outputs is answered. PUT and PATCH, which change a
// version, and sessions' snapshots are refused, saying what would be right.
// Source: the swagger document of Machine Learning Server 9.x (PublishWebServiceRequest, ParameterDefinition). Threads: free functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/call.h"

namespace scoria::server::publishing {

// Whether it is one of these calls: a path below a plumber file's service is the file's own. Of services that are not loaded (yet) it is one, and refused.
bool is_publishing(App& app, std::string_view method, const Target& target);

// 503 with Retry-After until all services are loaded, 409 of one that failed to. Precondition: it is, and Call::identity is known.
void serve(const CallPtr& call);

// What of a call's body is deployed.
struct Publication {
  Json request;                                            // as of Services::Deployment, without files
  std::vector<std::pair<std::string, std::string>> texts;  // files: name, content
};
// Errors: invalid, unsupported: naming the member.
Result<Publication> read_publication(const Json& body);

}  // namespace scoria::server::publishing
