#include "model/ordinal/cumulative_link.h"

#include <cmath>
#include <numbers>

#include "model/class_columns.h"
#include "model/parameters.h"

namespace scoria::model::ordinal {

std::optional<Link> link_named(std::string_view name) {
  if (name == "logistic") return Link::logistic;
  if (name == "probit") return Link::probit;
  if (name == "loglog") return Link::loglog;
  if (name == "cloglog") return Link::cloglog;
  if (name == "cauchit") return Link::cauchit;
  return std::nullopt;
}

double distribution(Link link, double x) {
  switch (link) {
    case Link::logistic: return 1 / (1 + std::exp(-x));
    case Link::probit: return 0.5 * std::erfc(-x / std::numbers::sqrt2);
    case Link::loglog: return std::exp(-std::exp(-x));
    case Link::cloglog: return 1 - std::exp(-std::exp(x));
    case Link::cauchit:
      // Beyond 1 by the arc tangent of the inverse, which keeps the small tail's digits.
      if (x < -1) return -std::atan(1 / x) / std::numbers::pi;
      if (x > 1) return 1 - std::atan(1 / x) / std::numbers::pi;
      return 0.5 + std::atan(x) / std::numbers::pi;
  }
  throw_bug(__FILE__, __LINE__, "a known Link");
}

CumulativeLink::CumulativeLink(Description description, Design design, std::vector<double> coefficients,
                               std::vector<double> cuts, Link link, bool has_offset)
    : design_(std::move(design)),
      coefficients_(std::move(coefficients)),
      cuts_(std::move(cuts)),
      link_(link),
      has_offset_(has_offset) {
  description_ = std::move(description);
}

Result<Prediction> CumulativeLink::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(rows, design_.bind(table, request.first_row));
  NumberColumns shares(cuts_.size() + 1, std::vector<double>(table.rows()));
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    std::vector<double> eta(block.count, 0.0);
    for (std::size_t j = 0; j < block.columns.size(); ++j) {
      for (std::size_t i = 0; i < block.count; ++i) eta[i] += block.columns[j][i] * coefficients_[j];
    }
    for (std::size_t i = 0; i < block.count; ++i) {
      double below = 0;
      for (std::size_t k = 0; k <= cuts_.size(); ++k) {
        const double up_to = k < cuts_.size() ? distribution(link_, cuts_[k] - eta[i]) : 1;
        shares[k][block.first + i] = up_to - below;
        below = up_to;
      }
    }
  });
  Prediction prediction{table::Table(table.rows()), rows.notes()};
  if (has_offset_) prediction.notes.emplace_back("the model's offset is not used, as in R's predict() for polr");
  for (const std::string& type : types) {
    if (type == "class") {
      prediction.table.add(type, most_probable(shares, description_.labels, prediction.notes));
    } else {
      add_numbers(type, description_.labels, shares, prediction.table);
    }
  }
  return prediction;
}

}  // namespace scoria::model::ordinal
