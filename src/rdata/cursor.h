// Reads the primitive parts of an R stream, in any of its formats: integers, doubles, raw bytes, strings.
// Every read checks what is left first. The first failure is kept and makes the rest fail.
// Threads: one user at a time. Borrows: the stream's bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace scoria::rdata {

class Cursor {
 public:
  enum class Format : std::uint8_t { xdr, native, ascii };

  explicit Cursor(std::string_view stream) : begin_(stream.data()), at_(begin_), end_(begin_ + stream.size()) {}

  void set_format(Format format) {
    format_ = format;
    swap_ = (format == Format::xdr) == (std::endian::native == std::endian::little);
  }
  // Native streams are written in the writer's byte order: turns it around.
  void swap_byte_order() { swap_ = !swap_; }
  Format format() const { return format_; }

  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  // Whether `count` elements of `width` bytes (as xdr stores them) can be in what is left: to be asked before memory is
  // given to them. In ascii every element takes a character and a line end at least.
  bool holds(std::uint64_t count, std::size_t width) const {
    return count <= left() / (format_ == Format::ascii ? std::min<std::size_t>(width, 2) : width);
  }

  bool integer(std::int32_t& out) {
    if (format_ == Format::ascii) return ascii_integer(out);
    if (left() < sizeof out) return fail_early();
    std::uint32_t word;
    std::memcpy(&word, at_, sizeof word);
    at_ += sizeof word;
    out = static_cast<std::int32_t>(swap_ ? __builtin_bswap32(word) : word);
    return true;
  }

  bool integers(std::span<std::int32_t> out);
  bool reals(std::span<double> out);
  bool bytes(std::span<std::byte> out);
  // The next `length` bytes of a string, unescaped, copied into `arena`.
  bool text(std::size_t length, Arena& arena, std::string_view& out);
  // Goes over `text` if that is what comes next.
  bool skip(std::string_view text);
  // Goes over white space (an ascii stream ends with it).
  void skip_white_space();

  // Keeps the error, with the place; false, so that a reader can end with `return cursor.fail(...)`.
  bool fail(Code code, std::string_view what) { return fail_at(position(), code, what); }
  bool fail_at(std::size_t position, Code code, std::string_view what);
  bool failed() const { return error_.has_value(); }
  Error take_error() { return *std::move(error_); }

 private:
  bool fail_early() { return fail(Code::corrupt, "the stream ends here, in the middle of an object"); }
  bool ascii_integer(std::int32_t& out);
  bool ascii_real(double& out);
  bool ascii_character(char& out);
  std::string_view word();

  const char* begin_;
  const char* at_;
  const char* end_;
  Format format_ = Format::xdr;
  bool swap_ = std::endian::native == std::endian::little;
  std::optional<Error> error_;
};

}  // namespace scoria::rdata
