// Text put together in memory that is there already: for what is written so often that a string's many small appends would be most
// of its cost. Whoever makes one has counted what it will hold at most.
// Threads: a plain value.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace scoria {

class TextWriter {
 public:
  static constexpr std::size_t kMostDigits = 20;  // of a number

  explicit TextWriter(char* begin) : begin_(begin), end_(begin) {}

  void put(std::string_view text) {
    std::memcpy(end_, text.data(), text.size());
    end_ += text.size();
  }
  void put(char c) { *end_++ = c; }
  void put_number(std::uint64_t number) { end_ = std::to_chars(end_, end_ + kMostDigits, number).ptr; }

  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  std::string_view text() const { return {begin_, size()}; }

 private:
  char* begin_;
  char* end_;
};

}  // namespace scoria
