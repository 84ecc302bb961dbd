// The memory behind a Document.
#pragma once

#include "base/arena.h"
#include "rdata/value.h"

namespace scoria::rdata {

struct Document::Storage {
  explicit Storage(std::size_t expected_bytes) : arena(expected_bytes) {}
  Arena arena;
};

// The values without content: NULL, the global environment, the missing argument, ... One of each for all documents.
// Precondition: `kind` is such a kind.
const Value& constant(Kind kind);

}  // namespace scoria::rdata
