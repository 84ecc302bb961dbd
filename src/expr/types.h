// Which types each function takes and gives: R's rules logical < integer < double < character.
// Threads: pure functions.
#pragma once

#include "expr/kernel.h"

namespace scoria::expr {

// The type both can be coerced to. Errors: invalid, for a factor beside another type.
Result<table::Type> common_type(table::Type left, table::Type right);

Result<table::Type> arithmetic_type(std::span<const table::Type> args);  // + - * %% %/%: integer stays integer
Result<table::Type> real_type(std::span<const table::Type> args);        // numbers -> double
Result<table::Type> abs_type(std::span<const table::Type> args);         // first: number; keeps integer
Result<table::Type> equality_type(std::span<const table::Type> args);    // anything -> logical
Result<table::Type> order_type(std::span<const table::Type> args);       // numbers or text -> logical
Result<table::Type> logic_type(std::span<const table::Type> args);       // numbers -> logical
Result<table::Type> any_to_logical_type(std::span<const table::Type> args);
Result<table::Type> numeric_test_type(std::span<const table::Type> args);  // not of factors -> logical
Result<table::Type> if_else_type(std::span<const table::Type> args);
Result<table::Type> shift_type(std::span<const table::Type> args);    // lag, lead: x, n, default
Result<table::Type> rolling_type(std::span<const table::Type> args);  // number, width -> double or integer
Result<table::Type> rolling_mean_type(std::span<const table::Type> args);
Result<table::Type> combine_type(std::span<const table::Type> args);
Result<table::Type> range_type(std::span<const table::Type> args);
Result<table::Type> integer_type(std::span<const table::Type> args);     // no arguments, or anything -> integer
Result<table::Type> as_numeric_type(std::span<const table::Type> args);  // anything -> double
Result<table::Type> as_logical_type(std::span<const table::Type> args);
Result<table::Type> unclass_type(std::span<const table::Type> args);  // a factor -> integer
Result<table::Type> same_type(std::span<const table::Type> args);
Result<table::Type> factor_type(std::span<const table::Type> args);  // anything -> factor
Result<table::Type> cut_type(
    std::span<const table::Type> args);  // number, numbers, labels -> factor; integer for FALSE
Result<table::Type> interval_type(std::span<const table::Type> args);   // number, numbers -> integer
Result<table::Type> sequence_type(std::span<const table::Type> args);   // numbers -> double
Result<table::Type> text_type(std::span<const table::Type> args);       // anything -> text
Result<table::Type> count_type(std::span<const table::Type> args);      // not a factor -> integer
Result<table::Type> substr_type(std::span<const table::Type> args);     // anything, numbers -> text
Result<table::Type> text_test_type(std::span<const table::Type> args);  // texts -> logical
Result<table::Type> format_type(std::span<const table::Type> args);     // date, text -> text
Result<table::Type> as_date_type(std::span<const table::Type> args);    // date, text -> double
Result<table::Type> difftime_type(std::span<const table::Type> args);   // dates, text -> double
Result<table::Type> as_text_type(std::span<const table::Type> args);

}  // namespace scoria::expr
