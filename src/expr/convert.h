// Conversions between R's types, column by column: as.numeric, as.integer, as.character, and the coercions inside other
// functions.
// Threads: free functions. Ownership: results own their values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "table/column.h"

namespace scoria::expr {

// R 4.2's as.character(double): up to 15 significant digits, fixed notation unless the scientific one is shorter.
void append_number(double value, std::string& out);

// R's as.numeric(character) of one text: decimal and hexadecimal numbers, Inf, NaN, white space around them.
// Nothing where R gives NA. Correctly rounded (R is up to 1 ulp off); "0x1.8" is NA (R reads 24).
std::optional<double> number_in(std::string_view text);

// Whole columns; each returns its argument when that has the type already. A factor is read by its levels, as text.
table::ColumnPtr to_real(const table::ColumnPtr& column);
table::ColumnPtr to_integer(const table::ColumnPtr& column);  // toward zero; beyond 32 bits, NaN, Inf: NA
table::ColumnPtr to_text(const table::ColumnPtr& column);
table::ColumnPtr to_logical(
    const table::ColumnPtr& column);  // of numbers: 0 is FALSE, NaN is NA; of text: TRUE, T, true, True ...
// Any of the above by type. Precondition: not to a factor, unless it is one.
table::ColumnPtr to_type(const table::ColumnPtr& column, table::Type type);

}  // namespace scoria::expr
