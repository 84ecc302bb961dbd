#include "expr/message.h"

#include <algorithm>
#include <utility>

namespace scoria::expr {
namespace {

// Letters replaced, added, dropped, or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string list(const std::vector<std::string>& names, std::size_t most, std::string_view last_separator) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) {
    if (i > 0) out += i + 1 == names.size() ? last_separator : ", ";
    out += "'" + names[i] + "'";
  }
  if (names.size() > most) out += ", ... (" + std::to_string(names.size()) + " in all)";
  return out;
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 120;
  if (text.size() <= kShown) return std::string(text);
  std::size_t end = kShown;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::size_t column_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto starts_character = [](char c) { return (c & 0xC0) != 0x80; };
  return 1 + static_cast<std::size_t>(std::count_if(before.begin(), before.end(), starts_character));
}

Error located(const Place& place, Error error) {
  if (!place.source) return error;
  const std::size_t column = column_at(*place.source, place.offset);
  return with_context("expression '" + shown(*place.source) + "', column " + std::to_string(column), std::move(error));
}

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t kMostCompared = 2'000;
  constexpr std::size_t kMostShown = 12;
  std::vector<std::string> close;
  // A third of the letters may be wrong, and at most two.
  const std::size_t allowed = std::min<std::size_t>(2, (name.size() + 2) / 3);
  for (std::size_t i = 0; i < known.size() && i < kMostCompared && name.size() <= 64; ++i)
    if (known[i].size() <= 64 && distance(name, known[i]) <= allowed) close.push_back(known[i]);
  if (!close.empty()) return "did you mean " + list(close, kMostShown, " or ") + "?";
  if (known.empty()) return "none is known";
  return "known: " + list(known, kMostShown, ", ");
}

}  // namespace scoria::expr
