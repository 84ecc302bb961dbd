// The part of a ByteSource that was read and not yet used, in one piece, for readers that work record by record.
// Threads: one caller at a time. Owns: the source and its bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"

namespace scoria::table {

class SourceBuffer {
 public:
  explicit SourceBuffer(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // What was read and not consumed; kPadding more bytes after it may be read, whatever they hold.
  std::string_view text() const { return {bytes_.data() + begin_, filled_ - begin_}; }
  static constexpr std::size_t kPadding = 64;

  // Nothing follows text().
  bool at_end() const { return at_end_; }
  // Precondition: count <= text().size(). Moves nothing.
  void consume(std::size_t count) { begin_ += count; }

  // Reads on, at least once, until a line may have ended: a line feed has come, or text() has grown by a quarter (so that
  // looking for the end of a very long line again and again stays cheap). Errors: the source's own.
  Status fill();

 private:
  std::unique_ptr<ByteSource> source_;
  std::vector<char> bytes_;  // [begin_, filled_) is text()
  std::size_t begin_ = 0;
  std::size_t filled_ = 0;
  bool at_end_ = false;
};

}  // namespace scoria::table
