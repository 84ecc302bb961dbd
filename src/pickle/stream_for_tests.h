// Pickles written by hand, instruction by instruction. Test programs only.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "pickle/reader.h"

namespace scoria::pickle {

inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

template <typename T>
std::string little(T x) {
  return std::string(reinterpret_cast<const char*>(&x), sizeof x);
}

// Protocol 4 around `body`, which leaves one value.
inline std::string stream(std::string_view body) { return "\x80\x04" + std::string(body) + "."; }
inline std::string text(std::string_view text) {
  return "X" + little(static_cast<std::uint32_t>(text.size())) + std::string(text);
}
inline std::string bytes(std::string_view bytes) {
  return "B" + little(static_cast<std::uint32_t>(bytes.size())) + std::string(bytes);
}
inline std::string global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
inline std::string integer(std::int32_t x) { return "J" + little(x); }
inline std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  all.reserve(part.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += part;
  return all;
}

// The error of reading `pickle`; empty where there is none.
inline std::string error_of(std::string_view pickle, const ReadLimits& limits = {}) {
  const auto document = read(as_bytes(pickle), limits);
  return document.ok() ? "" : std::string(code_name(document.error().code)) + ": " + document.error().message;
}

// What `body` leaves, which must be well formed.
inline Document parsed(std::string_view body) {
  auto document = read(as_bytes(stream(body)));
  EXPECT_TRUE(document.ok()) << document.error().message;
  return std::move(document).value();
}

}  // namespace scoria::pickle
