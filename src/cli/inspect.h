// `scoria inspect FILE`: what a file holds, without running anything in it.
// Threads: one call at a time.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace scoria::cli {

struct InspectOptions {
  std::string file;
  std::optional<std::string> object;  // of a workspace
  std::optional<std::string> key;     // of a model in a pack
  bool json = false;
};

// A model of R: its family, features, types and parameters. Any other R object and any Python object: an outline of it. An output of
// `scoria run`: where it came from. The text to print, with its last line end.
Result<std::string> inspect(const InspectOptions& options);

}  // namespace scoria::cli
