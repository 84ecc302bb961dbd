#include <algorithm>
#include <string>
#include <vector>

#include "base/codec.h"

namespace scoria {
namespace {

constexpr std::size_t kInputBytes = 256 * 1024;
// A few bytes of header may stand for a page of zeros; the ratio counts from here on.
constexpr std::uint64_t kRatioFreeBytes = 64 * 1024;

class DecompressingSource final : public ByteSource {
 public:
  DecompressingSource(std::unique_ptr<ByteSource> upstream, std::unique_ptr<Codec> codec, Compression compression,
                      DecompressLimits limits)
      : upstream_(std::move(upstream)),
        codec_(std::move(codec)),
        compression_(compression),
        limits_(limits),
        buffer_(kInputBytes) {}

  Result<std::size_t> read(std::span<char> into) override {
    while (!ended_) {
      if (begin_ == end_) SCORIA_TRY_STATUS(refill());
      if (between_members_) {
        SCORIA_TRY_STATUS(enter_next_member());
        continue;
      }
      const std::span<const char> in(buffer_.data() + begin_, end_ - begin_);
      SCORIA_TRY(step, codec_->step(in, into, upstream_ended_));
      begin_ += step.consumed;
      consumed_ += step.consumed;
      produced_ += step.produced;
      SCORIA_TRY_STATUS(check_limits());
      between_members_ = step.member_ended;
      if (step.produced > 0) return step.produced;
      if (step.consumed == 0 && !step.member_ended && upstream_ended_) {
        return Error{Code::corrupt, name() + " data ends too early, after " + std::to_string(consumed_) + " bytes"};
      }
    }
    return std::size_t{0};
  }

 private:
  std::string name() const { return std::string(compression_name(compression_)); }

  Status refill() {
    if (upstream_ended_) return Ok{};
    begin_ = end_ = 0;
    SCORIA_TRY(count, upstream_->read(buffer_));
    end_ = count;
    upstream_ended_ = count == 0;
    return Ok{};
  }

  Status enter_next_member() {
    if (begin_ == end_) {
      ended_ = upstream_ended_;
      return Ok{};
    }
    if (buffer_[begin_] == '\0') {  // padding to a block size, as tape writers and some file systems leave it
      padding_ = true;
      ++begin_;
      ++consumed_;
      return Ok{};
    }
    if (padding_ || compression_ == Compression::lzma || compression_ == Compression::xz || !looks_like_a_member()) {
      return Error{Code::corrupt, name() + " data is followed by other bytes, at byte " + std::to_string(consumed_)};
    }
    between_members_ = false;
    return codec_->restart();
  }

  bool looks_like_a_member() const {
    const auto first = static_cast<unsigned char>(buffer_[begin_]);
    switch (compression_) {
      case Compression::gzip: return first == 0x1F;
      case Compression::bzip2: return first == 'B';
      case Compression::lz4: return first == 0x04 || (first & 0xF0u) == 0x50;
      case Compression::zstd: return first == 0x28 || (first & 0xF0u) == 0x50;  // a frame or a skippable frame
      default: return false;
    }
  }

  Status check_limits() const {
    if (produced_ > limits_.max_bytes) {
      return Error{Code::too_large,
                   name() + " data grows beyond the limit of " + std::to_string(limits_.max_bytes) + " bytes"};
    }
    if (produced_ > kRatioFreeBytes && (produced_ - kRatioFreeBytes) / limits_.max_ratio > consumed_) {
      return Error{Code::too_large, name() + " data grows more than " + std::to_string(limits_.max_ratio) + " times (" +
                                        std::to_string(consumed_) + " bytes became more than " +
                                        std::to_string(produced_) + ")"};
    }
    return Ok{};
  }

  std::unique_ptr<ByteSource> upstream_;
  std::unique_ptr<Codec> codec_;
  Compression compression_;
  DecompressLimits limits_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t produced_ = 0;
  bool upstream_ended_ = false;
  bool between_members_ = false;
  bool padding_ = false;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> decompressing_source(std::unique_ptr<ByteSource> upstream, Compression compression,
                                                         DecompressLimits limits) {
  limits.max_ratio = std::max<std::uint64_t>(limits.max_ratio, 1);
  SCORIA_TRY(codec, make_codec(compression));
  return std::unique_ptr<ByteSource>(
      std::make_unique<DecompressingSource>(std::move(upstream), std::move(codec), compression, limits));
}

}  // namespace scoria
