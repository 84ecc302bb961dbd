#include "model/discriminant/quadratic_discriminant.h"

#include <cmath>
#include <numbers>

#include "model/parameters.h"

namespace scoria::model::discriminant {

double digamma(double x) {
  if (!(x > 0) || std::isinf(x)) return std::nan("");
  constexpr double kSeriesFrom = 16;  // where eight terms of the asymptotic series are exact to double precision
  long double shift = 0;
  long double z = x;
  for (; z < kSeriesFrom; ++z) shift += 1 / z;
  // log z - 1/(2z) - sum B_2n / (2n z^2n), the Bernoulli numbers over 2n
  constexpr long double kTerms[] = {1.0L / 12,  -1.0L / 120,     1.0L / 252, -1.0L / 240,
                                    5.0L / 660, -691.0L / 32760, 1.0L / 12,  -3617.0L / 8160};
  long double power = 1;
  long double series = 0;
  for (const long double term : kTerms) {
    power /= z * z;
    series += term * power;
  }
  return static_cast<double>(std::log(z) - 0.5L / z - series - shift);
}

QuadraticDiscriminant::QuadraticDiscriminant(Description description, Design design, Groups groups,
                                             std::vector<RMatrix> scaling, std::vector<double> log_determinants)
    : design_(std::move(design)),
      groups_(std::move(groups)),
      scaling_(std::move(scaling)),
      log_determinants_(std::move(log_determinants)) {
  description_ = std::move(description);
}

std::vector<double> QuadraticDiscriminant::squares(std::size_t group, const DesignBlock& block) const {
  const RMatrix& scaling = scaling_[group];
  std::vector<long double> sums(block.count, 0.0L);  // R's rowSums() adds in 80 bits
  std::vector<double> along(block.count);
  for (std::size_t d = 0; d < scaling.columns; ++d) {
    along.assign(block.count, 0.0);
    for (std::size_t j = 0; j < block.columns.size(); ++j) {
      const double mean = groups_.means.at(group, j);
      const double weight = scaling.at(j, d);
      for (std::size_t i = 0; i < block.count; ++i) along[i] += (block.columns[j][i] - mean) * weight;
    }
    for (std::size_t i = 0; i < block.count; ++i) sums[i] += static_cast<long double>(along[i] * along[i]);
  }
  return {sums.begin(), sums.end()};
}

Result<Prediction> QuadraticDiscriminant::score(const table::Table& table, const Request& request,
                                                Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(prior, groups_.requested_prior(request));
  SCORIA_TRY(method, requested_method(request));
  SCORIA_TRY(rows, design_.bind(table, request.first_row));
  const auto p = static_cast<double>(groups_.variables());
  NumberColumns posterior(groups_.count(), std::vector<double>(table.rows()));
  // Of the debiased method: what its estimate of the log determinant is off by.
  std::vector<double> bias(groups_.count());
  if (method == Method::debiased) {
    for (std::size_t g = 0; g < groups_.count(); ++g) {
      const double size = groups_.sizes[g];
      long double sum = 0;
      for (std::size_t k = 1; k <= groups_.count(); ++k) sum += digamma(0.5 * (size - static_cast<double>(k)));
      bias[g] = p * std::log((size - 1) / 2) - static_cast<double>(sum);
    }
  }
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    for (std::size_t g = 0; g < groups_.count(); ++g) {
      const std::vector<double> apart = squares(g, block);
      const double size = groups_.sizes[g];
      const double half_log = 0.5 * log_determinants_[g];
      const double log_prior = std::log(prior[g]);
      double* const out = posterior[g].data() + block.first;
      for (std::size_t i = 0; i < block.count; ++i) {
        switch (method) {
          case Method::plug_in: out[i] = 0.5 * apart[i] + half_log - log_prior; break;
          case Method::debiased:
            out[i] =
                0.5 * (1 - (p - 1) / (size - 1)) * apart[i] + half_log - log_prior + 0.5 * bias[g] - p / (2 * size);
            break;
          case Method::predictive:
            out[i] = prior[g] * std::exp(-log_determinants_[g] / 2) * std::pow(1 + apart[i] / (size + 1), -size / 2) *
                     std::pow(1 + size, -p / 2);
            break;
        }
      }
    }
    if (method != Method::predictive) to_relative_densities(posterior, block.first, block.count);
    normalise(posterior, block.first, block.count);
  });
  Prediction prediction{table::Table(table.rows()), rows.notes()};
  for (const std::string& type : types) {
    if (type == "class") {
      prediction.table.add(type, most_probable(posterior, groups_.names, prediction.notes));
    } else {
      add_numbers(type, groups_.names, posterior, prediction.table);
    }
  }
  return prediction;
}

}  // namespace scoria::model::discriminant
