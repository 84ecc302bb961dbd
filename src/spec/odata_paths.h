// Property paths of $filter and $select, checked against the table of fields. Threads: free functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/fields.h"
#include "spec/shape.h"

namespace scoria::spec {

struct PropertyPath {
  std::vector<std::string> names;     // as documents of the newest shape have them
  std::vector<std::string> as_given;  // as the client wrote them: the same, or names of an older version
  const Field* field = nullptr;       // null: below something that is kept as it came
};

// "executionInfo/result". Errors: invalid, the words for InvalidQueryParameterValue.
Result<PropertyPath> resolve_path(Entity entity, std::string_view text);

// Of the text of one parameter.
inline constexpr std::size_t kMaxQueryBytes = 4096;

// InvalidQueryParameterValue of `parameter` ("$filter").
Error query_error(std::string_view parameter, std::string_view value, std::string reason);

}  // namespace scoria::spec
