#include "server/blob/storage_request.h"

#include <algorithm>
#include <charconv>

#include "base/iso8601.h"
#include "blob/names.h"

namespace scoria::server::storage {
namespace {

constexpr std::size_t kMaxMetadata = 8u << 10;  // Azure's, names and values together

Error bad_header(std::string_view name, std::string_view must) {
  return Error{Code::invalid, "the header " + std::string(name) + " must be " + std::string(must),
               "InvalidHeaderValue"};
}

Error not_served(std::string_view what) {
  return Error{Code::unsupported, std::string(what) + " is not supported by this server (docs/blob-api.md)",
               "NotImplemented"};
}

struct OperationRow {
  std::string_view method, comp;
  Operation operation;
};

constexpr OperationRow kAccountRows[] = {
    {"GET", "list", Operation::list_containers},
};

constexpr OperationRow kContainerRows[] = {
    {"PUT", "", Operation::create_container},
    {"DELETE", "", Operation::delete_container},
    {"GET", "", Operation::get_container},
    {"HEAD", "", Operation::get_container},
    {"GET", "metadata", Operation::get_container},
    {"HEAD", "metadata", Operation::get_container},
    {"PUT", "metadata", Operation::set_container_metadata},
    {"GET", "acl", Operation::get_container_acl},
    {"HEAD", "acl", Operation::get_container_acl},
    {"PUT", "acl", Operation::set_container_acl},
    {"GET", "list", Operation::list_blobs},
};

constexpr OperationRow kBlobRows[] = {
    {"PUT", "block", Operation::put_block},
    {"PUT", "blocklist", Operation::put_block_list},
    {"GET", "blocklist", Operation::get_block_list},
    {"PUT", "appendblock", Operation::append_block},
    {"GET", "", Operation::get_blob},
    {"HEAD", "", Operation::get_blob_properties},
    {"GET", "metadata", Operation::get_blob_properties},
    {"HEAD", "metadata", Operation::get_blob_properties},
    {"PUT", "metadata", Operation::set_blob_metadata},
    {"PUT", "properties", Operation::set_blob_properties},
    {"DELETE", "", Operation::delete_blob},
};

// Operations of Azure's that this server does not have; others are no operations at all.
constexpr std::string_view kKnownComps[] = {"lease",
                                            "snapshot",
                                            "copy",
                                            "tier",
                                            "tags",
                                            "undelete",
                                            "page",
                                            "pagelist",
                                            "batch",
                                            "blobs",
                                            "seal",
                                            "rename",
                                            "expiry",
                                            "query",
                                            "stats",
                                            "userdelegationkey",
                                            "incrementalcopy",
                                            "properties",
                                            "immutabilityPolicies",
                                            "legalhold"};

template <std::size_t N>
Result<Operation> find_row(const OperationRow (&rows)[N], std::string_view method, std::string_view comp) {
  bool is_comp_known = false;
  for (const OperationRow& row : rows) {
    if (row.comp != comp) continue;
    if (row.method == method) return row.operation;
    is_comp_known = true;
  }
  if (is_comp_known) {
    return Error{Code::invalid, "the method " + std::string(method) + " is none of this resource's",
                 "UnsupportedHttpVerb"};
  }
  if (std::find(std::begin(kKnownComps), std::end(kKnownComps), comp) != std::end(kKnownComps)) {
    return not_served("the operation comp=" + std::string(comp));
  }
  return Error{Code::invalid,
               "the query parameter comp has a value that is no operation's: '" + std::string(comp.substr(0, 40)) + "'",
               "InvalidQueryParameterValue"};
}

Result<Operation> put_operation(const net::HttpRequest& http) {
  const auto type = http.header("x-ms-blob-type");
  if (http.header("x-ms-copy-source")) {
    // With a type it is Put Blob From URL, which there is for block blobs only; without one Copy Blob.
    if (!type) return Operation::copy_blob;
    if (auth::lower_case(*type) == "blockblob") return Operation::put_blob_from_url;
    return bad_header("x-ms-blob-type", "BlockBlob where x-ms-copy-source is given");
  }
  if (!type) {
    return Error{Code::invalid, "a PUT of a blob needs the header x-ms-blob-type: BlockBlob or AppendBlob",
                 "MissingRequiredHeader"};
  }
  const std::string lower = auth::lower_case(*type);
  if (lower == "blockblob") return Operation::put_block_blob;
  if (lower == "appendblob") return Operation::create_append_blob;
  if (lower == "pageblob") return not_served("the blob type PageBlob");
  return bad_header("x-ms-blob-type", "BlockBlob or AppendBlob");
}

// Azure's rule: identifiers of C#, here those of ASCII. A listing writes them as names of XML elements.
bool is_metadata_name(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

bool StorageRequest::is_read() const { return http.method == "GET" || http.method == "HEAD"; }

bool is_account_host(std::string_view host, std::string_view account) {
  const std::string lower = auth::lower_case(host.substr(0, account.size() + 6));
  return lower == std::string(account) + ".blob.";
}

Result<Address> read_address(std::string_view path, std::string_view host, std::string_view account) {
  while (path.starts_with('/')) path.remove_prefix(1);
  if (!is_account_host(host, account)) {
    const std::size_t slash = path.find('/');
    if (auth::percent_decode(path.substr(0, slash)) != account) {
      return Error{Code::invalid,
                   "the path must begin with the account '/" + std::string(account) + "/', or the host with '" +
                       std::string(account) + ".blob.'",
                   "InvalidUri"};
    }
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  const std::size_t slash = path.find('/');
  Address address{.container = auth::percent_decode(path.substr(0, slash))};
  if (slash != std::string_view::npos) address.blob = auth::percent_decode(path.substr(slash + 1));
  return address;
}

Result<StorageRequest> read_request(const net::HttpRequest& http, std::string_view account) {
  StorageRequest request{.http = http, .target = auth::split_target(http.target)};
  SCORIA_TRY(address, read_address(request.target.path, http.host(), account));
  request.container = std::move(address.container);
  request.blob = std::move(address.blob);
  const std::string comp(request.target.parameter("comp").value_or(""));
  const std::string restype = auth::lower_case(request.target.parameter("restype").value_or(""));
  for (const char* name : {"snapshot", "versionid"}) {
    if (request.target.parameter(name)) return not_served("the query parameter " + std::string(name));
  }
  if (http.header("x-ms-structured-body")) return not_served("the header x-ms-structured-body");
  if (restype == "account" && comp == "properties") {
    if (http.method != "GET" && http.method != "HEAD") return not_served("changing an account's properties");
    request.operation = Operation::get_account_information;
    return request;
  }
  if (request.container.empty()) {
    if (restype == "service" && comp == "properties") {
      if (http.method != "GET") return not_served("setting the service's properties");
      request.operation = Operation::get_service_properties;
      return request;
    }
    SCORIA_TRY(operation, find_row(kAccountRows, http.method, comp));
    request.operation = operation;
    return request;
  }
  if (request.blob.empty() && (restype == "container" || comp == "list" || comp == "acl")) {
    SCORIA_TRY(operation, find_row(kContainerRows, http.method, comp));
    request.operation = operation;
    return request;
  }
  // A name alone is that of a blob in the root container.
  if (request.blob.empty()) request.blob = std::exchange(request.container, "$root");
  SCORIA_TRY_STATUS(blob::check_blob_name(request.blob));
  SCORIA_TRY(operation,
             http.method == "PUT" && comp.empty() ? put_operation(http) : find_row(kBlobRows, http.method, comp));
  request.operation = operation;
  if (http.header("x-ms-copy-source")) {
    if (operation == Operation::put_block) request.operation = Operation::put_block_from_url;
    if (operation == Operation::append_block) request.operation = Operation::append_block_from_url;
  }
  return request;
}

Needs needs(Operation operation) {
  switch (operation) {
    case Operation::list_containers: return {"", "l"};
    case Operation::get_service_properties: return {"", "r"};
    case Operation::get_account_information: return {"racwdl", "racwdl"};
    case Operation::create_container: return {"", "cw"};
    case Operation::delete_container: return {"", "d"};
    case Operation::get_container: return {"", "r", false, true};
    case Operation::set_container_metadata: return {"", "w"};
    case Operation::get_container_acl: return {};
    case Operation::set_container_acl: return {};
    case Operation::list_blobs: return {"l", "l", false, true};
    case Operation::put_block_blob:
    case Operation::create_append_blob:
    case Operation::copy_blob:
    case Operation::put_blob_from_url:
    case Operation::put_block:
    case Operation::put_block_from_url:
    case Operation::put_block_list: return {"wc", "wc"};
    case Operation::append_block:
    case Operation::append_block_from_url: return {"aw", "aw"};
    case Operation::get_block_list: return {"r", "r"};
    case Operation::get_blob:
    case Operation::get_blob_properties: return {"r", "r", true, true};
    case Operation::set_blob_metadata:
    case Operation::set_blob_properties: return {"w", "w"};
    case Operation::delete_blob: return {"d", "d"};
  }
  return {};
}

Result<blob::Conditions> read_conditions(const net::Headers& headers, std::string_view prefix) {
  blob::Conditions conditions;
  const auto text = [&](const char* name) { return net::find_header(headers, std::string(prefix) + name); };
  if (const auto value = text("If-Match"); value && !value->empty()) conditions.if_match = std::string(*value);
  if (const auto value = text("If-None-Match"); value && !value->empty())
    conditions.if_none_match = std::string(*value);
  for (const char* name : {"If-Modified-Since", "If-Unmodified-Since"}) {
    const auto value = text(name);
    if (!value || value->empty()) continue;
    const auto time = parse_time(*value);
    if (!time.ok()) return bad_header(std::string(prefix) + name, "a date such as 'Fri, 20 Nov 2026 11:18:18 GMT'");
    (std::string_view(name) == "If-Modified-Since" ? conditions.if_modified_since : conditions.if_unmodified_since) =
        time.value();
  }
  return conditions;
}

Result<blob::Metadata> read_metadata(const net::Headers& headers) {
  constexpr std::string_view kPrefix = "x-ms-meta-";
  blob::Metadata metadata;
  std::size_t size = 0;
  for (const auto& [name, value] : headers) {
    if (auth::lower_case(name.substr(0, kPrefix.size())) != kPrefix) continue;
    const std::string key = name.substr(kPrefix.size());
    const bool is_text = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    if (!is_metadata_name(key) || !is_text) {
      return Error{Code::invalid,
                   "the metadata header '" + name.substr(0, 80) +
                       "' must have a name of letters, digits and '_' that begins with no digit, and a value of ASCII "
                       "characters",
                   "InvalidMetadata"};
    }
    size += key.size() + value.size();
    metadata.insert_or_assign(key, value);
  }
  if (size > kMaxMetadata) {
    return Error{Code::invalid, "the metadata has " + std::to_string(size) + " bytes and may have 8192",
                 "MetadataTooLarge"};
  }
  return metadata;
}

blob::BlobProperties read_content_headers(const net::Headers& headers, bool with_plain) {
  const auto text = [&](const char* special, const char* plain) {
    if (const auto value = net::find_header(headers, special)) return std::string(*value);
    return with_plain ? std::string(net::find_header(headers, plain).value_or("")) : std::string();
  };
  blob::BlobProperties properties;
  properties.content_type = text("x-ms-blob-content-type", "Content-Type");
  if (properties.content_type.empty()) properties.content_type = "application/octet-stream";
  properties.content_encoding = text("x-ms-blob-content-encoding", "Content-Encoding");
  properties.content_language = text("x-ms-blob-content-language", "Content-Language");
  properties.cache_control = text("x-ms-blob-cache-control", "Cache-Control");
  properties.content_disposition = text("x-ms-blob-content-disposition", "");
  return properties;
}

Result<std::optional<Range>> read_range(const net::Headers& headers, std::uint64_t size) {
  const auto text = net::find_header(headers, "x-ms-range");
  return parse_range(text ? text : net::find_header(headers, "Range"), size);
}

Result<std::optional<Range>> parse_range(std::optional<std::string_view> text, std::uint64_t size) {
  if (!text || !text->starts_with("bytes=")) return std::optional<Range>{};
  const std::string_view spec = text->substr(6);
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::optional<Range>{};
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const auto first = number(spec.substr(0, dash));
  const auto last = number(spec.substr(dash + 1));
  if (!first && !last) return std::optional<Range>{};  // several ranges, or none: RFC 9110 lets them be ignored
  if (first && !last && dash + 1 < spec.size()) return std::optional<Range>{};
  if (!first) {
    const std::uint64_t length = std::min(*last, size);
    if (length == 0) return Error{Code::invalid, "the range asks for no byte of the blob", "InvalidRange"};
    return std::optional<Range>({size - length, length});
  }
  if (last && *last < *first) return std::optional<Range>{};
  if (*first >= size) {
    return Error{
        Code::invalid,
        "the range begins at " + std::to_string(*first) + ", and the blob has " + std::to_string(size) + " bytes",
        "InvalidRange"};
  }
  const std::uint64_t end = last && *last < size ? *last + 1 : size;
  return std::optional<Range>({*first, end - *first});
}

Result<std::optional<std::uint64_t>> read_number(const net::Headers& headers, std::string_view name) {
  const auto text = net::find_header(headers, name);
  if (!text || text->empty()) return std::optional<std::uint64_t>{};
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return bad_header(name, "a number from 0 on");
  return std::optional<std::uint64_t>(value);
}

}  // namespace scoria::server::storage
