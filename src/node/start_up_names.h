// Which environment variables a runtime looks at when it starts, so that a template serves only tasks that set them as it was started with.
// Threads: free function.
#pragma once

#include <array>
#include <string_view>

namespace scoria::node {

// In a template's environment: how the packages stood that it loaded, so that others are not taken for them.
inline constexpr std::string_view kTemplateStamp = "SCORIA_TEMPLATE_STAMP";

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
