// Beast's incremental parser of HTTP/1.1, and what the readers of requests and of replies have in common around it.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

// Behind <utility>, which Boost 1.74 in C++20 wants first.
#include <boost/beast/http/basic_parser.hpp>

namespace scoria::net {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

// More of a chunk's size line, or of all trailers, than anyone sends in earnest.
inline constexpr std::size_t kMaxChunkLines = 8u << 10;

// Whether `bytes` may be the beginning of a first chunk that is the last one, "0\r\n\r\n": Beast asserts that it gets that whole when it is asked again.
inline bool may_be_cut_last_chunk(std::string_view bytes) {
  return !bytes.empty() && bytes.size() < 5 && bytes.front() == '0';
}

inline std::string_view view(BeastView text) { return {text.data(), text.size()}; }

}  // namespace scoria::net
