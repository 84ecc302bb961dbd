#include "model/bayes/naive_bayes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/na.h"
#include "model/parameters.h"

namespace scoria::model::bayes {
namespace {

constexpr std::size_t kBlockRows = 256;

Result<double> one_number(const Request& request, std::string_view name, double otherwise) {
  SCORIA_TRY(values, number_parameter(request, name));
  if (values.empty()) return otherwise;
  if (values.size() != 1 || !(values[0] >= 0)) {
    return Error{Code::invalid, "parameter '" + std::string(name) + "': must be one number of at least 0"};
  }
  return values[0];
}

// P(class) from the logarithms of what it is proportional to: one over the sum of all classes' ratios to it, summed in 80 bits as
// R's sum() does.
void to_probabilities(NumberColumns& logs, std::size_t first, std::size_t count) {
  std::vector<double> row(logs.size());
  for (std::size_t i = first; i < first + count; ++i) {
    for (std::size_t k = 0; k < logs.size(); ++k) row[k] = logs[k][i];
    for (std::size_t k = 0; k < logs.size(); ++k) {
      long double sum = 0;
      for (const double other : row) sum += std::exp(other - row[k]);
      logs[k][i] = 1 / static_cast<double>(sum);
    }
  }
}

}  // namespace

double normal_density(double x, double mean, double spread) {
  if (std::isnan(x) || std::isnan(mean) || std::isnan(spread)) return x + mean + spread;
  if (spread < 0) return std::nan("");
  if (std::isinf(spread)) return 0;
  if (std::isinf(x) && x == mean) return std::nan("");
  if (spread == 0) return x == mean ? std::numeric_limits<double>::infinity() : 0;
  const double z = std::fabs((x - mean) / spread);
  constexpr double kHeight = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  // R answers 0 where exp(-z^2 / 2) is below 2^-1073; a density of 0 then counts as the threshold.
  static const double vanishes = std::sqrt(2 * 1073 * std::numbers::ln2);
  if (z > vanishes) return 0;
  constexpr double kRoundsWell = 5;
  if (z < kRoundsWell) return kHeight * std::exp(-0.5 * z * z) / spread;
  // z^2 rounds with an error that exp() makes large; the square of z's leading bits is exact.
  constexpr double kGrid = 65536;
  const double lead = std::nearbyint(z * kGrid) / kGrid;
  const double rest = z - lead;
  return kHeight / spread * (std::exp(-0.5 * lead * lead) * std::exp((-0.5 * rest - lead) * rest));
}

NaiveBayes::NaiveBayes(Description description, std::vector<double> class_counts, std::vector<Attribute> attributes)
    : class_counts_(std::move(class_counts)), attributes_(std::move(attributes)) {
  description_ = std::move(description);
}

Result<NaiveBayes::Floor> NaiveBayes::requested_floor(const Request& request) {
  Floor floor;
  SCORIA_TRY(least, one_number(request, "eps", floor.least));
  SCORIA_TRY(threshold, one_number(request, "threshold", floor.threshold));
  return Floor{least, threshold};
}

std::vector<Attribute> NaiveBayes::prepared(const Floor& floor) const {
  std::vector<Attribute> attributes = attributes_;
  for (Attribute& attribute : attributes) {
    for (double& spread : attribute.spread) spread = floor.of(spread);
    for (double& share : attribute.shares) share = std::log(floor.of(share));
  }
  return attributes;
}

void NaiveBayes::add_logs(const std::vector<Attribute>& attributes, const Floor& floor, const FeatureMatrix& matrix,
                          std::size_t first, std::size_t count, NumberColumns& logs) const {
  const std::size_t classes = class_counts_.size();
  for (std::size_t k = 0; k < classes; ++k) {
    const double start = std::log(class_counts_[k]);
    for (std::size_t row = first; row < first + count; ++row) {
      long double sum = 0;  // R's sum() adds in 80 bits
      for (std::size_t j = 0; j < attributes.size(); ++j) {
        const double value = matrix.columns[j][row];
        if (std::isnan(value)) continue;  // a missing value says nothing
        const Attribute& attribute = attributes[j];
        sum += attribute.is_number ? std::log(floor.of(normal_density(value, attribute.mean[k], attribute.spread[k])))
                                   : attribute.shares[static_cast<std::size_t>(value) * classes + k];
      }
      logs[k][row] = start + static_cast<double>(sum);
    }
  }
}

// The first class of the largest probability, as R's which.max(): NaN is passed over.
table::ColumnPtr NaiveBayes::winners(const NumberColumns& logs) const {
  std::vector<std::int32_t> codes(logs[0].size(), -1);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    double best = 0;
    for (std::size_t k = 0; k < logs.size(); ++k) {
      const double value = logs[k][row];
      if (std::isnan(value) || (codes[row] >= 0 && !(value > best))) continue;
      best = value;
      codes[row] = static_cast<std::int32_t>(k);
    }
  }
  return table::Column::factor(std::move(codes), std::make_shared<const std::vector<std::string>>(description_.labels));
}

Result<Prediction> NaiveBayes::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(floor, requested_floor(request));
  SCORIA_TRY(matrix, bind_features(table, description_.features, UnseenLevel::missing, request.first_row));
  const std::vector<Attribute> attributes = prepared(floor);
  NumberColumns logs(class_counts_.size(), std::vector<double>(table.rows()));
  const bool wants_probabilities = std::find(types.begin(), types.end(), "raw") != types.end();
  NumberColumns probabilities(wants_probabilities ? logs.size() : 0, std::vector<double>(table.rows()));
  executor.parallel_for((table.rows() + kBlockRows - 1) / kBlockRows, [&](std::size_t block) {
    const std::size_t first = block * kBlockRows;
    const std::size_t count = std::min(kBlockRows, table.rows() - first);
    add_logs(attributes, floor, matrix, first, count, logs);
    for (std::size_t k = 0; k < probabilities.size(); ++k) {
      std::copy_n(logs[k].begin() + static_cast<std::ptrdiff_t>(first), count,
                  probabilities[k].begin() + static_cast<std::ptrdiff_t>(first));
    }
    if (wants_probabilities) to_probabilities(probabilities, first, count);
  });
  Prediction prediction{table::Table(table.rows()), matrix.notes};
  for (const std::string& type : types) {
    if (type == "class") {
      prediction.table.add(type, winners(logs));
    } else {
      add_numbers(type, description_.labels, probabilities, prediction.table);
    }
  }
  return prediction;
}

}  // namespace scoria::model::bayes
