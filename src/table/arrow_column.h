// One column of the Arrow C data interface to a Column; arrow_c.h says which type becomes which.
// Threads: independent calls are independent.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "table/arrow_view.h"
#include "table/column.h"

namespace scoria::table {

// Rows [begin, begin + rows) of `array`, of any type. Precondition: as ArrowView::open().
Result<ColumnPtr> import_column(const ArrowSchema& schema, const ArrowArray& array, std::int64_t begin,
                                std::int64_t rows, const std::string& name, const ArrowImportOptions& options);

// Its parts, each for the types it names. Errors: unsupported, for any other type.
Result<ColumnPtr> import_numbers(const ArrowView& view);  // null, bool, integers, floats, decimals
Result<ColumnPtr> import_text(const ArrowView& view);     // utf8, large_utf8, utf8_view, dates, times, timestamps

}  // namespace scoria::table
