// Bodies of requests that go to blob storage as they arrive. Threads: one at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "blob/blob_store.h"
#include "net/http.h"
#include "server/call.h"

namespace scoria::server {

class UploadSink final : public net::BodySink {
 public:
  explicit UploadSink(blob::BlobStore& blobs) : blobs_(blobs) {}
  Status write(std::span<const std::byte> bytes) override;
  // The bytes that came, for the store; an empty upload where none did.
  Result<std::unique_ptr<blob::BlobStore::Upload>> take();

 private:
  blob::BlobStore& blobs_;
  std::unique_ptr<blob::BlobStore::Upload> upload_;
};

// The request's body, which an UploadSink took, as an output of `attempt`; answers 201.
void stage_upload(const CallPtr& call, std::uint64_t attempt, const std::string& container, const std::string& blob);

}  // namespace scoria::server
