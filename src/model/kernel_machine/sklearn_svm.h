// Reads scikit-learn's support vector machines, fitted on dense or sparse rows. Types: predict; decision of classifiers and one-class
// machines; score of the latter; proba and log_proba of classifiers that were fitted with probability = True.
// Threads: free functions.
#pragma once

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::kernel_machine {

// Errors: corrupt, naming the attribute that is wrong; unsupported: kernels that are not linear, poly, rbf or sigmoid; too_large: support
// vectors that were sparse and would be too many numbers side by side.
Result<pipeline::Step> load_one_class_svm(const pickle::Object& object, int depth);
Result<pipeline::Step> load_svc(const pickle::Object& object, int depth);  // NuSVC too
Result<pipeline::Step> load_svr(const pickle::Object& object, int depth);  // NuSVR too

}  // namespace scoria::model::kernel_machine
