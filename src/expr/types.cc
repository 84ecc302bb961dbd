#include "expr/types.h"

#include <algorithm>

namespace scoria::expr {
namespace {

using table::Type;
using Types = std::span<const Type>;

bool is_number(Type type) { return type <= Type::real; }

Error wants(std::string_view wanted, Type got) {
  return Error{Code::invalid, "needs " + std::string(wanted) + ", not " +
                                  (got == Type::factor ? "a factor; convert it with as.character() or as.integer()"
                                                       : std::string(table::type_name(got)))};
}

// The widest of some numbers, at least integer.
Result<Type> widest_number(Types args) {
  Type widest = Type::integer;
  for (const Type type : args) {
    if (!is_number(type)) return wants("numbers", type);
    widest = std::max(widest, type);
  }
  return widest;
}

}  // namespace

Result<Type> common_type(Type left, Type right) {
  if (left == right) return left;
  if (left == Type::factor || right == Type::factor) return wants("values of one kind", Type::factor);
  return std::max(left, right);
}

Result<Type> arithmetic_type(Types args) { return widest_number(args); }
Result<Type> abs_type(Types args) { return widest_number(args); }

Result<Type> real_type(Types args) {
  SCORIA_TRY(widest, widest_number(args));
  return Type::real;
}

Result<Type> equality_type(Types) { return Type::logical; }

Result<Type> order_type(Types args) {
  for (const Type type : args)
    if (type == Type::factor) return wants("numbers or text", type);
  return Type::logical;
}

Result<Type> logic_type(Types args) {
  SCORIA_TRY(widest, widest_number(args));
  return Type::logical;
}

Result<Type> any_to_logical_type(Types) { return Type::logical; }

Result<Type> numeric_test_type(Types args) { return order_type(args); }

Result<Type> if_else_type(Types args) {
  if (!is_number(args[0])) return wants("a logical condition", args[0]);
  for (const Type type : args.subspan(1))
    if (type == Type::factor) return wants("numbers or text", type);
  return common_type(args[1], args[2]);
}

Result<Type> shift_type(Types args) {
  if (args.size() > 1 && !is_number(args[1])) return wants("a whole number of rows", args[1]);
  if (args.size() < 3) return args[0];
  // A plain NA is a default of every type, a factor's too.
  if (args[0] == Type::factor && args[2] == Type::logical) return Type::factor;
  if (args[0] == Type::factor) return wants("NA as the default of a factor", args[2]);
  return common_type(args[0], args[2]);
}

Result<Type> rolling_type(Types args) {
  SCORIA_TRY(widest, widest_number(args));
  return widest_number(args.first(1));
}

Result<Type> rolling_mean_type(Types args) { return real_type(args); }

Result<Type> combine_type(Types args) {
  Type type = args[0];
  for (const Type next : args) {
    if (next == Type::factor) return wants("numbers or text", next);
    type = std::max(type, next);
  }
  return type;
}

Result<Type> range_type(Types args) {
  SCORIA_TRY(widest, widest_number(args));
  return Type::integer;
}
Result<Type> integer_type(Types) { return Type::integer; }
Result<Type> as_numeric_type(Types) { return Type::real; }
Result<Type> as_text_type(Types) { return Type::text; }
Result<Type> as_logical_type(Types) { return Type::logical; }
Result<Type> same_type(Types args) { return args[0]; }
Result<Type> unclass_type(Types args) { return args[0] == Type::factor ? Type::integer : args[0]; }
Result<Type> factor_type(Types) { return Type::factor; }
Result<Type> text_type(Types) { return Type::text; }

Result<Type> cut_type(Types args) {
  SCORIA_TRY(widest, widest_number(args.first(2)));
  return args.size() > 2 && args[2] == Type::logical ? Type::integer : Type::factor;
}

Result<Type> interval_type(Types args) {
  SCORIA_TRY(widest, widest_number(args.first(2)));
  return Type::integer;
}

Result<Type> sequence_type(Types args) { return real_type(args); }

Result<Type> count_type(Types args) {
  if (args[0] == Type::factor) return wants("text", args[0]);
  return Type::integer;
}

Result<Type> substr_type(Types args) {
  SCORIA_TRY(widest, widest_number(args.subspan(1)));
  return Type::text;
}

Result<Type> text_test_type(Types args) {
  for (const Type type : args)
    if (type != Type::text) return wants("text", type);
  return Type::logical;
}

Result<Type> format_type(Types args) {
  if (args[1] != Type::text) return wants("a format such as \"%Y\"", args[1]);
  return Type::text;
}

Result<Type> as_date_type(Types args) {
  if (args.size() > 1 && args[1] != Type::text) return wants("a format such as \"%Y-%m-%d\"", args[1]);
  return Type::real;
}

Result<Type> difftime_type(Types args) {
  if (args.size() < 4)
    return Error{Code::invalid, "needs units: secs, mins, hours, days or weeks; \"auto\" depends on other rows"};
  if (args[3] != Type::text) return wants("units such as \"days\"", args[3]);
  return Type::real;
}

}  // namespace scoria::expr
