// Any text as a command line: what splits, quoted again, splits into the same; expansion by nothing changes nothing.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spec/command_line.h"

using namespace scoria::spec;

namespace {

std::string quoted(std::string_view argument) {
  std::string out = "'";
  for (const char c : argument) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  SCORIA_CHECK(expand_variables(text, [](std::string_view) { return std::nullopt; }) == text);
  (void)expand_variables(text, [](std::string_view name) { return std::optional(std::string(name)); });
  const auto arguments = split_command_line(text);
  if (!arguments.ok()) return 0;
  SCORIA_CHECK(!arguments.value().empty());
  std::string line;
  for (const auto& argument : arguments.value()) line += quoted(argument) + " ";
  const auto again = split_command_line(line);
  // Quotes added here can exceed a limit that the first text kept within.
  if (again.ok()) {
    SCORIA_CHECK(again.value() == arguments.value());
  } else {
    SCORIA_CHECK(again.error().code == scoria::Code::too_large);
  }
  return 0;
}
