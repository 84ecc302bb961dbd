// The classes and functions that a pickle may name, and what the reader makes of each. All others are refused.
// Threads: free functions over constant tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pickle/value.h"

namespace scoria::pickle {

enum class Action : std::uint8_t {
  refuse,
  refer,           // may be named, as an element type or a function that a transformer keeps; not called
  record,          // an object of that class, with its arguments
  class_is_first,  // a function of a compiled module that makes an object of the class that is its first argument
  reconstruct,     // copyreg._reconstructor(class, base, content)
  encode,          // _codecs.encode(text, 'latin1'): how older protocols write bytes
  make_list,
  make_tuple,
  make_set,
  make_frozen_set,
  make_dict,  // dict, OrderedDict, Counter: of pairs, or empty
  make_default_dict,
  make_bytes,
  make_byte_array,
  name_function,  // numpy's _ufunc_reconstruct(module, name): the function of that name
  array_shell,    // numpy's _reconstruct: an empty array, filled by what follows
  make_type,
  make_scalar,
  from_buffer,
  array_wrapper,  // joblib's: what follows it in the stream are the bytes of an array
};

// The rule's number, for Global::rule; 0: refused.
std::size_t find_rule(std::string_view module, std::string_view name);
Action action(const Global& global);

// Why a refused thing is not read, where more can be said than that; empty otherwise.
std::string_view refusal_hint(std::string_view module);

// Old names of modules are put right ("__builtin__", "numpy._core", "sklearn.externals.joblib").
std::string current_module(std::string_view module);

}  // namespace scoria::pickle
