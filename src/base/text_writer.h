// Text put together in memory that is there already: for what is written so often that a string's many small appends would be most
// of its cost. Whoever makes one has counted what it will hold at most.
// Threads: a plain value.
#pragma once

#include <array>
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
  // False, and nothing is put: a character is in `not_these`.
  bool put_unless(std::string_view text, const std::array<bool, 256>& not_these) {
    char* end = end_;  // not the member: a char may be part of anything, which would be stored and loaded at each
    bool is_clean = true;
    for (const char c : text) {
      *end++ = c;
      is_clean &= !not_these[static_cast<unsigned char>(c)];
    }
    if (is_clean) end_ = end;
    return is_clean;
  }
  void put_number(std::uint64_t number) { end_ = std::to_chars(end_, end_ + kMostDigits, number).ptr; }

  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  std::string_view text() const { return {begin_, size()}; }

 private:
  char* begin_;
  char* end_;
};

}  // namespace scoria
