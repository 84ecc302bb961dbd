#include "auth/tokens.h"
#include "base/iso8601.h"
#include "blob/conditions.h"
#include "net/url.h"
#include "server/blob/operations.h"
#include "server/blob/storage_reply.h"
#include "server/blob/xml.h"

namespace scoria::server::storage {
namespace {

void add(net::HttpReply& reply, const char* name, std::string value) {
  reply.headers.emplace_back(name, std::move(value));
}

// The request's own conditions, and those of a signature that lets blobs be made but not changed.
Result<blob::Conditions> write_conditions(const Context& context) {
  SCORIA_TRY(conditions, read_conditions(context.request.http.headers));
  if (!context.access.may_only_create) return std::move(conditions);
  if (context.store.properties(context.request.container, context.request.blob).ok()) {
    return Error{Code::denied, "the signature permits making blobs ('c'), and changing this one needs 'w'",
                 "AuthorizationPermissionMismatch"};
  }
  conditions.if_none_match = "*";  // should one come in between
  return std::move(conditions);
}

Result<blob::BlobProperties> read_properties(const Context& context, bool with_plain) {
  blob::BlobProperties properties = read_content_headers(context.request.http.headers, with_plain);
  SCORIA_TRY(metadata, read_metadata(context.request.http.headers));
  properties.metadata = std::move(metadata);
  return properties;
}

Status check_md5_value(std::string_view name, std::string_view value, std::string_view actual) {
  const auto bytes = auth::from_base64(value);
  if (!bytes.ok() || bytes.value().size() != 16) {
    return Error{Code::invalid, "the header " + std::string(name) + " must be the base64 of 16 bytes", "InvalidMd5"};
  }
  if (value != actual) {
    return Error{Code::invalid,
                 "the header " + std::string(name) + " says " + std::string(value) + ", and the body's MD5 is " +
                     std::string(actual),
                 "Md5Mismatch"};
  }
  return Ok{};
}

Result<std::vector<blob::BlobStore::BlockRef>> read_block_list(std::string_view body) {
  using From = blob::BlobStore::BlockRef::From;
  SCORIA_TRY(root, read_xml(body));
  if (root.name != "BlockList") {
    return Error{Code::invalid, "the XML body's root must be BlockList", "InvalidXmlDocument"};
  }
  std::vector<blob::BlobStore::BlockRef> blocks;
  blocks.reserve(root.children.size());
  for (XmlElement& element : root.children) {
    const From from = element.name == "Committed"     ? From::committed
                      : element.name == "Uncommitted" ? From::uncommitted
                                                      : From::latest;
    if (from == From::latest && element.name != "Latest") {
      return Error{Code::invalid, "a BlockList may hold Latest, Committed and Uncommitted, not '" + element.name + "'",
                   "InvalidXmlDocument"};
    }
    blocks.push_back({from, std::move(element.text)});
  }
  return blocks;
}

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

Status check_source_conditions(const Context& context, const CopySource& source) {
  SCORIA_TRY(conditions, read_conditions(context.request.http.headers, "x-ms-source-"));
  SCORIA_TRY(properties, context.store.properties(source.address.container, source.address.blob));
  auto met = blob::check_conditions(conditions, source.address.container, source.address.blob, &properties);
  if (met.ok()) return met;
  return Error{Code::conflict, "the source's state does not meet the x-ms-source-if- conditions", "ConditionNotMet"};
}

}  // namespace

Status check_md5(const net::HttpRequest& http, const blob::BlobStore::Upload& upload) {
  for (const char* name : {"Content-MD5", "x-ms-blob-content-md5"}) {
    const auto value = http.header(name);
    if (value && !value->empty()) SCORIA_TRY_STATUS(check_md5_value(name, *value, upload.md5()));
  }
  return Ok{};
}

Result<net::HttpReply> put_block_blob(const Context& context, Upload upload) {
  SCORIA_TRY_STATUS(check_md5(context.request.http, *upload));
  SCORIA_TRY(conditions, write_conditions(context));
  SCORIA_TRY(wanted, read_properties(context, true));
  SCORIA_TRY(put, context.store.put_blob(context.request.container, context.request.blob, std::move(upload),
                                         std::move(wanted), conditions));
  net::HttpReply reply = new_reply(201, &context.request.http);
  add_stamp(reply, put.etag, put.modified);
  add(reply, "Content-MD5", put.content_md5);
  add(reply, "x-ms-request-server-encrypted", "false");
  return reply;
}

Result<net::HttpReply> create_append_blob(const Context& context) {
  SCORIA_TRY(conditions, write_conditions(context));
  SCORIA_TRY(wanted, read_properties(context, true));
  SCORIA_TRY(put, context.store.create_append_blob(context.request.container, context.request.blob, std::move(wanted),
                                                   conditions));
  net::HttpReply reply = new_reply(201, &context.request.http);
  add_stamp(reply, put.etag, put.modified);
  add(reply, "x-ms-request-server-encrypted", "false");
  return reply;
}

Result<net::HttpReply> put_block(const Context& context, Upload upload) {
  SCORIA_TRY_STATUS(check_md5(context.request.http, *upload));
  const auto id = context.request.target.parameter("blockid");
  if (!id) return Error{Code::invalid, "Put Block needs the query parameter blockid", "MissingRequiredQueryParameter"};
  const std::string md5 = upload->md5();
  SCORIA_TRY_STATUS(context.store.put_block(context.request.container, context.request.blob, *id, std::move(upload)));
  net::HttpReply reply = new_reply(201, &context.request.http);
  add(reply, "Content-MD5", md5);
  add(reply, "x-ms-request-server-encrypted", "false");
  return reply;
}

Result<net::HttpReply> put_block_list(const Context& context) {
  SCORIA_TRY(conditions, write_conditions(context));
  // Content-Type and Content-MD5 are those of the XML here.
  SCORIA_TRY(wanted, read_properties(context, false));
  wanted.content_md5 = context.request.http.header("x-ms-blob-content-md5").value_or("");
  SCORIA_TRY(blocks, read_block_list(context.request.http.body));
  SCORIA_TRY(put, context.store.put_block_list(context.request.container, context.request.blob, blocks,
                                               std::move(wanted), conditions));
  net::HttpReply reply = new_reply(201, &context.request.http);
  add_stamp(reply, put.etag, put.modified);
  add(reply, "x-ms-request-server-encrypted", "false");
  return reply;
}

Result<net::HttpReply> get_block_list(const Context& context) {
  const std::string kind = auth::lower_case(context.request.target.parameter("blocklisttype").value_or("committed"));
  if (kind != "committed" && kind != "uncommitted" && kind != "all") {
    return Error{Code::invalid, "the query parameter blocklisttype must be committed, uncommitted or all",
                 "InvalidQueryParameterValue"};
  }
  SCORIA_TRY(lists, context.store.block_list(context.request.container, context.request.blob));
  const auto properties = context.store.properties(context.request.container, context.request.blob);
  net::HttpReply reply = new_reply(200, &context.request.http);
  if (properties.ok()) {
    add_stamp(reply, properties.value().etag, properties.value().modified);
    add(reply, "x-ms-blob-content-length", std::to_string(properties.value().length));
  }
  XmlWriter xml;
  xml.open("BlockList");
  const auto write = [&xml](const char* name, const std::vector<blob::BlobStore::BlockInfo>& blocks) {
    xml.open(name);
    for (const auto& block : blocks) {
      xml.open("Block").leaf("Name", block.id).leaf("Size", block.length).close("Block");
    }
    xml.close(name);
  };
  if (kind != "uncommitted") write("CommittedBlocks", lists.committed);
  if (kind != "committed") write("UncommittedBlocks", lists.uncommitted);
  set_xml(reply, xml.close("BlockList").take());
  return reply;
}

Result<net::HttpReply> append_block(const Context& context, Upload upload) {
  const net::HttpRequest& http = context.request.http;
  SCORIA_TRY_STATUS(check_md5(http, *upload));
  if (upload->length() == 0) {
    return Error{Code::invalid, "Append Block needs a body of one byte or more", "InvalidHeaderValue"};
  }
  SCORIA_TRY(conditions, read_conditions(http.headers));
  SCORIA_TRY(position, read_number(http.headers, "x-ms-blob-condition-appendpos"));
  SCORIA_TRY(max_size, read_number(http.headers, "x-ms-blob-condition-maxsize"));
  SCORIA_TRY(before, context.store.properties(context.request.container, context.request.blob));
  if (max_size && before.length + upload->length() > *max_size) {
    return Error{Code::conflict, "the blob would have more than " + std::to_string(*max_size) + " bytes",
                 "MaxBlobSizeConditionNotMet"};
  }
  const std::string md5 = upload->md5();
  SCORIA_TRY(offset, context.store.append_block(context.request.container, context.request.blob, std::move(upload),
                                                conditions, position));
  SCORIA_TRY(after, context.store.properties(context.request.container, context.request.blob));
  net::HttpReply reply = new_reply(201, &http);
  add_stamp(reply, after.etag, after.modified);
  add(reply, "Content-MD5", md5);
  add(reply, "x-ms-blob-append-offset", std::to_string(offset));
  add(reply, "x-ms-blob-committed-block-count", std::to_string(after.blocks));
  add(reply, "x-ms-request-server-encrypted", "false");
  return reply;
}

Result<net::HttpReply> copy_blob(const Context& context) {
  const net::HttpRequest& http = context.request.http;
  SCORIA_TRY(conditions, write_conditions(context));
  SCORIA_TRY(metadata, read_metadata(http.headers));
  SCORIA_TRY(source, read_copy_source(context));
  SCORIA_TRY_STATUS(authorize_source(source.target, source.address, context.access, http, context.account,
                                     context.store, context.now));
  SCORIA_TRY_STATUS(check_source_conditions(context, source));
  SCORIA_TRY(original, context.store.properties(source.address.container, source.address.blob));
  const std::string size = std::to_string(original.length);
  const std::string id = auth::hash_token(auth::random_token()).substr(0, 32);
  const blob::Metadata copy = {{"id", id},
                               {"source", source.shown},
                               {"status", "success"},
                               {"progress", size + "/" + size},
                               {"completion-time", format_http_time(context.now)}};
  SCORIA_TRY(made, context.store.copy_blob(
                       source.address.container, source.address.blob, context.request.container, context.request.blob,
                       metadata.empty() ? std::nullopt : std::optional<blob::Metadata>(metadata), conditions, copy));
  // 202 for both kinds; either is done by now.
  net::HttpReply reply = new_reply(202, &http);
  add_stamp(reply, made.etag, made.modified);
  add(reply, "x-ms-copy-id", id);
  add(reply, "x-ms-copy-status", "success");
  if (http.header("x-ms-requires-sync") && !made.content_md5.empty()) add(reply, "Content-MD5", made.content_md5);
  return reply;
}

}  // namespace scoria::server::storage
