#include "pickle/calls.h"

#include <array>

#include "pickle/numpy_types.h"
#include "pickle/numpy_values.h"
#include "pickle/rules.h"
#include "pickle/text.h"

namespace scoria::pickle {
namespace {

std::string symbol(const Global& global) { return escaped(global.module, 100) + "." + escaped(global.name, 100); }

Error denied(const Global& target, std::string message) {
  const std::string_view hint = refusal_hint(target.module);
  if (!hint.empty()) message.append(". ").append(hint);
  return Error{Code::denied, std::move(message)};
}

Value* refuse(Builder& builder, const Error& error) {
  builder.fail(error.code, error.message);
  return nullptr;
}

Value* corrupt_call(Builder& builder, const Global& target, const Value& arguments) {
  builder.fail(Code::corrupt, symbol(target) + " is to be made of " + brief(arguments));
  return nullptr;
}

Value* make_object(Builder& builder, const Global& type, const Value& arguments, const Value* keywords) {
  return builder.make_record({.type = &type, .arguments = &arguments, .keywords = keywords});
}

// The class among the arguments of a function that makes its object.
const Global* class_argument(Builder& builder, const Global& function, const Value& arguments) {
  if (arguments.items.empty() || arguments.items[0]->kind != Kind::global) {
    corrupt_call(builder, function, arguments);
    return nullptr;
  }
  const Global& type = *arguments.items[0]->global;
  if (action(type) == Action::record) return &type;
  refuse(builder, denied_call(type, nullptr));
  return nullptr;
}

// copyreg._reconstructor(class, base, content): protocols 0 and 1.
Value* reconstruct(Builder& builder, const Global& function, const Value& arguments) {
  const Global* type = class_argument(builder, function, arguments);
  if (type == nullptr) return nullptr;
  if (arguments.items.size() != 3) return corrupt_call(builder, function, arguments);
  const Value& content = *arguments.items[2];
  Record record{.type = type, .arguments = builder.empty_tuple()};
  if (record.arguments == nullptr) return nullptr;
  if (content.kind == Kind::list) {
    record.elements = &content;
  } else if (content.kind == Kind::dict) {
    record.entries = &content;
  } else if (content.kind != Kind::none) {
    record.arguments = builder.make_items(Kind::tuple, std::array{&content});
    if (record.arguments == nullptr) return nullptr;
  }
  return builder.make_record(record);
}

bool is_sequence(const Value& value) {
  return value.kind == Kind::list || value.kind == Kind::tuple || value.kind == Kind::set ||
         value.kind == Kind::frozen_set;
}

Value* make_container(Builder& builder, Kind kind, const Global& target, const Value& arguments) {
  if (arguments.items.empty()) return builder.make_items(kind, {});
  if (arguments.items.size() != 1 || !is_sequence(*arguments.items[0])) return corrupt_call(builder, target, arguments);
  return builder.make_items(kind, arguments.items[0]->items);
}

// Of a dict, or of pairs.
Value* make_dict(Builder& builder, const Global& target, const Value& arguments) {
  if (arguments.items.empty()) return builder.make(Kind::dict);
  const Value& content = *arguments.items[0];
  if (arguments.items.size() != 1) return corrupt_call(builder, target, arguments);
  if (content.kind == Kind::dict) return builder.make_items(Kind::dict, content.items);
  if (!is_sequence(content)) return corrupt_call(builder, target, arguments);
  Value* dict = builder.make(Kind::dict);
  if (dict == nullptr || !builder.spend(content.items.size())) return nullptr;
  for (const Value* pair : content.items) {
    if (!is_sequence(*pair) || pair->items.size() != 2) return corrupt_call(builder, target, arguments);
    if (!builder.append(*dict, pair->items[0]) || !builder.append(*dict, pair->items[1])) return nullptr;
  }
  return dict;
}

// bytes(), bytes(b'...'), bytearray('...', 'latin-1'), _codecs.encode('...', 'latin1').
Value* make_bytes(Builder& builder, Kind kind, const Global& target, const Value& arguments) {
  if (arguments.items.empty()) return builder.make(kind);
  const Value& content = *arguments.items[0];
  if (is_bytes(content)) {
    return builder.make_text(kind, content.text);
  }
  const bool is_latin1 = content.kind == Kind::text && arguments.items.size() == 2 &&
                         (is_text(*arguments.items[1], "latin1") || is_text(*arguments.items[1], "latin-1"));
  if (!is_latin1) return corrupt_call(builder, target, arguments);
  if (!builder.spend(content.text.size())) return nullptr;
  const auto bytes = to_latin1(content.text);
  if (!bytes.ok()) return refuse(builder, bytes.error());
  std::string_view kept;
  return builder.copy(bytes.value(), kept) ? builder.make_text(kind, kept) : nullptr;
}

Value* make_default_dict(Builder& builder, const Global& target, const Value& arguments) {
  if (arguments.items.size() > 1) return corrupt_call(builder, target, arguments);
  return builder.make(Kind::dict);  // without the function that makes what is missing
}

Value* name_function(Builder& builder, const Global& target, const Value& arguments) {
  if (arguments.items.size() != 2 || !is_text(*arguments.items[0]) || !is_text(*arguments.items[1])) {
    return corrupt_call(builder, target, arguments);
  }
  Value* function = builder.make_global(arguments.items[0]->text, arguments.items[1]->text);
  if (function == nullptr || action(*function->global) != Action::refuse) return function;
  return refuse(builder, denied_reference(*function->global));
}

}  // namespace

Error denied_call(const Global& target, const Value* arguments) {
  std::string call = symbol(target);
  if (arguments != nullptr) {
    const std::string shown = brief(*arguments);
    call += shown.starts_with('(') ? shown : "(" + shown + ")";
  }
  return denied(target, "the file asks to call " + call +
                            ", which is not on the list of what models are made of: a pickle is "
                            "read as data, and nothing in it is called");
}

Error denied_reference(const Global& target) {
  return denied(target,
                "the file refers to " + symbol(target) + ", which is not on the list of what models are made of");
}

Value* call(Builder& builder, const Value& target, const Value& arguments, const Value* keywords) {
  if (target.kind != Kind::global) {
    builder.fail(Code::corrupt, "the file asks to call " + brief(target) + ", which is no class or function");
    return nullptr;
  }
  if (arguments.kind != Kind::tuple) {
    builder.fail(Code::corrupt, "the arguments of " + symbol(*target.global) + " are " + brief(arguments));
    return nullptr;
  }
  const Global& global = *target.global;
  switch (action(global)) {
    case Action::refuse:
    case Action::refer: return refuse(builder, denied_call(global, &arguments));
    case Action::array_wrapper:
    case Action::record: return make_object(builder, global, arguments, keywords);
    case Action::class_is_first: {
      const Global* type = class_argument(builder, global, arguments);
      return type == nullptr ? nullptr : make_object(builder, *type, arguments, keywords);
    }
    case Action::reconstruct: return reconstruct(builder, global, arguments);
    case Action::encode:
      if (arguments.items.size() != 2) return corrupt_call(builder, global, arguments);
      return make_bytes(builder, Kind::bytes, global, arguments);
    case Action::make_bytes: return make_bytes(builder, Kind::bytes, global, arguments);
    case Action::make_byte_array: return make_bytes(builder, Kind::byte_array, global, arguments);
    case Action::make_list: return make_container(builder, Kind::list, global, arguments);
    case Action::make_tuple: return make_container(builder, Kind::tuple, global, arguments);
    case Action::make_set: return make_container(builder, Kind::set, global, arguments);
    case Action::make_frozen_set: return make_container(builder, Kind::frozen_set, global, arguments);
    case Action::make_dict: return make_dict(builder, global, arguments);
    case Action::make_default_dict: return make_default_dict(builder, global, arguments);
    case Action::name_function: return name_function(builder, global, arguments);
    case Action::array_shell: return make_array_shell(builder);
    case Action::make_type: return make_dtype(builder, arguments);
    case Action::make_scalar: return make_scalar(builder, arguments);
    case Action::from_buffer: return make_from_buffer(builder, arguments);
  }
  throw_bug(__FILE__, __LINE__, "a known Action");
}

bool set_state(Builder& builder, Value& object, const Value& state) {
  switch (object.kind) {
    case Kind::record: {
      Record record = *object.record;
      if (record.state != nullptr) {
        return builder.fail(Code::corrupt, "an object of " + symbol(*record.type) + " is given its state twice");
      }
      record.state = &state;
      object.record = builder.make_one(record);
      return object.record != nullptr;
    }
    case Kind::array: return set_array_state(builder, object, state);
    case Kind::dtype: return set_dtype_state(builder, object, state);
    default:
      return builder.fail(Code::unsupported,
                          "a " + std::string(kind_name(object.kind)) + " is given attributes: " + brief(state));
  }
}

bool extend(Builder& builder, Value& object, std::span<const Value* const> items, bool pairs) {
  const Value* container = &object;
  if (object.kind == Kind::record) {
    container = pairs ? object.record->entries : object.record->elements;
    if (container == nullptr) {
      Record record = *object.record;
      container = builder.make(pairs ? Kind::dict : Kind::list);
      if (container == nullptr) return false;
      (pairs ? record.entries : record.elements) = container;
      object.record = builder.make_one(record);
      if (object.record == nullptr) return false;
    }
  } else if (pairs ? object.kind != Kind::dict : object.kind != Kind::list && object.kind != Kind::set) {
    return builder.fail(Code::corrupt, "items are put into " + brief(object));
  }
  for (const Value* item : items) {
    if (!builder.append(*container, item)) return false;
  }
  return true;
}

}  // namespace scoria::pickle
