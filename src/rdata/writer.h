// Writes a Value as an R serialization stream that R's readRDS() and unserialize() accept.
// Threads: independent calls are independent.
#pragma once

#include <string>

#include "base/result.h"
#include "rdata/value.h"

namespace scoria::rdata {

enum class WriteFormat : std::uint8_t { xdr, ascii };

struct WriteOptions {
  int version = 3;  // 2 or 3
  WriteFormat format = WriteFormat::xdr;
  bool gzip = true;
};

// A compiled closure is written with its source expression, as compiler::enableJIT(0) would have kept it. Variables of an
// environment are written as a pairlist, a dotted pair's tail as a cell. Ascii holds doubles in the fewest digits that
// give them back exactly; only the payload of a NaN is lost there, as in R.
// Errors: unsupported (an external pointer, a weak reference, byte code outside a closure: they have no meaning outside
// their process), too_large (a string beyond 2^31 - 1 bytes), invalid (version).
Result<std::string> write(const Value& value, const WriteOptions& options = {});

}  // namespace scoria::rdata
