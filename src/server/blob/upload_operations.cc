#include "auth/target.h"
#include "server/blob/operations.h"
#include "server/blob/storage_reply.h"
#include "server/blob/xml.h"

namespace scoria::server::storage {
namespace {

void add(net::HttpReply& reply, const char* name, std::string value) {
  reply.headers.emplace_back(name, std::move(value));
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

// Bytes that may come before it is known whose they are.
constexpr std::uint64_t kMostBeforeKnown = 16u << 20;

}  // namespace

Status StorageSink::write(std::span<const std::byte> bytes) {
  if (late_ != nullptr && !is_allowed_) {
    if (const auto user = late_->known()) {
      SCORIA_TRY(access, authorize_user(*wanted_, *user));
      is_allowed_ = access.by == Access::By::key;
    } else {
      before_known_ += bytes.size();
      if (before_known_ > kMostBeforeKnown)
        return Error{Code::unavailable, "the password is still being checked: send the upload again", "ServerBusy"};
    }
  }
  return upload_->write(bytes);
}

Status check_md5(const net::HttpRequest& http, const char* header, const blob::BlobStore::Upload& upload) {
  const auto value = http.header(header);
  if (!value || value->empty()) return Ok{};
  return check_md5_value(header, *value, upload.md5());
}

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

Result<net::HttpReply> put_block_blob(const Context& context, Upload upload) {
  for (const char* header : {"Content-MD5", "x-ms-blob-content-md5"}) {
    SCORIA_TRY_STATUS(check_md5(context.request.http, header, *upload));
  }
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
  if (!context.request.http.body.empty()) {
    return Error{Code::invalid, "an append blob is made empty: Content-Length must be 0, bytes come by Append Block",
                 "InvalidHeaderValue"};
  }
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
  if (context.request.operation == Operation::put_block) {
    SCORIA_TRY_STATUS(check_md5(context.request.http, "Content-MD5", *upload));
  }
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
  if (context.request.operation == Operation::append_block) {
    SCORIA_TRY_STATUS(check_md5(http, "Content-MD5", *upload));
  }
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

}  // namespace scoria::server::storage
