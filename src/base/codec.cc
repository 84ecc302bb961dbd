#include "base/codec.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <string>

namespace scoria {
namespace {

// The libraries count in unsigned int; larger buffers are fed in parts.
unsigned clamped(std::size_t size) {
  return static_cast<unsigned>(std::min<std::size_t>(size, std::numeric_limits<unsigned>::max() / 2));
}

Error corrupt(std::string_view format, std::string_view what) {
  return Error{Code::corrupt, std::string(format) + " data is damaged: " + std::string(what)};
}

Error out_of_memory(std::string_view format) {
  return Error{Code::exhausted, "no memory left to decompress " + std::string(format) + " data"};
}

// The libraries take a non-const pointer to input that they do not change.
template <typename Byte>
Byte* unconst(const char* bytes) {
  return reinterpret_cast<Byte*>(const_cast<char*>(bytes));
}

// Deflate in gzip's wrapping or in zlib's.
class DeflateCodec final : public Codec {
 public:
  explicit DeflateCodec(bool is_gzip) : is_gzip_(is_gzip) {}
  ~DeflateCodec() override { inflateEnd(&stream_); }

  bool open() { return inflateInit2(&stream_, is_gzip_ ? 15 + 16 : 15) == Z_OK; }

  Result<Step> step(std::span<const char> in, std::span<char> out, bool) override {
    const unsigned in_size = clamped(in.size());
    const unsigned out_size = clamped(out.size());
    stream_.next_in = unconst<Bytef>(in.data());
    stream_.avail_in = in_size;
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = out_size;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR) return out_of_memory(name());
    if (code == Z_NEED_DICT) return corrupt(name(), "it wants a preset dictionary");
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return corrupt(name(), stream_.msg != nullptr ? stream_.msg : "invalid stream");
    }
    return Step{in_size - stream_.avail_in, out_size - stream_.avail_out, code == Z_STREAM_END};
  }

  Status restart() override {
    if (inflateReset(&stream_) != Z_OK) return out_of_memory(name());
    return Ok{};
  }

 private:
  std::string_view name() const { return is_gzip_ ? "gzip" : "zlib"; }

  bool is_gzip_;
  z_stream stream_{};
};

class Bzip2Codec final : public Codec {
 public:
  ~Bzip2Codec() override { BZ2_bzDecompressEnd(&stream_); }

  bool open() { return BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }

  Result<Step> step(std::span<const char> in, std::span<char> out, bool) override {
    const unsigned in_size = clamped(in.size());
    const unsigned out_size = clamped(out.size());
    stream_.next_in = unconst<char>(in.data());
    stream_.avail_in = in_size;
    stream_.next_out = out.data();
    stream_.avail_out = out_size;
    const int code = BZ2_bzDecompress(&stream_);
    if (code == BZ_MEM_ERROR) return out_of_memory("bzip2");
    if (code == BZ_DATA_ERROR_MAGIC) return corrupt("bzip2", "wrong magic bytes");
    if (code != BZ_OK && code != BZ_STREAM_END) return corrupt("bzip2", "checksum or structure is wrong");
    return Step{in_size - stream_.avail_in, out_size - stream_.avail_out, code == BZ_STREAM_END};
  }

  Status restart() override {
    BZ2_bzDecompressEnd(&stream_);
    stream_ = bz_stream{};
    if (!open()) return out_of_memory("bzip2");
    return Ok{};
  }

 private:
  bz_stream stream_{};
};

class LzmaCodec final : public Codec {
 public:
  explicit LzmaCodec(bool is_xz) : is_xz_(is_xz) {}
  ~LzmaCodec() override { lzma_end(&stream_); }

  bool open() {
    // xz -9 needs 65 MiB; a header may claim a 4 GiB dictionary, which liblzma would allocate before the first byte.
    constexpr std::uint64_t kMemoryLimit = 256ull << 20;
    const lzma_ret code = is_xz_ ? lzma_stream_decoder(&stream_, kMemoryLimit, LZMA_CONCATENATED)
                                 : lzma_alone_decoder(&stream_, kMemoryLimit);
    return code == LZMA_OK;
  }

