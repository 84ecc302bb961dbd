#include "arrowio/module/object_upload.h"

#include <cstdio>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace scoria::arrowio {
namespace {

std::string another_name(const std::string& path) {
  std::random_device random;
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, ".%08x%08x.part", random(), random());
  return path + suffix;
}

// Never destroyed, as that would complete the uploads.
void keep_until_the_process_ends(std::shared_ptr<arrow::io::OutputStream> stream) {
  static std::mutex mutex;
  static auto* kept = new std::vector<std::shared_ptr<arrow::io::OutputStream>>();
  const std::lock_guard lock(mutex);
  kept->push_back(std::move(stream));
}

}  // namespace

arrow::Result<std::unique_ptr<ObjectUpload>> ObjectUpload::open(const std::string& uri) {
  const std::string_view scheme = std::string_view(uri).substr(0, uri.find(':'));
  std::optional<Kind> kind;
  if (scheme == "s3") kind = Kind::s3;
  if (scheme == "gs" || scheme == "gcs") kind = Kind::google;
  if (scheme == "abfs" || scheme == "abfss") kind = Kind::azure;
  if (!kind)
    return arrow::Status::NotImplemented("an output is a file's path, or lies in s3://, abfs://, abfss:// or gs://");
  return in_store(uri, [&](const ObjectPlace& place) -> arrow::Result<std::unique_ptr<ObjectUpload>> {
    const std::string path = *kind == Kind::azure ? another_name(place.path) : place.path;
    ARROW_ASSIGN_OR_RAISE(auto stream, place.store->OpenOutputStream(path));
    return std::unique_ptr<ObjectUpload>(new ObjectUpload(*kind, place, path, std::move(stream)));
  });
}

ObjectUpload::ObjectUpload(Kind kind, ObjectPlace place, std::string written_path,
                           std::shared_ptr<arrow::io::OutputStream> stream)
    : kind_(kind), place_(std::move(place)), written_path_(std::move(written_path)), stream_(std::move(stream)) {}

ObjectUpload::~ObjectUpload() {
  if (is_committed_) return;
  try {
    abandon();
  } catch (const std::exception&) {
    // The store does not answer; what it has is not under the object's name.
  }
}

arrow::Status ObjectUpload::write(const void* bytes, std::int64_t size) { return stream_->Write(bytes, size); }

arrow::Status ObjectUpload::commit() {
  ARROW_RETURN_NOT_OK(stream_->Close());
  if (kind_ == Kind::azure) ARROW_RETURN_NOT_OK(place_.store->CopyFile(written_path_, place_.path));
  is_committed_ = true;
  return kind_ == Kind::azure ? place_.store->DeleteFile(written_path_) : arrow::Status::OK();
}

void ObjectUpload::abandon() {
  switch (kind_) {
    case Kind::s3: (void)stream_->Abort(); break;
    case Kind::google: keep_until_the_process_ends(std::move(stream_)); break;
    case Kind::azure:
      (void)stream_->Abort();
      (void)place_.store->DeleteFile(written_path_);
      break;
  }
}

}  // namespace scoria::arrowio
