// Groups of a discriminant analysis: their names, prior probabilities and sizes, and what a request changes of them.
// Threads: plain value.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/class_columns.h"
#include "model/r_matrix.h"
#include "model/r_object.h"

namespace scoria::model::discriminant {

struct Groups {
  std::vector<std::string> names;
  std::vector<double> prior;
  std::vector<double> sizes;  // training rows in each
  RMatrix means;              // a row for each group
  double total = 0;           // training rows in all

  // From the slots prior, counts, means, N. Errors: corrupt, naming the slot.
  static Result<Groups> read(const RObject& object);

  std::size_t count() const { return names.size(); }
  std::size_t variables() const { return means.columns; }

  // Parameter `prior`, or the fitted one. Errors: invalid: not a probability for each group.
  Result<std::vector<double>> requested_prior(const Request& request) const;
};

enum class Method : std::uint8_t { plug_in, predictive, debiased };

// Parameter `method`. Errors: invalid, naming those that there are.
Result<Method> requested_method(const Request& request);

// -log of a density, up to a constant -> the density over its row's largest, for rows [first, first + count).
void to_relative_densities(NumberColumns& distances, std::size_t first, std::size_t count);
// Divides each row by its sum.
void normalise(NumberColumns& densities, std::size_t first, std::size_t count);

}  // namespace scoria::model::discriminant
