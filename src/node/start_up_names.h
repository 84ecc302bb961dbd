// Which environment variables a runtime looks at when it starts, so that a template serves only tasks that set them as it was started with.
// Threads: free function.
#pragma once

#include <array>
#include <string_view>

namespace scoria::node {

inline bool is_start_up_name(std::string_view name) {
  constexpr std::array kNames{"PATH", "LANG", "LANGUAGE", "TZ", "VIRTUAL_ENV"};
  constexpr std::array kBeginnings{"R_",   "LC_",   "LD_",   "PYTHON", "OMP_",   "OPENBLAS_",
                                   "MKL_", "GOTO_", "BLAS_", "CONDA",  "MALLOC_"};
  for (const std::string_view known : kNames) {
    if (name == known) return true;
  }
  for (const std::string_view beginning : kBeginnings) {
    if (name.starts_with(beginning)) return true;
  }
  return false;
}

}  // namespace scoria::node
