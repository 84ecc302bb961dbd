#include "model/preprocess/selection.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>

#include "model/features.h"
#include "pickle/array.h"

namespace scoria::model::preprocess {
namespace {

using pickle::ElementKind;
using pickle::Kind;
using pickle::Value;

Error not_columns(const Value& value) { return Error{Code::corrupt, "has " + pickle::brief(value) + " for columns"}; }

// The array that a pandas Index is made of. nullptr where `value` is none.
const Value* array_of_index(const Value& value) {
  if (value.kind != Kind::record || value.record->type->name != "_new_Index") return nullptr;
  const auto& arguments = value.record->arguments->items;
  const Value* data = arguments.size() == 2 ? pickle::member(*arguments[1], "data") : nullptr;
  if (data == nullptr || data->kind == Kind::array) return data;
  // pandas 3's array of texts: its state is its type and an array of Python objects.
  if (data->kind != Kind::record || data->record->state == nullptr) return nullptr;
  for (const Value* part : data->record->state->items) {
    if (part->kind == Kind::array) return part;
  }
  return nullptr;
}

// A list within the objects that stand for one: pandas' Index, and what remembers that a remainder was chosen (scikit-learn 1.5 on).
const Value& plain(const Value& value) {
  if (const Value* array = array_of_index(value)) return *array;
  if (value.kind == Kind::record && value.record->type->name == "_RemainderColsList") {
    if (const Value* data = pickle::attribute(value, "data")) return *data;
  }
  return value;
}

class Chooser {
 public:
  Chooser(const std::vector<std::string>& names, std::size_t count) : names_(names), count_(count) {}

  Result<std::vector<std::size_t>> choose(const Value& chosen) {
    const Value& value = plain(chosen);
    if (value.kind == Kind::record && value.record->type->name == "slice") return slice(value);
    if (value.kind == Kind::global || value.kind == Kind::record) {
      return Error{Code::unsupported,
                   "has " + pickle::brief(value) + " for columns; what is read: names, positions, slices and masks"};
    }
    if (auto texts = column_names(value); texts.ok()) return by_names(texts.value());
    if (value.kind == Kind::array) return of_array(value);
    if (value.kind == Kind::list || value.kind == Kind::tuple) return of_list(value);
    if (pickle::is_text(value)) return by_names({std::string(value.text)});
    return of_numbers({pickle::to_integer(value).ok() ? pickle::to_integer(value).value() : kNoPosition}, value);
  }

 private:
  static constexpr std::int64_t kNoPosition = std::numeric_limits<std::int64_t>::max();

  Result<std::size_t> position_of(std::string_view name) {
    if (by_name_.empty()) {
      for (std::size_t i = 0; i < names_.size(); ++i) by_name_.emplace(names_[i], i);
    }
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) return found->second;
    return Error{Code::corrupt,
                 "has the column '" + std::string(name) + "', and the file's columns are " + listed(names_)};
  }

  Result<std::vector<std::size_t>> by_names(const std::vector<std::string>& chosen) {
    std::vector<std::size_t> positions;
    for (const std::string& name : chosen) {
      SCORIA_TRY(position, position_of(name));
      positions.push_back(position);
    }
    return positions;
  }

  Result<std::vector<std::size_t>> of_numbers(const std::vector<std::int64_t>& numbers, const Value& value) const {
    const auto size = static_cast<std::int64_t>(count_);
    std::vector<std::size_t> positions;
    for (const std::int64_t number : numbers) {
      if (number == kNoPosition) return not_columns(value);
      if (number < -size || number >= size) {
        return Error{Code::corrupt,
                     "has position " + std::to_string(number) + " among " + std::to_string(count_) + " columns"};
      }
      positions.push_back(static_cast<std::size_t>(number < 0 ? number + size : number));
    }
    return positions;
  }

  Result<std::vector<std::size_t>> of_mask(const std::vector<std::int64_t>& mask) const {
    if (mask.size() != count_) {
      return Error{Code::corrupt,
                   "has a mask of " + std::to_string(mask.size()) + " for " + std::to_string(count_) + " columns"};
    }
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < mask.size(); ++i) {
      if (mask[i] != 0) positions.push_back(i);
    }
    return positions;
  }

