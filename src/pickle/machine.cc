#include "pickle/machine.h"

#include <algorithm>

#include "pickle/calls.h"
#include "pickle/opcodes.h"
#include "pickle/rules.h"
#include "pickle/text.h"

namespace scoria::pickle {

const Value* Machine::run() {
  while (!is_done_) {
    cursor_.mark_instruction();
    std::uint8_t code = 0;
    if (!cursor_.number(code) || !step(code)) {
      // What the file is after matters more than where it then broke.
      if (denied_ != nullptr && !cursor_.failed_with(Code::denied)) cursor_.replace_error(denied_reference(*denied_));
      return nullptr;
    }
  }
  const Value* root = stack_.back();
  if (denied_ != nullptr) {
    const Error error = denied_reference(*denied_);
    builder_.fail(error.code, error.message);
    return nullptr;
  }
  return root;
}

bool Machine::needs(std::size_t count) {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() - floor >= count) return true;
  return builder_.fail(Code::corrupt, "an instruction needs " + std::to_string(count) + " values and there are " +
                                          std::to_string(stack_.size() - floor));
}

bool Machine::above_mark(std::span<Value* const>& items) {
  if (marks_.empty()) return builder_.fail(Code::corrupt, "an instruction needs a mark and there is none");
  items = std::span<Value* const>(stack_).subspan(marks_.back());
  return true;
}

void Machine::drop_to_mark() {
  stack_.resize(marks_.back());
  marks_.pop_back();
}

bool Machine::step(std::uint8_t code) {
  switch (code) {
    case op::kMark: marks_.push_back(stack_.size()); return true;
    case op::kStop:
      if (!needs(1)) return false;
      is_done_ = true;
      return true;
    case op::kPop:
      if (!marks_.empty() && marks_.back() == stack_.size()) {
        marks_.pop_back();
        return true;
      }
      if (!needs(1)) return false;
      stack_.pop_back();
      return true;
    case op::kPopMark: {
      std::span<Value* const> items;
      if (!above_mark(items)) return false;
      drop_to_mark();
      return true;
    }
    case op::kDup: return needs(1) && push(stack_.back());

    case op::kNone: return constant(none_, Kind::none);
    case op::kInt: return integer_line(false);
    case op::kLong: return integer_line(true);
    case op::kFloat: return real_line();
    case op::kBinInt: {
      std::int32_t x = 0;
      return cursor_.number(x) && push(builder_.make_integer(x));
    }
    case op::kBinInt1: {
      std::uint8_t x = 0;
      return cursor_.number(x) && push(builder_.make_integer(x));
    }
    case op::kBinInt2: {
      std::uint16_t x = 0;
      return cursor_.number(x) && push(builder_.make_integer(x));
    }
    case op::kBinFloat: {
      std::uint64_t bits = 0;  // the one big-endian number
      if (!cursor_.number(bits)) return false;
      return push(builder_.make_real(std::bit_cast<double>(__builtin_bswap64(bits))));
    }
    case op::kString: return text_line(Kind::narrow_text);
    case op::kUnicode: return text_line(Kind::text);
    case op::kBinString: return sized<std::int32_t>(Kind::narrow_text);
    case op::kShortBinString: return sized<std::uint8_t>(Kind::narrow_text);
    case op::kBinUnicode: return sized<std::uint32_t>(Kind::text);

    case op::kEmptyList: return push(builder_.make(Kind::list));
    case op::kEmptyDict: return push(builder_.make(Kind::dict));
    case op::kEmptyTuple: return constant(empty_tuple_, Kind::tuple);
    case op::kList: return from_mark(Kind::list);
    case op::kDict: return from_mark(Kind::dict);
    case op::kTuple: return from_mark(Kind::tuple);
    case op::kAppend: return extend_top(false, true);
    case op::kAppends: return extend_top(false, false);
    case op::kSetItem: return extend_top(true, true);
    case op::kSetItems: return extend_top(true, false);

    case op::kGlobal: {
      std::string_view module;
      std::string_view name;
      return cursor_.line(module) && cursor_.line(name) && global(module, name);
    }
    case op::kReduce: return reduce();
    case op::kBuild: return build();
    case op::kInst: return instance(false);
    case op::kObj: return instance(true);

    case op::kGet: {
      std::uint64_t index = 0;
      return index_line(index) && fetch(index);
    }
    case op::kBinGet: {
      std::uint8_t index = 0;
      return cursor_.number(index) && fetch(index);
    }
    case op::kLongBinGet: {
      std::uint32_t index = 0;
      return cursor_.number(index) && fetch(index);
    }
    case op::kPut: {
      std::uint64_t index = 0;
      return index_line(index) && store(index);
    }
    case op::kBinPut: {
      std::uint8_t index = 0;
      return cursor_.number(index) && store(index);
    }
    case op::kLongBinPut: {
      std::uint32_t index = 0;
      return cursor_.number(index) && store(index);
    }
    default: return protocol_2_and_newer(code);
  }
}

