#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "blob/conditions.h"
#include "server/blob/operations.h"
#include "server/blob/storage_reply.h"

namespace scoria::server::storage {
namespace {

constexpr std::uint64_t kMaxHashedRange = 4u << 20;  // Azure's, for x-ms-range-get-content-md5

// The conditions of a read that does not happen: 304 where the client has it already, else 412.
std::optional<net::HttpReply> unmet(const Context& context, const blob::Conditions& conditions,
                                    const blob::BlobProperties& properties) {
  const auto met = blob::check_conditions(conditions, context.request.container, context.request.blob, &properties);
  if (met.ok()) return std::nullopt;
  const bool is_known =
      blob::check_conditions({.if_match = conditions.if_match, .if_unmodified_since = conditions.if_unmodified_since},
                             context.request.container, context.request.blob, &properties)
          .ok();
  net::HttpReply reply =
      error_reply(Error{Code::conflict, "the blob's state does not meet the request's conditions", "ConditionNotMet"},
                  &context.request.http, context.now);
  if (is_known) {
    reply.status = 304;
    reply.body.clear();
    std::erase_if(reply.headers, [](const auto& header) { return header.first == "Content-Type"; });
    add_stamp(reply, properties.etag, properties.modified);
  }
  return reply;
}

Result<std::string> range_md5(int descriptor, std::uint64_t offset, std::uint64_t length) {
  std::string bytes(length, '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t n = ::pread(descriptor, bytes.data() + got, bytes.size() - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error{Code::unavailable, "a blob's bytes cannot be read"};
    got += static_cast<std::size_t>(n);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  SCORIA_CHECK(::EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, ::EVP_md5(), nullptr) == 1);
  return auth::base64({reinterpret_cast<const char*>(digest.data()), size});
}

bool says_true(const net::HttpRequest& http, const char* name) {
  return auth::lower_case(http.header(name).value_or("")) == "true";
}

// A signature may say what the reply's headers are.
void apply_grant(blob::BlobProperties& properties, const auth::SasGrant& grant) {
  const auto set = [](std::string& field, const std::string& value) {
    if (!value.empty()) field = value;
  };
  set(properties.cache_control, grant.cache_control);
  set(properties.content_disposition, grant.content_disposition);
  set(properties.content_encoding, grant.content_encoding);
  set(properties.content_language, grant.content_language);
  set(properties.content_type, grant.content_type);
}

Result<net::HttpReply> changed(const Context& context, const std::function<void(blob::BlobProperties&)>& change) {
  SCORIA_TRY(conditions, read_conditions(context.request.http.headers));
  SCORIA_TRY(now, context.store.update_blob(context.request.container, context.request.blob, conditions, change));
  net::HttpReply reply = new_reply(200, &context.request.http);
  add_stamp(reply, now.etag, now.modified);
  return reply;
}

}  // namespace

Result<net::HttpReply> get_blob(const Context& context) {
  const net::HttpRequest& http = context.request.http;
  SCORIA_TRY(conditions, read_conditions(http.headers));
  SCORIA_TRY(opened, context.store.open_blob(context.request.container, context.request.blob));
  blob::BlobProperties& properties = opened.properties;
  if (auto reply = unmet(context, conditions, properties)) return std::move(*reply);
  apply_grant(properties, context.access.grant);
  if (context.request.operation == Operation::get_blob_properties) {
    net::HttpReply reply = new_reply(200, &http);
    add_blob_headers(reply, properties);
    if (!properties.content_md5.empty()) reply.headers.emplace_back("Content-MD5", properties.content_md5);
    // Get Blob Metadata by GET has no body either.
    if (http.method == "HEAD") reply.head_length = properties.length;
    return reply;
  }
  SCORIA_TRY(range, read_range(http.headers, properties.length));
  net::HttpReply reply = new_reply(range ? 206 : 200, &http);
  add_blob_headers(reply, properties);
  const std::uint64_t first = range ? range->first : 0;
  const std::uint64_t length = range ? range->length : properties.length;
  if (range) {
    reply.headers.emplace_back("Content-Range", "bytes " + std::to_string(first) + "-" +
                                                    std::to_string(first + length - 1) + "/" +
                                                    std::to_string(properties.length));
    if (!properties.content_md5.empty()) reply.headers.emplace_back("x-ms-blob-content-md5", properties.content_md5);
    if (says_true(http, "x-ms-range-get-content-md5")) {
      if (length > kMaxHashedRange) {
        return Error{Code::invalid, "x-ms-range-get-content-md5 is for ranges of at most 4 MiB", "OutOfRangeInput"};
      }
      SCORIA_TRY(md5, range_md5(*opened.descriptor, opened.offset + first, length));
      reply.headers.emplace_back("Content-MD5", md5);
    }
  } else if (!properties.content_md5.empty()) {
    reply.headers.emplace_back("Content-MD5", properties.content_md5);
  }
  if (length > 0) {
    reply.file = net::FilePart{.descriptor = opened.descriptor, .offset = opened.offset + first, .length = length};
  }
  return reply;
}

Result<net::HttpReply> set_blob_metadata(const Context& context) {
  SCORIA_TRY(metadata, read_metadata(context.request.http.headers));
  SCORIA_TRY(reply, changed(context, [&](blob::BlobProperties& properties) { properties.metadata = metadata; }));
  reply.headers.emplace_back("x-ms-request-server-encrypted", "false");
  return std::move(reply);
}

Result<net::HttpReply> set_blob_properties(const Context& context) {
  // What the request does not name is cleared, as Azure does.
  const blob::BlobProperties wanted = read_content_headers(context.request.http.headers, false);
  const std::string md5(context.request.http.header("x-ms-blob-content-md5").value_or(""));
  if (!md5.empty()) {
    const auto bytes = auth::from_base64(md5);
    if (!bytes.ok() || bytes.value().size() != 16) {
      return Error{Code::invalid, "the header x-ms-blob-content-md5 must be the base64 of 16 bytes", "InvalidMd5"};
    }
  }
  return changed(context, [&](blob::BlobProperties& properties) {
    properties.content_type = wanted.content_type;
    properties.content_encoding = wanted.content_encoding;
    properties.content_language = wanted.content_language;
    properties.content_disposition = wanted.content_disposition;
    properties.cache_control = wanted.cache_control;
    properties.content_md5 = md5;
  });
}

Result<net::HttpReply> delete_blob(const Context& context) {
  SCORIA_TRY(conditions, read_conditions(context.request.http.headers));
  // There are no snapshots; "only" therefore deletes nothing.
  const std::string which = auth::lower_case(context.request.http.header("x-ms-delete-snapshots").value_or("include"));
  if (which != "include" && which != "only") {
    return Error{Code::invalid, "the header x-ms-delete-snapshots must be include or only", "InvalidHeaderValue"};
  }
  if (which != "only") {
    SCORIA_TRY_STATUS(context.store.delete_blob(context.request.container, context.request.blob, conditions));
  } else {
    SCORIA_TRY(there, context.store.properties(context.request.container, context.request.blob));
  }
  net::HttpReply reply = new_reply(202, &context.request.http);
  reply.headers.emplace_back("x-ms-delete-type-permanent", "true");
  return reply;
}

}  // namespace scoria::server::storage
