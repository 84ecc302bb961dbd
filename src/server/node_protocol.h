// What nodes say to the server, each with "Authorization: Bearer TOKEN":
//
//   POST /node/v1/{pool}/join          join token; {"name", "slots"} -> 201 {"node", "token", "account"}: the node's own token
//   POST /node/v1/{pool}/{node}/sync   spec::SyncRequest -> spec::SyncReply, up to wait_ms later
//   POST /node/v1/{pool}/{node}/files/{id}   what a FileOrder asked for -> 204 (nobody waits any more: 404)
//        "read": the bytes. "list", "list_recursive", "properties": JSON, see server/file_relay.h. When it could not be done: header
//        "scoria-error: FileNotFound" (Azure's code) with the reason as body.
//   GET  /node/v1/{pool}/{node}/secrets/{name} -> 200 the secret, text/plain
//   PUT  /node/v1/{pool}/{node}/outputs/{attempt}/{container}/{blob...} -> 201: an output of a running attempt, staged in the account's own
//        storage until the attempt counts; with Content-Type and x-ms-meta-* as Put Blob; the query is the container URL's signature, which must
//        allow writing
//
// Errors are Batch's error bodies; 404 NodeNotFound and 403 AuthenticationFailed mean that the node is none of ours any more.
// Threads: as Call.
#pragma once

#include <string>
#include <string_view>

#include "server/call.h"
#include "store/store.h"

namespace scoria::server {

// Answers a request whose path begins with /node/v1.
void serve_node(const CallPtr& call);

// The plan for the body of such a request: an output goes to disk as it comes.
net::BodyPlan plan_node_body(const App& app, const net::HttpRequest& head, const Target& target);

// What the store keeps of a token by which machines join a pool: its hash.
store::Document join_token_document(std::string_view pool, std::string_view token, std::string_view expires);

}  // namespace scoria::server