bool Machine::protocol_2_and_newer(std::uint8_t code) {
  switch (code) {
    case op::kProto: {
      std::uint8_t version = 0;
      if (!cursor_.number(version)) return false;
      protocol_ = version;
      constexpr int kNewest = 5;
      return version <= kNewest ||
             builder_.fail(Code::unsupported, "protocol " + std::to_string(version) + "; 0 to 5 are read");
    }
    case op::kFrame: {
      std::uint64_t size = 0;  // for readers of pipes
      if (!cursor_.number(size)) return false;
      return size <= cursor_.left() ||
             builder_.fail(Code::corrupt, "a frame claims " + std::to_string(size) + " bytes and " +
                                              std::to_string(cursor_.left()) + " are left");
    }
    case op::kNewTrue: return constant(true_, Kind::boolean, 1);
    case op::kNewFalse: return constant(false_, Kind::boolean, 0);
    case op::kLong1: return big_integer<std::uint8_t>();
    case op::kLong4: return big_integer<std::int32_t>();
    case op::kBinBytes: return sized<std::uint32_t>(Kind::bytes);
    case op::kShortBinBytes: return sized<std::uint8_t>(Kind::bytes);
    case op::kBinBytes8: return sized<std::uint64_t>(Kind::bytes);
    case op::kByteArray8: return sized<std::uint64_t>(Kind::byte_array);
    case op::kShortBinUnicode: return sized<std::uint8_t>(Kind::text);
    case op::kBinUnicode8: return sized<std::uint64_t>(Kind::text);
    case op::kTuple1: return tuple(1);
    case op::kTuple2: return tuple(2);
    case op::kTuple3: return tuple(3);
    case op::kEmptySet: return push(builder_.make(Kind::set));
    case op::kAddItems: return extend_top(false, false);
    case op::kFrozenSet: return from_mark(Kind::frozen_set);
    case op::kNewObj: return new_object(false);
    case op::kNewObjEx: return new_object(true);
    case op::kStackGlobal: return stack_global();
    case op::kMemoize: return store(memo_.size() + sparse_memo_.size());
    default: return refused(code);
  }
}

bool Machine::refused(std::uint8_t code) {
  switch (code) {
    case op::kPersId:
    case op::kBinPersId:
      return builder_.fail(Code::unsupported,
                           "a persistent id: part of the object lies outside the file, with the program that wrote it");
    case op::kExt1:
    case op::kExt2:
    case op::kExt4:
      return builder_.fail(Code::unsupported,
                           "an extension code: it stands for a class that only the program that wrote it knows");
    case op::kNextBuffer:
    case op::kReadOnlyBuffer:
      return builder_.fail(Code::unsupported,
                           "an out-of-band buffer: the data of an array lie outside the file; write the model without "
                           "buffer_callback");
    default: return builder_.fail(Code::corrupt, "there is no instruction " + std::to_string(code));
  }
}

bool Machine::tuple(std::size_t count) {
  if (!needs(count)) return false;
  const std::span<Value* const> items = std::span<Value* const>(stack_).last(count);
  Value* value = builder_.make_items(Kind::tuple, {items.data(), items.size()});
  stack_.resize(stack_.size() - count);
  return push(value);
}

bool Machine::from_mark(Kind kind) {
  std::span<Value* const> items;
  if (!above_mark(items)) return false;
  if (kind == Kind::dict && items.size() % 2 != 0)
    return builder_.fail(Code::corrupt, "a dict has a key without a value");
  Value* value = builder_.make_items(kind, {items.data(), items.size()});
  drop_to_mark();
  return push(value);
}

