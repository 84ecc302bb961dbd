#include "plan/set_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/natural_order.h"
#include "expr/scalar.h"
#include "model/features.h"
#include "plan/explain.h"
#include "plan/stacking.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Table;
using table::Type;

constexpr std::size_t kMostNamed = 12;

// "; its features are 'a', 'b'", where the model's own names, which it speaks of in errors, are others.
std::string whose_features(const SetOptions& options, const model::Description& description) {
  const auto& features = description.features;
  const bool is_same = std::equal(options.features.begin(), options.features.end(), features.begin(), features.end(),
                                  [](const auto& name, const auto& feature) { return name == feature.name; });
  if (options.features.empty() || is_same) return "";
  return " (its features are, in order: " + model::listed(options.features) + ")";
}

}  // namespace

std::string key_text(const Column& column, std::size_t row) {
  if (column.type() == Type::text) return std::string(column.text_at(row));
  if (column.type() == Type::real) {
    const double x = column.reals()[row];
    constexpr double kExact = 9007199254740992.0;  // up to here every whole number is a double
    if (std::abs(x) <= kExact && x == std::trunc(x)) return std::to_string(static_cast<std::int64_t>(x));
  }
  if (column.type() == Type::integer) return std::to_string(column.integers()[row]);
  return expr::Scalar::from(column, row).text();
}

std::string key_name(std::span<const std::string> columns, std::span<const std::string> values) {
  std::string name;
  for (std::size_t i = 0; i < columns.size(); ++i) name += (i == 0 ? "" : ", ") + columns[i] + " " + values[i];
  return name;
}

Result<Table> with_features(const Table& rows, const std::vector<std::string>& features,
                            const model::Description& description) {
  const auto& own = description.features;
  if (features.size() != own.size()) {
    std::vector<std::string> names;
    for (const model::Feature& feature : own) names.push_back(feature.name);
    return Error{Code::invalid, std::to_string(features.size()) +
                                    (features.size() == 1 ? " feature is" : " features are") + " given (" +
                                    model::listed(features) + "), the model has " + std::to_string(own.size()) + ": " +
                                    model::listed(names)};
  }
  Table named(rows.rows());
  for (std::size_t i = 0; i < own.size(); ++i) {
    const ColumnPtr column = rows.find(features[i]);
    if (column == nullptr) {
      return Error{Code::invalid,
                   "the input has no column '" + features[i] + "', which is to be the model's '" + own[i].name + "'"};
    }
    named.add(own[i].name, column);
  }
  return named;
}

std::uint64_t flagged_rows(const model::Description& description, const Table& prediction) {
  const ColumnPtr predict = description.flags ? prediction.find("predict") : nullptr;
  if (predict == nullptr) return 0;
  std::uint64_t count = 0;
  if (predict->type() == Type::integer) {
    for (const std::int32_t x : predict->integers()) count += x == -1 ? 1 : 0;
  } else if (predict->type() == Type::real) {
    for (const double x : predict->reals()) count += x == -1 ? 1 : 0;
  }
  return count;
}

Result<model::Prediction> score_rows(const model::Model& model, const std::string& name, const Table& all,
                                     std::span<const std::uint32_t> numbers, const model::Request& request,
                                     const SetOptions& options, Executor& executor) {
  const auto in_context = [&](Error error) {
    return name.empty() ? std::move(error) : with_context("model '" + name + "'", std::move(error));
  };
  Table rows = all;
  if (!options.features.empty()) {
    auto named = with_features(all, options.features, model.description());
    if (!named.ok()) return in_context(std::move(named).error());
    rows = std::move(named).value();
  }
  const bool is_all = numbers.size() == all.rows();
  const Table whole = rows;
  if (!is_all) rows = whole.take(numbers);
  auto scored = model.score(rows, request, executor);
  if (scored.ok()) return scored;
  Error error = std::move(scored).error();
  // The model has counted rows of its own. Which of the input's is it? The first half fails, or the second does.
  if (!is_all && !numbers.empty()) {
    std::span<const std::uint32_t> wrong = numbers;
    while (wrong.size() > 1) {
      const std::span<const std::uint32_t> half = wrong.first(wrong.size() / 2);
      wrong = model.score(whole.take(half), request, executor).ok() ? wrong.subspan(half.size()) : half;
    }
    model::Request one = request;
    one.first_row += wrong.front();
    auto again = model.score(whole.take(wrong), one, executor);
    if (!again.ok()) error = std::move(again).error();
  }
  error.message += whose_features(options, model.description());
  return in_context(std::move(error));
}

Result<model::Prediction> in_row_order(const std::string& name, std::span<const std::span<const std::uint32_t>> numbers,
                                       std::vector<model::Prediction> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  model::Prediction all;
  std::vector<table::Table> tables;
  std::size_t rows = 0;
  for (const auto& part : numbers) rows += part.size();
  std::vector<std::uint32_t> place(rows);  // of a row among the parts' rows
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (const std::uint32_t row : numbers[i]) place[row] = next++;
    tables.push_back(std::move(parts[i].table));
    for (std::string& note : parts[i].notes) {
      if (std::find(all.notes.begin(), all.notes.end(), note) == all.notes.end()) all.notes.push_back(std::move(note));
    }
  }
  auto stacked = stack_all(tables);
  if (!stacked.ok()) return with_context(name, std::move(stacked).error());
  all.table = stacked.value().take(place);
  return all;
}

bool is_above(std::uint64_t flagged, std::uint64_t rows, double share) {
  return rows > 0 && static_cast<double>(flagged) > share * static_cast<double>(rows);
}

std::vector<std::string> flag_warnings(std::vector<FlagCount> counts) {
  const std::size_t shown = std::min(counts.size(), kMostNamed);
  std::partial_sort(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(shown), counts.end(),
                    [](const FlagCount& a, const FlagCount& b) { return is_naturally_before(a.key, b.key); });
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < shown; ++i) {
    const FlagCount& count = counts[i];
    warnings.push_back(count.name + " flags " + with_commas(count.flagged) + " of " + with_commas(count.rows) +
                       (count.rows == 1 ? " row" : " rows"));
  }
  if (counts.size() > shown) {
    warnings.push_back(with_commas(counts.size() - shown) + " more models flag as large a share of their rows");
  }
  return warnings;
}

std::vector<std::string> flag_warnings(const ModelSet& set, const SetTally& tally, double most_share) {
  std::vector<FlagCount> counts;
  for (std::size_t i = 0; i < tally.models.size(); ++i) {
    const auto& [rows, flagged] = tally.models[i];
    if (!is_above(flagged, rows, most_share)) continue;
    SetEntry entry = set.entry(i);
    counts.push_back({std::move(entry.name), std::move(entry.key), rows, flagged});
  }
  return flag_warnings(std::move(counts));
}

std::string missing_note(const SetTally& tally, SetOptions::Missing missing) {
  if (tally.missing.empty()) return "";
  const bool is_one = tally.missing.size() == 1;
  std::string note =
      with_commas(tally.missing.size()) + (is_one ? " key has" : " keys have") +
      " no model: " + with_commas(tally.missing_rows) + (tally.missing_rows == 1 ? " row" : " rows") +
      (missing == SetOptions::Missing::other ? " scored by the default model (" : " without prediction (");
  std::size_t shown = 0;
  for (const auto& [key, rows] : tally.missing) {
    if (shown == kMostNamed) {
      note += " and " + with_commas(tally.missing.size() - shown) + " more";
      break;
    }
    note += (shown++ == 0 ? "" : "; ") + key + ": " + with_commas(rows);
  }
  return note + ")";
}

}  // namespace scoria::plan
