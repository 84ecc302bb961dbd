#include "model/discriminant/groups.h"

#include <cmath>
#include <limits>

#include "model/features.h"
#include "model/parameters.h"

namespace scoria::model::discriminant {

Result<Groups> Groups::read(const RObject& object) {
  Groups groups;
  SCORIA_TRY(prior, object.numbers("prior"));
  SCORIA_TRY(sizes, object.numbers("counts"));
  SCORIA_TRY(means, read_matrix(object, "means"));
  SCORIA_TRY(total, object.number("N"));
  const rdata::Value* names = object.find("prior")->attribute("names");
  if (names == nullptr || names->kind != rdata::Kind::character || names->texts.size() != prior.size())
    return object.corrupt("prior", "must name its groups");
  if (prior.empty()) return object.corrupt("prior", "is empty");
  if (sizes.size() != prior.size()) return object.corrupt("counts", "does not fit the groups of slot 'prior'");
  if (means.rows != prior.size()) return object.corrupt("means", "does not fit the groups of slot 'prior'");
  if (means.columns == 0) return object.corrupt("means", "has no variables");
  groups.names = rdata::strings(*names);
  groups.prior = std::move(prior);
  groups.sizes = std::move(sizes);
  groups.means = std::move(means);
  groups.total = total;
  return groups;
}

Result<std::vector<double>> Groups::requested_prior(const Request& request) const {
  SCORIA_TRY(wanted, number_parameter(request, "prior"));
  if (wanted.empty()) return prior;
  double sum = 0;
  bool is_valid = wanted.size() == prior.size();
  for (const double share : wanted) {
    is_valid = is_valid && share >= 0;
    sum += share;
  }
  constexpr double kRounds = 0.5e-5;  // R rounds the sum to five digits
  if (!is_valid || !(std::fabs(sum - 1) < kRounds)) {
    return Error{Code::invalid, "parameter 'prior': must be " + std::to_string(prior.size()) +
                                    " probabilities that add up to 1, one for each of " + listed(names)};
  }
  return wanted;
}

Result<Method> requested_method(const Request& request) {
  const std::vector<std::string> values = parameter_values(request, "method");
  if (values.empty()) return Method::plug_in;
  if (values.size() == 1) {
    if (values[0] == "plug-in") return Method::plug_in;
    if (values[0] == "predictive") return Method::predictive;
    if (values[0] == "debiased") return Method::debiased;
    if (values[0] == "looCV") {
      return Error{Code::invalid,
                   "parameter 'method': 'looCV' leaves out each training row in turn, and there is none in new rows; "
                   "it can be 'plug-in', 'predictive', 'debiased'"};
    }
  }
  return Error{Code::invalid, "parameter 'method': '" + request.parameters.find("method")->second +
                                  "' is not one of 'plug-in', 'predictive', 'debiased'"};
}

void to_relative_densities(NumberColumns& distances, std::size_t first, std::size_t count) {
  for (std::size_t row = first; row < first + count; ++row) {
    double least = std::numeric_limits<double>::infinity();
    for (const std::vector<double>& column : distances) {
      if (column[row] < least) least = column[row];
    }
    for (std::vector<double>& column : distances) column[row] = std::exp(-(column[row] - least));
  }
}

void normalise(NumberColumns& densities, std::size_t first, std::size_t count) {
  for (std::size_t row = first; row < first + count; ++row) {
    double sum = 0;
    for (const std::vector<double>& column : densities) sum += column[row];
    for (std::vector<double>& column : densities) column[row] /= sum;
  }
}

}  // namespace scoria::model::discriminant
