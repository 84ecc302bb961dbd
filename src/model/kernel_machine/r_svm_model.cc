#include "model/kernel_machine/r_svm_model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "base/na.h"
#include "model/kernel_machine/kernel_machine.h"
#include "model/kernel_machine/pairs.h"
#include "model/parameters.h"
#include "model/tree/simd.h"

namespace scoria::model::kernel_machine {
namespace {

using table::Column;
using table::ColumnPtr;

void lower_to(std::atomic<std::size_t>& least, std::size_t value) {
  std::size_t seen = least.load();
  while (value < seen && !least.compare_exchange_weak(seen, value)) {
  }
}

ColumnPtr level_column(std::vector<std::int32_t> codes, const std::vector<std::string>& levels) {
  return Column::factor(std::move(codes), std::make_shared<const std::vector<std::string>>(levels));
}

ColumnPtr inliers(const std::vector<double>& decisions, const std::vector<bool>& missing) {
  std::vector<std::uint8_t> values(decisions.size());
  table::Validity validity(decisions.size());
  for (std::size_t row = 0; row < decisions.size(); ++row) {
    values[row] = decisions[row] > 0 ? 1 : 0;
    if (missing[row]) validity.set_null(row);
  }
  return Column::logical(std::move(values), std::move(validity));
}

}  // namespace

RSvmModel::RSvmModel(Description description, Design design, RSvmParts parts)
    : design_(std::move(design)), parts_(std::move(parts)) {
  description_ = std::move(description);
}

// na.omit() looks at the columns as they are given, so that a formula cannot make a value of a missing one.
std::vector<bool> RSvmModel::missing_rows(const DesignRows& rows, const table::Table& table) const {
  std::vector<bool> missing = rows.incomplete();
  if (description_.by_position) return missing;
  for (const Feature& feature : description_.features) {
    const ColumnPtr column = table.find(feature.name);
    if (column == nullptr) continue;
    const bool is_real = column->type() == table::Type::real;
    for (std::size_t row = 0; row < missing.size(); ++row) {
      if (column->is_null(row) || (is_real && std::isnan(column->reals()[row]))) missing[row] = true;
    }
  }
  return missing;
}

Result<NumberColumns> RSvmModel::decide(const DesignRows& rows, const Request& request, Executor& executor) const {
  SCORIA_TRY(simd, tree::resolve_simd(request.simd));
  const Machine machine = parts_.machine.view();
  NumberColumns decisions(machine.sums(), std::vector<double>(rows.rows()));
  std::atomic<std::size_t> infinite = std::numeric_limits<std::size_t>::max();
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    std::vector<double> scaled(parts_.scaled.size() * block.count);
    std::vector<const double*> columns = block.columns;
    for (std::size_t j = 0; j < parts_.scaled.size(); ++j) {
      double* out = scaled.data() + j * block.count;
      const double* in = columns[parts_.scaled[j]];
      const ColumnScale& by = parts_.scales[j];
      for (std::size_t i = 0; i < block.count; ++i) out[i] = (in[i] - by.center) / by.scale;
      columns[parts_.scaled[j]] = out;
    }
    for (const double* column : columns) {
      for (std::size_t i = 0; i < block.count; ++i) {
        if (std::isinf(column[i]) && !rows.incomplete()[block.first + i]) lower_to(infinite, block.first + i);
      }
    }
    std::vector<double> sums(machine.sums() * block.count);
    decision_values(machine, columns, 0, block.count, simd, sums.data(), block.count);
    for (std::size_t p = 0; p < decisions.size(); ++p) {
      std::copy_n(sums.data() + p * block.count, block.count, decisions[p].data() + block.first);
    }
  });
  if (infinite < rows.rows()) {
    return Error{Code::invalid, "row " + std::to_string(request.first_row + infinite) +
                                    ": a number of a support vector machine is Inf or -Inf, in the column or once the "
                                    "formula is worked out; it takes finite numbers only, in R too"};
  }
  return decisions;
}

ColumnPtr RSvmModel::voted(const NumberColumns& decisions, const std::vector<bool>& missing) const {
  std::vector<std::int32_t> codes(missing.size(), -1);
  std::vector<double> values(decisions.size());
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (missing[row]) continue;
    for (std::size_t p = 0; p < values.size(); ++p) values[p] = decisions[p][row];
    codes[row] = static_cast<std::int32_t>(parts_.labels[voted_class(parts_.labels.size(), values.data(), 1)]);
  }
  return level_column(std::move(codes), parts_.levels);
}

