// Replies of blob storage: headers that all have, errors as XML, properties of blobs and containers as headers.
// Source: Azure Storage services REST API, "Status and error codes". Threads: free functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "blob/blob_store.h"
#include "net/http.h"

namespace scoria::server::storage {

// x-ms-request-id, x-ms-version and, where the client sent one, x-ms-client-request-id. `request` may be null.
net::HttpReply new_reply(int status, const net::HttpRequest* request);

int status_of(const Error& error);
// Errors that are not the client's are logged, and their messages not shown.
net::HttpReply error_reply(const Error& error, const net::HttpRequest* request, WallTime now);

void add_stamp(net::HttpReply& reply, std::string_view etag, WallTime modified);  // ETag, Last-Modified
void add_metadata(net::HttpReply& reply, const blob::Metadata& metadata);
// Everything that HEAD of a blob says, but its length.
void add_blob_headers(net::HttpReply& reply, const blob::BlobProperties& properties);
void set_xml(net::HttpReply& reply, std::string xml);

}  // namespace scoria::server::storage
