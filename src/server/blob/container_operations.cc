#include <algorithm>
#include <charconv>

#include "base/iso8601.h"
#include "server/blob/access_policy.h"
#include "server/blob/operations.h"
#include "server/blob/storage_reply.h"
#include "server/blob/xml.h"

namespace scoria::server::storage {
namespace {

constexpr std::size_t kMaxPage = 5000;  // Azure's; clients that follow no marker rely on it

struct Page {
  std::string prefix, delimiter, marker, after;
  std::size_t limit = kMaxPage;
  bool with_metadata = false;
  bool with_copy = false;
};

// A marker is the last name of the page before, in base64url: names may hold what XML does not.
Result<Page> read_page(const auth::Target& target) {
  Page page;
  page.prefix = target.parameter("prefix").value_or("");
  page.delimiter = target.parameter("delimiter").value_or("");
  page.marker = target.parameter("marker").value_or("");
  const auto after = auth::from_base64url(page.marker);
  if (!after.ok()) {
    return Error{Code::invalid, "the query parameter marker is none of this server's NextMarker values",
                 "InvalidQueryParameterValue"};
  }
  page.after = after.value();
  if (const auto text = target.parameter("maxresults"); text && !text->empty()) {
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (error != std::errc{} || end != text->data() + text->size() || limit == 0) {
      return Error{Code::invalid, "the query parameter maxresults must be 1 to 5000", "OutOfRangeQueryParameterValue"};
    }
    page.limit = std::min(limit, kMaxPage);
  }
  const std::string include = auth::lower_case(target.parameter("include").value_or(""));
  page.with_metadata = include.find("metadata") != std::string::npos;
  page.with_copy = include.find("copy") != std::string::npos;
  return page;
}

std::string endpoint_attribute(const Context& context) {
  const net::HttpRequest& http = context.request.http;
  std::string url = (http.is_tls ? "https://" : "http://") + std::string(http.host()) + "/";
  if (!is_account_host(http.host(), context.account.name)) url += context.account.name + "/";
  return "ServiceEndpoint=\"" + xml_escape(url) + "\"";
}

void write_query(XmlWriter& xml, const Page& page, const auth::Target& target) {
  // A parameter that was not there is no element; rAzureBatch and the SDKs take either.
  if (!page.prefix.empty()) xml.name_leaf("Prefix", page.prefix);
  if (!page.marker.empty()) xml.leaf("Marker", page.marker);
  if (target.parameter("maxresults")) xml.leaf("MaxResults", std::uint64_t{page.limit});
  if (!page.delimiter.empty()) xml.name_leaf("Delimiter", page.delimiter);
}

void write_metadata(XmlWriter& xml, const blob::Metadata& metadata) {
  xml.open("Metadata");
  for (const auto& [name, value] : metadata) xml.leaf(name, value);
  xml.close("Metadata");
}

void write_container(XmlWriter& xml, const blob::ContainerProperties& container, const Page& page, bool old_version) {
  xml.open("Container").leaf("Name", container.name).open("Properties");
  xml.leaf("Last-Modified", format_http_time(container.modified)).leaf("Etag", "\"" + container.etag + "\"");
  xml.leaf("LeaseStatus", "unlocked").leaf("LeaseState", "available");
  // rAzureBatch makes a table of the containers and needs one of these in each, empty as it may be.
  if (old_version || !container.public_access.empty()) xml.leaf("PublicAccess", container.public_access);
  xml.leaf("HasImmutabilityPolicy", "false").leaf("HasLegalHold", "false").close("Properties");
  if (page.with_metadata) write_metadata(xml, container.metadata);
  xml.close("Container");
}

void write_blob(XmlWriter& xml, const blob::BlobItem& item, const Page& page) {
  if (item.is_prefix) {
    xml.open("BlobPrefix").name_leaf("Name", item.name).close("BlobPrefix");
    return;
  }
  const blob::BlobProperties& p = item.properties;
  xml.open("Blob").name_leaf("Name", item.name).open("Properties");
  xml.leaf("Creation-Time", format_http_time(p.created)).leaf("Last-Modified", format_http_time(p.modified));
  xml.leaf("Etag", p.etag).leaf("Content-Length", p.length).leaf("Content-Type", p.content_type);
  xml.leaf("Content-Encoding", p.content_encoding).leaf("Content-Language", p.content_language);
  xml.leaf("Content-MD5", p.content_md5).leaf("Cache-Control", p.cache_control);
  xml.leaf("Content-Disposition", p.content_disposition);
  xml.leaf("BlobType", p.type == blob::BlobType::append ? "AppendBlob" : "BlockBlob");
  xml.leaf("LeaseStatus", "unlocked").leaf("LeaseState", "available").leaf("ServerEncrypted", "false");
  if (page.with_copy && !p.copy.empty()) {
    const auto text = [&](const char* name) {
      const auto found = p.copy.find(name);
      return found == p.copy.end() ? std::string() : found->second;
    };
    xml.leaf("CopyId", text("id")).leaf("CopyStatus", text("status")).leaf("CopySource", text("source"));
    xml.leaf("CopyProgress", text("progress")).leaf("CopyCompletionTime", text("completion-time"));
  }
  xml.close("Properties");
  if (page.with_metadata) write_metadata(xml, p.metadata);
  xml.close("Blob");
}

Result<std::string> read_public_access(const net::HttpRequest& http) {
  const auto value = http.header("x-ms-blob-public-access");
  if (!value || value->empty()) return std::string();
  const std::string lower = auth::lower_case(*value);
  if (lower == "container" || lower == "true") return std::string("container");
  if (lower == "blob") return lower;
  return Error{Code::invalid, "the header x-ms-blob-public-access must be 'container' or 'blob'", "InvalidHeaderValue"};
}

// Containers know If-Modified-Since and If-Unmodified-Since, and If-Match nowhere.
Status check_times(const Context& context, WallTime modified) {
  SCORIA_TRY(conditions, read_conditions(context.request.http.headers));
  using std::chrono::floor;
  using std::chrono::seconds;
  const auto stamp = floor<seconds>(modified);
  if ((conditions.if_modified_since && stamp <= floor<seconds>(*conditions.if_modified_since)) ||
      (conditions.if_unmodified_since && stamp > floor<seconds>(*conditions.if_unmodified_since))) {
    return Error{Code::conflict, "the container's time of change does not meet the condition", "ConditionNotMet"};
  }
  return Ok{};
}

Result<net::HttpReply> stamped(const Context& context, int status) {
  SCORIA_TRY(properties, context.store.container(context.request.container));
  net::HttpReply reply = new_reply(status, &context.request.http);
  add_stamp(reply, properties.etag, properties.modified);
  return reply;
}

}  // namespace

Result<net::HttpReply> list_containers(const Context& context) {
  SCORIA_TRY(page, read_page(context.request.target));
  SCORIA_TRY(found, context.store.list_containers(page.prefix, page.after, page.limit + 1));
  const bool has_more = found.size() > page.limit;
  if (has_more) found.pop_back();
  const auto version = context.request.http.header("x-ms-version").value_or("");
  XmlWriter xml;
  xml.open("EnumerationResults", endpoint_attribute(context));
  write_query(xml, page, context.request.target);
  xml.open("Containers");
  for (const auto& container : found) write_container(xml, container, page, version <= "2016-05-31");
  xml.close("Containers").leaf("NextMarker", has_more ? auth::base64url(found.back().name) : "");
  net::HttpReply reply = new_reply(200, &context.request.http);
  set_xml(reply, xml.close("EnumerationResults").take());
  return reply;
}

Result<net::HttpReply> get_service_properties(const Context& context) {
  XmlWriter xml;
  xml.open("StorageServiceProperties");
  const auto retention = [&xml](const char* name) { xml.open(name).leaf("Enabled", "false").close(name); };
  xml.open("Logging").leaf("Version", "1.0").leaf("Delete", "false").leaf("Read", "false").leaf("Write", "false");
  retention("RetentionPolicy");
  xml.close("Logging");
  for (const char* name : {"HourMetrics", "MinuteMetrics"}) {
    xml.open(name).leaf("Version", "1.0").leaf("Enabled", "false");
    retention("RetentionPolicy");
    xml.close(name);
  }
  xml.leaf("Cors", "");
  retention("DeleteRetentionPolicy");
  retention("StaticWebsite");
  net::HttpReply reply = new_reply(200, &context.request.http);
  set_xml(reply, xml.close("StorageServiceProperties").take());
  return reply;
}

Result<net::HttpReply> get_account_information(const Context& context) {
  net::HttpReply reply = new_reply(200, &context.request.http);
  reply.headers.emplace_back("x-ms-sku-name", "Standard_LRS");
  reply.headers.emplace_back("x-ms-account-kind", "StorageV2");
  reply.headers.emplace_back("x-ms-is-hns-enabled", "false");
  return reply;
}

Result<net::HttpReply> create_container(const Context& context) {
  SCORIA_TRY(metadata, read_metadata(context.request.http.headers));
  SCORIA_TRY(access, read_public_access(context.request.http));
  SCORIA_TRY(made, context.store.create_container(context.request.container, std::move(metadata), std::move(access)));
  net::HttpReply reply = new_reply(201, &context.request.http);
  add_stamp(reply, made.etag, made.modified);
  return reply;
}

Result<net::HttpReply> delete_container(const Context& context) {
  SCORIA_TRY(properties, context.store.container(context.request.container));
  SCORIA_TRY_STATUS(check_times(context, properties.modified));
  SCORIA_TRY_STATUS(context.store.delete_container(context.request.container));
  return new_reply(202, &context.request.http);
}

Result<net::HttpReply> get_container(const Context& context) {
  SCORIA_TRY(properties, context.store.container(context.request.container));
  net::HttpReply reply = new_reply(200, &context.request.http);
  add_stamp(reply, properties.etag, properties.modified);
  if (!properties.public_access.empty()) {
    reply.headers.emplace_back("x-ms-blob-public-access", properties.public_access);
  }
  reply.headers.emplace_back("x-ms-lease-status", "unlocked");
  reply.headers.emplace_back("x-ms-lease-state", "available");
  reply.headers.emplace_back("x-ms-has-immutability-policy", "false");
  reply.headers.emplace_back("x-ms-has-legal-hold", "false");
  add_metadata(reply, properties.metadata);
  return reply;
}

Result<net::HttpReply> set_container_metadata(const Context& context) {
  SCORIA_TRY(metadata, read_metadata(context.request.http.headers));
  SCORIA_TRY(properties, context.store.container(context.request.container));
  SCORIA_TRY_STATUS(check_times(context, properties.modified));
  SCORIA_TRY_STATUS(context.store.update_container(
      context.request.container, [&](blob::ContainerProperties& changed) { changed.metadata = std::move(metadata); }));
  return stamped(context, 200);
}

Result<net::HttpReply> get_container_acl(const Context& context) {
  SCORIA_TRY(properties, context.store.container(context.request.container));
  SCORIA_TRY(reply, stamped(context, 200));
  if (!properties.public_access.empty()) {
    reply.headers.emplace_back("x-ms-blob-public-access", properties.public_access);
  }
  if (context.request.http.method != "HEAD") set_xml(reply, write_policies(properties.policies));
  return std::move(reply);
}

Result<net::HttpReply> set_container_acl(const Context& context) {
  SCORIA_TRY(access, read_public_access(context.request.http));
  SCORIA_TRY(policies, read_policies(context.request.http.body));
  SCORIA_TRY(properties, context.store.container(context.request.container));
  SCORIA_TRY_STATUS(check_times(context, properties.modified));
  SCORIA_TRY_STATUS(context.store.update_container(context.request.container, [&](blob::ContainerProperties& changed) {
    changed.public_access = std::move(access);
    changed.policies = std::move(policies);
  }));
  return stamped(context, 200);
}

Result<net::HttpReply> list_blobs(const Context& context) {
  SCORIA_TRY(page, read_page(context.request.target));
  SCORIA_TRY(found, context.store.list_blobs(context.request.container, page.prefix, page.delimiter, page.after,
                                             page.limit + 1));
  const bool has_more = found.size() > page.limit;
  if (has_more) found.pop_back();
  XmlWriter xml;
  xml.open("EnumerationResults",
           endpoint_attribute(context) + " ContainerName=\"" + xml_escape(context.request.container) + "\"");
  write_query(xml, page, context.request.target);
  xml.open("Blobs");
  for (const auto& item : found) write_blob(xml, item, page);
  xml.close("Blobs").leaf("NextMarker", has_more ? auth::base64url(found.back().name) : "");
  net::HttpReply reply = new_reply(200, &context.request.http);
  set_xml(reply, xml.close("EnumerationResults").take());
  return reply;
}

}  // namespace scoria::server::storage
