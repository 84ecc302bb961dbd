// Bytes in and out by path or URI: a local file, standard input, an object in a store.
// Threads: one caller at a time per object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "base/file.h"
#include "base/result.h"

namespace scoria::arrowio {

// As scoria::open_source, and URIs by the Arrow module.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);
// The same, and nothing is decompressed.
Result<std::unique_ptr<ByteSource>> open_as_stored(const std::string& path);

// A file or an object that appears under its name only with commit(), whole, and is dropped unseen otherwise.
class OutputFile {
 public:
  // Errors: AtomicFile's; unsupported (a URI, and no module); what the store says.
  static Result<OutputFile> create(const std::string& path);
  OutputFile(AtomicFile file);  // NOLINT(google-explicit-constructor): a local file is one
  OutputFile(OutputFile&&) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Status write(std::string_view bytes);
  Status commit();

 private:
  struct Object;
  explicit OutputFile(std::unique_ptr<Object> object);

  std::optional<AtomicFile> file_;  // or
  std::unique_ptr<Object> object_;
};

}  // namespace scoria::arrowio
