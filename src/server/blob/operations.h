// What every operation of blob storage does and answers; the request is authorized already.
// Source: Azure Storage services REST API, Blob service. Threads: free functions; a StorageSink is for one request.
#pragma once

#include <memory>

#include "blob/blob_store.h"
#include "net/http.h"
#include "server/blob/access.h"
#include "server/blob/late_user.h"
#include "server/blob/storage_request.h"

namespace scoria::server::storage {

struct Context {
  blob::BlobStore& store;
  const auth::AccountKey& account;
  WallTime now;
  const StorageRequest& request;
  const Access& access;
  const access::ProxyRules& proxies;
};

// Bytes of a Put Blob, Put Block or Append Block on their way to the store, with what was found out before they came. Where a password is still being
// checked, few come until it is known to be right.
class StorageSink final : public net::BodySink {
 public:
  StorageSink(std::unique_ptr<blob::BlobStore::Upload> upload, Access access)
      : upload_(std::move(upload)), access_(std::move(access)) {}
  StorageSink(std::unique_ptr<blob::BlobStore::Upload> upload, std::shared_ptr<LateUser> user, Wanted wanted)
      : upload_(std::move(upload)), late_(std::move(user)), wanted_(std::move(wanted)) {}

  // Errors also: as authorize_user().
  Status write(std::span<const std::byte> bytes) override;
  // Null where access() was known before.
  const std::shared_ptr<LateUser>& late_user() const { return late_; }
  // Precondition: there is no late_user().
  const Access& access() const { return *access_; }
  std::unique_ptr<blob::BlobStore::Upload> take() { return std::move(upload_); }

 private:
  std::unique_ptr<blob::BlobStore::Upload> upload_;
  std::optional<Access> access_;
  std::shared_ptr<LateUser> late_;
  std::optional<Wanted> wanted_;
  bool is_allowed_ = false;         // of a late user
  std::uint64_t before_known_ = 0;  // bytes
};

using Upload = std::unique_ptr<blob::BlobStore::Upload>;

// container_operations.cc
Result<net::HttpReply> list_containers(const Context& context);
Result<net::HttpReply> get_service_properties(const Context& context);
Result<net::HttpReply> get_account_information(const Context& context);
Result<net::HttpReply> create_container(const Context& context);
Result<net::HttpReply> delete_container(const Context& context);
Result<net::HttpReply> get_container(const Context& context);
Result<net::HttpReply> set_container_metadata(const Context& context);
Result<net::HttpReply> get_container_acl(const Context& context);
Result<net::HttpReply> set_container_acl(const Context& context);
Result<net::HttpReply> list_blobs(const Context& context);

// upload_operations.cc
// The upload's bytes are what `header` says, if it is there. Errors: invalid, api_code Md5Mismatch, InvalidMd5.
Status check_md5(const net::HttpRequest& http, const char* header, const blob::BlobStore::Upload& upload);
// The request's own conditions, and those of a signature that lets blobs be made but not changed.
Result<blob::Conditions> write_conditions(const Context& context);
Result<net::HttpReply> put_block_blob(const Context& context, Upload upload);
Result<net::HttpReply> create_append_blob(const Context& context);
Result<net::HttpReply> put_block(const Context& context, Upload upload);
Result<net::HttpReply> put_block_list(const Context& context);
Result<net::HttpReply> get_block_list(const Context& context);
Result<net::HttpReply> append_block(const Context& context, Upload upload);

// copy_operations.cc
Result<net::HttpReply> copy_blob(const Context& context);  // and Copy Blob From URL
Result<net::HttpReply> put_blob_from_url(const Context& context);
// A range of another blob of the account, as if it came as the request's body.
Result<net::HttpReply> put_block_from_url(const Context& context);
Result<net::HttpReply> append_block_from_url(const Context& context);

// blob_operations.cc
Result<net::HttpReply> get_blob(const Context& context);  // and its properties, by HEAD
Result<net::HttpReply> set_blob_metadata(const Context& context);
Result<net::HttpReply> set_blob_properties(const Context& context);
Result<net::HttpReply> delete_blob(const Context& context);

}  // namespace scoria::server::storage
