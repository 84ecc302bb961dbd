#include "model/tree/random_forest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/na.h"
#include "model/parameters.h"

namespace scoria::model::tree {
namespace {

// 4 GiB of votes: a small file may name a million classes.
constexpr std::size_t kMostVotes = 1u << 29;

bool is_finite(const FeatureMatrix& x) {
  bool is_other = false;
  for (const double* column : x.columns) {
    for (std::size_t row = 0; row < x.rows; ++row)
      is_other |= !(std::fabs(column[row]) <= std::numeric_limits<double>::max());
  }
  return !is_other;
}

bool is_of_each_tree(const std::string& type) { return type == "individual" || type == "nodes"; }

}  // namespace

RandomForest::RandomForest(Description description, Sums sums, bool refuses_missing)
    : sums_(std::move(sums)), refuses_missing_(refuses_missing) {
  description_ = std::move(description);
  for (const Feature& feature : description_.features) (feature.is_used ? used_ : only_required_).push_back(feature);
}

Result<RandomForest::Rows> RandomForest::complete_rows(const table::Table& table, std::size_t first_row) const {
  SCORIA_TRY(matrix, bind_features(table, used_, UnseenLevel::refuse, first_row));
  if (only_required_.empty() && is_finite(matrix)) {
    Rows all{.complete = std::move(matrix), .positions = std::vector<std::uint32_t>(table.rows())};
    std::iota(all.positions.begin(), all.positions.end(), 0u);
    return all;
  }
  std::vector<bool> incomplete = incomplete_rows(matrix);
  for (const Feature& feature : only_required_) {
    const table::ColumnPtr column = table.find(feature.name);
    if (column == nullptr) {
      Error error = lacks_columns(std::span(&feature.name, 1));
      error.message += ", which the model's formula names (R demands it although no tree uses it)";
      return error;
    }
    for (std::size_t row = 0; row < table.rows(); ++row) {
      // R's is.na() is true for NaN too.
      const bool is_nan = column->type() == table::Type::real && std::isnan(column->reals()[row]);
      if (column->is_null(row) || is_nan) incomplete[row] = true;
    }
  }
  Rows rows;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!incomplete[row]) {
      rows.positions.push_back(static_cast<std::uint32_t>(row));
    } else if (refuses_missing_) {
      return Error{Code::invalid, "row " + std::to_string(first_row + row) + " has a missing value in column '" +
                                      missing_column(matrix, row) + "'; a forest fitted with x and y takes none"};
    }
  }
  const bool all = rows.positions.size() == table.rows();
  rows.complete = all ? std::move(matrix) : take_rows(matrix, rows.positions);
  for (std::size_t i = 0; i < used_.size(); ++i) {
    const double* column = rows.complete.columns[i];
    const double* infinite = std::find_if(column, column + rows.complete.rows, [](double x) { return std::isinf(x); });
    if (infinite == column + rows.complete.rows) continue;
    return Error{Code::invalid,
                 "row " + std::to_string(first_row + rows.positions[static_cast<std::size_t>(infinite - column)]) +
                     ", column '" + used_[i].name + "': " + (*infinite > 0 ? "Inf" : "-Inf") +
                     " is not a number that randomForest takes; R stops here too"};
  }
  return rows;
}

std::string RandomForest::missing_column(const FeatureMatrix& matrix, std::size_t row) const {
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (std::isnan(matrix.columns[i][row])) return used_[i].name;
  }
  return {};
}

table::ColumnPtr RandomForest::spread(std::vector<double> values, const std::vector<std::uint32_t>& positions,
                                      std::size_t rows) {
  if (values.size() == rows) return table::Column::real(std::move(values));
  std::vector<double> all(rows, na_real());
  for (std::size_t i = 0; i < values.size(); ++i) all[positions[i]] = values[i];
  return table::Column::real(std::move(all));
}

table::ColumnPtr RandomForest::leaf_column(const std::string& type, std::uint32_t tree,
                                           const std::vector<std::uint32_t>& leaves,
                                           const std::vector<std::uint32_t>& positions, std::size_t rows) const {
  const Ensemble& ensemble = sums_.ensemble();
  const auto value = [&](std::size_t i) { return ensemble.layout()[leaves[i]].value; };
  if (type == "individual" && description_.labels.empty()) {
    std::vector<double> values(leaves.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = value(i);
    return spread(std::move(values), positions, rows);
  }
  const bool is_label = type == "individual";
  std::vector<std::int32_t> numbers(rows, is_label ? -1 : kNaInt);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    numbers[positions[i]] = is_label ? static_cast<std::int32_t>(value(i))
                                     : static_cast<std::int32_t>(ensemble.source_position(tree, leaves[i]) + 1);
  }
  if (!is_label) return table::Column::integer(std::move(numbers));
  return table::Column::factor(std::move(numbers),
                               std::make_shared<const std::vector<std::string>>(description_.labels));
}

