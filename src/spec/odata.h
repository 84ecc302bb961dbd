// OData's $filter and $select as Azure Batch takes them.
// Source: OData version 4 URL conventions, section 5.1.1 (eq ne gt ge lt le and or not, startswith, parentheses, paths with /), OData 3
// DateTime'...' literals. Threads: immutable after parsing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/json.h"
#include "spec/shape.h"

namespace scoria::spec {

class Filter {
 public:
  // Empty (or blank) text: everything matches. Property names are those that `entity` has, values compare without case.
  // At most 4 KiB and 64 levels. Errors: InvalidQueryParameterValue, saying where and what was expected.
  static Result<Filter> parse(Entity entity, std::string_view text);

  bool matches(const Json& document) const;
  // `state eq 'x'` where every match must have it (alone or below `and`): lets a store skip the rest. Lower-case.
  std::optional<std::string> required_state() const;
  bool is_all() const;

 private:
  friend class FilterParser;
  struct Node;
  std::shared_ptr<const Node> root_;  // null: everything
};

class Select {
 public:
  // "id,state, executionInfo/result". Empty: everything. Errors: InvalidQueryParameterValue.
  static Result<Select> parse(Entity entity, std::string_view text);
  // Keeps what was selected, of a document that shape_for() made. A name of an older version stands for today's too.
  void apply(Json& document) const;

 private:
  std::vector<std::vector<std::string>> paths_;
};

}  // namespace scoria::spec
