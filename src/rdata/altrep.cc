#include "rdata/altrep.h"

#include <cmath>
#include <string>

#include "base/na.h"
#include "rdata/number_text.h"

namespace scoria::rdata {
namespace {

bool take(std::uint64_t& room, std::uint64_t bytes) {
  if (bytes > room) return false;
  room -= bytes;
  return true;
}

Error too_large(std::string_view class_name, double count) {
  return Error{Code::too_large, std::string(class_name) + " of " + format_real(count, 0) +
                                    " elements does not fit the limit (max_bytes)"};
}

// State: how many, the first, the step (1 or -1; R makes no other).
Result<Value*> expand_sequence(const AltrepForm& form, Kind kind, Arena& arena, std::uint64_t& room) {
  const std::span<const double> state = form.state.reals;
  const std::string name(form.class_name);
  if (form.state.kind != Kind::real || state.size() != 3) {
    return Error{Code::corrupt, name + " without its state: three doubles (length, first, step)"};
  }
  const double count = state[0];
  const double first = state[1];
  const double step = state[2];
  if (!(count >= 0 && count <= 4503599627370496.0 && count == std::floor(count))) {  // 2^52, R's longest vector
    return Error{Code::corrupt, name + ": " + format_real(count, 0) + " is not a length"};
  }
  if (step != 1 && step != -1) return Error{Code::corrupt, name + ": step " + format_real(step, 0) + " is not 1 or -1"};
  const bool integer = kind == Kind::integer;
  const double last = first + (count - 1) * step;
  const auto is_integer = [](double x) { return x == std::floor(x) && std::fabs(x) <= 2147483647.0; };
  if (integer && (!is_integer(first) || (count > 0 && !is_integer(last)))) {
    return Error{Code::corrupt, name + ": its elements do not fit an integer"};
  }
  const auto size = static_cast<std::uint64_t>(count);
  if (!take(room, sizeof(Value)) || !take(room, size * (integer ? sizeof(std::int32_t) : sizeof(double)))) {
    return too_large(form.class_name, count);
  }
  Value* value = arena.make<Value>();
  value->kind = kind;
  if (integer) {
    const auto integers = arena.make_array<std::int32_t>(size);
    auto next = static_cast<std::int64_t>(first);
    for (std::int32_t& element : integers) {
      element = static_cast<std::int32_t>(next);
      next += static_cast<std::int64_t>(step);
    }
    value->integers = integers;
  } else {
    const auto reals = arena.make_array<double>(size);
    for (std::size_t i = 0; i < reals.size(); ++i) reals[i] = first + step * static_cast<double>(i);
    value->reals = reals;
  }
  return value;
}

// State: a pairlist cell (numbers . scipen). The strings are those of as.character(numbers).
Result<Value*> expand_deferred_string(const AltrepForm& form, Arena& arena, std::uint64_t& room) {
  const auto& cells = form.state.cells;
  if (form.state.kind != Kind::pairlist || cells.size() != 2 ||
      (cells[0].value->kind != Kind::integer && cells[0].value->kind != Kind::real) ||
      cells[1].value->kind != Kind::integer || cells[1].value->integers.empty()) {
    return Error{Code::corrupt, "deferred_string without its state: numbers and the setting of scipen"};
  }
  const Value& numbers = *cells[0].value;
  const int scipen = cells[1].value->integers[0];
  const std::size_t count = numbers.size();
  if (!take(room, sizeof(Value)) || !take(room, count * sizeof(Text))) {
    return too_large(form.class_name, static_cast<double>(count));
  }
  const auto texts = arena.make_array<Text>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const bool missing = numbers.kind == Kind::integer ? numbers.integers[i] == kNaInt : is_na(numbers.reals[i]);
    texts[i] = Text{.bytes = {}, .encoding = Encoding::ascii, .is_na = missing};
    if (missing) continue;
    const std::string text =
        numbers.kind == Kind::integer ? std::to_string(numbers.integers[i]) : format_real(numbers.reals[i], scipen);
    if (!take(room, text.size())) return too_large(form.class_name, static_cast<double>(count));
    texts[i].bytes = arena.copy(text);
  }
  Value* value = arena.make<Value>();
  value->kind = Kind::character;
  value->texts = texts;
  return value;
}

// State: (vector, metadata), in a list or, in R before 4.0, a pairlist cell. The metadata says sorted and free of NA.
Result<Value*> unwrap(const AltrepForm& form, Arena& arena, std::uint64_t& room) {
  const Value* wrapped = nullptr;
  if (form.state.kind == Kind::list && !form.state.items.empty()) wrapped = form.state.items[0];
  if (form.state.kind == Kind::pairlist) wrapped = form.state.cells[0].value;
  const std::string_view type = form.class_name.substr(std::string_view("wrap_").size());
  const auto is_type = [&](std::string_view name, Kind kind) { return type == name && wrapped->kind == kind; };
  if (wrapped == nullptr ||
      !(is_type("real", Kind::real) || is_type("integer", Kind::integer) || is_type("logical", Kind::logical) ||
        is_type("string", Kind::character) || is_type("complex", Kind::complex) || is_type("raw", Kind::raw) ||
        is_type("list", Kind::list))) {
    return Error{Code::corrupt, std::string(form.class_name) + " does not wrap such a vector"};
  }
  if (!take(room, sizeof(Value))) return too_large(form.class_name, static_cast<double>(wrapped->size()));
  Value* value = arena.make<Value>();
  *value = *wrapped;
  return value;
}

}  // namespace

Result<Value*> expand_altrep(const AltrepForm& form, Arena& arena, std::uint64_t& room) {
  if (form.package == "base") {
    if (form.class_name == "compact_intseq") return expand_sequence(form, Kind::integer, arena, room);
    if (form.class_name == "compact_realseq") return expand_sequence(form, Kind::real, arena, room);
    if (form.class_name == "deferred_string") return expand_deferred_string(form, arena, room);
    if (form.class_name.starts_with("wrap_")) return unwrap(form, arena, room);
    if (form.class_name.starts_with("mmap_")) {
      return Error{Code::unsupported, "a vector that R maps from another file (" + std::string(form.class_name) +
                                          "); save a copy of it, as x[]"};
    }
  }
  return Error{Code::unsupported, "ALTREP class '" + std::string(form.class_name) + "' of package '" +
                                      std::string(form.package) + "' is not known; R's own classes are"};
}

}  // namespace scoria::rdata
