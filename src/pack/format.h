// The bytes of a pack, as docs/formats/pack.md describes them. Everything is little-endian; offsets count from the file's start.
// Threads: constants and plain structs.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace scoria::pack {

static_assert(std::endian::native == std::endian::little, "packs are read in place, and hold little-endian numbers");

inline constexpr std::uint64_t kHeadMagic = 0x0a1a'0a0d'6b63'6170;  // "pack\r\n\x1a\n": a transfer as text breaks it
inline constexpr std::uint64_t kTailMagic = 0x0a1a'0a0d'646e'6570;  // "pend\r\n\x1a\n"
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kBlockBytes = 64 << 10;  // each has a checksum
inline constexpr std::size_t kAlignment = 8;          // of records: their numbers are used where they lie

// The first bytes of the file.
struct Head {
  std::uint64_t magic = kHeadMagic;
  std::uint32_t version = kVersion;
  std::uint32_t byte_order = 0x01020304;
};

// A run of bytes of the file.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// The last bytes of the file.
struct Tail {
  Extent contents;   // JSON
  Extent index;      // slots
  Extent checksums;  // CRC-32 of each block of what stands before them
  std::uint64_t models = 0;
  std::uint64_t slots = 0;          // a power of two, and most_probes after them: no search wraps around
  std::uint64_t most_probes = 0;    // slots that a search looks at, at most
  std::uint64_t file_bytes = 0;     // of all of the file
  std::uint32_t checksums_crc = 0;  // of the extent `checksums`
  std::uint32_t tail_crc = 0;       // of the tail, this field being 0
  std::uint64_t magic = kTailMagic;
};

// An entry of the index, at the first free place from hash % slots on. An offset of 0 is a free one.
struct Slot {
  std::uint64_t hash = 0;    // of the key's bytes
  std::uint64_t record = 0;  // offset
};

enum class Form : std::uint8_t {
  source = 1,          // the bytes of the model's file
  kernel_machine = 2,  // scalings, then a kernel machine with one sum
  linear = 3,          // scalings, then one weighted sum
};
inline constexpr std::size_t kForms = 4;  // numbers below

// A model. Behind it: the key (key_bytes, padded to 8), then the form's own bytes.
struct RecordHead {
  std::uint32_t bytes = 0;      // of all of the record, a multiple of 8
  std::uint16_t key_bytes = 0;  // without padding
  Form form = Form::source;
  std::uint8_t reserved = 0;
  std::uint32_t schema = 0;        // position in the contents' list; 0 with Form::source
  std::uint32_t class_number = 0;  // position in the contents' list of classes
  std::uint64_t origin = 0;        // offset of the Origin
};

// What Form::kernel_machine and Form::linear hold behind a record's key. Behind it numbers, all doubles, in the order that
// ready_form.h reads them.
struct ReadyHead {
  std::uint8_t scalings = 0;
  std::uint8_t answer = 0;           // Answer
  std::uint8_t kernel = 0;           // KernelKind of a machine
  std::uint8_t has_probability = 0;  // of a machine of two classes: Platt's two numbers are there
  std::uint32_t inputs = 0;
  std::uint32_t vectors = 0;  // of a machine
  std::int32_t degree = 0;    // of a polynomial kernel
};

// Where a model came from. Behind it: the path's bytes, padded to 8.
struct Origin {
  std::uint64_t file_bytes = 0;
  std::byte sha256[32] = {};
  std::uint64_t path_bytes = 0;
};

constexpr std::uint64_t padded(std::uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

static_assert(sizeof(Head) == 16 && sizeof(Tail) == 96 && sizeof(Slot) == 16 && sizeof(RecordHead) == 24 &&
              sizeof(ReadyHead) == 16 && sizeof(Origin) == 48);

}  // namespace scoria::pack
