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

// Errors: unsupported (byte code, external pointers and other kinds that have no meaning outside their process are named),
// invalid (version).
Result<std::string> write(const Value& value, const WriteOptions& options = {});

}  // namespace scoria::rdata
