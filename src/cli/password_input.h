// Passwords as people give them to commands: typed twice at a terminal without echo, on standard input, or in a file; never in arguments, which other
// users of the machine see. Threads: one call at a time.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"

namespace scoria::cli {

struct PasswordOptions {
  bool is_on_standard_input = false;
  std::string file;
};

void add_password_options(CLI::App& command, PasswordOptions& options);

// Without the end of its line. Errors: invalid (empty, too long, typed in two ways, no terminal to type at), and of the file.
Result<std::string> read_password(const PasswordOptions& options, const std::string& user);

}  // namespace scoria::cli
