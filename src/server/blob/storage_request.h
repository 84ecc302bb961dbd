// A request to blob storage in its parts: which account, container and blob, which operation, and what its headers say.
// Source: Azure Storage services REST API, Blob service. Threads: plain values and free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/sas.h"
#include "auth/target.h"
#include "blob/blob_store.h"
#include "net/http.h"

namespace scoria::server::storage {

enum class Operation : std::uint8_t {
  list_containers,
  get_service_properties,
  get_account_information,
  create_container,
  delete_container,
  get_container,
  set_container_metadata,
  get_container_acl,
  set_container_acl,
  list_blobs,
  put_block_blob,
  create_append_blob,
  copy_blob,
  put_blob_from_url,
  put_block,
  put_block_from_url,
  put_block_list,
  get_block_list,
  append_block,
  append_block_from_url,
  get_blob,
  get_blob_properties,
  set_blob_metadata,
  set_blob_properties,
  delete_blob,
};

struct StorageRequest {
  const net::HttpRequest& http;
  auth::Target target;
  std::string container;  // decoded; empty: the account
  std::string blob;       // decoded; empty: the container
  Operation operation = Operation::get_blob;

  bool is_read() const;
};

// Container and blob of a path; `host` decides on the style. Errors: invalid, api_code InvalidUri (the account is another).
struct Address {
  std::string container, blob;
};
Result<Address> read_address(std::string_view path, std::string_view host, std::string_view account);
bool is_account_host(std::string_view host, std::string_view account);  // "ACCOUNT.blob.*"

// Errors: invalid with Azure's code; unsupported with api_code NotImplemented for operations of Azure's that are not served.
Result<StorageRequest> read_request(const net::HttpRequest& http, std::string_view account);

// What a signature must permit, and what stays open to everyone in public containers.
struct Needs {
  std::string service_sas, account_sas;  // letters, one of which suffices
  bool is_public_blob = false;           // reading a blob
  bool is_public_container = false;      // listing
};
Needs needs(Operation operation);

Result<blob::Conditions> read_conditions(const net::Headers& headers, std::string_view prefix = {});
Result<blob::Metadata> read_metadata(const net::Headers& headers);
// The x-ms-blob-content-* headers; where `with_plain`, else Content-Type and its like.
blob::BlobProperties read_content_headers(const net::Headers& headers, bool with_plain);

struct Range {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
// Of x-ms-range, else of Range; none where there is none or it is no range of bytes. Errors: invalid, api_code InvalidRange.
Result<std::optional<Range>> read_range(const net::Headers& headers, std::uint64_t size);
Result<std::optional<Range>> parse_range(std::optional<std::string_view> text, std::uint64_t size);

Result<std::optional<std::uint64_t>> read_number(const net::Headers& headers, std::string_view name);

}  // namespace scoria::server::storage
