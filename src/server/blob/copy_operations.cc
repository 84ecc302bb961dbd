#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "auth/tokens.h"
#include "base/iso8601.h"
#include "blob/conditions.h"
#include "net/url.h"
#include "server/blob/operations.h"
#include "server/blob/storage_reply.h"

namespace scoria::server::storage {
namespace {

constexpr std::size_t kPiece = 1u << 20;

struct CopySource {
  auth::Target target;
  Address address;
  std::string shown;
};

Result<CopySource> read_copy_source(const Context& context) {
  const std::string text(context.request.http.header("x-ms-copy-source").value_or(""));
  const auto url = net::parse_url(text);
  if (!url.ok()) {
    return Error{Code::invalid, "the header x-ms-copy-source: " + url.error().message, "InvalidHeaderValue"};
  }
  // Nothing is fetched from elsewhere: the source is a blob of this account, by whichever of its addresses.
  const bool is_ours = is_account_host(url.value().host, context.account.name) ||
                       auth::lower_case(url.value().authority()) == auth::lower_case(context.request.http.host());
  auto address = is_ours
                     ? read_address(auth::split_target(url.value().target).path, url.value().host, context.account.name)
                     : Result<Address>(Error{Code::invalid, ""});
  if (!address.ok() || address.value().container.empty()) {
    return Error{Code::unsupported,
                 "the source of a copy must be a blob of this account ('" + context.account.name +
                     "'); copies from other servers are not supported",
                 "CannotVerifyCopySource"};
  }
  CopySource source{.target = auth::split_target(url.value().target),
                    .address = std::move(address).value(),
                    .shown = url.value().shown()};
  if (source.address.blob.empty()) source.address.blob = std::exchange(source.address.container, "$root");
  if (source.target.parameter("snapshot") || source.target.parameter("versionid")) {
    return Error{Code::unsupported, "copies of snapshots and versions are not supported", "NotImplemented"};
  }
  return source;
}

// Whether who asks for the copy may read its source.
Status check_source_access(const Context& context, const CopySource& source) {
  return authorize_source(source.target, source.address, context.access, context.request.http, context.account,
                          context.store, context.now, context.proxies);
}

Status check_source_conditions(const Context& context, const CopySource& source) {
  SCORIA_TRY(conditions, read_conditions(context.request.http.headers, "x-ms-source-"));
  SCORIA_TRY(properties, context.store.properties(source.address.container, source.address.blob));
  auto met = blob::check_conditions(conditions, source.address.container, source.address.blob, &properties);
  if (met.ok()) return met;
  return Error{Code::conflict, "the source's state does not meet the x-ms-source-if- conditions", "ConditionNotMet"};
}

// The source's bytes that x-ms-source-range names, all of them without one.
Result<Upload> read_source_range(const Context& context) {
  const net::HttpRequest& http = context.request.http;
  SCORIA_TRY(source, read_copy_source(context));
  SCORIA_TRY_STATUS(check_source_access(context, source));
  SCORIA_TRY_STATUS(check_source_conditions(context, source));
  SCORIA_TRY(opened, context.store.open_blob(source.address.container, source.address.blob));
  SCORIA_TRY(range, parse_range(http.header("x-ms-source-range"), opened.properties.length));
  SCORIA_TRY(upload, context.store.begin_upload());
  std::uint64_t at = range ? range->first : 0;
  const std::uint64_t end = at + (range ? range->length : opened.properties.length);
  std::string bytes;
  while (at < end) {
    bytes.resize(std::min<std::uint64_t>(kPiece, end - at));
    const ssize_t n = ::pread(*opened.descriptor, bytes.data(), bytes.size(), static_cast<off_t>(opened.offset + at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error{Code::unavailable, "the bytes of the copy's source cannot be read"};
    SCORIA_TRY_STATUS(upload->write(std::as_bytes(std::span(bytes.data(), static_cast<std::size_t>(n)))));
    at += static_cast<std::uint64_t>(n);
  }
  SCORIA_TRY_STATUS(check_md5(http, "x-ms-source-content-md5", *upload));
  return std::move(upload);
}

struct Copied {
  blob::BlobProperties made;
  std::string id;
};

// The whole source under the request's name; `metadata` instead of the source's, where it is there.
Result<Copied> copy_whole(const Context& context, std::optional<blob::Metadata> metadata) {
  SCORIA_TRY(conditions, write_conditions(context));
  SCORIA_TRY(source, read_copy_source(context));
  SCORIA_TRY_STATUS(check_source_access(context, source));
  SCORIA_TRY_STATUS(check_source_conditions(context, source));
  SCORIA_TRY(original, context.store.properties(source.address.container, source.address.blob));
  const std::string size = std::to_string(original.length);
  Copied copied{.made = {}, .id = auth::hash_token(auth::random_token()).substr(0, 32)};
  const blob::Metadata copy = {{"id", copied.id},
                               {"source", source.shown},
                               {"status", "success"},
                               {"progress", size + "/" + size},
                               {"completion-time", format_http_time(context.now)}};
  SCORIA_TRY(made, context.store.copy_blob(source.address.container, source.address.blob, context.request.container,
                                           context.request.blob, std::move(metadata), conditions, copy));
  copied.made = std::move(made);
  return copied;
}

}  // namespace

Result<net::HttpReply> copy_blob(const Context& context) {
  const net::HttpRequest& http = context.request.http;
  SCORIA_TRY(metadata, read_metadata(http.headers));
  SCORIA_TRY(copied, copy_whole(context, metadata.empty() ? std::nullopt : std::optional(metadata)));
  // 202 for both kinds; either is done by now.
  net::HttpReply reply = new_reply(202, &http);
  add_stamp(reply, copied.made.etag, copied.made.modified);
  reply.headers.emplace_back("x-ms-copy-id", copied.id);
  reply.headers.emplace_back("x-ms-copy-status", "success");
  if (http.header("x-ms-requires-sync") && !copied.made.content_md5.empty()) {
    reply.headers.emplace_back("Content-MD5", copied.made.content_md5);
  }
  return reply;
}

Result<net::HttpReply> put_blob_from_url(const Context& context) {
  const net::HttpRequest& http = context.request.http;
  SCORIA_TRY(upload, read_source_range(context));
  SCORIA_TRY(conditions, write_conditions(context));
  SCORIA_TRY(metadata, read_metadata(http.headers));
  SCORIA_TRY(source, read_copy_source(context));
  // The source's headers, but for those that the request names; its metadata is not the copy's.
  SCORIA_TRY(properties, context.store.properties(source.address.container, source.address.blob));
  const bool keeps = auth::lower_case(http.header("x-ms-copy-source-blob-properties").value_or("true")) != "false";
  if (!keeps) properties = {};
  const auto name = [&http](std::string& field, const char* header) {
    if (const auto value = http.header(header)) field = std::string(*value);
  };
  name(properties.content_type, "x-ms-blob-content-type");
  name(properties.content_encoding, "x-ms-blob-content-encoding");
  name(properties.content_language, "x-ms-blob-content-language");
  name(properties.content_disposition, "x-ms-blob-content-disposition");
  name(properties.cache_control, "x-ms-blob-cache-control");
  properties.metadata = std::move(metadata);
  properties.copy.clear();
  SCORIA_TRY(put, context.store.put_blob(context.request.container, context.request.blob, std::move(upload),
                                         std::move(properties), conditions));
  net::HttpReply reply = new_reply(201, &http);
  add_stamp(reply, put.etag, put.modified);
  reply.headers.emplace_back("Content-MD5", put.content_md5);
  reply.headers.emplace_back("x-ms-request-server-encrypted", "false");
  return reply;
}

Result<net::HttpReply> put_block_from_url(const Context& context) {
  SCORIA_TRY(upload, read_source_range(context));
  return put_block(context, std::move(upload));
}

Result<net::HttpReply> append_block_from_url(const Context& context) {
  SCORIA_TRY(upload, read_source_range(context));
  return append_block(context, std::move(upload));
}

}  // namespace scoria::server::storage
