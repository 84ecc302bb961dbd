#include "table/arrow_view.h"

namespace scoria::table {
namespace {

constexpr std::int64_t kMostRows = 1ll << 48;  // so that no position times 16 overflows

}  // namespace

Result<ArrowView> ArrowView::open(const ArrowSchema& schema, const ArrowArray& array, std::int64_t begin,
                                  std::int64_t rows, const std::string& name, const ArrowImportOptions& options) {
  ArrowView view;
  view.schema_ = &schema;
  view.array_ = &array;
  view.name_ = &name;
  view.options_ = &options;
  view.begin_ = begin;
  view.rows_ = static_cast<std::size_t>(rows);
  if (schema.format == nullptr) return view.invalid("its format is missing");
  view.format_ = schema.format;
  SCORIA_TRY_STATUS(view.check());
  view.offset_ = static_cast<std::size_t>(array.offset + begin);
  return view;
}

Status ArrowView::check() const {
  if (array_->length < 0 || array_->offset < 0 || array_->length > kMostRows || array_->offset > kMostRows) {
    return invalid("length " + std::to_string(array_->length) + " and offset " + std::to_string(array_->offset) +
                   " cannot be");
  }
  if (array_->null_count < -1) return invalid("null_count " + std::to_string(array_->null_count) + " cannot be");
  const std::int64_t end = begin_ + static_cast<std::int64_t>(rows_);
  if (array_->length < end) {
    return invalid("has " + std::to_string(array_->length) + " rows, must have " + std::to_string(end));
  }
  if ((schema_->dictionary == nullptr) != (array_->dictionary == nullptr)) {
    return invalid("schema and array must both have a dictionary, or neither");
  }
  if (schema_->n_children != array_->n_children) return invalid("schema and array differ in their number of children");
  if (schema_->n_children != 0 && !format_.starts_with("+"))
    return invalid("a type that is not nested has no children");
  return Ok{};
}

Status ArrowView::check_buffers(std::int64_t count) const {
  if (array_->n_buffers != count) {
    return invalid("has " + std::to_string(array_->n_buffers) + " buffers, must have " + std::to_string(count));
  }
  if (array_->buffers == nullptr) return invalid("its buffers are missing");
  return Ok{};
}

Result<Validity> ArrowView::validity() const {
  Validity validity;
  const auto* const bitmap = static_cast<const std::uint8_t*>(array_->buffers[0]);
  if (bitmap == nullptr && array_->null_count > 0) return invalid("has nulls and no validity bitmap");
  if (bitmap == nullptr || array_->null_count == 0) return validity;
  for (std::size_t row = 0; row < rows_; ++row) {
    const std::size_t at = offset_ + row;
    if ((bitmap[at / 8] >> (at % 8) & 1) != 0) continue;
    if (validity.all_valid()) validity = Validity(rows_);
    validity.set_null(row);
  }
  return validity;
}

Result<const std::byte*> ArrowView::values(std::int64_t index, std::size_t width) const {
  const void* const buffer = array_->buffers[index];
  if (buffer == nullptr && rows_ > 0) return invalid("buffer " + std::to_string(index) + " is missing");
  if (buffer == nullptr) return static_cast<const std::byte*>(nullptr);
  return static_cast<const std::byte*>(buffer) + offset_ * width;
}

Error ArrowView::invalid(const std::string& what) const { return {Code::invalid, *name_ + ": " + what}; }

Error ArrowView::wrong_row(std::size_t row, const std::string& what) const {
  return {Code::invalid, "row " + std::to_string(options_->first_row + row) + ", " + *name_ + ": " + what};
}

Error ArrowView::beyond(std::size_t row, const std::string& value) const {
  return wrong_row(row,
                   value + " is beyond 2^53, where doubles skip whole numbers; give the column as text or as float64");
}

Error ArrowView::unsupported() const {
  const std::string type =
      (format_.starts_with("+") ? "the nested Arrow type '" : "Arrow type '") + format_.substr(0, 40);
  return {
      Code::unsupported,
      *name_ + ": " + type + "' is not read; give numbers, logicals, text, dates, timestamps or a dictionary of text"};
}

}  // namespace scoria::table
