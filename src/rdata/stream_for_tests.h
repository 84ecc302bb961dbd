// Builds xdr streams item by item, right or wrong ones. Test programs only.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "rdata/sexp_type.h"

namespace scoria::rdata {

inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class Stream {
 public:
  explicit Stream(std::int32_t version = 2) : bytes_("X\n") {
    word(version).word(0x00040202).word(0x00020300);
    if (version == 3) word(5).raw("UTF-8");
  }

  Stream& word(std::int32_t value) { return big_endian(static_cast<std::uint32_t>(value), 4); }
  Stream& words(std::initializer_list<std::int32_t> values) {
    for (const std::int32_t value : values) word(value);
    return *this;
  }
  Stream& real(double value) { return big_endian(std::bit_cast<std::uint64_t>(value), 8); }
  Stream& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  // A CHARSXP; a symbol of that name; a vector of one element.
  Stream& text(std::string_view text, std::int32_t levels = sexp::kAsciiLevel) {
    return word(sexp::kCharacterElement | levels << 12).word(static_cast<std::int32_t>(text.size())).raw(text);
  }
  Stream& symbol(std::string_view name) { return word(sexp::kSymbol).text(name); }
  Stream& integer(std::int32_t value) { return words({sexp::kInteger, 1, value}); }
  Stream& null() { return word(sexp::kNull); }
  // The head of an ALTREP vector: its class. State and attributes are to follow.
  Stream& altrep(std::string_view class_name, std::string_view package = "base") {
    word(sexp::kAltrep).word(sexp::kPairlist).symbol(class_name).word(sexp::kPairlist).symbol(package);
    return word(sexp::kPairlist).integer(0).null();
  }

  const std::string& text() const { return bytes_; }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_)); }

 private:
  Stream& big_endian(std::uint64_t value, int width) {
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift & 0xFF);
    return *this;
  }

  std::string bytes_;
};

}  // namespace scoria::rdata
