// The pickle machine: runs the instructions of one pickle over an own stack and memo and makes Values. No instruction
// recurses, whatever the nesting. What would be calls goes through calls.h.
// Threads: one user at a time. Borrows: the builder.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "pickle/builder.h"

namespace scoria::pickle {

class Machine {
 public:
  // `is_nested`: a pickle within joblib's, which has no arrays of joblib's in it.
  explicit Machine(Builder& builder, bool is_nested = false)
      : builder_(builder), cursor_(builder.cursor()), is_nested_(is_nested) {}

  // Runs to the pickle's end. nullptr: the cursor holds the error.
  const Value* run();

  int protocol() const { return protocol_; }
  bool has_inline_arrays() const { return has_inline_arrays_; }

 private:
  bool step(std::uint8_t code);
  bool protocol_2_and_newer(std::uint8_t code);
  bool refused(std::uint8_t code);

  // The stack. Values below the newest mark are out of reach.
  bool push(Value* value) {
    if (value == nullptr) return false;
    stack_.push_back(value);
    return true;
  }
  bool needs(std::size_t count);
  Value* pop() {
    Value* top = stack_.back();
    stack_.pop_back();
    return top;
  }
  // What stands above the newest mark; valid until the next push.
  bool above_mark(std::span<Value* const>& items);
  void drop_to_mark();

  bool constant(Value*& kept, Kind kind, std::int64_t integer = 0);
  template <typename Size>
  bool sized(Kind kind);
  template <typename Size>
  bool big_integer();
  bool integer_line(bool is_long);
  bool real_line();
  bool text_line(Kind kind);
  bool big(std::string_view bytes);

  bool tuple(std::size_t count);
  bool from_mark(Kind kind);
  bool extend_top(bool pairs, bool one);

  bool global(std::string_view module, std::string_view name);
  bool stack_global();
  bool reduce();
  bool new_object(bool has_keywords);
  bool instance(bool class_on_stack);
  bool build();
  bool inline_array(const Value& wrapper);

  bool store(std::uint64_t index);
  bool fetch(std::uint64_t index);
  bool index_line(std::uint64_t& index);

  Builder& builder_;
  Cursor& cursor_;
  bool is_nested_;
  int protocol_ = 0;
  bool has_inline_arrays_ = false;
  bool is_done_ = false;
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;
  // Indices count upwards in what Python writes: those are kept in a row, others by number, so that a gap costs nothing.
  std::vector<Value*> memo_;
  std::unordered_map<std::uint64_t, Value*> sparse_memo_;
  Value* none_ = nullptr;
  Value* true_ = nullptr;
  Value* false_ = nullptr;
  Value* empty_tuple_ = nullptr;
  const Global* denied_ = nullptr;  // the first symbol met that is not on the list
};

}  // namespace scoria::pickle
