// A request's body that arrives compressed (Content-Encoding), inflated as it arrives, so that a small body cannot become a large one unseen.
//
//   plan.sink = InflatedBody::open(*coding, most_bytes).value();        // in plan_body()
//   SCORIA_TRY(body, InflatedBody::of(*request.sink).take());           // in handle(), unless request.body_error says what was wrong
//
// gzip (and x-gzip), deflate (in zlib's form, as RFC 9110 means it), zstd; one coding at a time. Threads: one at a time. Owns: what it has inflated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "net/http.h"

namespace scoria::serve {

class InflatedBody final : public net::BodySink {
 public:
  // JSON of a thousand like rows is a hundredth of its size; more than that is no table.
  static constexpr std::uint64_t kMostRatio = 200;

  // `most_bytes`: inflated. Errors: unsupported (another coding, or several), naming those that are read.
  static Result<std::unique_ptr<InflatedBody>> open(std::string_view coding, std::uint64_t most_bytes);
  // The sink of a request whose plan got one from open().
  static InflatedBody& of(net::BodySink& sink) { return static_cast<InflatedBody&>(sink); }

  // Errors: too_large (bytes, or their ratio to what came), corrupt.
  Status write(std::span<const std::byte> bytes) override;
  // All of it, once. Errors: corrupt: it ends in the middle.
  Result<std::string> take();

 private:
  InflatedBody(std::unique_ptr<Codec> codec, std::string coding, std::uint64_t most_bytes)
      : codec_(std::move(codec)), coding_(std::move(coding)), most_bytes_(most_bytes) {}
  Status check_size() const;

  std::unique_ptr<Codec> codec_;
  const std::string coding_;
  const std::uint64_t most_bytes_;
  std::uint64_t came_ = 0;
  std::string kept_;  // compressed bytes that the codec wants to see again with more behind them
  std::string inflated_;
  bool has_ended_ = false;  // a member, and nothing came behind it
};

}  // namespace scoria::serve
