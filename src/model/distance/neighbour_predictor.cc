#include "model/distance/neighbour_predictor.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "model/pipeline/class_answers.h"
#include "model/pipeline/numbers.h"

namespace scoria::model::distance {
namespace {

constexpr std::size_t kBlockRows = 64;

// Puts weights in the place of distances.
void weigh(Weight weight, std::vector<Neighbour>& neighbours) {
  if (weight == Weight::equal) {
    for (Neighbour& neighbour : neighbours) neighbour.distance = 1;
    return;
  }
  bool is_here = false;
  for (Neighbour& neighbour : neighbours) {
    neighbour.distance = 1 / neighbour.distance;
    is_here = is_here || std::isinf(neighbour.distance);
  }
  if (!is_here) return;
  for (Neighbour& neighbour : neighbours) neighbour.distance = std::isinf(neighbour.distance) ? 1 : 0;
}

// Calls body(row, neighbours) for every row, weights in the place of distances.
void for_each_row(const Neighbours& rows, Weight weight, const FeatureMatrix& x, Executor& executor,
                  const std::function<void(std::size_t, const std::vector<Neighbour>&)>& body) {
  executor.parallel_for((x.rows + kBlockRows - 1) / kBlockRows, [&](std::size_t block) {
    std::vector<Neighbour> neighbours;
    Neighbours::Scratch scratch;
    const std::size_t end = std::min(x.rows, (block + 1) * kBlockRows);
    for (std::size_t row = block * kBlockRows; row < end; ++row) {
      rows.nearest(x, row, neighbours, scratch);
      weigh(weight, neighbours);
      body(row, neighbours);
    }
  });
}

void describe_rows(const Neighbours& rows, Description& description) {
  description.details.emplace_back("rows kept", std::to_string(rows.rows()));
  description.details.emplace_back("neighbours", std::to_string(rows.count()));
}

}  // namespace

NeighbourRegressor::NeighbourRegressor(Neighbours rows, Weight weight, NumberColumns targets, std::string class_name)
    : rows_(std::move(rows)), weight_(weight), targets_(std::move(targets)), class_name_(std::move(class_name)) {
  for (const std::vector<double>& target : targets_) SCORIA_CHECK(target.size() == rows_.rows());
}

void NeighbourRegressor::describe(Description& description) const {
  description.types = {"predict"};
  describe_rows(rows_, description);
}

Result<Prediction> NeighbourRegressor::predict(const table::Table& columns, const Request& request,
                                               Executor& executor) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, request.first_row));
  NumberColumns means(targets_.size(), std::vector<double>(x.rows));
  for_each_row(rows_, weight_, x, executor, [&](std::size_t row, const std::vector<Neighbour>& neighbours) {
    double total = 0;
    for (const Neighbour& neighbour : neighbours) total += neighbour.distance;
    for (std::size_t k = 0; k < targets_.size(); ++k) {
      double sum = 0;
      for (const Neighbour& neighbour : neighbours) sum += targets_[k][neighbour.row] * neighbour.distance;
      means[k][row] = sum / total;
    }
  });
  std::vector<std::string> names;
  for (std::size_t k = 0; k < means.size() && means.size() > 1; ++k) names.push_back(std::to_string(k));
  Prediction prediction{table::Table(x.rows), {}};
  add_numbers("predict", names, std::move(means), prediction.table);
  return prediction;
}

NeighbourClassifier::NeighbourClassifier(Neighbours rows, Weight weight, std::vector<std::uint32_t> classes,
                                         pipeline::ClassLabels labels, std::string class_name)
    : rows_(std::move(rows)),
      weight_(weight),
      classes_(std::move(classes)),
      labels_(std::move(labels)),
      class_name_(std::move(class_name)) {
  SCORIA_CHECK(classes_.size() == rows_.rows());
}

void NeighbourClassifier::describe(Description& description) const {
  description.types = {"predict", "proba"};
  description.labels = labels_.names();
  describe_rows(rows_, description);
}

Result<Prediction> NeighbourClassifier::predict(const table::Table& columns, const Request& request,
                                                Executor& executor) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, request.first_row));
  NumberColumns proba(labels_.size(), std::vector<double>(x.rows));
  std::vector<std::int32_t> winners(x.rows);
  for_each_row(rows_, weight_, x, executor, [&](std::size_t row, const std::vector<Neighbour>& neighbours) {
    for (const Neighbour& neighbour : neighbours) proba[classes_[neighbour.row]][row] += neighbour.distance;
    double total = 0;
    double most = -1;
    for (std::size_t k = 0; k < proba.size(); ++k) {
      total += proba[k][row];
      if (!(proba[k][row] > most)) continue;
      most = proba[k][row];
      winners[row] = static_cast<std::int32_t>(k);
    }
    for (std::vector<double>& column : proba) column[row] /= total;
  });
  return pipeline::class_prediction(request.types, labels_, winners,
                                    [&](const std::string& /*type*/) { return proba; });
}

}  // namespace scoria::model::distance
