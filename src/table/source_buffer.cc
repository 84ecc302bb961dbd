#include "table/source_buffer.h"

#include <cstring>

namespace scoria::table {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;

}  // namespace

Status SourceBuffer::fill() {
  if (begin_ > 0) {
    filled_ -= begin_;
    std::memmove(bytes_.data(), bytes_.data() + begin_, filled_);
    begin_ = 0;
  }
  const std::size_t pending = filled_;
  while (!at_end_) {
    if (bytes_.size() < filled_ + kReadBytes / 2 + kPadding) {
      bytes_.resize(bytes_.size() + bytes_.size() / 2 + kReadBytes + kPadding);
    }
    SCORIA_TRY(count, source_->read(std::span(bytes_).subspan(filled_, bytes_.size() - filled_ - kPadding)));
    at_end_ = count == 0;
    const std::string_view fresh(bytes_.data() + filled_, count);
    filled_ += count;
    if (pending < kReadBytes && fresh.find('\n') != std::string_view::npos) break;
    if (filled_ > pending + pending / 4 + kReadBytes) break;
  }
  return Ok{};
}

}  // namespace scoria::table
