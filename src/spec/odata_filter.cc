#include "spec/odata_filter.h"

#include <algorithm>
#include <compare>

#include "base/iso8601.h"

namespace scoria::spec {
namespace {

const Json* value_at(const Json& document, const std::vector<std::string>& path) {
  const Json* at = &document;
  for (const std::string& name : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(name);
    if (found == at->end() || found->is_null()) return nullptr;
    at = &*found;
  }
  return at;
}

// How a document's value stands to a literal; nothing where the two are of different types.
struct Order {
  const Json& value;
  std::optional<std::partial_ordering> operator()(Null) const { return std::nullopt; }
  std::optional<std::partial_ordering> operator()(bool literal) const {
    if (!value.is_boolean()) return std::nullopt;
    return std::partial_ordering(value.get<bool>() <=> literal);
  }
  std::optional<std::partial_ordering> operator()(double literal) const {
    if (!value.is_number()) return std::nullopt;
    return value.get<double>() <=> literal;
  }
  std::optional<std::partial_ordering> operator()(const std::string& literal) const {
    if (!value.is_string()) return std::nullopt;
    return std::partial_ordering(lower_case(value.get_ref<const std::string&>()) <=> literal);
  }
  std::optional<std::partial_ordering> operator()(WallTime literal) const {
    if (!value.is_string()) return std::nullopt;
    const auto time = parse_time(value.get_ref<const std::string&>());
    if (!time.ok()) return std::nullopt;
    return std::partial_ordering(time.value() <=> literal);
  }
};

bool holds(Comparison comparison, const Json* value, const Literal& literal) {
  if (std::holds_alternative<Null>(literal)) {
    return comparison == Comparison::eq ? value == nullptr : comparison == Comparison::ne && value != nullptr;
  }
  const auto order = value == nullptr ? std::nullopt : std::visit(Order{*value}, literal);
  if (!order) return comparison == Comparison::ne;  // what is not there is equal to nothing
  switch (comparison) {
    case Comparison::eq: return *order == 0;
    case Comparison::ne: return *order != 0;
    case Comparison::gt: return *order > 0;
    case Comparison::ge: return *order >= 0;
    case Comparison::lt: return *order < 0;
    case Comparison::le: return *order <= 0;
  }
  return false;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool Filter::Node::matches(const Json& document) const {
  const auto match = [&](const Node& child) { return child.matches(document); };
  switch (kind) {
    case FilterKind::all_of: return std::ranges::all_of(children, match);
    case FilterKind::any_of: return std::ranges::any_of(children, match);
    case FilterKind::none_of: return std::ranges::none_of(children, match);
    case FilterKind::compare: return holds(comparison, value_at(document, path), literal);
    case FilterKind::starts_with: {
      const Json* value = value_at(document, path);
      return value != nullptr && value->is_string() &&
             lower_case(value->get_ref<const std::string&>()).starts_with(std::get<std::string>(literal));
    }
  }
  return false;
}

bool Filter::matches(const Json& document) const { return root_ == nullptr || root_->matches(document); }

bool Filter::is_all() const { return root_ == nullptr; }

std::optional<std::string> Filter::required_state() const {
  if (root_ == nullptr) return std::nullopt;
  const auto state_of = [](const Node& node) -> std::optional<std::string> {
    const bool is_state = node.kind == FilterKind::compare && node.comparison == Comparison::eq &&
                          node.path.size() == 1 && node.path[0] == "state" &&
                          std::holds_alternative<std::string>(node.literal);
    return is_state ? std::optional(std::get<std::string>(node.literal)) : std::nullopt;
  };
  if (const auto state = state_of(*root_)) return state;
  if (root_->kind != FilterKind::all_of) return std::nullopt;
  for (const Node& child : root_->children) {
    if (const auto state = state_of(child)) return state;
  }
  return std::nullopt;
}

}  // namespace scoria::spec
