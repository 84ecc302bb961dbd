// Benchmarks end with a message where a library would return an error.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/result.h"

#ifndef NDEBUG
#error "benchmarks are built optimized: cmake --preset bench"
#endif

namespace scoria {

template <typename T>
T must(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

}  // namespace scoria
