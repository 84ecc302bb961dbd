// Many small pieces of text appended to a string.
// Threads: one caller at a time. Borrows: the string; it has everything when the TextOutput is destroyed.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace scoria::table {

// Collects small pieces before they go to the string: one capacity check per cell instead of one per byte.
class TextOutput {
 public:
  explicit TextOutput(std::string& out) : out_(out) {}
  ~TextOutput() { flush(); }
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;

  // `size` bytes to be written into; advance_to() says how far.
  char* room(std::size_t size) {
    if (size > buffer_.size() - used_) flush();
    return buffer_.data() + used_;
  }
  void advance_to(const char* end) { used_ = static_cast<std::size_t>(end - buffer_.data()); }

  void put(char c) {
    *room(1) = c;
    ++used_;
  }
  void put(std::string_view text) {
    if (text.size() > buffer_.size() - used_) {
      flush();
      if (text.size() > buffer_.size()) {
        out_ += text;
        return;
      }
    }
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }

 private:
  void flush() {
    out_.append(buffer_.data(), used_);
    used_ = 0;
  }

  std::string& out_;
  std::array<char, 16384> buffer_;
  std::size_t used_ = 0;
};

}  // namespace scoria::table
