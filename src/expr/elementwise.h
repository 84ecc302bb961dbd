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
Result<table::ColumnPtr> combine(const Call& call);  // arguments of any length
Result<table::ColumnPtr> range(const Call& call);    // from:to
Result<table::ColumnPtr> convert(const Call& call);  // to Call::type

}  // namespace scoria::expr
