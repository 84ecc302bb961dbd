#include "pickle/reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/codec.h"
#include "pickle/builder.h"
#include "pickle/document.h"
#include "pickle/machine.h"
#include "pickle/opcodes.h"

namespace scoria::pickle {
namespace {

constexpr std::size_t kHeadBytes = 64;

bool is_magic(std::string_view head) {
  return head.size() >= 2 && static_cast<unsigned char>(head[0]) == op::kProto && head[1] >= 2 && head[1] <= 15;
}

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && is_letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || c == '.' || (c >= '0' && c <= '9');
  });
}

// Protocols 0 and 1 begin with their first instruction: a class, or a mark and what builds a container.
bool may_be_old(std::string_view head) {
  if (head.size() < 3) return false;
  if (head[0] == op::kGlobal) {  // module and name, a line each
    const std::size_t end = head.find('\n');
    return end != std::string_view::npos && is_name(head.substr(1, end - 1)) &&
           is_name(head.substr(end + 1, head.find('\n', end + 1) - end - 1));
  }
  if (head[0] == op::kMark) return std::string_view("ldticoIVSFLNKJMUXG(]}").find(head[1]) != std::string_view::npos;
  return (head[0] == op::kEmptyList || head[0] == op::kEmptyDict) && (head[1] == op::kBinPut || head[1] == op::kMark);
}

// The first bytes behind the compression; nothing where it cannot be undone.
std::optional<std::string> inflated_head(std::span<const std::byte> bytes, Compression compression) {
  std::string head(kHeadBytes, '\0');
  if (compression == Compression::none) {
    head.resize(std::min(bytes.size(), kHeadBytes));
    std::transform(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head.size()), head.begin(),
                   [](std::byte byte) { return std::to_integer<char>(byte); });
    return head;
  }
  auto source = decompressing_source(memory_source(bytes), compression, {});
  if (!source.ok()) return std::nullopt;
  std::size_t filled = 0;
  while (filled < head.size()) {
    const auto count = source.value()->read(std::span(head).subspan(filled));
    if (!count.ok() || count.value() == 0) break;
    filled += count.value();
  }
  head.resize(filled);
  return head;
}

// zlib's two bytes may begin anything, so what is behind them decides.
Compression compression_of(std::span<const std::byte> bytes) {
  const Compression compression = detect_compression(bytes);
  if (compression != Compression::none || !looks_like_zlib(bytes)) return compression;
  const auto head = inflated_head(bytes, Compression::zlib);
  return head && !head->empty() ? Compression::zlib : Compression::none;
}

}  // namespace

bool is_pickle(std::span<const std::byte> bytes) {
  const auto head = inflated_head(bytes, compression_of(bytes));
  return head && (is_magic(*head) || may_be_old(*head));
}

Result<Document> read(std::span<const std::byte> bytes, const ReadLimits& limits) {
  const Compression compression = compression_of(bytes);
  SCORIA_TRY(stream, decompress(bytes, compression, limits.decompress));
  if (std::string_view(stream).starts_with("ZF0x")) {
    return Error{
        Code::unsupported,
        "this file was compressed by joblib before 0.10, whose form is not read; load the model there and dump it "
        "with a newer joblib"};
  }
  if (!is_magic(stream) && !may_be_old(stream.substr(0, kHeadBytes))) {
    return Error{Code::invalid, "this is no pickle: it does not begin as one of protocols 0 to 5 does"};
  }
  auto storage = std::make_unique<Document::Storage>(std::move(stream));
  Cursor cursor(storage->stream);
  Builder builder(cursor, storage->arena, limits);
  Machine machine(builder);
  const Value* root = machine.run();
  if (root == nullptr) return cursor.take_error();
  Document document(std::move(storage), root);
  document.protocol = machine.protocol();
  document.compression = compression_name(compression);
  document.has_inline_arrays = machine.has_inline_arrays();
  document.unread_bytes = cursor.left();
  return document;
}

}  // namespace scoria::pickle
