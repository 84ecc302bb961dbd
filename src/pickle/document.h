// The memory behind a Document.
#pragma once

#include <string>

#include "base/arena.h"
#include "pickle/value.h"

namespace scoria::pickle {

struct Document::Storage {
  explicit Storage(std::string bytes) : stream(std::move(bytes)), arena(stream.size()) {}
  const std::string stream;  // inflated; texts and arrays look into it
  Arena arena;
};

}  // namespace scoria::pickle
