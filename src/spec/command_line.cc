#include "spec/command_line.h"

namespace scoria::spec {
namespace {

constexpr std::size_t kMaxCommandBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxArguments = 4096;

bool is_separator(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// The end of the name that starts at `at`; `at` itself where none does.
std::size_t end_of_name(std::string_view text, std::size_t at) {
  if (at >= text.size() || !is_name_start(text[at])) return at;
  while (at < text.size() && is_name(text[at])) ++at;
  return at;
}

Error open_quote(char quote, std::size_t at) {
  return {Code::invalid, "the command line's " + std::string(1, quote) + " at byte " + std::to_string(at) +
                             " is never closed: quotes come in pairs, or as \\" + std::string(1, quote)};
}

}  // namespace

Result<std::vector<std::string>> split_command_line(std::string_view text) {
  if (text.size() > kMaxCommandBytes) {
    return Error{Code::too_large, "the command line has " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(kMaxCommandBytes) + " are allowed"};
  }
  if (const auto at = text.find('\0'); at != std::string_view::npos) {
    return Error{Code::invalid, "the command line has a NUL at byte " + std::to_string(at)};
  }
  std::vector<std::string> arguments;
  bool is_open = false;  // an argument has begun, if only by ''
  const auto argument = [&]() -> std::string& {
    if (!is_open) arguments.emplace_back();
    is_open = true;
    return arguments.back();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_separator(c)) {
      is_open = false;
    } else if (c == '\'') {
      const auto end = text.find('\'', i + 1);
      if (end == std::string_view::npos) return open_quote(c, i);
      argument().append(text.substr(i + 1, end - i - 1));
      i = end;
    } else if (c == '"') {
      const std::size_t start = i;
      std::string& out = argument();
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
          const char next = text[i + 1];
          if (next == '\n') {
            ++i;
            continue;
          }
          if (next == '"' || next == '\\' || next == '$' || next == '`') ++i;
        }
        out += text[i];
      }
      if (i >= text.size()) return open_quote(c, start);
    } else if (c == '\\' && i + 1 < text.size()) {
      if (text[++i] != '\n') argument() += text[i];
    } else {
      argument() += c;
    }
    if (arguments.size() > kMaxArguments) {
      return Error{Code::too_large, "the command line has more than " + std::to_string(kMaxArguments) + " arguments"};
    }
  }
  if (arguments.empty()) return Error{Code::invalid, "the command line is blank: it must name a program"};
  return arguments;
}

std::string expand_variables(std::string_view text,
                             const std::function<std::optional<std::string>(std::string_view name)>& lookup) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t name_start = i + 1;
    std::size_t end = 0;  // behind the whole reference; 0: there is none here
    std::size_t name_end = 0;
    if (text[i] == '$' && name_start < text.size() && text[name_start] == '{') {
      name_end = end_of_name(text, ++name_start);
      if (name_end > name_start && name_end < text.size() && text[name_end] == '}') end = name_end + 1;
    } else if (text[i] == '$') {
      name_end = end_of_name(text, name_start);
      if (name_end > name_start) end = name_end;
    } else if (text[i] == '%') {
      name_end = end_of_name(text, name_start);
      if (name_end > name_start && name_end < text.size() && text[name_end] == '%') end = name_end + 1;
    }
    if (end != 0) {
      if (const auto value = lookup(text.substr(name_start, name_end - name_start))) {
        out += *value;
        i = end;
        continue;
      }
    }
    out += text[i++];
  }
  return out;
}

}  // namespace scoria::spec
