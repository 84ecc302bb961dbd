// Kernels that work row by row. NA in any argument gives NA unless said otherwise; NaN is a value like any other.
// Threads: pure functions.
#pragma once

#include "expr/kernel.h"

namespace scoria::expr {

// Arithmetic; integer where Call::type is integer (overflow and division by 0L give NA), else double.
Result<table::ColumnPtr> add(const Call& call);
Result<table::ColumnPtr> subtract(const Call& call);  // one argument: negation
Result<table::ColumnPtr> multiply(const Call& call);
Result<table::ColumnPtr> divide(const Call& call);
Result<table::ColumnPtr> power(const Call& call);  // NA ^ 0 and 1 ^ NA are 1
Result<table::ColumnPtr> modulo(const Call& call);
Result<table::ColumnPtr> whole_quotient(const Call& call);

// One number to one number.
Result<table::ColumnPtr> exp_of(const Call& call);
Result<table::ColumnPtr> expm1_of(const Call& call);
Result<table::ColumnPtr> log_of(const Call& call);  // with a base as second argument: log(x) / log(base)
Result<table::ColumnPtr> log1p_of(const Call& call);
Result<table::ColumnPtr> log2_of(const Call& call);
Result<table::ColumnPtr> log10_of(const Call& call);
Result<table::ColumnPtr> sqrt_of(const Call& call);
Result<table::ColumnPtr> abs_of(const Call& call);
Result<table::ColumnPtr> sign_of(const Call& call);
Result<table::ColumnPtr> floor_of(const Call& call);
Result<table::ColumnPtr> ceiling_of(const Call& call);
Result<table::ColumnPtr> trunc_of(const Call& call);
Result<table::ColumnPtr> round_of(const Call& call);
Result<table::ColumnPtr> sin_of(const Call& call);
Result<table::ColumnPtr> cos_of(const Call& call);
Result<table::ColumnPtr> tan_of(const Call& call);
Result<table::ColumnPtr> asin_of(const Call& call);
Result<table::ColumnPtr> acos_of(const Call& call);
Result<table::ColumnPtr> atan_of(const Call& call);
Result<table::ColumnPtr> sinh_of(const Call& call);
Result<table::ColumnPtr> cosh_of(const Call& call);
Result<table::ColumnPtr> tanh_of(const Call& call);
Result<table::ColumnPtr> asinh_of(const Call& call);
Result<table::ColumnPtr> acosh_of(const Call& call);
Result<table::ColumnPtr> atanh_of(const Call& call);
Result<table::ColumnPtr> atan2_of(const Call& call);

// Comparisons; text by its bytes, a factor by its levels. NaN compares as NA.
Result<table::ColumnPtr> equal(const Call& call);
Result<table::ColumnPtr> not_equal(const Call& call);
Result<table::ColumnPtr> less(const Call& call);
Result<table::ColumnPtr> less_equal(const Call& call);
Result<table::ColumnPtr> greater(const Call& call);
Result<table::ColumnPtr> greater_equal(const Call& call);

// Three-valued logic: NA & FALSE is FALSE, NA | TRUE is TRUE.
Result<table::ColumnPtr> logical_and(const Call& call);
Result<table::ColumnPtr> logical_or(const Call& call);
Result<table::ColumnPtr> exclusive_or(const Call& call);  // NA beside anything is NA
Result<table::ColumnPtr> logical_not(const Call& call);

// Choices.
Result<table::ColumnPtr> if_else(const Call& call);
Result<table::ColumnPtr> parallel_min(const Call& call);
Result<table::ColumnPtr> parallel_max(const Call& call);

// Never NA.
Result<table::ColumnPtr> is_missing(const Call& call);  // NA or NaN
Result<table::ColumnPtr> is_nan(const Call& call);      // NaN only
Result<table::ColumnPtr> is_finite(const Call& call);
Result<table::ColumnPtr> is_in(
    const Call& call);  // NA matches NA, NaN matches NaN; the second argument is of any length

// Vectors and types.
Result<table::ColumnPtr> combine(const Call& call);   // arguments of any length
Result<table::ColumnPtr> range(const Call& call);     // from:to
Result<table::ColumnPtr> sequence(const Call& call);  // seq(from, to, by, length.out)
Result<table::ColumnPtr> convert(const Call& call);   // to Call::type

// Factors of constants that are given, never of what the rows happen to hold.
Result<table::ColumnPtr> factor_of(const Call& call);   // x, levels, labels, ordered
Result<table::ColumnPtr> ordered_of(const Call& call);  // x, levels, labels
Result<table::ColumnPtr> cut_of(const Call& call);  // x, breaks, labels, include.lowest, right, dig.lab, ordered_result
Result<table::ColumnPtr> find_interval(const Call& call);

// Text; characters are those of UTF-8.
Result<table::ColumnPtr> character_count(const Call& call);
Result<table::ColumnPtr> part_of_text(const Call& call);
Result<table::ColumnPtr> paste_of(const Call& call);  // the last argument is sep
Result<table::ColumnPtr> paste0_of(const Call& call);
Result<table::ColumnPtr> interaction_of(const Call& call);  // the last arguments are sep, drop and lex.order
Result<table::ColumnPtr> starts_with(const Call& call);

// Dates, as expr/date.h has them. What is no date gives NA.
Result<table::ColumnPtr> as_date(const Call& call);  // days since 1970-01-01
Result<table::ColumnPtr> format_date(const Call& call);
Result<table::ColumnPtr> weekdays_of(const Call& call);
Result<table::ColumnPtr> months_of(const Call& call);
Result<table::ColumnPtr> quarters_of(const Call& call);
Result<table::ColumnPtr> time_difference(const Call& call);

}  // namespace scoria::expr
