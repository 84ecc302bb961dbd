#include "expr/functions.h"

#include <algorithm>

#include "expr/elementwise.h"
#include "expr/group.h"
#include "expr/types.h"

namespace scoria::expr {
namespace {

constexpr FunctionKind kRow = FunctionKind::elementwise;
constexpr FunctionKind kGroup = FunctionKind::group;
constexpr FunctionKind kAggregate = FunctionKind::aggregate;

constexpr std::string_view kNaIfAny = "NA if any argument is NA";
constexpr std::string_view kNever = "never NA";
constexpr std::string_view kRest = "from the first NA or NaN of the group on, that";
constexpr std::string_view kAggregateRule =
    "NA if any value is NA, else NaN if any is NaN; na.rm = TRUE leaves both out";
constexpr std::string_view kWindow = "NA before row k of the group, and if the window holds NA";

// clang-format off
constexpr FunctionInfo kFunctions[] = {
    {"+", "x + y, +x", 1, 2, {}, kRow, "+", kNaIfAny, arithmetic_type, add},
    {"-", "x - y, -x", 1, 2, {}, kRow, "-", kNaIfAny, arithmetic_type, subtract},
    {"*", "x * y", 2, 2, {}, kRow, "*", kNaIfAny, arithmetic_type, multiply},
    {"/", "x / y", 2, 2, {}, kRow, "/", kNaIfAny, real_type, divide},
    {"^", "x ^ y", 2, 2, {}, kRow, "^", "NA if any argument is NA, but 1 ^ NA and NA ^ 0 are 1", real_type, power},
    {"%%", "x %% y", 2, 2, {}, kRow, "%%", "NA if any argument is NA (R: NaN for NA %% 0)", arithmetic_type, modulo},
    {"%/%", "x %/% y", 2, 2, {}, kRow, "%/%", kNaIfAny, arithmetic_type, whole_quotient},
    {"==", "x == y", 2, 2, {}, kRow, "==", "NA if any argument is NA or NaN", equality_type, equal},
    {"!=", "x != y", 2, 2, {}, kRow, "!=", "NA if any argument is NA or NaN", equality_type, not_equal},
    {"<", "x < y", 2, 2, {}, kRow, "< (text by its bytes, as in the C locale)", "NA if any argument is NA or NaN", order_type, less},
    {"<=", "x <= y", 2, 2, {}, kRow, "<= (text by its bytes)", "NA if any argument is NA or NaN", order_type, less_equal},
    {">", "x > y", 2, 2, {}, kRow, "> (text by its bytes)", "NA if any argument is NA or NaN", order_type, greater},
    {">=", "x >= y", 2, 2, {}, kRow, ">= (text by its bytes)", "NA if any argument is NA or NaN", order_type, greater_equal},
    {"&", "x & y", 2, 2, {}, kRow, "&", "FALSE beside FALSE, else NA if any argument is NA or NaN", logic_type, logical_and},
    {"|", "x | y", 2, 2, {}, kRow, "|", "TRUE beside TRUE, else NA if any argument is NA or NaN", logic_type, logical_or},
    {"&&", "x && y", 2, 2, {}, kRow, "&& (single values only)", "as &", logic_type, logical_and},
    {"||", "x || y", 2, 2, {}, kRow, "|| (single values only)", "as |", logic_type, logical_or},
    {"xor", "xor(x, y)", 2, 2, {"x", "y"}, kRow, "xor", "NA if any argument is NA or NaN", logic_type, exclusive_or},
    {"!", "!x", 1, 1, {}, kRow, "!", "NA if the argument is NA or NaN", logic_type, logical_not},
    {"%in%", "x %in% set", 2, 2, {}, kRow, "%in%", "never NA; NA matches NA, NaN matches NaN", any_to_logical_type, is_in, false, 1},
    {":", "from:to", 2, 2, {}, kRow, ": (whole numbers only)", "NA is an error", range_type, range},
    {"c", "c(...)", 1, kAnyNumber, {}, kRow, "c (single values and vectors)", "kept", combine_type, combine},
    {"ifelse", "ifelse(test, yes, no)", 3, 3, {"test", "yes", "no"}, kRow, "ifelse (a single condition chooses between single values only)", "NA if the test is NA, else as chosen", if_else_type, if_else},
    {"exp", "exp(x)", 1, 1, {"x"}, kRow, "exp", kNaIfAny, real_type, exp_of},
    {"expm1", "expm1(x)", 1, 1, {"x"}, kRow, "expm1", kNaIfAny, real_type, expm1_of},
    {"log", "log(x, base = e)", 1, 2, {"x", "base"}, kRow, "log", "NA if any argument is NA; NaN of a negative number", real_type, log_of},
    {"log1p", "log1p(x)", 1, 1, {"x"}, kRow, "log1p", kNaIfAny, real_type, log1p_of},
    {"log2", "log2(x)", 1, 1, {"x"}, kRow, "log2", kNaIfAny, real_type, log2_of},
    {"log10", "log10(x)", 1, 1, {"x"}, kRow, "log10", kNaIfAny, real_type, log10_of},
    {"sqrt", "sqrt(x)", 1, 1, {"x"}, kRow, "sqrt", "NA if the argument is NA; NaN of a negative number", real_type, sqrt_of},
    {"abs", "abs(x)", 1, 1, {"x"}, kRow, "abs", kNaIfAny, abs_type, abs_of},
    {"sign", "sign(x)", 1, 1, {"x"}, kRow, "sign", kNaIfAny, real_type, sign_of},
    {"floor", "floor(x)", 1, 1, {"x"}, kRow, "floor", kNaIfAny, real_type, floor_of},
    {"ceiling", "ceiling(x)", 1, 1, {"x"}, kRow, "ceiling", kNaIfAny, real_type, ceiling_of},
    {"trunc", "trunc(x)", 1, 1, {"x"}, kRow, "trunc", kNaIfAny, real_type, trunc_of},
    {"round", "round(x, digits = 0)", 1, 2, {"x", "digits"}, kRow, "round (the algorithm of R >= 4.0.0)", kNaIfAny, real_type, round_of},
    {"pmin", "pmin(..., na.rm = FALSE)", 1, kAnyNumber, {}, kRow, "pmin", kAggregateRule, arithmetic_type, parallel_min, true},
    {"pmax", "pmax(..., na.rm = FALSE)", 1, kAnyNumber, {}, kRow, "pmax", kAggregateRule, arithmetic_type, parallel_max, true},
    {"sin", "sin(x)", 1, 1, {"x"}, kRow, "sin", kNaIfAny, real_type, sin_of},
    {"cos", "cos(x)", 1, 1, {"x"}, kRow, "cos", kNaIfAny, real_type, cos_of},
    {"tan", "tan(x)", 1, 1, {"x"}, kRow, "tan", kNaIfAny, real_type, tan_of},
    {"asin", "asin(x)", 1, 1, {"x"}, kRow, "asin", kNaIfAny, real_type, asin_of},
    {"acos", "acos(x)", 1, 1, {"x"}, kRow, "acos", kNaIfAny, real_type, acos_of},
    {"atan", "atan(x)", 1, 1, {"x"}, kRow, "atan", kNaIfAny, real_type, atan_of},
    {"sinh", "sinh(x)", 1, 1, {"x"}, kRow, "sinh", kNaIfAny, real_type, sinh_of},
    {"cosh", "cosh(x)", 1, 1, {"x"}, kRow, "cosh", kNaIfAny, real_type, cosh_of},
    {"tanh", "tanh(x)", 1, 1, {"x"}, kRow, "tanh", kNaIfAny, real_type, tanh_of},
    {"asinh", "asinh(x)", 1, 1, {"x"}, kRow, "asinh", kNaIfAny, real_type, asinh_of},
    {"acosh", "acosh(x)", 1, 1, {"x"}, kRow, "acosh", kNaIfAny, real_type, acosh_of},
    {"atanh", "atanh(x)", 1, 1, {"x"}, kRow, "atanh", kNaIfAny, real_type, atanh_of},
    {"atan2", "atan2(y, x)", 2, 2, {"y", "x"}, kRow, "atan2", kNaIfAny, real_type, atan2_of},
    {"is.na", "is.na(x)", 1, 1, {"x"}, kRow, "is.na (TRUE for NaN too)", kNever, any_to_logical_type, is_missing},
    {"is.nan", "is.nan(x)", 1, 1, {"x"}, kRow, "is.nan", kNever, numeric_test_type, is_nan},
    {"is.finite", "is.finite(x)", 1, 1, {"x"}, kRow, "is.finite", kNever, numeric_test_type, is_finite},
    {"as.integer", "as.integer(x)", 1, 1, {"x"}, kRow, "as.integer", "NA where it is not a number within 32 bits", integer_type, convert},
    {"as.numeric", "as.numeric(x)", 1, 1, {"x"}, kRow, "as.numeric", "NA where text is not a number", as_numeric_type, convert},
    {"as.character", "as.character(x)", 1, 1, {"x"}, kRow, "as.character", kNaIfAny, as_text_type, convert},
    {"as.double", "as.double(x)", 1, 1, {"x"}, kRow, "as.double", "NA where text is not a number", as_numeric_type, convert},
    {"as.logical", "as.logical(x)", 1, 1, {"x"}, kRow, "as.logical", "NA of NaN, and where text is not TRUE, T, true, True or FALSE, F, false, False", as_logical_type, convert},
    {"I", "I(x)", 1, 1, {"x"}, kRow, "I (the value)", "kept", same_type, convert},
    {"unclass", "unclass(x)", 1, 1, {"x"}, kRow, "unclass (of a factor: its codes)", "kept", unclass_type, convert},
    {"factor", "factor(x, levels, labels = levels, ordered = FALSE)", 2, 4, {"x", "levels", "labels", "ordered"}, kRow, "factor (levels must be given)", "NA where it is none of the levels", factor_type, factor_of, false, 1},
    {"ordered", "ordered(x, levels, labels = levels)", 2, 3, {"x", "levels", "labels"}, kRow, "ordered (levels must be given)", "NA where it is none of the levels", factor_type, ordered_of, false, 1},
    {"cut", "cut(x, breaks, labels = NULL, include.lowest = FALSE, right = TRUE, dig.lab = 3, ordered_result = FALSE)", 2, 7, {"x", "breaks", "labels", "include.lowest", "right", "dig.lab", "ordered_result"}, kRow, "cut (breaks must be given themselves)", "NA of NA and NaN, and outside the breaks", cut_type, cut_of, false, 1},
    {"findInterval", "findInterval(x, vec, rightmost.closed = FALSE, all.inside = FALSE, left.open = FALSE)", 2, 5, {"x", "vec", "rightmost.closed", "all.inside", "left.open"}, kRow, "findInterval", "NA of NA and NaN", interval_type, find_interval, false, 1},
    {"seq", "seq(from, to, by, length.out)", 2, 4, {"from", "to", "by", "length.out"}, kRow, "seq (of constants; always double)", "NA is an error", sequence_type, sequence},
    {"nchar", "nchar(x)", 1, 1, {"x"}, kRow, "nchar", "NA, but 2 of a logical NA", count_type, character_count},
    {"substr", "substr(x, start, stop)", 3, 3, {"x", "start", "stop"}, kRow, "substr", kNaIfAny, substr_type, part_of_text},
    {"paste", "paste(..., sep = \" \")", 1, kAnyNumber, {"sep"}, kRow, "paste", "never NA: NA is written as NA", text_type, paste_of},
    {"paste0", "paste0(...)", 1, kAnyNumber, {}, kRow, "paste0", "never NA: NA is written as NA", text_type, paste0_of},
    {"interaction", "interaction(..., sep = \".\")", 1, kAnyNumber, {"sep", "drop", "lex.order"}, kRow, "as.character(interaction(...)): drop and lex.order make no difference", kNaIfAny, text_type, interaction_of},
    {"startsWith", "startsWith(x, prefix)", 2, 2, {"x", "prefix"}, kRow, "startsWith", kNaIfAny, text_test_type, starts_with},
    {"as.Date", "as.Date(x, format)", 1, 2, {"x", "format"}, kRow, "as.numeric(as.Date(x, format, optional = TRUE)): days since 1970", "NA where text is not a date", as_date_type, as_date, false, 1},
    {"format", "format(x, format)", 2, 2, {"x", "format"}, kRow, "format of a Date or POSIXct in UTC, in English", "NA where text is not a date", format_type, format_date, false, 1},
    {"weekdays", "weekdays(x, abbreviate = FALSE)", 1, 2, {"x", "abbreviate"}, kRow, "weekdays, in English", "NA where text is not a date", text_type, weekdays_of, false, 1},
    {"months", "months(x, abbreviate = FALSE)", 1, 2, {"x", "abbreviate"}, kRow, "months, in English", "NA where text is not a date", text_type, months_of, false, 1},
    {"quarters", "quarters(x)", 1, 1, {"x"}, kRow, "quarters", "QNA where text is not a date", text_type, quarters_of},
    {"difftime", "difftime(time1, time2, tz = \"UTC\", units)", 2, 4, {"time1", "time2", "tz", "units"}, kRow, "as.numeric(difftime(time1, time2, tz = \"UTC\", units))", "NA where text is not a date", difftime_type, time_difference, false, 2},
    {"lag", "lag(x, n = 1, default = NA)", 1, 3, {"x", "n", "default"}, kGroup, "dplyr::lag", "default where there is no row; NA is kept", shift_type, nullptr},
    {"lead", "lead(x, n = 1, default = NA)", 1, 3, {"x", "n", "default"}, kGroup, "dplyr::lead", "default where there is no row; NA is kept", shift_type, nullptr},
    {"cumsum", "cumsum(x)", 1, 1, {"x"}, kGroup, "cumsum (80-bit accumulator)", kRest, arithmetic_type, cumulative_sum},
    {"cumprod", "cumprod(x)", 1, 1, {"x"}, kGroup, "cumprod (80-bit accumulator)", kRest, real_type, cumulative_product},
    {"cummin", "cummin(x)", 1, 1, {"x"}, kGroup, "cummin", kRest, arithmetic_type, cumulative_min},
    {"cummax", "cummax(x)", 1, 1, {"x"}, kGroup, "cummax", kRest, arithmetic_type, cumulative_max},
    {"cummean", "cummean(x)", 1, 1, {"x"}, kGroup, "dplyr::cummean (double accumulator)", kRest, real_type, cumulative_mean},
    {"cummean_known", "cummean_known(x)", 1, 1, {"x"}, kGroup, "known <- which(!is.na(x)); x[known] <- dplyr::cummean(x[known]); x", "NA and NaN stay as they are and are left out of the mean", real_type, cumulative_mean_known},
    {"row_number", "row_number()", 0, 0, {}, kGroup, "dplyr::row_number()", kNever, integer_type, row_number},
    {"rollmean", "rollmean(x, k)", 2, 2, {"x", "k"}, kGroup, "zoo::rollapplyr(x, k, function(v) mean(v), fill = NA)", kWindow, rolling_mean_type, rolling_mean},
    {"rollmin", "rollmin(x, k)", 2, 2, {"x", "k"}, kGroup, "zoo::rollapplyr(x, k, min, fill = NA)", kWindow, rolling_type, rolling_min},
    {"rollmax", "rollmax(x, k)", 2, 2, {"x", "k"}, kGroup, "zoo::rollapplyr(x, k, max, fill = NA)", kWindow, rolling_type, rolling_max},
    {"sum", "sum(..., na.rm = FALSE)", 1, kAnyNumber, {}, kAggregate, "sum (80-bit accumulator; of integers beyond 32 bits: an error)", kAggregateRule, arithmetic_type, sum_of, true},
    {"mean", "mean(x, na.rm = FALSE)", 1, 1, {"x"}, kAggregate, "mean (80-bit accumulator, two passes)", kAggregateRule, real_type, mean_of, true},
    {"min", "min(..., na.rm = FALSE)", 1, kAnyNumber, {}, kAggregate, "min (no values at all: Inf, of integers NA)", kAggregateRule, arithmetic_type, min_of, true},
    {"max", "max(..., na.rm = FALSE)", 1, kAnyNumber, {}, kAggregate, "max (no values at all: -Inf, of integers NA)", kAggregateRule, arithmetic_type, max_of, true},
    {"n", "n()", 0, 0, {}, kAggregate, "dplyr::n()", kNever, integer_type, group_size},
};
// clang-format on

}  // namespace

std::span<const FunctionInfo> functions() { return kFunctions; }

const FunctionInfo* find_function(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](const FunctionInfo& f) { return f.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace scoria::expr
