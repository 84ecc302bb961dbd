#include "serve/inflated_body.h"

#include <array>
#include <utility>

namespace scoria::serve {
namespace {

// Below this the ratio says nothing: 40 bytes may well be 10 kB of zeros.
constexpr std::uint64_t kAlwaysAllowed = 64u << 10;
constexpr std::size_t kPiece = 64u << 10;

Compression named(std::string_view coding) {
  if (net::is_same_name(coding, "gzip") || net::is_same_name(coding, "x-gzip")) return Compression::gzip;
  if (net::is_same_name(coding, "deflate")) return Compression::zlib;
  if (net::is_same_name(coding, "zstd")) return Compression::zstd;
  return Compression::none;
}

}  // namespace

Result<std::unique_ptr<InflatedBody>> InflatedBody::open(std::string_view coding, std::uint64_t most_bytes) {
  const Compression compression = named(coding);
  if (compression == Compression::none) {
    return Error{Code::unsupported, "Content-Encoding is '" + std::string(coding.substr(0, 100)) +
                                        "'; gzip, deflate and zstd are read, one of them at a time"};
  }
  SCORIA_TRY(codec, make_codec(compression));
  return std::unique_ptr<InflatedBody>(new InflatedBody(std::move(codec), std::string(coding), most_bytes));
}

Status InflatedBody::check_size() const {
  if (inflated_.size() > most_bytes_) {
    return Error{Code::too_large, "the inflated body has more than the " + std::to_string(most_bytes_) +
                                      " bytes that are accepted here"};
  }
  if (inflated_.size() > kAlwaysAllowed && inflated_.size() / kMostRatio > came_) {
    return Error{Code::too_large, "the body inflates to more than " + std::to_string(kMostRatio) +
                                      " times its size, which no table does"};
  }
  return Ok{};
}

Status InflatedBody::write(std::span<const std::byte> bytes) {
  came_ += bytes.size();
  kept_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  thread_local std::array<char, kPiece> piece;
  std::size_t at = 0;
  for (;;) {
    if (has_ended_ && at < kept_.size()) {
      SCORIA_TRY_STATUS(codec_->restart());
      has_ended_ = false;
    }
    SCORIA_TRY(step, codec_->step(std::span(kept_).subspan(at), piece, false));
    at += step.consumed;
    inflated_.append(piece.data(), step.produced);
    SCORIA_TRY_STATUS(check_size());
    has_ended_ = step.member_ended;
    if (has_ended_ ? at == kept_.size() : step.consumed == 0 && step.produced == 0) break;
  }
  kept_.erase(0, at);
  return Ok{};
}

Result<std::string> InflatedBody::take() {
  if (!has_ended_ || !kept_.empty()) {
    return Error{Code::corrupt, "the body ends in the middle of its " + coding_ + " data"};
  }
  return std::move(inflated_);
}

}  // namespace scoria::serve
