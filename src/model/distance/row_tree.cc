#include "model/distance/row_tree.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "pickle/array.h"

namespace scoria::model::distance {
namespace {

constexpr std::size_t kOrder = 1;  // positions in what a tree's __getstate__() gives; the first is the rows again
constexpr std::size_t kNodes = 2;
constexpr std::size_t kBounds = 3;

Error wrong(const pickle::Object& object, const std::string& problem) { return object.corrupt("_tree", problem); }

Result<std::vector<std::uint32_t>> read_order(const pickle::Object& object, const pickle::Array& array,
                                              std::size_t rows) {
  if (array.count != rows)
    return wrong(object, "orders " + std::to_string(array.count) + " rows, must order the " + std::to_string(rows) +
                             " of '_fit_X'");
  auto numbers = pickle::integers(array);
  if (!numbers.ok()) return wrong(object, "has an order that " + numbers.error().message);
  std::vector<std::uint32_t> order;
  std::vector<bool> is_there(rows);
  for (const std::int64_t row : numbers.value()) {
    if (row < 0 || static_cast<std::uint64_t>(row) >= rows || is_there[static_cast<std::size_t>(row)])
      return wrong(object, "must order each row once, and has row " + std::to_string(row) +
                               (row < 0 || static_cast<std::uint64_t>(row) >= rows ? "" : " twice"));
    is_there[static_cast<std::size_t>(row)] = true;
    order.push_back(static_cast<std::uint32_t>(row));
  }
  return order;
}

Result<std::vector<std::int64_t>> whole_field(const pickle::Object& object, const pickle::Array& nodes,
                                              std::string_view name) {
  auto part = pickle::field(nodes, name);
  if (!part.ok()) return wrong(object, "has nodes whose " + part.error().message);
  auto numbers = pickle::integers(part.value());
  if (!numbers.ok()) return wrong(object, "has nodes whose '" + std::string(name) + "' " + numbers.error().message);
  return numbers;
}

// Each node's rows are those of its halves, one after the other.
Status check_halves(const pickle::Object& object, const std::vector<RowTree::Node>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].is_leaf) continue;
    const std::size_t half = 2 * i + 1;
    const bool fits = half + 1 < nodes.size() && nodes[half].first == nodes[i].first &&
                      nodes[half].end == nodes[half + 1].first && nodes[half + 1].end == nodes[i].end;
    if (!fits) return wrong(object, "has node " + std::to_string(i) + ", whose halves do not make up its rows");
  }
  return Ok{};
}

Result<std::vector<RowTree::Node>> read_nodes(const pickle::Object& object, const pickle::Array& array,
                                              std::size_t rows) {
  SCORIA_TRY(first, whole_field(object, array, "idx_start"));
  SCORIA_TRY(end, whole_field(object, array, "idx_end"));
  SCORIA_TRY(is_leaf, whole_field(object, array, "is_leaf"));
  auto part = pickle::field(array, "radius");
  if (!part.ok()) return wrong(object, "has nodes whose " + part.error().message);
  auto radius = pickle::numbers(part.value());
  if (!radius.ok()) return wrong(object, "has nodes whose 'radius' " + radius.error().message);
  std::vector<RowTree::Node> nodes;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] < 0 || end[i] < first[i] || static_cast<std::uint64_t>(end[i]) > rows)
      return wrong(object, "has node " + std::to_string(i) + " of the rows " + std::to_string(first[i]) + " to " +
                               std::to_string(end[i]) + ", must be of 0 to " + std::to_string(rows));
    nodes.push_back(
        {static_cast<std::uint32_t>(first[i]), static_cast<std::uint32_t>(end[i]), is_leaf[i] != 0, radius.value()[i]});
  }
  if (nodes.empty() || nodes[0].first != 0 || nodes[0].end != rows)
    return wrong(object, "must have a first node of all " + std::to_string(rows) + " rows");
  SCORIA_TRY_STATUS(check_halves(object, nodes));
  return nodes;
}

}  // namespace

Result<std::optional<RowTree>> read_row_tree(const pickle::Object& object, std::size_t rows, std::size_t inputs) {
  if (object.find("_fit_method") == nullptr) return std::optional<RowTree>{};
  SCORIA_TRY(method, object.text("_fit_method"));
  if (method == "brute") return std::optional<RowTree>{};
  if (method != "kd_tree" && method != "ball_tree")
    return object.corrupt("_fit_method", "is '" + method + "', must be 'kd_tree', 'ball_tree' or 'brute'");
  SCORIA_TRY(value, object.get("_tree"));
  const pickle::Value* state = value->kind == pickle::Kind::record ? value->record->state : nullptr;
  const bool has_parts = state != nullptr && state->kind == pickle::Kind::tuple && state->items.size() > kBounds &&
                         std::all_of(state->items.begin() + kOrder, state->items.begin() + kBounds + 1,
                                     [](const pickle::Value* part) { return part->kind == pickle::Kind::array; });
  if (!has_parts) return wrong(object, "must have rows, their order, nodes and bounds");
  RowTree tree;
  tree.hull = method == "kd_tree" ? Hull::box : Hull::ball;
  SCORIA_TRY(order, read_order(object, *state->items[kOrder]->array, rows));
  SCORIA_TRY(nodes, read_nodes(object, *state->items[kNodes]->array, rows));
  tree.order = std::move(order);
  tree.nodes = std::move(nodes);
  const pickle::Array& bounds = *state->items[kBounds]->array;
  const std::size_t sides = tree.hull == Hull::box ? 2 : 1;
  if (bounds.shape.size() != 3 || bounds.shape[0] != sides || bounds.shape[1] != tree.nodes.size() ||
      bounds.shape[2] != inputs)
    return wrong(object, "has bounds of the shape " + pickle::shape_text(bounds.shape) + ", must have [" +
                             std::to_string(sides) + " x " + std::to_string(tree.nodes.size()) + " x " +
                             std::to_string(inputs) + "]");
  auto edges = pickle::numbers(bounds);
  if (!edges.ok()) return wrong(object, "has bounds that " + edges.error().message);
  const auto half = edges.value().begin() + static_cast<std::ptrdiff_t>(tree.nodes.size() * inputs);
  tree.low.assign(edges.value().begin(), half);
  tree.high.assign(half, edges.value().end());
  return std::optional<RowTree>(std::move(tree));
}

}  // namespace scoria::model::distance
