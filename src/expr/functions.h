// The functions of expressions, one line each: what R function each equals, and its rule for missing values.
// Threads: constants.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "expr/kernel.h"

namespace scoria::expr {

enum class FunctionKind : std::uint8_t {
  elementwise,  // row by row
  group,        // over the rows of a group, in their order
  aggregate,    // one value per group
};

inline constexpr std::uint8_t kAnyNumber = 255;

struct FunctionInfo {
  std::string_view name;
  std::string_view usage;  // "lag(x, n = 1, default = NA)"
  std::uint8_t min_args;
  std::uint8_t max_args;                       // kAnyNumber: any, all by position
  std::array<std::string_view, 7> parameters;  // for arguments by name; of any number: behind them, optional
  FunctionKind kind;
  std::string_view r_function;  // "dplyr::lag"
  std::string_view na_rule;

  // How it is done; not part of the documentation.
  TypeRule type_rule;
  Kernel kernel;           // nullptr: the frame does it itself (lag, lead)
  bool has_na_rm = false;  // takes na.rm = TRUE or FALSE
  // Arguments from this position on are constants of any length, beside which the result has the others' length.
  std::uint8_t first_constant = kAnyNumber;
};

// All of them, in the order of the documentation.
std::span<const FunctionInfo> functions();

// nullptr when there is none.
const FunctionInfo* find_function(std::string_view name);

}  // namespace scoria::expr
