#include "model/linear/r_lm.h"

#include <algorithm>
#include <utility>

#include "model/linear/lm.h"

namespace scoria::model::linear {
namespace {

constexpr std::string_view kPlainLmClasses[] = {"mlm", "aov", "maov", "manova", "rlm"};

// predict.mlm() adds one offset only: that of the formula where there is one, else that of the call.
Status require_one_offset(const RObject& object) {
  const rdata::Value* offsets = object.find("terms")->attribute("offset");
  const std::size_t in_formula = offsets == nullptr ? 0 : offsets->size();
  const rdata::Value* call = object.find("call");
  const bool in_call = call != nullptr && rdata::member(*call, "offset") != nullptr;
  if (in_formula + (in_call ? 1 : 0) <= 1) return Ok{};
  return Error{Code::unsupported,
               "the model has several offsets and several responses; R adds only one of the offsets"};
}

}  // namespace

Result<ModelPtr> load_r_lm(const rdata::Value& value) {
  SCORIA_TRY_STATUS(require_plain_class(value, "lm", kPlainLmClasses));
  SCORIA_TRY(fit, Fit::read(value, "lm object"));
  Description description{
      .family = "lm", .title = "lm: linear model", .package = "stats", .classes = rdata::classes(value)};
  if (rdata::inherits(value, "mlm")) {
    SCORIA_TRY_STATUS(require_one_offset(RObject(value, "mlm object")));
    description.title = "mlm: linear models of " + std::to_string(fit.outputs.size()) + " responses";
    return ModelPtr(std::make_shared<LinearAnswers>(
        std::move(description), std::move(fit),
        LinearAnswers::Refusals{{"se.fit", "R has no standard errors for several responses either"}}));
  }
  if (fit.outputs.size() != 1) {
    return Error{Code::corrupt, "lm object: slot 'coefficients' has several columns, and the class is not mlm"};
  }
  if (rdata::inherits(value, "rlm")) {
    description.title = "rlm: robust linear model";
    description.package = "MASS";
    fit.r_inverse = {.absent = "predict.rlm() decomposes the training rows again, by the final weights"};
  }
  return ModelPtr(std::make_shared<Lm>(std::move(description), std::move(fit)));
}

}  // namespace scoria::model::linear
