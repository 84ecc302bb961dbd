// R expressions as data. As in R, everything that is not a constant or a name is a call by name: `a + b` is `+`(a, b),
// parentheses are the call `(`, `t$c` is `$`(t, c).
// Threads: immutable. Ownership: an Expression shares its node; copies are cheap.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "table/column.h"

namespace scoria::expr {

// A deeper expression is refused by parse() and by Frame::define(): evaluation recurses.
inline constexpr std::uint32_t kMaxDepth = 250;

enum class Kind : std::uint8_t { number, integer, text, logical, null, na, name, call };

struct Node;
struct Argument;

// Where a node stood in the text it was parsed from; all empty for one made from an R object.
struct Place {
  std::shared_ptr<const std::string> source;
  std::uint32_t offset = 0;  // bytes from the start of *source
};

class Expression {
 public:
  // na_real() makes na(Type::real), kNaInt makes na(Type::integer).
  static Expression number(double value, Place place = {});
  static Expression integer(std::int32_t value, Place place = {});
  static Expression text(std::string value, Place place = {});
  static Expression logical(bool value, Place place = {});
  static Expression null(Place place = {});
  // NA, NA_integer_, NA_real_, NA_character_ by type (logical is the plain NA).
  static Expression na(table::Type type, Place place = {});
  static Expression name(std::string name, Place place = {});
  static Expression call(std::string function, std::vector<Argument> args, Place place = {});

  const Node& operator*() const { return *node_; }
  const Node* operator->() const { return node_.get(); }

 private:
  explicit Expression(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;
};

struct Argument {
  std::string name;  // empty: by position
  Expression value;
};

struct Node {
  Kind kind = Kind::null;
  bool logical = false;                        // of logical
  table::Type na_type = table::Type::logical;  // of na
  std::int32_t integer = 0;                    // of integer
  double number = 0;                           // of number
  std::string text;                            // of text, name; the function's name of call
  std::vector<Argument> args;                  // of call
  Place place;
  std::uint32_t depth = 1;  // 1 + the deepest argument's

  // 1-based column in *place.source, counted in characters, not bytes; 0 when not parsed from text.
  std::size_t column() const;
  bool is_call(std::string_view function) const { return kind == Kind::call && text == function; }
};

// "table$column" as written in an expression.
struct TableReference {
  std::string table;
  std::string column;
  auto operator<=>(const TableReference&) const = default;
};

// The names an expression reads: not its functions, not its argument names, not the two sides of `$`.
std::set<std::string> names_used(const Expression& expression);
// Every table$column it reads.
std::set<TableReference> table_references(const Expression& expression);

// The functions it calls, operators included.
std::set<std::string> functions_used(const Expression& expression);

}  // namespace scoria::expr
