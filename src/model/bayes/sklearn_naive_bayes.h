// Reads scikit-learn's GaussianNB, MultinomialNB, ComplementNB and BernoulliNB. Types: predict, proba, log_proba.
// A missing or infinite value is refused.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::bayes {

// Errors: corrupt, naming the attribute: tables that do not fit each other.
Result<pipeline::Step> load_gaussian_nb(const pickle::Object& object, int depth);
Result<pipeline::Step> load_multinomial_nb(const pickle::Object& object, int depth);
Result<pipeline::Step> load_complement_nb(const pickle::Object& object, int depth);
Result<pipeline::Step> load_bernoulli_nb(const pickle::Object& object, int depth);

}  // namespace scoria::model::bayes
