#include "model/linear/training_means.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/na.h"
#include "table/table.h"

namespace scoria::model::linear {
namespace {

using rdata::Kind;
using rdata::Value;

constexpr std::size_t kBlockRows = 256;

// The variables as Terms would give them for a table without rows: kinds, levels, names of matrix columns.
Result<terms::ModelFrame> empty_frame(const terms::Terms& terms) {
  table::Table none(0);
  for (const Feature& feature : terms.features()) {
    const bool is_factor = feature.kind == FeatureKind::factor || feature.kind == FeatureKind::ordered;
    none.add(feature.name, is_factor ? table::Column::text(std::span<const std::string>{}) : table::Column::real({}));
  }
  return terms.frame(none, 1);
}

// 0-based codes of a stored factor or text by the levels that the terms know; empty where a level is unknown.
std::vector<double> codes_of(const Value& stored, const std::vector<std::string>& levels) {
  std::unordered_map<std::string, double> code_of;
  for (std::size_t i = 0; i < levels.size(); ++i) code_of.emplace(levels[i], static_cast<double>(i));
  const auto code = [&](const std::string& level) {
    const auto found = code_of.find(level);
    return found == code_of.end() ? -1.0 : found->second;
  };
  std::vector<double> codes;
  if (stored.kind == Kind::character) {
    for (const rdata::Text& text : stored.texts) codes.push_back(text.is_na ? na_real() : code(rdata::utf8(text)));
  } else if (const Value* labels = stored.attribute("levels");
             labels != nullptr && labels->kind == Kind::character && stored.kind == Kind::integer) {
    std::vector<double> of_label;
    for (const rdata::Text& label : labels->texts) of_label.push_back(code(rdata::utf8(label)));
    for (const std::int32_t position : stored.integers) {
      const bool known = position >= 1 && static_cast<std::size_t>(position) <= of_label.size();
      codes.push_back(position == kNaInt ? na_real() : known ? of_label[static_cast<std::size_t>(position) - 1] : -1);
    }
  }
  if (std::find(codes.begin(), codes.end(), -1.0) != codes.end()) codes.clear();
  return codes;
}

// A model frame's column is called as the variable is, but for a name that the formula puts in backticks.
const Value* frame_column(const Value& stored, const std::string& name) {
  const Value* found = rdata::member(stored, name);
  const bool is_quoted = name.size() > 2 && name.front() == '`' && name.find('`', 1) == name.size() - 1;
  return found != nullptr || !is_quoted ? found
                                        : rdata::member(stored, std::string_view(name).substr(1, name.size() - 2));
}

// Points a variable at its column of the stored model frame. False where the two do not fit.
bool take_variable(const Value& stored, std::size_t rows, terms::Variable& variable,
                   std::vector<std::vector<double>>& computed) {
  const bool is_factor = variable.kind == FeatureKind::factor || variable.kind == FeatureKind::ordered;
  const std::vector<double>& all =
      computed.emplace_back(is_factor ? codes_of(stored, variable.levels) : to_numbers(stored));
  const std::size_t columns = std::max<std::size_t>(variable.column_names.size(), 1);
  if (all.size() != rows * columns) return false;
  variable.columns.clear();
  for (std::size_t i = 0; i < columns; ++i) variable.columns.emplace_back(std::span(all).subspan(i * rows, rows));
  return true;
}

// R's colMeans(): sums in 80 bits.
std::vector<double> means_of(const std::vector<long double>& sums, std::size_t rows) {
  std::vector<double> means;
  for (const long double sum : sums) means.push_back(static_cast<double>(sum / static_cast<long double>(rows)));
  return means;
}

std::vector<double> means_of_matrix(std::span<const double> matrix, std::size_t columns) {
  const std::size_t rows = matrix.size() / columns;
  std::vector<long double> sums(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    for (const double value : matrix.subspan(j * rows, rows)) sums[j] += value;
  }
  return means_of(sums, rows);
}

std::vector<double> means_of_frame(const terms::ModelFrame& frame, const terms::Terms& terms) {
  const std::size_t columns = terms.columns().size();
  std::vector<long double> sums(columns);
  std::vector<double> block(kBlockRows * columns);
  for (std::size_t first = 0; first < frame.rows; first += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, frame.rows - first);
    terms.fill(frame, first, count, std::span(block).first(count * columns));
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t i = 0; i < count; ++i) sums[j] += block[j * count + i];
    }
  }
  return means_of(sums, frame.rows);
}

}  // namespace

Known<std::vector<double>> training_means(const RObject& object, const terms::Terms& terms) {
  const std::size_t columns = terms.columns().size();
  if (columns == 0) return {};
  const Value* matrix = object.find("x");
  if (matrix != nullptr && matrix->kind == Kind::real && !matrix->reals.empty() &&
      matrix->reals.size() % columns == 0) {
    return {.value = means_of_matrix(matrix->reals, columns)};
  }
  const Value* stored = object.find("model");
  if (stored == nullptr || stored->kind != Kind::list) {
    return {.absent =
                "the model does not hold the rows it was fitted to (it was fitted with model = FALSE or stripped)"};
  }
  auto frame = empty_frame(terms);
  if (!frame.ok()) return {.absent = "the model's variables need rows to be known: " + frame.error().message};
  terms::ModelFrame& rows = frame.value();
  bool first = true;
  rows.computed.clear();
  for (terms::Variable& variable : rows.variables) {
    const Value* column = frame_column(*stored, variable.name);
    const std::string absent = "the model's slot model has no fitting column '" + variable.name + "'";
    if (column == nullptr) return {.absent = absent};
    const std::size_t width = std::max<std::size_t>(variable.column_names.size(), 1);
    if (first) rows.rows = column->size() / width;
    first = false;
    if (!take_variable(*column, rows.rows, variable, rows.computed)) return {.absent = absent};
  }
  if (rows.variables.empty()) {
    // Only an intercept, whose mean is 1, or nothing but offsets.
    return {.value = std::vector<double>(columns, 1.0)};
  }
  if (rows.rows == 0) return {.absent = "the model's slot model has no rows"};
  rows.incomplete.assign(rows.rows, false);
  return {.value = means_of_frame(rows, terms)};
}

}  // namespace scoria::model::linear