  Result<Step> step(std::span<const char> in, std::span<char> out, bool in_is_last) override {
    stream_.next_in = unconst<const std::uint8_t>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret code = lzma_code(&stream_, in_is_last ? LZMA_FINISH : LZMA_RUN);
    const std::string_view format = is_xz_ ? "xz" : "lzma";
    switch (code) {
      case LZMA_OK:
      case LZMA_STREAM_END:
      case LZMA_BUF_ERROR: break;
      case LZMA_MEM_ERROR: return out_of_memory(format);
      case LZMA_MEMLIMIT_ERROR:
        return Error{Code::too_large, std::string(format) + " data asks for " +
                                          std::to_string(lzma_memusage(&stream_) >> 20) +
                                          " MiB to be decompressed; at most 256 MiB are given"};
      case LZMA_FORMAT_ERROR: return corrupt(format, "wrong magic bytes");
      case LZMA_OPTIONS_ERROR: return corrupt(format, "unknown options in its header");
      default: return corrupt(format, "checksum or structure is wrong");
    }
    return Step{in.size() - stream_.avail_in, out.size() - stream_.avail_out, code == LZMA_STREAM_END};
  }

  // liblzma joins xz streams itself, and lzma-alone has one member only.
  Status restart() override { return corrupt(is_xz_ ? "xz" : "lzma", "there are bytes after its end"); }

 private:
  bool is_xz_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class ZstdCodec final : public Codec {
 public:
  ~ZstdCodec() override { ZSTD_freeDStream(stream_); }

  bool open() {
    stream_ = ZSTD_createDStream();
    return stream_ != nullptr;
  }

  Result<Step> step(std::span<const char> in, std::span<char> out, bool) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t code = ZSTD_decompressStream(stream_, &output, &input);
    if (ZSTD_isError(code) != 0) return corrupt("zstd", ZSTD_getErrorName(code));
    return Step{input.pos, output.pos, code == 0};
  }

  Status restart() override { return Ok{}; }  // a finished frame leaves the stream ready for the next

 private:
  ZSTD_DStream* stream_ = nullptr;
};

class Lz4Codec final : public Codec {
 public:
  ~Lz4Codec() override { LZ4F_freeDecompressionContext(context_); }

  bool open() { return LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) == 0; }

  Result<Step> step(std::span<const char> in, std::span<char> out, bool) override {
    std::size_t in_size = in.size();
    std::size_t out_size = out.size();
    const std::size_t code = LZ4F_decompress(context_, out.data(), &out_size, in.data(), &in_size, nullptr);
    if (LZ4F_isError(code) != 0) return corrupt("lz4", LZ4F_getErrorName(code));
    // A frame's end is also the answer to no input at all.
    return Step{in_size, out_size, code == 0 && in_size > 0};
  }

  Status restart() override { return Ok{}; }  // a finished frame leaves the context ready for the next

 private:
  LZ4F_dctx* context_ = nullptr;
};

template <typename T, typename... Arguments>
Result<std::unique_ptr<Codec>> opened(Compression compression, Arguments... arguments) {
  auto codec = std::make_unique<T>(arguments...);
  if (!codec->open()) return out_of_memory(compression_name(compression));
  return std::unique_ptr<Codec>(std::move(codec));
}

}  // namespace

Result<std::unique_ptr<Codec>> make_codec(Compression compression) {
  switch (compression) {
    case Compression::gzip: return opened<DeflateCodec>(compression, true);
    case Compression::zlib: return opened<DeflateCodec>(compression, false);
    case Compression::bzip2: return opened<Bzip2Codec>(compression);
    case Compression::xz: return opened<LzmaCodec>(compression, true);
    case Compression::lzma: return opened<LzmaCodec>(compression, false);
    case Compression::zstd: return opened<ZstdCodec>(compression);
    case Compression::lz4: return opened<Lz4Codec>(compression);
    case Compression::none: break;
  }
  throw_bug(__FILE__, __LINE__, "a compression that needs a codec");
}

std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::none: return "none";
    case Compression::gzip: return "gzip";
    case Compression::bzip2: return "bzip2";
    case Compression::xz: return "xz";
    case Compression::lzma: return "lzma";
    case Compression::zstd: return "zstd";
    case Compression::lz4: return "lz4";
    case Compression::zlib: return "zlib";
  }
  throw_bug(__FILE__, __LINE__, "a known Compression");
}

}  // namespace scoria
