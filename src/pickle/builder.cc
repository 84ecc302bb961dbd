#include "pickle/builder.h"

#include <algorithm>
#include <bit>

#include "pickle/rules.h"

namespace scoria::pickle {
namespace {

// Room for the items of a container that grows: it follows from their number, so no Value needs to keep it.
std::size_t capacity(std::size_t size) { return size == 0 ? 0 : std::max<std::size_t>(4, std::bit_ceil(size)); }

bool grows(Kind kind) { return kind == Kind::list || kind == Kind::dict || kind == Kind::set; }

}  // namespace

Value* Builder::make_integer(std::int64_t x) {
  Value* value = make(Kind::integer);
  if (value != nullptr) value->integer = x;
  return value;
}

Value* Builder::make_boolean(bool x) {
  Value* value = make(Kind::boolean);
  if (value != nullptr) value->integer = x ? 1 : 0;
  return value;
}

Value* Builder::make_real(double x) {
  Value* value = make(Kind::real);
  if (value != nullptr) value->real = x;
  return value;
}

Value* Builder::make_text(Kind kind, std::string_view text) {
  Value* value = make(kind);
  if (value != nullptr) value->text = text;
  return value;
}

Value* Builder::make_items(Kind kind, std::span<const Value* const> items) {
  Value* value = make(kind);
  if (value == nullptr) return nullptr;
  std::span<const Value*> slots;
  if (!make_table(grows(kind) ? capacity(items.size()) : items.size(), slots)) return nullptr;
  std::copy(items.begin(), items.end(), slots.begin());
  value->items = slots.first(items.size());
  return value;
}

Value* Builder::make_global(std::string_view module, std::string_view name) {
  Value* value = make(Kind::global);
  if (value == nullptr) return nullptr;
  value->global = make_one(Global{module, name, find_rule(module, name)});
  return value->global == nullptr ? nullptr : value;
}

Value* Builder::make_record(const Record& record) {
  Value* value = make(Kind::record);
  if (value == nullptr) return nullptr;
  value->record = make_one(record);
  return value->record == nullptr ? nullptr : value;
}

const Value* Builder::empty_tuple() {
  if (empty_tuple_ == nullptr) empty_tuple_ = make(Kind::tuple);
  return empty_tuple_;
}

bool Builder::copy(std::string_view text, std::string_view& out) {
  if (!spend(text.size()) || !reserve(text.size())) return false;
  out = arena_.copy(text);
  return true;
}

bool Builder::append(const Value& list, const Value* item) {
  const std::size_t size = list.items.size();
  std::span<const Value*> slots;
  if (size == capacity(size)) {
    if (!make_table(capacity(size + 1), slots)) return false;
    std::copy(list.items.begin(), list.items.end(), slots.begin());
  } else {
    // The room behind the items is this builder's, and only readers see it as constant.
    slots = {const_cast<const Value**>(list.items.data()), size + 1};
  }
  slots[size] = item;
  const_cast<Value&>(list).items = slots.first(size + 1);
  return true;
}

bool Builder::too_many_bytes() {
  return fail(Code::too_large,
              "the values take more than " + std::to_string(limits_.max_bytes) + " bytes (limit max_bytes)");
}

bool Builder::too_much_work() {
  return fail(Code::too_large, "the file makes its reader copy far more than it holds, which no model does");
}

Value* Builder::too_many_values() {
  fail(Code::too_large, "the file has more than " + std::to_string(limits_.max_values) + " values (limit max_values)");
  return nullptr;
}

}  // namespace scoria::pickle
