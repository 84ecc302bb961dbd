#include "model/preprocess/function.h"

namespace scoria::model::preprocess {

Function::Function(std::function<double(double)> function, Options options, std::string class_name)
    : function_(std::move(function)), options_(options), class_name_(std::move(class_name)) {
  SCORIA_CHECK(function_ != nullptr);
}

std::vector<std::string> Function::names_out(std::span<const std::string> names) const {
  return {names.begin(), names.end()};
}

Result<table::Table> Function::transform(const table::Table& columns, std::size_t first_row) const {
  for (std::size_t j = 0; j < columns.columns() && !options_.takes_truths; ++j) {
    if (columns.column(j)->type() != table::Type::logical) continue;
    return Error{Code::invalid, "column '" + columns.names()[j] + "' holds truth values, of which " + class_name_ +
                                    " would compute numbers of half precision; give 0 and 1 instead"};
  }
  SCORIA_TRY(x, pipeline::to_numbers(columns, options_.accept, class_name_, first_row));
  table::Table out(columns.rows());
  for (std::size_t j = 0; j < columns.columns(); ++j) {
    std::vector<double> values(x.columns[j], x.columns[j] + x.rows);
    for (double& value : values) value = function_(value);
    out.add(columns.names()[j], table::Column::real(std::move(values)));
  }
  return out;
}

}  // namespace scoria::model::preprocess
