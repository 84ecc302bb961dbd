#include "expr/grammar.h"

#include <algorithm>
#include <array>
#include <utility>

namespace scoria::expr {
namespace {

constexpr std::array<std::pair<std::string_view, Operator>, 19> kOperators = {{
    {"||", {10}},
    {"|", {10}},
    {"&&", {20}},
    {"&", {20}},
    {"==", {40, false, true}},
    {"!=", {40, false, true}},
    {"<", {40, false, true}},
    {"<=", {40, false, true}},
    {">", {40, false, true}},
    {">=", {40, false, true}},
    {"+", {50}},
    {"-", {50}},
    {"*", {60}},
    {"/", {60}},
    {"%%", {70}},
    {"%/%", {70}},
    {"%in%", {70}},
    {":", {80}},
    {"^", {100, true}},
}};

constexpr std::array<std::string_view, 24> kReserved = {
    "if",   "else",        "repeat", "while",    "function",      "for",   "next",        "break", "in",
    "TRUE", "FALSE",       "NULL",   "Inf",      "NaN",           "NA",    "NA_integer_", "...",   "..1",
    "..2",  "NA_complex_", "..3",    "NA_real_", "NA_character_", "return"};

}  // namespace

std::optional<Operator> binary_operator(std::string_view op) {
  const auto* found =
      std::find_if(kOperators.begin(), kOperators.end(), [&](const auto& row) { return row.first == op; });
  if (found == kOperators.end()) return std::nullopt;
  return found->second;
}

bool is_reserved_word(std::string_view word) {
  return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

}  // namespace scoria::expr