  Result<std::vector<std::size_t>> of_array(const Value& value) const {
    if (value.array->count == 0) return std::vector<std::size_t>{};
    if (value.array->type->kind == ElementKind::object) return of_values(value.array->objects, value);
    SCORIA_TRY(numbers, pickle::integers(*value.array));
    return value.array->type->kind == ElementKind::boolean ? of_mask(numbers) : of_numbers(numbers, value);
  }

  Result<std::vector<std::size_t>> of_list(const Value& value) const { return of_values(value.items, value); }

  static bool is_truth(const Value& value) {
    return value.kind == Kind::boolean ||
           (value.kind == Kind::scalar && value.array->type->kind == ElementKind::boolean);
  }

  Result<std::vector<std::size_t>> of_values(std::span<const Value* const> items, const Value& value) const {
    std::vector<std::int64_t> numbers;
    for (const Value* item : items) {
      const auto number = pickle::to_integer(*item);
      if (!number.ok()) return not_columns(value);
      numbers.push_back(number.value());
    }
    const bool is_mask =
        !items.empty() && std::all_of(items.begin(), items.end(), [](const Value* item) { return is_truth(*item); });
    return is_mask ? of_mask(numbers) : of_numbers(numbers, value);
  }

  // Python's rules for the ends of a slice.
  Result<std::vector<std::size_t>> slice(const Value& value) {
    const auto& ends = value.record->arguments->items;
    if (ends.size() != 3) return not_columns(value);
    const auto size = static_cast<std::int64_t>(count_);
    const bool is_of_names = pickle::is_text(*ends[0]) || pickle::is_text(*ends[1]);
    const auto end_at = [&](const Value& end, bool is_stop) -> Result<std::optional<std::int64_t>> {
      if (end.kind == Kind::none) return std::optional<std::int64_t>();
      if (pickle::is_text(end)) {
        SCORIA_TRY(position, position_of(end.text));
        return std::optional(static_cast<std::int64_t>(position) + (is_stop ? 1 : 0));
      }
      const auto number = pickle::to_integer(end);
      if (!number.ok() || is_of_names) return not_columns(value);
      return std::optional(number.value());
    };
    SCORIA_TRY(start, end_at(*ends[0], false));
    SCORIA_TRY(stop, end_at(*ends[1], true));
    SCORIA_TRY(stated_step, is_of_names ? Result<std::optional<std::int64_t>>(std::optional<std::int64_t>())
                                        : end_at(*ends[2], false));
    const std::int64_t step = std::clamp<std::int64_t>(stated_step.value_or(1), -size - 1, size + 1);
    if (step == 0) return not_columns(value);
    const auto clipped = [&](std::int64_t x) {
      if (x < -size) x = -size - 1;  // before the sum, which must not overflow
      const std::int64_t from_start = x < 0 ? x + size : x;
      return step > 0 ? std::clamp<std::int64_t>(from_start, 0, size)
                      : std::clamp<std::int64_t>(from_start, -1, size - 1);
    };
    const std::int64_t first = start ? clipped(*start) : (step > 0 ? 0 : size - 1);
    const std::int64_t last = stop ? clipped(*stop) : (step > 0 ? size : -1);
    std::vector<std::size_t> positions;
    for (std::int64_t i = first; step > 0 ? i < last : i > last; i += step)
      positions.push_back(static_cast<std::size_t>(i));
    return positions;
  }

  const std::vector<std::string>& names_;
  std::size_t count_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
};

}  // namespace

Result<std::vector<std::string>> column_names(const pickle::Value& value) {
  const Value& list = plain(value);
  if (list.size() == 0 && list.kind == Kind::array) return std::vector<std::string>{};
  return pickle::to_strings(list);
}

Result<std::vector<std::size_t>> selected_columns(const pickle::Value& chosen, const std::vector<std::string>& names,
                                                  std::size_t count) {
  return Chooser(names, count).choose(chosen);
}

}  // namespace scoria::model::preprocess
