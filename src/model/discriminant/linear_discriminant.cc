#include "model/discriminant/linear_discriminant.h"

#include <algorithm>
#include <cmath>

#include "model/parameters.h"

namespace scoria::model::discriminant {

LinearDiscriminant::LinearDiscriminant(Description description, Design design, Groups groups, RMatrix scaling,
                                       std::size_t dimensions)
    : design_(std::move(design)), groups_(std::move(groups)), scaling_(std::move(scaling)), dimensions_(dimensions) {
  description_ = std::move(description);
}

Result<LinearDiscriminant::Asked> LinearDiscriminant::understand(const Request& request) const {
  Asked asked{.dimensions = dimensions_};
  SCORIA_TRY(prior, groups_.requested_prior(request));
  SCORIA_TRY(method, requested_method(request));
  SCORIA_TRY(dimensions, count_parameter(request, "dimen", 1));
  if (dimensions.size() > 1) return Error{Code::invalid, "parameter 'dimen': must be one whole number"};
  if (!dimensions.empty())
    asked.dimensions =
        static_cast<std::size_t>(std::min<std::int64_t>(dimensions[0], static_cast<std::int64_t>(dimensions_)));
  asked.method = method;
  for (std::size_t j = 0; j < groups_.variables(); ++j) {
    long double sum = 0;  // R's colSums() adds in 80 bits
    for (std::size_t g = 0; g < groups_.count(); ++g)
      sum += static_cast<long double>(prior[g] * groups_.means.at(g, j));
    asked.center.push_back(static_cast<double>(sum));
  }
  asked.prior = std::move(prior);
  asked.group_scores.assign(scaling_.columns, std::vector<double>(groups_.count()));
  for (std::size_t d = 0; d < scaling_.columns; ++d) {
    for (std::size_t j = 0; j < groups_.variables(); ++j) {
      for (std::size_t g = 0; g < groups_.count(); ++g)
        asked.group_scores[d][g] += (groups_.means.at(g, j) - asked.center[j]) * scaling_.at(j, d);
    }
  }
  return asked;
}

void LinearDiscriminant::add_scores(const Asked& asked, const DesignBlock& block, NumberColumns& scores) const {
  for (std::size_t d = 0; d < scaling_.columns; ++d) {
    double* const out = scores[d].data() + block.first;
    for (std::size_t j = 0; j < block.columns.size(); ++j) {
      const double weight = scaling_.at(j, d);
      for (std::size_t i = 0; i < block.count; ++i) out[i] += (block.columns[j][i] - asked.center[j]) * weight;
    }
  }
}

void LinearDiscriminant::add_distances(const Asked& asked, const NumberColumns& scores, const DesignBlock& block,
                                       NumberColumns& posterior) const {
  const double degrees = groups_.total - static_cast<double>(groups_.count());
  const auto dimensions = static_cast<double>(asked.dimensions);
  for (std::size_t g = 0; g < groups_.count(); ++g) {
    long double squares = 0;  // R's rowSums() adds in 80 bits
    for (std::size_t d = 0; d < asked.dimensions; ++d)
      squares += static_cast<long double>(asked.group_scores[d][g] * asked.group_scores[d][g]);
    const double half = 0.5 * static_cast<double>(squares);
    const double log_prior = std::log(asked.prior[g]);
    for (std::size_t row = block.first; row < block.first + block.count; ++row) {
      double product = 0;
      for (std::size_t d = 0; d < asked.dimensions; ++d) product += scores[d][row] * asked.group_scores[d][g];
      posterior[g][row] = asked.method == Method::plug_in ? half - log_prior - product
                                                          : (degrees - dimensions - 1) / degrees * (half - product) -
                                                                (log_prior - dimensions / groups_.sizes[g]);
    }
  }
  to_relative_densities(posterior, block.first, block.count);
}

void LinearDiscriminant::add_predictive(const Asked& asked, const NumberColumns& scores, const DesignBlock& block,
                                        NumberColumns& posterior) const {
  const double total = groups_.total;
  const double degrees = total - static_cast<double>(groups_.count());
  const double stretch = std::sqrt(total / degrees);
  for (std::size_t g = 0; g < groups_.count(); ++g) {
    const double size = groups_.sizes[g];
    const double weight = asked.prior[g] * std::pow(size / (size + 1), static_cast<double>(groups_.variables()) / 2);
    for (std::size_t row = block.first; row < block.first + block.count; ++row) {
      long double squares = 0;  // rowSums()
      for (std::size_t d = 0; d < scaling_.columns; ++d) {
        const double apart = scores[d][row] * stretch - asked.group_scores[d][g];
        squares += static_cast<long double>(apart * apart);
      }
      const double spread = 1 + static_cast<double>(squares) * size / (total * (size + 1));
      posterior[g][row] = weight * std::pow(spread, -(degrees + 1) / 2);
    }
  }
}

Result<Prediction> LinearDiscriminant::score(const table::Table& table, const Request& request,
                                             Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(asked, understand(request));
  SCORIA_TRY(rows, design_.bind(table, request.first_row));
  NumberColumns scores(scaling_.columns, std::vector<double>(table.rows()));
  NumberColumns posterior(groups_.count(), std::vector<double>(table.rows()));
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    add_scores(asked, block, scores);
    if (asked.method == Method::predictive) {
      add_predictive(asked, scores, block, posterior);
    } else {
      add_distances(asked, scores, block, posterior);
    }
    normalise(posterior, block.first, block.count);
  });
  Prediction prediction{table::Table(table.rows()), rows.notes()};
  for (const std::string& type : types) {
    if (type == "class") {
      prediction.table.add(type, most_probable(posterior, groups_.names, prediction.notes));
    } else if (type == "posterior") {
      add_numbers(type, groups_.names, posterior, prediction.table);
    } else {
      std::vector<std::string> names;
      for (std::size_t d = 0; d < asked.dimensions; ++d) {
        names.push_back(scaling_.column_names.empty() ? "LD" + std::to_string(d + 1) : scaling_.column_names[d]);
      }
      scores.resize(asked.dimensions);
      add_numbers(type, names, scores, prediction.table);
    }
  }
  return prediction;
}

}  // namespace scoria::model::discriminant
