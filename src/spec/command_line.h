// Azure Batch's command lines: split into a program and its arguments without a shell. Threads: free functions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::spec {

// Splits as a POSIX shell would, of quotes and backslashes alone: '...', "..." with \" \\ \$ \` inside, \c outside. No globbing, pipes or
// variables. At most 64 KiB and 4,096 arguments. Errors: invalid (an open quote, nothing but blanks, a NUL), too_large.
Result<std::vector<std::string>> split_command_line(std::string_view text);

// $NAME, ${NAME} and %NAME% of paths and file patterns, by `lookup`; an unknown name stays as it is written.
std::string expand_variables(std::string_view text,
                             const std::function<std::optional<std::string>(std::string_view name)>& lookup);

}  // namespace scoria::spec
