#include "model/terms/language.h"

#include <string>
#include <utility>
#include <vector>

#include "base/na.h"

namespace scoria::model::terms {
namespace {

using expr::Argument;
using expr::Expression;
using rdata::Kind;
using rdata::Value;
using table::Type;

Expression constant(double value) { return is_na(value) ? Expression::na(Type::real) : Expression::number(value); }

Expression constant(std::int32_t value, bool is_logical) {
  if (value == kNaInt) return Expression::na(is_logical ? Type::logical : Type::integer);
  return is_logical ? Expression::logical(value != 0) : Expression::integer(value);
}

Expression constant(const rdata::Text& text) {
  return text.is_na ? Expression::na(Type::text) : Expression::text(rdata::utf8(text));
}

// The name a call's function has: `poly`, or the right side of stats::poly.
Result<std::string> function_name(const Value& function) {
  if (function.kind == Kind::symbol) return std::string(function.name);
  if (function.kind == Kind::language && function.cells.size() == 3) {
    const Value& head = *function.cells[0].value;
    const Value& name = *function.cells[2].value;
    const bool is_qualified = head.kind == Kind::symbol && (head.name == "::" || head.name == ":::");
    if (is_qualified && name.kind == Kind::symbol) return std::string(name.name);
  }
  return not_understood("it calls a function that is not given by its name");
}

class Reader {
 public:
  Result<Expression> read(const Value& value, std::uint32_t depth) {
    if (depth > expr::kMaxDepth)
      return Error{Code::too_large,
                   "an expression is more than " + std::to_string(expr::kMaxDepth) + " calls deep; nest it less"};
    SCORIA_TRY_STATUS(count(1));
    switch (value.kind) {
      case Kind::symbol: return Expression::name(std::string(value.name));
      case Kind::null: return Expression::null();
      case Kind::language: return call(value, depth);
      case Kind::list: return list(value, depth);
      case Kind::real:
      case Kind::integer:
      case Kind::logical:
      case Kind::character: return vector(value);
      case Kind::missing_argument: return not_understood("it leaves an argument empty");
      case Kind::closure: return not_understood("it holds a function");
      default: return not_understood("it holds a " + std::string(rdata::kind_name(value.kind)));
    }
  }

 private:
  Status count(std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMaxLanguageNodes)
      return Error{Code::too_large,
                   "an expression holds more than " + std::to_string(kMaxLanguageNodes) + " values and calls"};
    return Ok{};
  }

  Result<Expression> call(const Value& value, std::uint32_t depth) {
    if (value.cells.empty()) return Error{Code::corrupt, "it holds a call without a function"};
    SCORIA_TRY(name, function_name(*value.cells[0].value));
    if (name == "[" || name == "[[") return not_understood("it takes elements by '" + name + "'");
    if (name == "function") return not_understood("it holds a function");
    std::vector<Argument> args;
    for (const rdata::Named& cell : value.cells.subspan(1)) {
      SCORIA_TRY(arg, read(*cell.value, depth + 1));
      args.push_back({std::string(cell.name), std::move(arg)});
    }
    return Expression::call(std::move(name), std::move(args));
  }

  Result<Expression> list(const Value& value, std::uint32_t depth) {
    if (value.attribute("class") != nullptr)
      return not_understood("it holds an object of class '" + rdata::classes(value)[0] + "'");
    std::vector<std::string> names;
    if (const Value* attribute = value.attribute("names")) names = rdata::strings(*attribute);
    std::vector<Argument> args;
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      SCORIA_TRY(item, read(*value.items[i], depth + 1));
      args.push_back({i < names.size() ? names[i] : "", std::move(item)});
    }
    return Expression::call("list", std::move(args));
  }

  Result<Expression> vector(const Value& value) {
    if (value.attribute("levels") != nullptr) return not_understood("it holds a factor among its constants");
    if (value.attribute("dim") != nullptr) return not_understood("it holds a matrix among its constants");
    SCORIA_TRY_STATUS(count(value.size()));
    std::vector<Argument> args;
    args.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      switch (value.kind) {
        case Kind::real: args.push_back({"", constant(value.reals[i])}); break;
        case Kind::character: args.push_back({"", constant(value.texts[i])}); break;
        default: args.push_back({"", constant(value.integers[i], value.kind == Kind::logical)});
      }
    }
    if (args.size() == 1) return std::move(args[0].value);
    return Expression::call("c", std::move(args));
  }

  std::size_t nodes_ = 0;
};

}  // namespace

Result<Expression> to_expression(const Value& language) { return Reader().read(language, 1); }

}  // namespace scoria::model::terms
