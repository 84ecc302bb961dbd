// ALTREP forms become the plain vectors they stand for. Source: R 4.2 src/main/altclasses.c.
// Threads: independent calls are independent.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"
#include "rdata/value.h"

namespace scoria::rdata {

struct AltrepForm {
  std::string_view class_name;
  std::string_view package;
  const Value& state;
};

// The vector, without attributes, in `arena`. `room`: how many bytes it may take; what it took is subtracted.
// Errors: too_large (room), corrupt (a state that its class does not have), unsupported (class).
Result<Value*> expand_altrep(const AltrepForm& form, Arena& arena, std::uint64_t& room);

}  // namespace scoria::rdata
