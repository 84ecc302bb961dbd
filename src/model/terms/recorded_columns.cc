#include "model/terms/recorded_columns.h"

#include <algorithm>
#include <cmath>

#include "base/na.h"
#include "expr/parse.h"
#include "model/r_object.h"

namespace scoria::model::terms {
namespace {

using rdata::Kind;
using rdata::Value;

const Value* column_of(const Value* frame, const std::string& name) {
  if (frame == nullptr || frame->kind != Kind::list) return nullptr;
  return rdata::member(*frame, name);
}

RecordedColumn described(const Value& column) {
  RecordedColumn recorded{.is_known = true, .levels = {}};
  const Value* levels = column.attribute("levels");
  if (levels != nullptr && levels->kind == Kind::character) recorded.levels = rdata::strings(*levels);
  return recorded;
}

bool may_be_codes(const Value& column) {
  const std::vector<double> values = to_numbers(column);
  return std::all_of(values.begin(), values.end(),
                     [](double x) { return std::isnan(x) || (x >= 1 && x == std::floor(x)); });
}

}  // namespace

RecordedColumn recorded_column(const Value* data, const Value* frame, const std::string& name) {
  if (const Value* column = column_of(data, name)) return described(*column);
  if (const Value* column = column_of(frame, name)) return described(*column);
  const std::string argument = "(" + expr::quoted_name(name) + ")";
  if (const Value* column = column_of(frame, "unclass" + argument)) return described(*column);
  for (const char* function : {"as.numeric", "as.integer", "as.double"}) {
    const Value* column = column_of(frame, function + argument);
    if (column != nullptr && !may_be_codes(*column)) return {.is_known = true, .levels = {}};
  }
  return {};
}

}  // namespace scoria::model::terms
