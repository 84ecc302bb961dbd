#include "model/bayes/r_naive_bayes.h"

#include "model/bayes/naive_bayes.h"
#include "model/r_matrix.h"

namespace scoria::model::bayes {
namespace {

using rdata::Value;

// Names of a one-dimensional table, or of a vector.
std::vector<std::string> table_names(const Value& table) {
  if (const Value* names = table.attribute("names")) return rdata::strings(*names);
  return dimension_names(table, 0);
}

// Which predictors are numbers; older versions of e1071 say so only by tables whose two columns have no names.
Result<std::vector<bool>> which_are_numbers(const RObject& object, const std::vector<RMatrix>& tables) {
  std::vector<bool> are_numbers;
  if (object.find("isnumeric") == nullptr) {
    for (const RMatrix& table : tables) are_numbers.push_back(table.columns == 2 && table.column_names.empty());
    return are_numbers;
  }
  SCORIA_TRY(flags, object.integers("isnumeric"));
  if (flags.size() != tables.size()) return object.corrupt("isnumeric", "does not fit the tables");
  for (const std::int32_t flag : flags) are_numbers.push_back(flag == 1);
  return are_numbers;
}

Result<Attribute> read_attribute(const RObject& object, const RMatrix& table, const std::string& name, bool is_number) {
  Attribute attribute{.is_number = is_number};
  if (!is_number) {
    if (table.column_names.empty()) return object.corrupt("tables", "has no levels for '" + name + "'");
    attribute.shares = table.values;
    return attribute;
  }
  if (table.columns != 2) return object.corrupt("tables", "must hold mean and deviation of '" + name + "'");
  const auto middle = table.values.begin() + static_cast<std::ptrdiff_t>(table.rows);
  attribute.mean.assign(table.values.begin(), middle);
  attribute.spread.assign(middle, table.values.end());
  return attribute;
}

}  // namespace

Result<ModelPtr> load_r_naive_bayes(const Value& value) {
  const RObject object(value, "naiveBayes object");
  SCORIA_TRY(counts, object.numbers("apriori"));
  SCORIA_TRY(list, object.list("tables"));
  std::vector<std::string> labels = table_names(*object.find("apriori"));
  if (labels.size() != counts.size()) return object.corrupt("apriori", "must name its classes");
  if (labels.size() == 1) {
    return Error{Code::unsupported, "naiveBayes object: it has one class, '" + labels[0] +
                                        "', so there is nothing to predict (R's predict() stops too)"};
  }
  if (labels.empty()) return object.corrupt("apriori", "is empty");
  const Value* names = list->attribute("names");
  if (names == nullptr || names->texts.size() != list->items.size() || list->items.empty())
    return object.corrupt("tables", "must be a named list with a table for each predictor");

  Description description;
  std::vector<RMatrix> tables;
  const std::vector<std::string> predictors = rdata::strings(*names);
  for (std::size_t i = 0; i < predictors.size(); ++i) {
    SCORIA_TRY(table, read_matrix(*list->items[i], object, "tables$" + predictors[i]));
    if (table.rows != labels.size())
      return object.corrupt("tables", "does not fit the classes for '" + predictors[i] + "'");
    tables.push_back(std::move(table));
  }
  SCORIA_TRY(are_numbers, which_are_numbers(object, tables));
  std::vector<Attribute> attributes;
  for (std::size_t i = 0; i < predictors.size(); ++i) {
    SCORIA_TRY(attribute, read_attribute(object, tables[i], predictors[i], are_numbers[i]));
    attributes.push_back(std::move(attribute));
    description.features.push_back(
        are_numbers[i]
            ? Feature{.name = predictors[i]}
            : Feature{.name = predictors[i], .kind = FeatureKind::factor, .levels = std::move(tables[i].column_names)});
  }
  description.family = "naiveBayes";
  description.title = "naiveBayes: naive Bayes, " + std::to_string(labels.size()) + " classes";
  description.package = "e1071";
  description.classes = rdata::classes(value);
  description.types = {"class", "raw"};
  description.parameters = {
      {"threshold", "what stands for a density or share of at most eps (default 0.001)"},
      {"eps", "densities, shares and standard deviations up to this count as threshold (default 0)"}};
  description.details = {{"predictors", std::to_string(predictors.size())}};
  description.labels = std::move(labels);
  return ModelPtr(std::make_shared<NaiveBayes>(std::move(description), std::move(counts), std::move(attributes)));
}

}  // namespace scoria::model::bayes
