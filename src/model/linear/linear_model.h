// What lm and glm share as models: their fit, the rules for standard errors and terms, and the columns these become.
// Threads: immutable after loading.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/linear/dense.h"
#include "model/linear/fit.h"
#include "model/model.h"

namespace scoria::model::linear {

class LinearModel : public Model {
 protected:
  // Fills in features and what the fit tells of itself.
  LinearModel(Description description, Fit fit);

  const Fit& fit() const { return fit_; }

  // As requested_types(); a type whose name is R's but which this file cannot answer is refused with the reason. With
  // se.fit=TRUE the standard errors of each type come behind it.
  // Errors: invalid; unsupported, for what the file lacks.
  Result<std::vector<std::string>> types_of(const Request& request) const;

  // The labels that the parameter `terms` picks, as positions; all of them where it is not given.
  Result<std::vector<std::size_t>> terms_of(const Request& request) const;

  // A type's name for the standard errors of `type`: "se.fit" of the fit, "se.terms" of terms.
  virtual std::string error_type(const std::string& type) const = 0;

  // Adds "TYPE:LABEL" for each picked term.
  void add_terms(const std::string& type, std::vector<std::vector<double>> columns,
                 const std::vector<std::size_t>& picked, table::Table& out) const;

  // What R warns of, or says in attributes, about any answer of this kind.
  void add_notes(const std::vector<std::string>& types, std::vector<std::string>& notes) const;

  // A type that R has. Where there is a reason, this file cannot answer it and a request is told why. For the constructors of families.
  void offer_type(std::string type, std::string reason);

 private:
  Fit fit_;
  double terms_constant_ = 0;
  std::vector<std::pair<std::string, std::string>> refused_;
};

// sqrt() of each number.
std::vector<double> standard_errors(std::vector<double> variances);

// At most one number. Errors: invalid, for a list.
Result<std::optional<double>> single_number(const Request& request, std::string_view name);

// The shortest text that reads back as the same double.
std::string number_text(double value);

// Parameters that lm and glm have alike.
Parameter se_parameter();
Parameter terms_parameter();

}  // namespace scoria::model::linear
