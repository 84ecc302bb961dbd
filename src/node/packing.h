// Numbers, texts and lists of texts as bytes, and back with every length checked. For one machine: numbers in its own byte order.
// Threads: plain values. Borrows: Unpacker its bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace scoria::node {

class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) {}

  template <typename Number>
    requires std::is_arithmetic_v<Number>
  void add(Number value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void add(std::string_view text) {
    add(static_cast<std::uint32_t>(text.size()));
    out_.append(text);
  }
  void add(const std::vector<std::string>& list) {
    add(static_cast<std::uint32_t>(list.size()));
    for (const auto& text : list) add(std::string_view(text));
  }

 private:
  std::string& out_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

  // After the first thing that does not fit everything is empty, and is_whole() false.
  template <typename Number>
    requires std::is_arithmetic_v<Number>
  void take(Number& value) {
    value = Number{};
    if (!has(sizeof value)) return;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
  }
  void take(bool& value) {
    std::uint8_t byte = 0;
    take(byte);
    value = byte != 0;
  }
  void take(std::string& text) {
    std::uint32_t size = 0;
    take(size);
    text.clear();
    if (!has(size)) return;
    text.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  void take(std::vector<std::string>& list) {
    std::uint32_t size = 0;
    take(size);
    list.clear();
    if (!has(std::uint64_t{size} * sizeof(std::uint32_t))) return;  // each has a length at least
    list.resize(size);
    for (auto& text : list) take(text);
  }
  bool is_whole() const { return is_whole_; }
  bool has_more() const { return !bytes_.empty(); }

 private:
  bool has(std::uint64_t size) {
    if (size > bytes_.size()) {
      is_whole_ = false;
      bytes_ = {};
    }
    return is_whole_;
  }

  std::string_view bytes_;
  bool is_whole_ = true;
};

}  // namespace scoria::node
