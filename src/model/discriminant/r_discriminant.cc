#include "model/discriminant/r_discriminant.h"

#include <charconv>
#include <iterator>

#include "model/discriminant/linear_discriminant.h"
#include "model/discriminant/quadratic_discriminant.h"

namespace scoria::model::discriminant {
namespace {

using rdata::Value;

Result<Design> read_design(const RObject& object, const Groups& groups) {
  if (object.find("terms") == nullptr) return Design::of_columns(groups.means.column_names, groups.variables());
  SCORIA_TRY(design, Design::of_formula(object, Intercept::drop));
  if (design.columns() != groups.variables()) {
    return object.corrupt("means", "has " + std::to_string(groups.variables()) + " variables, and the formula gives " +
                                       std::to_string(design.columns()));
  }
  return std::move(design);
}

// To read, not to calculate with.
std::string rounded(const std::vector<double>& shares) {
  std::string text;
  for (const double share : shares) {
    char digits[32];
    constexpr int kDigits = 4;
    const auto [end, error] =
        std::to_chars(std::begin(digits), std::end(digits), share, std::chars_format::general, kDigits);
    text.append(text.empty() ? "" : ", ").append(std::begin(digits), end);
  }
  return text;
}

Description describe(const Value& value, const std::string& family, const std::string& kind, const Groups& groups,
                     const Design& design) {
  Description description;
  description.family = family;
  description.title = family + ": " + kind + " discriminant analysis of " + std::to_string(groups.count()) + " groups";
  description.package = "MASS";
  description.classes = rdata::classes(value);
  description.types = {"class", "posterior"};
  description.parameters = {
      {"prior", "a probability for each group, adding up to 1 (default as fitted: " + rounded(groups.prior) + ")"},
      {"method", "plug-in (default), predictive or debiased: how the groups' distributions are estimated"}};
  description.labels = groups.names;
  description.details = {{"variables", std::to_string(groups.variables())}};
  design.describe(description);
  return description;
}

}  // namespace

Result<ModelPtr> load_r_lda(const Value& value) {
  const RObject object(value, "lda object");
  SCORIA_TRY(groups, Groups::read(object));
  SCORIA_TRY(scaling, read_matrix(object, "scaling"));
  SCORIA_TRY(singular, object.numbers("svd"));
  if (scaling.rows != groups.variables() || scaling.columns == 0)
    return object.corrupt("scaling", "does not fit the variables of slot 'means'");
  if (singular.empty() || singular.size() > scaling.columns)
    return object.corrupt("svd", "does not fit the discriminants of slot 'scaling'");
  SCORIA_TRY(design, read_design(object, groups));
  Description description = describe(value, "lda", "linear", groups, design);
  description.types.emplace_back("x");
  description.parameters.push_back({"dimen", "how many discriminants are used, at least 1 (default all)"});
  description.details.emplace_back("discriminants", std::to_string(singular.size()));
  return ModelPtr(std::make_shared<LinearDiscriminant>(std::move(description), std::move(design), std::move(groups),
                                                       std::move(scaling), singular.size()));
}

Result<ModelPtr> load_r_qda(const Value& value) {
  const RObject object(value, "qda object");
  SCORIA_TRY(groups, Groups::read(object));
  SCORIA_TRY(log_determinants, object.numbers("ldet"));
  SCORIA_TRY(numbers, object.numbers("scaling"));
  const std::size_t variables = groups.variables();
  const std::vector<std::size_t> sizes = dimensions(*object.find("scaling"), numbers.size());
  if (sizes != std::vector<std::size_t>{variables, variables, groups.count()})
    return object.corrupt("scaling", "must be a matrix of the variables for each group");
  if (log_determinants.size() != groups.count()) return object.corrupt("ldet", "must be a number for each group");
  std::vector<RMatrix> scaling;
  for (std::size_t g = 0; g < groups.count(); ++g) {
    const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(g * variables * variables);
    const auto end = begin + static_cast<std::ptrdiff_t>(variables * variables);
    scaling.push_back({.rows = variables, .columns = variables, .values = {begin, end}});
  }
  SCORIA_TRY(design, read_design(object, groups));
  Description description = describe(value, "qda", "quadratic", groups, design);
  return ModelPtr(std::make_shared<QuadraticDiscriminant>(std::move(description), std::move(design), std::move(groups),
                                                          std::move(scaling), std::move(log_determinants)));
}

}  // namespace scoria::model::discriminant