NumberColumns RSvmModel::probabilities(const NumberColumns& decisions, const std::vector<bool>& missing) const {
  const std::size_t classes = parts_.labels.size();
  NumberColumns columns(classes, std::vector<double>(missing.size(), na_real()));
  std::vector<double> values(decisions.size());
  std::vector<double> shares(classes);
  for (std::size_t row = 0; row < missing.size(); ++row) {
    if (missing[row]) continue;
    for (std::size_t p = 0; p < values.size(); ++p) values[p] = decisions[p][row];
    class_probabilities(classes, values.data(), 1, parts_.machine.prob_a, parts_.machine.prob_b, TwoClasses::directly,
                        shares);
    for (std::size_t k = 0; k < classes; ++k) columns[k][row] = shares[k];
  }
  return columns;
}

// The first of those with the largest probability, as libsvm's svm_predict_probability() chooses.
ColumnPtr RSvmModel::most_probable_class(const NumberColumns& probabilities, const std::vector<bool>& missing) const {
  std::vector<std::int32_t> codes(missing.size(), -1);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (missing[row]) continue;
    std::size_t best = 0;
    for (std::size_t k = 1; k < probabilities.size(); ++k) {
      if (probabilities[k][row] > probabilities[best][row]) best = k;
    }
    codes[row] = static_cast<std::int32_t>(parts_.labels[best]);
  }
  return level_column(std::move(codes), parts_.levels);
}

std::vector<std::string> RSvmModel::class_names() const {
  std::vector<std::string> names;
  for (const std::uint32_t label : parts_.labels) names.push_back(parts_.levels[label]);
  return names;
}

std::vector<std::string> RSvmModel::pair_names() const {
  std::vector<std::string> names;
  const std::vector<std::string> classes = class_names();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t j = i + 1; j < classes.size(); ++j) names.push_back(classes[i] + "/" + classes[j]);
  }
  return names;
}

Result<Prediction> RSvmModel::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  const bool asks_prob = std::find(types.begin(), types.end(), "prob") != types.end();
  SCORIA_TRY(by_probability, flag_parameter(request, "probability", asks_prob));
  std::vector<std::string> notes;
  SCORIA_TRY(matched, parts_.factors.apply(table, request, notes));
  SCORIA_TRY(rows, design_.bind(matched, request.first_row));
  notes.insert(notes.end(), rows.notes().begin(), rows.notes().end());
  const std::vector<bool> missing = missing_rows(rows, matched);
  if (const auto first = std::find(missing.begin(), missing.end(), true); parts_.is_sparse && first != missing.end()) {
    return Error{Code::invalid,
                 "row " + std::to_string(request.first_row + (first - missing.begin())) +
                     " has a missing value; an svm that was fitted to a sparse matrix takes none, in R too"};
  }
  SCORIA_TRY(decisions, decide(rows, request, executor));
  for (std::size_t row = 0; row < missing.size(); ++row) {
    if (!missing[row]) continue;
    for (std::vector<double>& column : decisions) column[row] = na_real();
  }
  NumberColumns shares;
  if (parts_.kind == RSvmParts::Kind::classes && (asks_prob || by_probability)) {
    shares = probabilities(decisions, missing);
  }
  Prediction prediction{table::Table(table.rows()), std::move(notes)};
  for (const std::string& type : types) {
    if (type == "class") {
      prediction.table.add(type, by_probability ? most_probable_class(shares, missing) : voted(decisions, missing));
    } else if (type == "prob") {
      add_numbers(type, class_names(), shares, prediction.table);
    } else if (type == "decision") {
      add_numbers(type, pair_names(), decisions, prediction.table);
    } else if (type == "inlier") {
      prediction.table.add(type, inliers(decisions[0], missing));
    } else {
      std::vector<double> values = decisions[0];
      for (double& value : values) value = value * parts_.response.scale + parts_.response.center;
      prediction.table.add(type, Column::real(std::move(values)));
    }
  }
  return prediction;
}

}  // namespace scoria::model::kernel_machine
