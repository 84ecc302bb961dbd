#include "model/ordinal/r_polr.h"

#include "model/ordinal/cumulative_link.h"

namespace scoria::model::ordinal {

Result<ModelPtr> load_r_polr(const rdata::Value& value) {
  const RObject object(value, "polr object");
  SCORIA_TRY(cuts, object.numbers("zeta"));
  SCORIA_TRY(labels, object.strings("lev"));
  SCORIA_TRY(method, object.strings("method"));
  std::vector<double> coefficients;
  if (object.find("coefficients") != nullptr) {
    SCORIA_TRY(given, object.numbers("coefficients"));
    coefficients = std::move(given);
  }
  if (labels.empty() || cuts.size() + 1 != labels.size())
    return object.corrupt("zeta", "must be one number fewer than there are levels in slot 'lev'");
  const std::optional<Link> link = method.empty() ? std::nullopt : link_named(method[0]);
  if (!link) return object.corrupt("method", "must be logistic, probit, loglog, cloglog or cauchit");
  SCORIA_TRY(design, Design::of_formula(object, Intercept::drop));
  if (design.columns() > coefficients.size()) {
    return Error{Code::unsupported, "polr object: its formula gives " + std::to_string(design.columns()) +
                                        " columns and " + std::to_string(coefficients.size()) +
                                        " have coefficients, as some were dropped in fitting; R's predict() stops too"};
  }
  if (design.columns() < coefficients.size())
    return object.corrupt("coefficients", "are more than the columns of the formula");

  Description description;
  description.family = "polr";
  description.title = "polr: ordered classes, " + method[0];
  description.package = "MASS";
  description.classes = rdata::classes(value);
  description.types = {"class", "probs"};
  description.details = {{"method", method[0]}, {"coefficients", std::to_string(coefficients.size())}};
  if (design.has_offset()) description.details.emplace_back("offset", "yes");
  description.labels = std::move(labels);
  design.describe(description);
  const bool has_offset = design.has_offset();
  return ModelPtr(std::make_shared<CumulativeLink>(std::move(description), std::move(design), std::move(coefficients),
                                                   std::move(cuts), *link, has_offset));
}

}  // namespace scoria::model::ordinal
