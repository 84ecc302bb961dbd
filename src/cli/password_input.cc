#include "cli/password_input.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "auth/passwords.h"
#include "base/file.h"

namespace scoria::cli {
namespace {

// A terminal that does not show what is typed, as long as this lives.
class Quiet {
 public:
  explicit Quiet(int descriptor) : descriptor_(descriptor) {
    is_changed_ = ::tcgetattr(descriptor_, &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_changed_ = is_changed_ && ::tcsetattr(descriptor_, TCSAFLUSH, &quiet) == 0;
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() {
    if (is_changed_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
  }

 private:
  int descriptor_;
  termios before_{};
  bool is_changed_ = false;
};

Result<std::string> typed(FILE* terminal, const std::string& prompt) {
  std::fprintf(terminal, "%s", prompt.c_str());
  std::fflush(terminal);
  std::string line;
  {
    const Quiet quiet(::fileno(terminal));
    for (int byte = std::fgetc(terminal); byte != EOF && byte != '\n'; byte = std::fgetc(terminal)) {
      line += static_cast<char>(byte);
      if (line.size() > auth::kMostPasswordBytes) break;
    }
  }
  std::fprintf(terminal, "\n");
  if (line.empty()) return Error{Code::invalid, "no password was typed"};
  return line;
}

Result<std::string> typed_twice(const std::string& user) {
  const std::unique_ptr<FILE, int (*)(FILE*)> terminal(std::fopen("/dev/tty", "r+e"), std::fclose);
  if (terminal == nullptr) {
    return Error{Code::invalid,
                 "there is no terminal to type a password at: give it by --password-stdin or "
                 "--password-file FILE"};
  }
  SCORIA_TRY(first, typed(terminal.get(), "Password of " + user + ": "));
  SCORIA_TRY(second, typed(terminal.get(), "Again: "));
  if (first != second) return Error{Code::invalid, "the two are not the same"};
  return first;
}

std::string first_line(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

}  // namespace

void add_password_options(CLI::App& command, PasswordOptions& options) {
  auto* given =
      command.add_flag("--password-stdin", options.is_on_standard_input, "read the password from standard input");
  command
      .add_option("--password-file", options.file, "read it from a file's first line (default: typed, without echo)")
      ->excludes(given);
}

Result<std::string> read_password(const PasswordOptions& options, const std::string& user) {
  std::string password;
  if (!options.file.empty()) {
    SCORIA_TRY(bytes, FileBytes::open(options.file));
    password = first_line(bytes.text());
  } else if (options.is_on_standard_input) {
    std::getline(std::cin, password);
    password = first_line(password);
  } else {
    return typed_twice(user);
  }
  if (password.empty()) return Error{Code::invalid, "the password of " + user + " is empty"};
  return password;
}

}  // namespace scoria::cli
