#include <algorithm>
#include <string>
#include <vector>

#include "base/na.h"
#include "expr/convert.h"
#include "expr/elementwise.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Where character `index`, from 0, of UTF-8 text begins; its size where the text is shorter.
std::size_t position_of(std::string_view text, std::int64_t index) {
  std::size_t at = 0;
  while (at < text.size() && index > 0) {
    ++at;
    while (at < text.size() && continues(text[at])) ++at;
    --index;
  }
  return at;
}

}  // namespace

Result<ColumnPtr> character_count(const Call& call) {
  const ColumnPtr x = to_text(call.args[0]);
  std::vector<std::int32_t> out(call.size);
  for (std::size_t row = 0; row < call.size; ++row) {
    const std::size_t at = row_in(*x, row);
    // R counts the two letters of a plain NA.
    if (x->is_null(at)) {
      out[row] = call.args[0]->type() == Type::logical ? 2 : kNaInt;
      continue;
    }
    const std::string_view text = x->text_at(at);
    out[row] = static_cast<std::int32_t>(text.size()) -
               static_cast<std::int32_t>(std::count_if(text.begin(), text.end(), continues));
  }
  return Column::integer(std::move(out));
}

Result<ColumnPtr> part_of_text(const Call& call) {
  const ColumnPtr x = to_text(call.args[0]);
  const ColumnPtr first = to_integer(call.args[1]);
  const ColumnPtr last = to_integer(call.args[2]);
  TextRows rows(call.size);
  for (std::size_t row = 0; row < call.size; ++row) {
    const std::int32_t from = first->integers()[row_in(*first, row)];
    const std::int32_t to = last->integers()[row_in(*last, row)];
    if (x->is_null(row_in(*x, row)) || from == kNaInt || to == kNaInt) {
      rows.add_null();
      continue;
    }
    const std::string_view text = x->text_at(row_in(*x, row));
    const std::size_t begin = position_of(text, std::max(from, 1) - 1);
    const std::size_t end = position_of(text, std::max(to, 0));
    rows.add(begin < end ? text.substr(begin, end - begin) : std::string_view{});
  }
  return rows.finish();
}

namespace {

ColumnPtr pasted(std::span<const ColumnPtr> args, std::string_view separator, std::size_t size) {
  std::vector<ColumnPtr> parts;
  for (const ColumnPtr& arg : args) parts.push_back(to_text(arg));
  TextRows rows(size);
  std::string text;
  for (std::size_t row = 0; row < size; ++row) {
    text.clear();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) text += separator;
      const std::size_t at = row_in(*parts[i], row);
      text += parts[i]->is_null(at) ? std::string_view("NA") : parts[i]->text_at(at);
    }
    rows.add(text);
  }
  return rows.finish();
}

}  // namespace

Result<ColumnPtr> paste_of(const Call& call) {
  const ColumnPtr& separator = call.args.back();
  if (separator && (separator->type() != Type::text || separator->is_null(0)))
    return Error{Code::invalid, "paste()'s sep must be a text"};
  return pasted(call.args.first(call.args.size() - 1), separator ? separator->text_at(0) : " ", call.size);
}

Result<ColumnPtr> paste0_of(const Call& call) { return pasted(call.args, "", call.size); }

Result<ColumnPtr> interaction_of(const Call& call) {
  constexpr std::size_t kOptions = 3;
  const std::span<const ColumnPtr> factors = call.args.first(call.args.size() - kOptions);
  const ColumnPtr& separator = call.args[factors.size()];
  if (separator && (separator->type() != Type::text || separator->is_null(0)))
    return Error{Code::invalid, "interaction()'s sep must be a text"};
  std::vector<ColumnPtr> parts;
  for (const ColumnPtr& factor : factors) parts.push_back(to_text(factor));
  const table::Validity validity = any_null(parts, call.size);
  const ColumnPtr texts = pasted(parts, separator ? separator->text_at(0) : ".", call.size);
  if (validity.all_valid()) return texts;
  TextRows rows(call.size);
  for (std::size_t row = 0; row < call.size; ++row) {
    if (validity.is_null(row)) {
      rows.add_null();
    } else {
      rows.add(texts->text_at(row));
    }
  }
  return rows.finish();
}

Result<ColumnPtr> starts_with(const Call& call) {
  const Column& x = *call.args[0];
  const Column& prefix = *call.args[1];
  std::vector<std::uint8_t> out(call.size);
  for (std::size_t row = 0; row < call.size; ++row)
    out[row] = x.text_at(row_in(x, row)).starts_with(prefix.text_at(row_in(prefix, row)));
  return Column::logical(std::move(out), any_null(call.args, call.size));
}

}  // namespace scoria::expr
