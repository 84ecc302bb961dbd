// `scoria pack MODELS -o FILE`: many model files in one pack, found by key.
// Threads: one call at a time.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/context.h"

namespace scoria::cli {

struct PackOptions {
  std::string models;  // a path with {column} parts, or a folder
  std::string name;    // of the files in the folder, with {column} parts
  std::string output;
  bool skip_unreadable = false;
};

// Progress, and models that cannot be read, go to standard error; what was packed to standard output.
Status pack(const PackOptions& options, const Context& context);

}  // namespace scoria::cli
