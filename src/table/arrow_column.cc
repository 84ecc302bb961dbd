#include "table/arrow_column.h"

#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "table/number_format.h"

namespace scoria::table {
namespace {

// What the entries of a dictionary mean as the levels of a factor.
struct Levels {
  std::shared_ptr<const std::vector<std::string>> texts;
  std::vector<std::int32_t> codes;  // by entry; -1 for a null one
};

std::string entry_text(const Column& entries, std::size_t at) {
  if (entries.type() == Type::text) return std::string(entries.text_at(at));
  if (entries.type() == Type::integer) return std::to_string(entries.integers()[at]);
  char digits[kNumberRoom];
  return {digits, write_real(digits, entries.reals()[at])};
}

// Two entries may say the same, and an entry may be null; a level is neither.
Levels levels_of(const Column& entries) {
  std::vector<std::string> texts;
  std::vector<std::int32_t> codes(entries.size(), -1);
  std::unordered_map<std::string, std::int32_t> known;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries.is_null(i)) continue;
    const auto [at, is_new] = known.emplace(entry_text(entries, i), static_cast<std::int32_t>(texts.size()));
    if (is_new) texts.push_back(at->first);
    codes[i] = at->second;
  }
  return {std::make_shared<const std::vector<std::string>>(std::move(texts)), std::move(codes)};
}

Result<Levels> read_levels(const ArrowView& view) {
  const ArrowSchema& type = *view.schema().dictionary;
  const ArrowArray& entries = *view.array().dictionary;
  const std::string_view format = type.format == nullptr ? "" : type.format;
  const bool is_text = format == "u" || format == "U" || format == "vu";
  const bool is_number = format.size() == 1 && std::string_view("cCsSiIlL").find(format) != std::string_view::npos;
  // A dictionary of a dictionary is refused here, which bounds the recursion.
  if (type.dictionary != nullptr || (!is_number && !is_text)) {
    return Error{Code::unsupported, view.name() + ": a dictionary of Arrow type '" + std::string(format.substr(0, 40)) +
                                        "' is not read; give one of text or whole numbers, or the column without it"};
  }
  if (entries.length < 0 || entries.length > view.options().max_rows) {
    return view.invalid("a dictionary of " + std::to_string(entries.length) + " entries cannot be");
  }
  const ArrowImportOptions options{.max_rows = view.options().max_rows,
                                   .max_text_bytes = view.options().max_text_bytes};
  SCORIA_TRY(column, import_column(type, entries, 0, entries.length, "the dictionary of " + view.name(), options));
  return levels_of(*column);
}

template <typename Index>
Result<ColumnPtr> codes(const ArrowView& view, const Levels& levels) {
  SCORIA_TRY_STATUS(view.check_buffers(2));
  SCORIA_TRY(validity, view.validity());
  SCORIA_TRY(first, view.values(1, sizeof(Index)));
  std::vector<std::int32_t> out(view.rows(), -1);
  for (std::size_t row = 0; row < out.size(); ++row) {
    if (validity.is_null(row)) continue;
    const auto index = read_value<Index>(first, row);
    const auto position =
        static_cast<std::uint64_t>(static_cast<std::int64_t>(index));  // a negative index becomes a huge one
    if (position >= levels.codes.size()) {
      return view.wrong_row(row, "dictionary index " + std::to_string(index) + " where there are " +
                                     std::to_string(levels.codes.size()) + " entries");
    }
    out[row] = levels.codes[position];
  }
  const bool is_ordered = (view.schema().flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0;
  return Column::factor(std::move(out), levels.texts, is_ordered, std::move(validity));
}

Result<ColumnPtr> import_dictionary(const ArrowView& view) {
  SCORIA_TRY(levels, read_levels(view));
  switch (view.format().size() == 1 ? view.format().front() : '?') {
    case 'c': return codes<std::int8_t>(view, levels);
    case 'C': return codes<std::uint8_t>(view, levels);
    case 's': return codes<std::int16_t>(view, levels);
    case 'S': return codes<std::uint16_t>(view, levels);
    case 'i': return codes<std::int32_t>(view, levels);
    case 'I': return codes<std::uint32_t>(view, levels);
    case 'l': return codes<std::int64_t>(view, levels);
    case 'L': return codes<std::uint64_t>(view, levels);
    default: return view.invalid("the indices of a dictionary must be integers");
  }
}

bool is_written_as_text(const std::string& format) {
  return format == "u" || format == "U" || format == "vu" || format.starts_with("t");
}

}  // namespace

Result<ColumnPtr> import_column(const ArrowSchema& schema, const ArrowArray& array, std::int64_t begin,
                                std::int64_t rows, const std::string& name, const ArrowImportOptions& options) {
  SCORIA_TRY(view, ArrowView::open(schema, array, begin, rows, name, options));
  if (schema.dictionary != nullptr) return import_dictionary(view);
  return is_written_as_text(view.format()) ? import_text(view) : import_numbers(view);
}

}  // namespace scoria::table
