#include "server/uploads.h"

#include "spec/errors.h"

namespace scoria::server {

Status UploadSink::write(std::span<const std::byte> bytes) {
  if (!upload_) {
    SCORIA_TRY(upload, blobs_.begin_upload());
    upload_ = std::move(upload);
  }
  return upload_->write(bytes);
}

Result<std::unique_ptr<blob::BlobStore::Upload>> UploadSink::take() {
  if (!upload_) return blobs_.begin_upload();
  return std::move(upload_);
}

void stage_upload(const CallPtr& call, std::uint64_t attempt, const std::string& container, const std::string& blob) {
  if (call->request().body_error) return call->fail(*call->request().body_error);
  auto* sink = dynamic_cast<UploadSink*>(call->request().sink.get());
  if (sink == nullptr) return call->fail(spec::batch_error("InvalidInput", "an output must be sent by PUT"));
  auto upload = sink->take();
  if (!upload.ok()) return call->fail(upload.error());
  blob::BlobProperties properties;
  if (const auto type = call->request().header("Content-Type"); type && !type->empty()) {
    properties.content_type = std::string(*type);
  }
  for (const auto& [name, value] : call->request().headers) {
    const std::string lower = batch::lower(name);
    if (lower.starts_with("x-ms-meta-")) properties.metadata[lower.substr(10)] = value;
  }
  const Status staged = call->app().blobs.stage_blob(attempt, container, blob, std::move(upload).value(), properties);
  if (!staged.ok()) return call->fail(staged.error());
  call->send_empty(201);
}

}  // namespace scoria::server
