#include "expr/ast.h"

#include <algorithm>
#include <utility>

#include "base/na.h"
#include "expr/message.h"

namespace scoria::expr {
namespace {

Node node_of(Kind kind, Place place) {
  Node node;
  node.kind = kind;
  node.place = std::move(place);
  return node;
}

// Calls `visit` on every node that is read, leaving out the two sides of `$`. Depth is bounded by whoever built the
// expression; a work list keeps this safe for any depth.
template <typename Visit>
void walk(const Expression& expression, Visit visit) {
  std::vector<const Node*> open{&*expression};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    visit(*node);
    if (node->is_call("$")) continue;
    for (const Argument& argument : node->args) open.push_back(&*argument.value);
  }
}

}  // namespace

Expression Expression::number(double value, Place place) {
  if (is_na(value)) return na(table::Type::real, std::move(place));
  Node node = node_of(Kind::number, std::move(place));
  node.number = value;
  return Expression(std::make_shared<const Node>(std::move(node)));
}

Expression Expression::integer(std::int32_t value, Place place) {
  if (value == kNaInt) return na(table::Type::integer, std::move(place));
  Node node = node_of(Kind::integer, std::move(place));
  node.integer = value;
  return Expression(std::make_shared<const Node>(std::move(node)));
}

Expression Expression::text(std::string value, Place place) {
  Node node = node_of(Kind::text, std::move(place));
  node.text = std::move(value);
  return Expression(std::make_shared<const Node>(std::move(node)));
}

Expression Expression::logical(bool value, Place place) {
  Node node = node_of(Kind::logical, std::move(place));
  node.logical = value;
  return Expression(std::make_shared<const Node>(std::move(node)));
}

Expression Expression::null(Place place) {
  return Expression(std::make_shared<const Node>(node_of(Kind::null, std::move(place))));
}

Expression Expression::na(table::Type type, Place place) {
  Node node = node_of(Kind::na, std::move(place));
  node.na_type = type;
  return Expression(std::make_shared<const Node>(std::move(node)));
}

Expression Expression::name(std::string name, Place place) {
  Node node = node_of(Kind::name, std::move(place));
  node.text = std::move(name);
  return Expression(std::make_shared<const Node>(std::move(node)));
}

Expression Expression::call(std::string function, std::vector<Argument> args, Place place) {
  Node node = node_of(Kind::call, std::move(place));
  node.text = std::move(function);
  node.args = std::move(args);
  for (const Argument& argument : node.args) node.depth = std::max(node.depth, argument.value->depth + 1);
  return Expression(std::make_shared<const Node>(std::move(node)));
}

std::size_t Node::column() const { return place.source ? column_at(*place.source, place.offset) : 0; }

std::set<std::string> names_used(const Expression& expression) {
  std::set<std::string> names;
  walk(expression, [&](const Node& node) {
    if (node.kind == Kind::name) names.insert(node.text);
  });
  return names;
}

std::set<TableReference> table_references(const Expression& expression) {
  std::set<TableReference> references;
  walk(expression, [&](const Node& node) {
    if (!node.is_call("$") || node.args.size() != 2) return;
    const Node& left = *node.args[0].value;
    const Node& right = *node.args[1].value;
    if (left.kind == Kind::name && (right.kind == Kind::name || right.kind == Kind::text))
      references.insert({left.text, right.text});
  });
  return references;
}

std::set<std::string> functions_used(const Expression& expression) {
  std::set<std::string> functions;
  walk(expression, [&](const Node& node) {
    if (node.kind == Kind::call) functions.insert(node.text);
  });
  return functions;
}

}  // namespace scoria::expr
