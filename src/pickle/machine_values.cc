// The machine's instructions for numbers and texts, and joblib's arrays.
#include <charconv>

#include "pickle/machine.h"
#include "pickle/numpy_values.h"
#include "pickle/text.h"

namespace scoria::pickle {
namespace {

// Python writes at most 64-bit indices and sizes; a longer line is damage.
bool whole_number(std::string_view digits, std::uint64_t& out) {
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return code == std::errc() && end == digits.data() + digits.size();
}

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool Machine::constant(Value*& kept, Kind kind, std::int64_t integer) {
  if (kept == nullptr) {
    kept = builder_.make(kind);
    if (kept == nullptr) return false;
    kept->integer = integer;
  }
  return push(kept);
}

template <typename Size>
bool Machine::sized(Kind kind) {
  Size size = 0;
  std::string_view text;
  if (!cursor_.number(size)) return false;
  if constexpr (std::is_signed_v<Size>) {
    if (size < 0) return builder_.fail(Code::corrupt, "a text claims " + std::to_string(size) + " bytes");
  }
  if (!cursor_.take(static_cast<std::uint64_t>(size), text)) return false;
  if (kind == Kind::text && !is_utf8(text)) {
    return builder_.fail(Code::corrupt, "a text is not UTF-8: '" + escaped(text, 40) + "'");
  }
  return push(builder_.make_text(kind, text));
}

template bool Machine::sized<std::uint8_t>(Kind);
template bool Machine::sized<std::int32_t>(Kind);
template bool Machine::sized<std::uint32_t>(Kind);
template bool Machine::sized<std::uint64_t>(Kind);

template <typename Size>
bool Machine::big_integer() {
  Size size = 0;
  std::string_view bytes;
  if (!cursor_.number(size)) return false;
  if constexpr (std::is_signed_v<Size>) {
    if (size < 0) return builder_.fail(Code::corrupt, "a whole number claims " + std::to_string(size) + " bytes");
  }
  return cursor_.take(static_cast<std::uint64_t>(size), bytes) && big(bytes);
}

template bool Machine::big_integer<std::uint8_t>();
template bool Machine::big_integer<std::int32_t>();

// Two's complement, lowest byte first; none is zero.
bool Machine::big(std::string_view bytes) {
  if (bytes.size() > sizeof(std::int64_t)) return push(builder_.make_text(Kind::big_integer, bytes));
  std::uint64_t x = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80u) != 0 ? ~0ull : 0;
  for (std::size_t i = bytes.size(); i-- > 0;) x = x << 8 | static_cast<unsigned char>(bytes[i]);
  return push(builder_.make_integer(static_cast<std::int64_t>(x)));
}

bool Machine::integer_line(bool is_long) {
  std::string_view line;
  if (!cursor_.line(line)) return false;
  line = without_return(line);
  if (!is_long && (line == "00" || line == "01")) {  // how protocols 0 and 1 write False and True
    return line == "01" ? constant(true_, Kind::boolean, 1) : constant(false_, Kind::boolean, 0);
  }
  if (is_long && line.ends_with('L')) line.remove_suffix(1);
  std::int64_t x = 0;
  const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), x);
  if (code == std::errc() && end == line.data() + line.size()) return push(builder_.make_integer(x));
  const auto bytes = big_integer_bytes(line);
  if (!bytes.ok()) return builder_.fail(bytes.error().code, bytes.error().message);
  std::string_view kept;
  return builder_.copy(bytes.value(), kept) && big(kept);
}

bool Machine::real_line() {
  std::string_view line;
  if (!cursor_.line(line)) return false;
  line = without_return(line);
  double x = 0;
  const std::size_t sign = line.starts_with('+') ? 1 : 0;
  const auto [end, code] = std::from_chars(line.data() + sign, line.data() + line.size(), x);
  // Digits beyond the range of a double are infinity or zero to Python, which does not write them.
  if (code != std::errc() || end != line.data() + line.size()) {
    return builder_.fail(Code::corrupt, "'" + escaped(line, 40) + "' stands where a number should be");
  }
  return push(builder_.make_real(x));
}

bool Machine::text_line(Kind kind) {
  std::string_view line;
  if (!cursor_.line(line)) return false;
  const auto text = kind == Kind::text ? raw_unicode_unescaped(line) : repr_unescaped(line);
  if (!text.ok()) return builder_.fail(text.error().code, text.error().message);
  std::string_view kept;
  return builder_.copy(text.value(), kept) && push(builder_.make_text(kind, kept));
}

bool Machine::index_line(std::uint64_t& index) {
  std::string_view line;
  if (!cursor_.line(line)) return false;
  if (whole_number(without_return(line), index)) return true;
  return builder_.fail(Code::corrupt, "'" + escaped(line, 40) + "' stands where the number of a value should be");
}

// joblib's NumpyArrayWrapper: its state says type, shape and order; the bytes follow in the stream, after padding to a multiple
// of `numpy_array_alignment_bytes` where it has that, or as a pickle of their own where they are objects.
bool Machine::inline_array(const Value& wrapper) {
  if (is_nested_) return builder_.fail(Code::corrupt, "an array of joblib's stands within a pickle within joblib's");
  const Value* type = attribute(wrapper, "dtype");
  const Value* shape = attribute(wrapper, "shape");
  const Value* order = attribute(wrapper, "order");
  if (type == nullptr || type->kind != Kind::dtype || shape == nullptr || order == nullptr ||
      (!is_text(*order, "C") && !is_text(*order, "F"))) {
    return builder_.fail(Code::corrupt,
                         "an array of joblib's lacks its dtype, shape or order: " + brief(*wrapper.record->state));
  }
  has_inline_arrays_ = true;
  stack_.pop_back();
  if (type->type->has_objects) {
    Machine nested(builder_, true);
    const Value* array = nested.run();
    if (array == nullptr) return false;
    if (array->kind != Kind::array) return builder_.fail(Code::corrupt, "an array of joblib's is " + brief(*array));
    stack_.push_back(const_cast<Value*>(array));  // this builder made it
    return true;
  }
  const Value* alignment = attribute(wrapper, "numpy_array_alignment_bytes");
  if (alignment != nullptr && alignment->kind != Kind::none) {
    std::uint8_t padding = 0;
    std::string_view skipped;
    if (!cursor_.number(padding) || !cursor_.take(padding, skipped)) return false;
  }
  const auto sizes = read_shape(builder_, *shape);
  if (!sizes) return false;
  const auto size = extent(builder_, *sizes, *type->type);
  std::string_view data;
  if (!size || !cursor_.take(size->bytes, data)) return false;
  return push(make_array(builder_, *type->type, *sizes, is_text(*order, "F"), data));
}

}  // namespace scoria::pickle
