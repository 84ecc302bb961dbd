// Makes the Values of one Document, within limits. A call that fails leaves its error in the cursor and returns nullptr or false.
// Threads: one user at a time. Borrows: cursor, arena and limits.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "pickle/cursor.h"
#include "pickle/reader.h"
#include "pickle/value.h"

namespace scoria::pickle {

class Builder {
 public:
  Builder(Cursor& cursor, Arena& arena, const ReadLimits& limits)
      : cursor_(cursor), arena_(arena), limits_(limits), work_left_(kWorkPerByte * cursor.left() + kFreeWork) {}

  Cursor& cursor() { return cursor_; }
  bool fail(Code code, std::string_view what) { return cursor_.fail(code, what); }
  bool corrupt(std::string_view what) { return fail(Code::corrupt, what); }

  Value* make(Kind kind) {
    if (++values_ > limits_.max_values) return too_many_values();
    if (!reserve(sizeof(Value))) return nullptr;
    auto* value = arena_.make<Value>();
    value->kind = kind;
    return value;
  }
  Value* make_integer(std::int64_t x);
  Value* make_boolean(bool x);
  Value* make_real(double x);
  Value* make_text(Kind kind, std::string_view text);                 // looks into `text`, which outlives the document
  Value* make_items(Kind kind, std::span<const Value* const> items);  // copies the pointers
  Value* make_global(std::string_view module, std::string_view name);
  Value* make_record(const Record& record);
  const Value* empty_tuple();

  // To be asked before anything whose cost does not follow from the bytes that ask for it: a stored list can be copied again and
  // again by a few bytes each time.
  bool spend(std::uint64_t work) {
    if (work > work_left_) return too_much_work();
    work_left_ -= work;
    return true;
  }

  template <typename T>
  T* make_one(const T& content) {
    if (!reserve(sizeof(T))) return nullptr;
    auto* result = arena_.make<T>();
    *result = content;
    return result;
  }
  // An empty span without an error where count is 0.
  template <typename T>
  bool make_table(std::uint64_t count, std::span<T>& out) {
    if (count > limits_.max_bytes / sizeof(T)) return too_many_bytes();
    if (!spend(count * sizeof(T)) || !reserve(count * sizeof(T))) return false;
    out = arena_.make_array<T>(static_cast<std::size_t>(count));
    return true;
  }
  bool copy(std::string_view text, std::string_view& out);

  // Amortised O(1). Precondition: a list, set or dict that this builder made.
  bool append(const Value& list, const Value* item);

 private:
  // A list of small items costs 32 bytes of table for each byte of the file; real models cost below 2.
  static constexpr std::uint64_t kWorkPerByte = 64;
  static constexpr std::uint64_t kFreeWork = 1 << 20;

  bool reserve(std::uint64_t bytes) {
    bytes_ += bytes;
    return bytes_ <= limits_.max_bytes || too_many_bytes();
  }
  bool too_many_bytes();
  bool too_much_work();
  Value* too_many_values();

  Cursor& cursor_;
  Arena& arena_;
  const ReadLimits& limits_;
  std::uint64_t values_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t work_left_;
  const Value* empty_tuple_ = nullptr;
};

}  // namespace scoria::pickle
