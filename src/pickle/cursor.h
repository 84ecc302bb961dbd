// Reads the primitive parts of a pickle stream. Every read checks what is left first. The first failure is kept.
// Threads: one user at a time. Borrows: the stream.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::pickle {

static_assert(std::endian::native == std::endian::little, "numbers in a pickle are little-endian, and are copied");

class Cursor {
 public:
  explicit Cursor(std::string_view stream) : stream_(stream) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return stream_.size() - position_; }

  template <typename T>
  bool number(T& out) {
    if (left() < sizeof out) return fail_early();
    std::memcpy(&out, stream_.data() + position_, sizeof out);
    position_ += sizeof out;
    return true;
  }

  // The next `size` bytes, which stay where they are.
  bool take(std::uint64_t size, std::string_view& out) {
    if (size > left()) {
      return fail(Code::corrupt, "the file claims " + std::to_string(size) + " bytes here and " +
                                     std::to_string(left()) + " are left");
    }
    out = stream_.substr(position_, static_cast<std::size_t>(size));
    position_ += static_cast<std::size_t>(size);
    return true;
  }

  // The bytes before the next line feed, which is skipped.
  bool line(std::string_view& out) {
    const std::size_t end = stream_.find('\n', position_);
    if (end == std::string_view::npos) return fail_early();
    out = stream_.substr(position_, end - position_);
    position_ = end + 1;
    return true;
  }

  // Where the instruction began that messages are about.
  void mark_instruction() { instruction_ = position_; }

  // Keeps the error, with the place; false, so that a reader can end with `return cursor.fail(...)`.
  bool fail(Code code, std::string_view what) {
    if (!error_) error_ = Error{code, std::string(what) + " (at byte " + std::to_string(instruction_) + ")"};
    return false;
  }
  bool failed_with(Code code) const { return error_ && error_->code == code; }
  void replace_error(Error error) { error_ = std::move(error); }
  Error take_error() { return *std::move(error_); }

 private:
  bool fail_early() { return fail(Code::corrupt, "the pickle ends here, in the middle of an object"); }

  std::string_view stream_;
  std::size_t position_ = 0;
  std::size_t instruction_ = 0;
  std::optional<Error> error_;
};

}  // namespace scoria::pickle
