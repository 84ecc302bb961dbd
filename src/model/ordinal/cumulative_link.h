// Ordered classes by a cumulative link: P(class <= k) = F(zeta_k - eta).
// Source: McCullagh, Regression models for ordinal data (1980); MASS's polr by its behaviour.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its coefficients.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/design.h"
#include "model/model.h"

namespace scoria::model::ordinal {

enum class Link : std::uint8_t { logistic, probit, loglog, cloglog, cauchit };

// nullopt for a name that polr does not have.
std::optional<Link> link_named(std::string_view name);

// The link's distribution function, as MASS and R compute it.
double distribution(Link link, double x);

class CumulativeLink final : public Model {
 public:
  // Preconditions: a coefficient for each column of the design, one cut point fewer than the description has labels.
  CumulativeLink(Description description, Design design, std::vector<double> coefficients, std::vector<double> cuts,
                 Link link, bool has_offset);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  Design design_;
  std::vector<double> coefficients_;
  std::vector<double> cuts_;
  Link link_;
  bool has_offset_;
};

}  // namespace scoria::model::ordinal