bool Machine::extend_top(bool pairs, bool one) {
  std::span<Value* const> items;
  if (one) {
    const std::size_t count = pairs ? 2 : 1;
    if (!needs(count + 1)) return false;
    items = std::span<Value* const>(stack_).last(count);
  } else if (!above_mark(items)) {
    return false;
  }
  if (pairs && items.size() % 2 != 0) return builder_.fail(Code::corrupt, "a dict has a key without a value");
  const std::size_t rest = stack_.size() - items.size();
  if (rest == 0) return builder_.fail(Code::corrupt, "there is nothing to put items into");
  if (!extend(builder_, *stack_[rest - 1], {items.data(), items.size()}, pairs)) return false;
  if (one) {
    stack_.resize(rest);
  } else {
    drop_to_mark();
  }
  return true;
}

bool Machine::global(std::string_view module, std::string_view name) {
  Value* value = builder_.make_global(module, name);
  if (value == nullptr) return false;
  // Kept for now: a call that follows tells more of what the file is after.
  if (denied_ == nullptr && action(*value->global) == Action::refuse) denied_ = value->global;
  return push(value);
}

bool Machine::stack_global() {
  if (!needs(2)) return false;
  const Value* name = pop();
  const Value* module = pop();
  if (!is_text(*name) || !is_text(*module)) {
    return builder_.fail(Code::corrupt, "a class is named by " + brief(*module) + " and " + brief(*name));
  }
  return global(module->text, name->text);
}

bool Machine::reduce() {
  if (!needs(2)) return false;
  const Value* arguments = pop();
  const Value* target = pop();
  return push(call(builder_, *target, *arguments));
}

bool Machine::new_object(bool has_keywords) {
  if (!needs(has_keywords ? 3 : 2)) return false;
  const Value* keywords = has_keywords ? pop() : nullptr;
  const Value* arguments = pop();
  const Value* target = pop();
  if (keywords != nullptr && keywords->kind != Kind::dict) {
    return builder_.fail(Code::corrupt, "the named arguments of a class are " + brief(*keywords));
  }
  return push(call(builder_, *target, *arguments, keywords));
}

// Instances of Python 2's old classes: INST names the class, OBJ has it below its arguments.
bool Machine::instance(bool class_on_stack) {
  std::string_view module;
  std::string_view name;
  std::span<Value* const> items;
  if (!class_on_stack && (!cursor_.line(module) || !cursor_.line(name))) return false;
  if (!above_mark(items)) return false;
  const Value* target = nullptr;
  if (class_on_stack) {
    if (items.empty()) return builder_.fail(Code::corrupt, "an object has no class");
    target = items[0];
    items = items.subspan(1);
  } else {
    target = builder_.make_global(module, name);
    if (target == nullptr) return false;
  }
  const Value* arguments = builder_.make_items(Kind::tuple, {items.data(), items.size()});
  if (arguments == nullptr) return false;
  drop_to_mark();
  return push(call(builder_, *target, *arguments));
}

bool Machine::build() {
  if (!needs(2)) return false;
  const Value* state = pop();
  Value* object = stack_.back();
  if (!set_state(builder_, *object, *state)) return false;
  if (object->kind == Kind::record && action(*object->record->type) == Action::array_wrapper) {
    return inline_array(*object);
  }
  return true;
}

bool Machine::store(std::uint64_t index) {
  if (!needs(1)) return false;
  Value* value = stack_.back();
  if (index < memo_.size()) {
    memo_[static_cast<std::size_t>(index)] = value;
  } else if (index == memo_.size() && sparse_memo_.empty()) {
    memo_.push_back(value);
  } else {
    sparse_memo_[index] = value;
  }
  return true;
}

bool Machine::fetch(std::uint64_t index) {
  Value* value = nullptr;
  if (index < memo_.size()) {
    value = memo_[static_cast<std::size_t>(index)];
  } else if (const auto found = sparse_memo_.find(index); found != sparse_memo_.end()) {
    value = found->second;
  }
  if (value == nullptr) {
    return builder_.fail(Code::corrupt,
                         "the file refers to its value " + std::to_string(index) + ", which was not stored");
  }
  return push(value);
}

}  // namespace scoria::pickle
