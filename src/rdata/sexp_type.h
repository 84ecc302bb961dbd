// The numbers of R's types and flags in a stream (Rinternals.h, serialize.c).
#pragma once

#include <cstdint>

namespace scoria::rdata::sexp {

enum Type : std::int32_t {
  kSymbol = 1,
  kPairlist = 2,
  kClosure = 3,
  kEnvironment = 4,
  kPromise = 5,
  kLanguage = 6,
  kSpecial = 7,
  kBuiltin = 8,
  kCharacterElement = 9,
  kLogical = 10,
  kInteger = 13,
  kReal = 14,
  kComplex = 15,
  kCharacter = 16,
  kDots = 17,
  kList = 19,
  kExpression = 20,
  kBytecode = 21,
  kExternalPointer = 22,
  kWeakReference = 23,
  kRaw = 24,
  kS4 = 25,
  // Of the stream only:
  kAltrep = 238,
  kAttributedPairlist = 239,
  kAttributedLanguage = 240,
  kBaseEnvironment = 241,
  kEmptyEnvironment = 242,
  kSharedReference = 243,
  kSharedDefinition = 244,
  kGenericReference = 245,
  kClassReference = 246,
  kPersistent = 247,
  kPackage = 248,
  kNamespace = 249,
  kBaseNamespace = 250,
  kMissingArgument = 251,
  kUnboundValue = 252,
  kGlobalEnvironment = 253,
  kNull = 254,
  kReference = 255,
};

inline constexpr std::int32_t kObjectFlag = 1 << 8;
inline constexpr std::int32_t kAttributesFlag = 1 << 9;
inline constexpr std::int32_t kTagFlag = 1 << 10;

inline std::int32_t type_of(std::int32_t flags) { return flags & 0xFF; }
inline std::int32_t levels_of(std::int32_t flags) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(flags) >> 12);
}

// Levels of a CHARSXP: its encoding.
inline constexpr std::int32_t kBytesLevel = 1 << 1;
inline constexpr std::int32_t kLatin1Level = 1 << 2;
inline constexpr std::int32_t kUtf8Level = 1 << 3;
inline constexpr std::int32_t kAsciiLevel = 1 << 6;
// Level of anything else: the S4 bit.
inline constexpr std::int32_t kS4Level = 1 << 4;

}  // namespace scoria::rdata::sexp
