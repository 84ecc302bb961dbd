#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "table/arrow_c.h"
#include "table/arrow_column.h"
#include "table/csv_record.h"

namespace scoria::table {
namespace {

Error broken(const std::string& what) { return {Code::invalid, "the Arrow table: " + what}; }

// The spans of a row that is null as a whole have no meaning in a table.
Status check_no_null_rows(const ArrowArray& array, std::size_t first_row) {
  if (array.n_buffers != 1) {
    return broken("a struct has 1 buffer, not " + std::to_string(array.n_buffers));
  }
  const auto* const bitmap = array.buffers == nullptr ? nullptr : static_cast<const std::uint8_t*>(array.buffers[0]);
  if (bitmap == nullptr || array.null_count == 0) return Ok{};
  for (std::int64_t row = 0; row < array.length; ++row) {
    const std::int64_t at = array.offset + row;
    if ((bitmap[at / 8] >> (at % 8) & 1) != 0) continue;
    return broken("row " + std::to_string(first_row + static_cast<std::size_t>(row)) +
                  " is null as a whole; make its columns null instead");
  }
  return Ok{};
}

Status check_structure(const ArrowSchema& schema, const ArrowArray& array, const ArrowImportOptions& options) {
  if (schema.format == nullptr || std::string_view(schema.format) != "+s") {
    return broken("must be a record batch: a struct (format '+s') whose children are the columns, not format '" +
                  std::string(schema.format == nullptr ? "" : schema.format).substr(0, 40) + "'");
  }
  if (array.length < 0 || array.offset < 0 || array.null_count < -1) {
    return broken("length " + std::to_string(array.length) + ", offset " + std::to_string(array.offset) +
                  " and null_count " + std::to_string(array.null_count) + " cannot be");
  }
  if (array.length > options.max_rows || array.offset > (1ll << 47)) {
    return Error{Code::too_large, "the Arrow table: " + std::to_string(array.length) + " rows at offset " +
                                      std::to_string(array.offset) + "; at most " + std::to_string(options.max_rows) +
                                      " rows are read"};
  }
  if (schema.n_children != array.n_children || schema.n_children < 0) {
    return broken("the schema has " + std::to_string(schema.n_children) + " children and the array " +
                  std::to_string(array.n_children));
  }
  if (schema.n_children > options.max_columns) {
    return Error{Code::too_large, "the Arrow table: " + std::to_string(schema.n_children) + " columns; at most " +
                                      std::to_string(options.max_columns) + " are read"};
  }
  if (schema.n_children > 0 && (schema.children == nullptr || array.children == nullptr)) {
    return broken("its children are missing");
  }
  return check_no_null_rows(array, options.first_row);
}

}  // namespace

OwnedSchema::OwnedSchema(ArrowSchema* schema) : schema_(*schema) { schema->release = nullptr; }

OwnedSchema::~OwnedSchema() {
  if (schema_.release != nullptr) schema_.release(&schema_);
}

OwnedArray::OwnedArray(ArrowArray* array) : array_(*array) { array->release = nullptr; }

OwnedArray::~OwnedArray() {
  if (array_.release != nullptr) array_.release(&array_);
}

Result<Table> import_batch(const ArrowSchema& schema, const ArrowArray& array, const ArrowImportOptions& options) {
  SCORIA_TRY_STATUS(check_structure(schema, array, options));
  std::optional<std::unordered_set<std::string_view>> only;
  if (options.only) only.emplace(options.only->begin(), options.only->end());
  std::unordered_set<std::string_view> seen;
  Table table(static_cast<std::size_t>(array.length));
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const std::string number = "column " + std::to_string(i + 1);
    if (schema.children[i] == nullptr || array.children[i] == nullptr) return broken(number + " is missing");
    const ArrowSchema& type = *schema.children[i];
    const std::string_view name = type.name == nullptr ? "" : type.name;
    if (only && !only->contains(name)) continue;
    if (find_invalid_utf8(name) != std::string_view::npos) return broken("the name of " + number + " is not UTF-8");
    const std::string quoted = "column '" + std::string(name) + "'";
    if (!seen.insert(name).second) return broken("there are two of " + quoted + "; names must differ");
    SCORIA_TRY(column, import_column(type, *array.children[i], array.offset, array.length, quoted, options));
    table.add(std::string(name), std::move(column));
  }
  return table;
}

Result<Table> import_table(ArrowSchema* schema, ArrowArray* array, const ArrowImportOptions& options) {
  // Both are taken before anything can fail, so that each is released whatever happens.
  const OwnedSchema type = schema == nullptr ? OwnedSchema() : OwnedSchema(schema);
  const OwnedArray values = array == nullptr ? OwnedArray() : OwnedArray(array);
  if (type.get().release == nullptr) return broken("its schema is a null pointer or was released before");
  if (values.get().release == nullptr) return broken("its array is a null pointer or was released before");
  return import_batch(type.get(), values.get(), options);
}

}  // namespace scoria::table
