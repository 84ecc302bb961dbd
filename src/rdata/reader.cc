#include "rdata/reader.h"

#include <array>
#include <string>

#include "base/codec.h"
#include "rdata/cursor.h"
#include "rdata/document.h"
#include "rdata/item_reader.h"

namespace scoria::rdata {
namespace {

struct Head {
  int version = 0;
  std::string writer;
  std::string native_encoding;
  bool is_workspace = false;
};

std::string_view format_name(Cursor::Format format) {
  switch (format) {
    case Cursor::Format::xdr: return "xdr";
    case Cursor::Format::native: return "native";
    case Cursor::Format::ascii: return "ascii";
  }
  throw_bug(__FILE__, __LINE__, "a known Format");
}

bool read_workspace_magic(Cursor& cursor, Head& head) {
  for (const std::string_view magic : {"RDX2\n", "RDX3\n", "RDA2\n", "RDA3\n", "RDB2\n", "RDB3\n"}) {
    if (cursor.skip(magic)) {
      head.is_workspace = true;
      return true;
    }
  }
  for (const std::string_view magic : {"RDX1\n", "RDA1\n", "RDB1\n"}) {
    if (cursor.skip(magic)) {
      return cursor.fail_at(0, Code::unsupported,
                            "a workspace of R before 1.4 (format " + std::string(magic.substr(0, 4)) +
                                "); load and save it with a newer R");
    }
  }
  return true;
}

bool read_format(Cursor& cursor) {
  for (const auto& [mark, format] : {std::pair{"X\n", Cursor::Format::xdr}, std::pair{"B\n", Cursor::Format::native},
                                     std::pair{"A\n", Cursor::Format::ascii}}) {
    if (cursor.skip(mark)) {
      cursor.set_format(format);
      return true;
    }
  }
  // Windows text mode, as some tools copy ascii files.
  if (cursor.skip("A\r\n")) {
    cursor.set_format(Cursor::Format::ascii);
    return true;
  }
  return cursor.fail(Code::invalid, "this is no R serialization stream, which begins with X, B or A and a line end");
}

std::string version_text(std::int32_t packed) {
  const auto part = [&](int shift) { return std::to_string(static_cast<std::uint32_t>(packed) >> shift & 0xFFu); };
  return std::to_string(static_cast<std::uint32_t>(packed) >> 16) + "." + part(8) + "." + part(0);
}

bool read_versions(Cursor& cursor, Arena& arena, Head& head) {
  const std::size_t start = cursor.position();
  std::array<std::int32_t, 3> words{};
  if (!cursor.integer(words[0])) return false;
  if (cursor.format() == Cursor::Format::native && (words[0] == 2 << 24 || words[0] == 3 << 24)) {
    cursor.swap_byte_order();
    words[0] >>= 24;
  }
  if (!cursor.integer(words[1]) || !cursor.integer(words[2])) return false;
  head.version = words[0];
  head.writer = version_text(words[1]);
  if (head.version == 2) return true;
  if (head.version != 3) {
    return cursor.fail_at(start, Code::unsupported,
                          "serialization version " + std::to_string(head.version) + ", written by R " + head.writer +
                              " and readable by R " + version_text(words[2]) + "; versions 2 and 3 are known");
  }
  std::int32_t length = 0;
  std::string_view encoding;
  const std::size_t at = cursor.position();
  if (!cursor.integer(length)) return false;
  constexpr std::int32_t kLongestName = 63;  // R_CODESET_MAX
  if (length < 0 || length > kLongestName) {
    return cursor.fail_at(at, Code::corrupt,
                          "the name of the native encoding has " + std::to_string(length) + " bytes");
  }
  if (!cursor.text(static_cast<std::size_t>(length), arena, encoding)) return false;
  head.native_encoding = encoding;
  return true;
}

}  // namespace

Result<Document> read(std::span<const std::byte> bytes, const ReadLimits& limits) {
  const Compression compression = detect_compression(bytes);
  std::string inflated;
  std::string_view stream(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (compression != Compression::none) {
    SCORIA_TRY(whole, decompress(bytes, limits.decompress));
    inflated = std::move(whole);
    stream = inflated;
  }
  auto storage = std::make_unique<Document::Storage>(stream.size());
  Cursor cursor(stream);
  Head head;
  if (!read_workspace_magic(cursor, head) || !read_format(cursor) || !read_versions(cursor, storage->arena, head)) {
    return cursor.take_error();
  }
  ItemReader reader(cursor, storage->arena, limits, head.native_encoding);
  const Value* root = reader.read();
  if (root == nullptr) return cursor.take_error();
  if (cursor.format() == Cursor::Format::ascii) cursor.skip_white_space();
  Document document(std::move(storage), root);
  document.version = head.version;
  document.writer = std::move(head.writer);
  document.native_encoding = std::move(head.native_encoding);
  document.format = format_name(cursor.format());
  document.compression = compression_name(compression);
  document.is_workspace = head.is_workspace;
  document.unread_bytes = cursor.left();
  return document;
}

}  // namespace scoria::rdata
