#include "serve/script/script_words.h"

#include <algorithm>

namespace scoria::serve::script {
namespace {

// Of ASCII, whatever the locale.
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_space(char c) { return is_blank(c) || (c >= '\n' && c <= '\r'); }
bool is_of_package(char c) { return is_letter(c) || is_digit(c) || c == '.'; }
bool is_of_r_name(char c) { return is_of_package(c) || c == '_'; }
bool is_of_python_name(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

// Reads a text from its front.
struct WordReader {
  std::string_view rest;

  bool take(std::string_view word) {
    const bool is_there = rest.starts_with(word);
    if (is_there) rest.remove_prefix(word.size());
    return is_there;
  }
  template <typename Is>
  std::string_view take_while(Is is) {
    const auto end = std::find_if_not(rest.begin(), rest.end(), is);
    const std::string_view taken = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest.remove_prefix(taken.size());
    return taken;
  }
  bool take_spaces() { return !take_while(is_space).empty(); }
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

void add_once(std::string_view name, std::vector<std::string>& names) {
  if (name.empty() || name.size() > kMostPackageName || names.size() >= kMostPreload) return;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

// Whether `matches` is true of what follows a line's beginning; it may read on into the next lines. Blank lines are passed by, so that it is asked only
// where something stands.
template <typename Matches>
bool has_line(std::string_view text, Matches matches) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (!trim(text.substr(at, end - at)).empty() && matches(WordReader{text.substr(at)})) return true;
    at = end + 1;
  }
  return false;
}

// Calls visit(before, after) for each opening parenthesis. Each word and each run of spaces lies between two of them, so that walking back from one
// and on from it costs no more than the text is long.
template <typename Visit>
void for_each_call(std::string_view code, Visit visit) {
  for (std::size_t at = code.find('('); at != std::string_view::npos; at = code.find('(', at + 1))
    visit(code.substr(0, at), code.substr(at + 1));
}

bool takes_definition(WordReader& reader, std::string_view name) {
  if (!reader.take("def") || !reader.take_spaces() || !reader.take(name)) return false;
  reader.take_spaces();
  return reader.take("(");
}

}  // namespace

std::string_view annotation(std::string_view line) {
  line = trim(line);
  if (!line.starts_with("#*") && !line.starts_with("#'")) return {};
  WordReader reader{trim(line.substr(2))};
  if (!reader.take("@")) return {};
  return reader.take_while([](char c) { return is_letter(c) || is_digit(c); });
}

std::string without_comments(std::string_view text) {
  std::string code;
  for_each_line(text, [&](std::string_view line) {
    if (!trim(line).starts_with('#')) code.append(line).push_back('\n');
  });
  return code;
}

std::vector<std::string> r_packages(std::string_view code) {
  std::vector<std::string> names;
  for_each_call(code, [&](std::string_view before, std::string_view after) {
    constexpr std::string_view kCalls[]{"library", "require", "requireNamespace", "loadNamespace"};
    if (std::none_of(std::begin(kCalls), std::end(kCalls), [&](auto call) { return before.ends_with(call); })) return;
    WordReader reader{after};
    reader.take_spaces();
    if (!reader.take("\"")) reader.take("'");
    if (!reader.rest.empty() && is_letter(reader.rest.front())) add_once(reader.take_while(is_of_package), names);
  });
  for (std::size_t at = code.find("::"); at != std::string_view::npos;) {
    WordReader reader{code.substr(at + 2)};
    reader.take(":");
    std::size_t begin = at;
    while (begin > 0 && is_of_package(code[begin - 1])) --begin;
    while (begin < at && !is_letter(code[begin])) ++begin;
    if (!reader.rest.empty() && (is_letter(reader.rest.front()) || reader.rest.front() == '.'))
      add_once(code.substr(begin, at - begin), names);
    at = code.find("::", code.size() - reader.rest.size());
  }
  return names;
}

bool defines_r_function(std::string_view code, std::string_view name) {
  return has_line(code, [&](WordReader reader) {
    reader.take_spaces();
    if (!reader.take(name)) return false;
    reader.take_spaces();
    if (!reader.take("<-") && !reader.take("=")) return false;
    reader.take_spaces();
    return reader.take("function") || reader.take("\\");
  });
}

bool makes_router(std::string_view code) {
  bool found = false;
  for_each_call(code, [&](std::string_view before, std::string_view) {
    constexpr std::string_view kCalls[]{"pr", "plumb", "pr_get", "pr_post", "Plumber$new"};
    while (!before.empty() && is_space(before.back())) before.remove_suffix(1);
    for (const auto call : kCalls) {
      found = found || (before.ends_with(call) &&
                        (before.size() == call.size() || !is_of_r_name(before[before.size() - call.size() - 1])));
    }
  });
  return found;
}

std::vector<std::string> python_modules(std::string_view text) {
  std::vector<std::string> names;
  for_each_line(text, [&](std::string_view line) {
    WordReader reader{line};
    reader.take_while(is_blank);
    if (!reader.take("import") && !reader.take("from")) return;
    if (reader.take_while(is_blank).empty() || reader.rest.empty() || is_digit(reader.rest.front())) return;
    add_once(reader.take_while(is_of_python_name), names);
  });
  return names;
}

bool defines_python_function(std::string_view text, std::string_view name) {
  return has_line(text, [&](WordReader reader) {
    if (reader.take("async") && !reader.take_spaces()) return false;
    return takes_definition(reader, name);
  });
}

bool defines_python_method(std::string_view text, std::string_view name) {
  return has_line(text, [&](WordReader reader) {
    reader.take_spaces();
    return takes_definition(reader, name);
  });
}

bool declares_rowwise(std::string_view text) {
  return has_line(text, [](WordReader reader) {
    reader.take_spaces();
    reader.take("self.");
    if (!reader.take("rowwise")) return false;
    reader.take_spaces();
    if (!reader.take("=")) return false;
    reader.take_spaces();
    return reader.take("True");
  });
}

}  // namespace scoria::serve::script
