// What a Python pickle holds, as inert data: nothing is imported, looked up or called. Where Python would call something
// there is a Record that says what and with what.
// Threads: immutable once read. Ownership: a Document owns all its Values and the bytes they look into; a Value pointer lives
// as long as its Document.
// Shape: Values are shared and may be cyclic (a list can hold itself), and a small file can hold a structure that is
// exponentially large when written out. Walk with a limit on depth and on the number of values met.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scoria::pickle {

enum class Kind : std::uint8_t {
  none,
  boolean,
  integer,
  big_integer,  // does not fit 64 bits
  real,
  text,
  narrow_text,  // a Python 2 str: text or bytes, nobody knows
  bytes,
  byte_array,
  list,
  tuple,
  dict,
  set,
  frozen_set,
  global,  // a class or function, by name only
  record,  // an object of some class
  dtype,   // a numpy element type
  array,   // a numpy array
  scalar,  // a numpy scalar: an array without dimensions
};

// Python's words: "None", "int", "numpy array", ..., for messages.
std::string_view kind_name(Kind kind);

class Value;
struct Array;
struct DataType;

// A class or function that the file names.
struct Global {
  std::string_view module;  // as written: "sklearn.svm.classes"
  std::string_view name;
  std::size_t rule = 0;  // what the reader knows of it; of no use to others
};

// An object. A missing part is a null pointer.
struct Record {
  const Global* type = nullptr;      // never null; its class
  const Value* arguments = nullptr;  // never null; the tuple that its constructor would be given
  const Value* keywords = nullptr;   // a dict
  const Value* state = nullptr;      // mostly the dict of its attributes; see attribute()
  const Value* elements = nullptr;   // a list: what was appended to an object that extends list
  const Value* entries = nullptr;    // a dict: what was put into an object that extends dict
};

// Only the members that a kind names are set; all others are empty. Pointers are never null for their kind.
class Value {
 public:
  Kind kind = Kind::none;
  std::int64_t integer = 0;  // boolean (0, 1), integer
  double real = 0;           // real
  // text: UTF-8, in which lone surrogates may occur; narrow_text, bytes, byte_array: as stored; big_integer: two's complement,
  // lowest byte first.
  std::string_view text;
  std::span<const Value* const> items;  // list, tuple, set, frozen_set; dict: key, value, key, value, ...
  const Global* global = nullptr;       // global
  const Record* record = nullptr;       // record
  const DataType* type = nullptr;       // dtype
  const Array* array = nullptr;         // array, scalar

  // Elements of a sequence, entries of a dict (those that a later one replaces included), elements of an array; 0 for the rest.
  std::size_t size() const;
};

// Owns every Value of one stream and the memory behind them.
class Document {
 public:
  struct Storage;
  Document(std::unique_ptr<Storage> storage, const Value* root);
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  const Value& root() const { return *root_; }
  int protocol = 0;                // 2 to 5; 0 for 0 and 1, which do not say so
  std::string compression;         // "none", "zlib", ...
  bool has_inline_arrays = false;  // joblib's: the bytes of arrays stand in the stream
  std::uint64_t unread_bytes = 0;  // of the inflated stream behind the object. Python ignores them

 private:
  std::unique_ptr<Storage> storage_;
  const Value* root_;
};

// text or narrow_text; the second: that equals `expected`.
bool is_text(const Value& value);
bool is_text(const Value& value, std::string_view expected);

// bytes, byte_array or narrow_text.
bool is_bytes(const Value& value);

// The entry of a dict, or of an object that extends dict, with that text as its key; of several the last, as in Python.
// nullptr when there is none.
const Value* member(const Value& value, std::string_view key);

// The attribute of a record: in its state, be it a dict or the pair of dicts that classes with slots have. nullptr when
// there is none.
const Value* attribute(const Value& value, std::string_view name);

// The class of a record as a user of the library would import it, whatever the version that wrote it: "sklearn.svm.OneClassSVM"
// for sklearn.svm.classes.OneClassSVM and sklearn.svm._classes.OneClassSVM. Empty for other kinds.
std::string class_name(const Value& value);
std::string public_name(const Global& global);

// The version that scikit-learn wrote into the object, or into the first one within it: "1.2.1". Empty where there is none
// (before 0.18, other libraries).
std::string sklearn_version(const Value& value);

// A value in few characters, as Python's repr() would begin: 'text', ('a', 1, ...), sklearn.svm.SVC(...). Escaped: ASCII only.
std::string brief(const Value& value, std::size_t max_text = 60);

}  // namespace scoria::pickle
