#include "plan/places.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "expr/message.h"

namespace scoria::plan {
namespace {

// Where in `scalar` the message's expression has its column: "expression 'log(c)', column 5: ..." -> bytes from the start.
std::optional<std::size_t> offset_in(std::string_view scalar, std::string_view message) {
  constexpr std::string_view kBegin = "expression '";
  constexpr std::string_view kEnd = "', column ";
  const std::size_t begin = message.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view rest = message.substr(begin + kBegin.size());
  // The expression's text may hold quotes itself: take the end that makes it a part of the scalar.
  for (std::size_t end = rest.find(kEnd); end != std::string_view::npos; end = rest.find(kEnd, end + 1)) {
    std::string_view shown = rest.substr(0, end);
    std::size_t column = 0;
    const std::string_view number = rest.substr(end + kEnd.size());
    if (std::from_chars(number.data(), number.data() + number.size(), column).ec != std::errc{} || column == 0)
      continue;
    if (expr::shown(scalar) == shown) shown = scalar;  // a long one is shown by its beginning
    const std::size_t found = scalar.find(shown);
    if (found == std::string_view::npos) continue;
    std::size_t offset = found;
    for (std::size_t character = 1; character < column && offset < scalar.size(); ++character) {
      do ++offset;
      while (offset < scalar.size() && (scalar[offset] & 0xC0) == 0x80);
    }
    return offset;
  }
  return std::nullopt;
}

bool is_at_or_below(std::string_view path, std::string_view above) {
  return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '.');
}

}  // namespace

Places::Places(std::string document, std::string text, std::vector<std::string> settings)
    : document_(std::move(document)), text_(std::move(text)), settings_(std::move(settings)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

void Places::note(const std::string& path, int line, int column, std::string scalar) {
  values_.insert_or_assign(path, Mark{line, column, std::move(scalar)});
}

void Places::note_key(const std::string& path, int line, int column) {
  keys_.insert_or_assign(path, Mark{line, column, {}});
}

std::string_view Places::line(std::size_t number) const {
  if (number >= line_starts_.size()) return {};
  const std::size_t begin = line_starts_[number];
  const std::size_t end = number + 1 < line_starts_.size() ? line_starts_[number + 1] - 1 : text_.size();
  return std::string_view(text_).substr(begin, end - begin);
}

// A plain or quoted scalar is found in its line as it is, a block scalar in the lines below its mark. One that the file
// writes otherwise (escapes, folded lines) has no place of its own inside.
Places::Position Places::inside(const Mark& mark, std::size_t offset) const {
  const Position start{static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column)};
  const std::string_view first = line(start.line);
  if (first.size() < start.column) return start;
  const std::string_view here = first.substr(start.column);
  const std::size_t quote = !here.empty() && (here[0] == '"' || here[0] == '\'') ? 1 : 0;
  if (here.substr(quote).starts_with(mark.scalar)) return {start.line, start.column + quote + offset};
  if (here.empty() || here[0] != '|') return start;
  const std::string_view before = std::string_view(mark.scalar).substr(0, offset);
  const std::size_t row = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t begin = row == 0 ? 0 : before.rfind('\n') + 1;
  const std::size_t end = std::min(mark.scalar.find('\n', begin), mark.scalar.size());
  const std::size_t found = line(start.line + 1 + row).find(std::string_view(mark.scalar).substr(begin, end - begin));
  if (found == std::string_view::npos) return start;
  return {start.line + 1 + row, found + offset - begin};
}

std::string Places::prefix(std::string_view path, Position position) const {
  for (const std::string& setting : settings_) {
    if (is_at_or_below(path, setting)) return document_ + ", --set " + setting;
  }
  const std::size_t column = expr::column_at(line(position.line), position.column);
  return document_ + ", line " + std::to_string(position.line + 1) + ", column " + std::to_string(column);
}

Error Places::at(std::string_view path, Error error) const {
  if (values_.find(path) == values_.end() && keys_.find(path) != keys_.end()) return at_key(path, std::move(error));
  std::string_view known = path;
  auto found = values_.find(known);
  while (found == values_.end() && !known.empty()) {
    const std::size_t dot = known.rfind('.');
    known = known.substr(0, dot == std::string_view::npos ? 0 : dot);
    found = values_.find(known);
  }
  if (!path.empty()) error = with_context(path, std::move(error));
  if (found == values_.end()) return with_context(document_, std::move(error));
  const Mark& mark = found->second;
  Position position{static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column)};
  if (const auto offset = offset_in(mark.scalar, error.message)) position = inside(mark, *offset);
  return with_context(prefix(known, position), std::move(error));
}

Error Places::at_key(std::string_view path, Error error) const {
  const auto found = keys_.find(path);
  if (found == keys_.end()) return at(path, std::move(error));
  const Position position{static_cast<std::size_t>(found->second.line), static_cast<std::size_t>(found->second.column)};
  return with_context(prefix(path, position), with_context(path, std::move(error)));
}

}  // namespace scoria::plan
