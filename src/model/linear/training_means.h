// The means of a model matrix's columns over the rows a model was fitted to, which type "terms" centers by.
// Threads: free functions.
#pragma once

#include <string>
#include <vector>

#include "model/r_object.h"
#include "model/terms/terms.h"

namespace scoria::model::linear {

// A number, or why the file cannot tell it.
template <typename T>
struct Known {
  T value{};
  std::string absent;  // empty where there is a value; else the reason, for messages
};

// colMeans(model.matrix(object)): of the slot x where it was kept, else made from the slot model, the model frame.
Known<std::vector<double>> training_means(const RObject& object, const terms::Terms& terms);

}  // namespace scoria::model::linear
