#include "model/linear/r_rq.h"

#include <utility>

#include "model/linear/linear_model.h"
#include "model/linear/lm.h"

namespace scoria::model::linear {
namespace {

constexpr std::string_view kNeedsRows =
    "R estimates it from the rows the model was fitted to, by summary.rq(), which is not read here";

}  // namespace

Result<ModelPtr> load_r_rq(const rdata::Value& value) {
  const bool is_several = rdata::inherits(value, "rqs");
  // lassorq and scadrq are the penalized methods of rq(), whose predict() is the plain one.
  constexpr std::string_view kPlainClasses[] = {"lassorq", "scadrq"};
  SCORIA_TRY_STATUS(require_plain_class(value, is_several ? "rqs" : "rq", kPlainClasses));
  SCORIA_TRY(fit, Fit::read(value, "rq object"));
  if (!is_several && fit.outputs.size() != 1) {
    return RObject(value, "rq object").corrupt("coefficients", "has several columns, and the class is not rqs");
  }
  Description description{.family = "rq",
                          .title = "rq: linear quantile regression",
                          .package = "quantreg",
                          .classes = rdata::classes(value)};
  if (is_several) description.title += " at " + std::to_string(fit.outputs.size()) + " quantiles";
  std::string quantiles;
  if (const rdata::Value* tau = rdata::member(value, "tau"); tau != nullptr) {
    for (const double x : to_numbers(*tau)) quantiles += (quantiles.empty() ? "" : ", ") + number_text(x);
  }
  if (!quantiles.empty()) description.details.emplace_back("tau", quantiles);
  return ModelPtr(std::make_shared<LinearAnswers>(
      std::move(description), std::move(fit),
      LinearAnswers::Refusals{{"interval", kNeedsRows}, {"level", kNeedsRows}, {"se", kNeedsRows}}));
}

}  // namespace scoria::model::linear