void RandomForest::add_each_tree(const std::vector<std::string>& types, const Rows& rows, Executor& executor,
                                 table::Table& out) const {
  if (std::none_of(types.begin(), types.end(), is_of_each_tree)) return;
  std::vector<std::vector<std::uint32_t>> leaves(sums_.ensemble().trees());
  std::vector<std::uint32_t*> columns;
  for (std::vector<std::uint32_t>& reached : leaves) {
    reached.resize(rows.complete.rows);
    columns.push_back(reached.data());
  }
  sums_.leaves(rows.complete, columns, executor);
  for (const std::string& type : types) {
    if (!is_of_each_tree(type)) continue;
    for (std::uint32_t tree = 0; tree < leaves.size(); ++tree) {
      out.add(type + ":" + std::to_string(tree + 1), leaf_column(type, tree, leaves[tree], rows.positions, out.rows()));
    }
  }
}

Result<Prediction> RegressionForest::score(const table::Table& table, const Request& request,
                                           Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(simd, resolve_simd(request.simd));
  SCORIA_TRY(rows, complete_rows(table, request.first_row));
  Prediction prediction{table::Table(table.rows()), rows.complete.notes};
  if (std::find(types.begin(), types.end(), "response") != types.end()) {
    std::vector<double> values(rows.complete.rows);
    double* const out[] = {values.data()};
    const Segment all[] = {{0, sums_.ensemble().trees(), false}};
    sums_.sum(rows.complete, {all, 1, 0.0, {simd, request.simd != SimdTarget::automatic}}, out, executor);
    for (double& value : values) {
      value /= trees();
      if (!correction_.empty()) value = correction_[0] + correction_[1] * value;
    }
    prediction.table.add("response", spread(std::move(values), rows.positions, table.rows()));
  }
  add_each_tree(types, rows, executor, prediction.table);
  return prediction;
}

Result<Prediction> ClassificationForest::score(const table::Table& table, const Request& request,
                                               Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(simd, resolve_simd(request.simd));
  SCORIA_TRY(normalised, flag_parameter(request, "norm.votes", true));
  SCORIA_TRY(cutoff, requested_cutoff(request));
  SCORIA_TRY(rows, complete_rows(table, request.first_row));
  Votes votes;
  if (!std::all_of(types.begin(), types.end(), is_of_each_tree)) {
    const std::size_t classes = description_.labels.size();
    if (rows.complete.rows > kMostVotes / classes) {
      return Error{Code::too_large, std::to_string(rows.complete.rows) + " rows times " + std::to_string(classes) +
                                        " classes are more than " + std::to_string(kMostVotes) +
                                        " votes; score at most " + std::to_string(kMostVotes / classes) +
                                        " rows of this forest at once"};
    }
    votes.assign(description_.labels.size(), std::vector<double>(rows.complete.rows));
    std::vector<double*> out;
    for (std::vector<double>& column : votes) out.push_back(column.data());
    sums_.vote(rows.complete, {simd, request.simd != SimdTarget::automatic}, out, executor);
  }
  Prediction prediction{table::Table(table.rows()), rows.complete.notes};
  for (const std::string& type : types) {
    if (is_of_each_tree(type)) continue;
    if (type == "response" || type == "class") {
      prediction.table.add(type, winners(votes, cutoff, rows.positions, table.rows(), prediction.notes));
      continue;
    }
    const bool counts = type == "vote_count" || (type == "vote" && !normalised);
    for (std::size_t k = 0; k < votes.size(); ++k) {
      std::vector<double> values = votes[k];
      if (!counts) {
        for (double& value : values) value /= trees();
      }
      prediction.table.add(type + ":" + description_.labels[k],
                           spread(std::move(values), rows.positions, table.rows()));
    }
  }
  add_each_tree(types, rows, executor, prediction.table);
  return prediction;
}

Result<std::vector<double>> ClassificationForest::requested_cutoff(const Request& request) const {
  SCORIA_TRY(cutoff, number_parameter(request, "cutoff"));
  if (cutoff.empty()) return cutoff_;
  long double total = 0;  // R's sum() adds in 80 bits
  bool positive = true;
  for (const double share : cutoff) {
    total += share;
    positive = positive && share > 0;
  }
  if (cutoff.size() != description_.labels.size() || !positive || !(static_cast<double>(total) <= 1)) {
    return Error{Code::invalid, "parameter 'cutoff': must be " + std::to_string(description_.labels.size()) +
                                    " numbers above 0 that add up to at most 1, one for each of " +
                                    listed(description_.labels)};
  }
  return cutoff;
}

table::ColumnPtr ClassificationForest::winners(const Votes& votes, const std::vector<double>& cutoff,
                                               const std::vector<std::uint32_t>& positions, std::size_t rows,
                                               std::vector<std::string>& notes) const {
  std::vector<std::int32_t> codes(rows, -1);
  std::size_t ties = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    double best = 0;
    bool tied = false;
    for (std::size_t k = 0; k < votes.size(); ++k) {
      const double share = votes[k][i] / trees() / cutoff[k];
      if (share == best) tied = true;
      if (share > best) {
        best = share;
        tied = false;
        codes[positions[i]] = static_cast<std::int32_t>(k);
      }
    }
    if (tied) ++ties;
  }
  if (ties > 0) {
    notes.push_back(std::to_string(ties) +
                    " rows have tied votes: R draws one of the classes at random, the first in level order is given");
  }
  return table::Column::factor(std::move(codes), std::make_shared<const std::vector<std::string>>(description_.labels));
}

}  // namespace scoria::model::tree
