#include "model/linear/r_glm.h"

#include <cmath>
#include <limits>
#include <utility>

#include "model/linear/glm.h"

namespace scoria::model::linear {
namespace {

constexpr std::string_view kPlainGlmClasses[] = {"negbin"};

// What summary.glm() and summary.negbin() take where no dispersion is given.
Known<double> default_dispersion(const rdata::Value& value, const RObject& family, const std::string& name,
                                 const Fit& fit) {
  if (rdata::inherits(value, "negbin") || name == "poisson" || name == "binomial") return {.value = 1};
  // Families made by R 4.3 and later say it themselves; NA asks for the estimate.
  if (const rdata::Value* own = family.find("dispersion"); own != nullptr) {
    const std::vector<double> numbers = to_numbers(*own);
    if (numbers.size() == 1 && !std::isnan(numbers[0])) return {.value = numbers[0]};
  }
  if (!fit.residual_sum.absent.empty()) return {.absent = fit.residual_sum.absent};
  if (!(fit.df_residual > 0)) return {.value = std::numeric_limits<double>::quiet_NaN()};
  return {.value = fit.residual_sum.value / fit.df_residual};
}

}  // namespace

Result<ModelPtr> load_r_glm(const rdata::Value& value) {
  SCORIA_TRY_STATUS(require_plain_class(value, "glm", kPlainGlmClasses));
  const RObject object(value, "glm object");
  const rdata::Value* family_slot = object.find("family");
  if (family_slot == nullptr) return object.corrupt("family", "is absent; the link is not known without");
  const RObject family(*family_slot, "family of the glm object");
  SCORIA_TRY(names, family.strings("family"));
  if (names.size() != 1) return family.corrupt("family", "must be one name");
  SCORIA_TRY(link, Link::parse(*family_slot));
  SCORIA_TRY(fit, Fit::read(value, "glm object"));
  if (fit.outputs.size() != 1) return object.corrupt("coefficients", "has several columns, must have one");
  const bool is_negbin = rdata::inherits(value, "negbin");
  Description description{.family = "glm",
                          .title = std::string(is_negbin ? "glm.nb" : "glm") + ": generalized linear model, " +
                                   names[0] + " (" + link.name() + ")",
                          .package = is_negbin ? "MASS" : "stats",
                          .classes = rdata::classes(value)};
  description.details = {{"family", names[0]}, {"link", link.name()}};
  Known<double> dispersion = default_dispersion(value, family, names[0], fit);
  return ModelPtr(
      std::make_shared<Glm>(std::move(description), std::move(fit), std::move(link), std::move(dispersion)));
}

}  // namespace scoria::model::linear
