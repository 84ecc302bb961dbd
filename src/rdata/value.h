// What an R serialization stream holds, as inert data: every SEXP type becomes a Value, nothing is ever evaluated.
// Threads: immutable once read. Ownership: a Document owns all its Values (they may be cyclic, so no Value owns
// another); a Value pointer lives as long as its Document.
// Cycles: only through environments, external pointers and weak references. Everything else is a tree whose parts may
// be shared, at most ReadLimits::max_depth deep: walk it with an own stack or a depth limit, not by plain recursion.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scoria::rdata {

enum class Kind : std::uint8_t {
  null,
  symbol,
  pairlist,
  language,
  dots,
  closure,
  environment,
  promise,
  builtin,
  special,
  character_element,  // CHARSXP on its own (rare: as a list element it cannot occur)
  logical,
  integer,
  real,
  complex,
  character,
  raw,
  list,
  expression,
  s4,
  external_pointer,
  weak_reference,
  bytecode,
  name_space,
  package,
  global_environment,
  base_environment,
  empty_environment,
  base_namespace,
  missing_argument,
  unbound_value,
};

// "double vector", "environment", ...: R's typeof() words, for messages.
std::string_view kind_name(Kind kind);

enum class Encoding : std::uint8_t { native, utf8, latin1, bytes, ascii };

// One element of a character vector.
struct Text {
  std::string_view bytes;  // as stored; see utf8()
  Encoding encoding = Encoding::native;
  bool is_na = false;
};

class Value;

struct Named {
  std::string_view name;  // empty where a pairlist cell has no tag
  const Value* value = nullptr;
};

// Only the members that a kind names are set; all others are empty. Pointers are never null unless the comment says so.
class Value {
 public:
  Kind kind = Kind::null;
  bool is_object = false;
  bool is_s4 = false;                      // also of a plain vector whose S4 class extends it
  bool is_locked = false;                  // environment
  std::span<const std::int32_t> integers;  // logical (0, 1, kNaInt) and integer (kNaInt = NA)
  std::span<const double> reals;           // real; complex as re, im pairs. NA is is_na()
  std::span<const std::byte> bytes;        // raw
  std::span<const Text> texts;             // character; character_element (one); name_space, package: name, version
  std::span<const Value* const> items;     // list, expression; bytecode: its constants; external_pointer: what it
                                           // protects, and its tag
  std::span<const Named> cells;        // pairlist, language (cell 0 is the function), dots; environment: its variables.
                                       // A dotted pair's tail is a last cell without a name
  std::span<const Named> attributes;   // in stream order
  std::string_view name;               // symbol, builtin, special, name_space, package; UTF-8, as all names are
  const Value* formals = nullptr;      // closure
  const Value* body = nullptr;         // closure; promise: its expression; bytecode: its source expression
  const Value* environment = nullptr;  // closure, promise (may be null); environment: its enclosure
  const Value* promised = nullptr;     // promise: its value, unbound_value when not forced

  // Elements of a vector or list, cells of a pairlist; 0 for the rest.
  std::size_t size() const;
  // nullptr when there is none.
  const Value* attribute(std::string_view attribute_name) const;
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
  // What the stream says of itself: 2 or 3; writer's R version as "4.2.2"; native encoding ("" in version 2).
  int version = 0;
  std::string writer;
  std::string native_encoding;
  std::string format;         // "xdr", "native", "ascii"
  std::string compression;    // "gzip", ...
  bool is_workspace = false;  // RDX2 / RDX3: the root is a pairlist of named objects
  // Bytes of the inflated stream behind the object. R ignores them; a file made by one saveRDS() has none.
  std::uint64_t unread_bytes = 0;

 private:
  std::unique_ptr<Storage> storage_;
  const Value* root_;
};

// The element of a list or pairlist with that name, or the variable of an environment; nullptr when there is none.
const Value* member(const Value& value, std::string_view name);

// The class attribute's strings; empty when there is none.
std::vector<std::string> classes(const Value& value);
bool inherits(const Value& value, std::string_view class_name);

// The text as UTF-8: latin1 is converted; "bytes" and invalid sequences are escaped as <xx> as R prints them.
std::string utf8(const Text& text, std::string_view native_encoding = {});

// All of a character vector, or of a factor's labels; empty for another kind. NA becomes "NA".
std::vector<std::string> strings(const Value& value);

}  // namespace scoria::rdata
