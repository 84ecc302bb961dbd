// What stands for a call: where Python would call a class or function, a Value is made that says the same as data.
// Threads: one user at a time. Errors as in builder.h; denied where the target is not on the list (rules.h).
#pragma once

#include "pickle/builder.h"

namespace scoria::pickle {

// target(*arguments, **keywords). `keywords` may be null.
Value* call(Builder& builder, const Value& target, const Value& arguments, const Value* keywords = nullptr);

// object.__setstate__(state), or an update of its attributes.
bool set_state(Builder& builder, Value& object, const Value& state);

// object.append, add or update for objects that extend list, set or dict. `pairs`: items are keys and values in turn.
bool extend(Builder& builder, Value& object, std::span<const Value* const> items, bool pairs);

// What to say of a symbol that is not on the list: "os.system('x'), which ...".
Error denied_call(const Global& target, const Value* arguments);
Error denied_reference(const Global& target);

}  // namespace scoria::pickle
