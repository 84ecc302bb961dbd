// An object that appears in its store with commit(), whole, and not at all otherwise, also where it replaces one.
// S3 does so by itself: an upload that is aborted leaves nothing. Google's client would complete an upload when it goes, and has no way to
// abort one: it stays, unused, until the process ends. Azure's shows an empty blob from the start: it is given another name and
// copied, within the store, at the end.
// Threads: one caller at a time.
// Owns: the upload and, in Azure, the blob of the other name.
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string>

#include "arrowio/module/object_store.h"

namespace scoria::arrowio {

class ObjectUpload {
 public:
  // Errors: find_place's; not implemented (a scheme for which none of the above is known).
  static arrow::Result<std::unique_ptr<ObjectUpload>> open(const std::string& uri);
  ObjectUpload(const ObjectUpload&) = delete;
  ObjectUpload& operator=(const ObjectUpload&) = delete;
  ~ObjectUpload();

  arrow::Status write(const void* bytes, std::int64_t size);
  arrow::Status commit();

 private:
  enum class Kind { s3, google, azure };

  ObjectUpload(Kind kind, ObjectPlace place, std::string written_path, std::shared_ptr<arrow::io::OutputStream> stream);
  void abandon();

  Kind kind_;
  ObjectPlace place_;
  std::string written_path_;  // place_.path, but in Azure
  std::shared_ptr<arrow::io::OutputStream> stream_;
  bool is_committed_ = false;
};

}  // namespace scoria::arrowio
