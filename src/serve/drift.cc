#include "serve/drift.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "serve/traffic.h"

namespace scoria::serve {
namespace {

constexpr std::size_t kPercentiles = 100, kDeciles = 10;
constexpr double kLeastShare = 1e-4;
// A baseline of a text column with more is of no use for shares, and takes memory that clients decide about.
constexpr std::size_t kMostLevels = 1000;
constexpr std::string_view kPrediction = "prediction:";

bool is_number(table::Type type) { return type != table::Type::text && type != table::Type::factor; }

// NaN where there is none.
double number_at(const table::Column& column, std::size_t row) {
  if (column.is_null(row)) return std::nan("");
  switch (column.type()) {
    case table::Type::real: return column.reals()[row];
    case table::Type::integer: return column.integers()[row];
    case table::Type::logical: return column.logicals()[row];
    default: return std::nan("");
  }
}

std::string_view level_at(const table::Column& column, std::size_t row) {
  if (column.type() == table::Type::text) return column.text_at(row);
  return column.levels()[static_cast<std::size_t>(column.codes()[row])];
}

double term(double seen, double expected) {
  const double a = std::max(seen, kLeastShare), e = std::max(expected, kLeastShare);
  return (a - e) * std::log(a / e);
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void Drift::Feature::collect(const table::Column& column) {
  if (is_number(column.type()) != is_number_) return;
  for (std::size_t row = 0; row < column.size(); ++row) {
    ++baseline_.rows;
    if (is_number_) {
      const double value = number_at(column, row);
      if (std::isnan(value)) {
        ++baseline_.missing;
      } else {
        values_.push_back(value);
      }
    } else if (column.is_null(row)) {
      ++baseline_.missing;
    } else {
      const std::string level(level_at(column, row));
      auto found = levels_.find(level);
      if (found == levels_.end()) {
        if (levels_.size() >= kMostLevels) continue;
        found = levels_.emplace(level, levels_.size()).first;
        baseline_.bins.push_back(0);
      }
      ++baseline_.bins[found->second];
    }
  }
}

// The baseline is complete: its edges, and how many of it are in each bin.
void Drift::Feature::freeze() {
  if (is_number_) {
    std::sort(values_.begin(), values_.end());
    std::size_t decile = 0;
    for (std::size_t i = 1; i < kPercentiles && !values_.empty(); ++i) {
      const double at = static_cast<double>(values_.size() - 1) * static_cast<double>(i) / kPercentiles;
      const auto below = static_cast<std::size_t>(at);
      const double low = values_[below], high = values_[std::min(below + 1, values_.size() - 1)];
      const double edge = low == high ? low : low + (high - low) * (at - static_cast<double>(below));
      const bool is_new = edges_.empty() || edge > edges_.back();
      if (is_new) {
        edges_.push_back(edge);
        decile_of_.push_back(decile);
      }
      // Behind a decile's edge begins the next, unless both have the same edge.
      if (i % (kPercentiles / kDeciles) == 0) decile = edges_.size();
    }
    decile_of_.push_back(decile);
    baseline_.bins.assign(edges_.size() + 1, 0);
    for (const double value : values_) {
      ++baseline_
            .bins[static_cast<std::size_t>(std::lower_bound(edges_.begin(), edges_.end(), value) - edges_.begin())];
    }
    values_ = {};
  }
  now_.bins.assign(baseline_.bins.size(), 0);
  before_.bins.assign(baseline_.bins.size(), 0);
}

void Drift::Feature::count_number(double value) {
  if (std::isnan(value)) {
    ++now_.missing;
  } else {
    ++now_.bins[static_cast<std::size_t>(std::lower_bound(edges_.begin(), edges_.end(), value) - edges_.begin())];
  }
}

void Drift::Feature::count_level(std::string_view level) {
  const auto found = levels_.find(std::string(level));
  if (found == levels_.end()) {
    ++now_.unseen;
  } else {
    ++now_.bins[found->second];
  }
}

void Drift::Feature::count(const table::Column& column, std::size_t window) {
  if (is_number(column.type()) != is_number_) return;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (now_.rows >= window) {
      std::swap(before_, now_);
      now_ = {};
      now_.bins.assign(baseline_.bins.size(), 0);
    }
    ++now_.rows;
    if (is_number_) {
      count_number(number_at(column, row));
    } else if (column.is_null(row)) {
      ++now_.missing;
    } else {
      count_level(level_at(column, row));
    }
  }
}

double Drift::Feature::psi(const Counts& seen) const {
  if (!is_number_) {
    double sum = seen.unseen > 0 ? term(share(seen.unseen, seen.known()), 0) : 0;
    for (std::size_t i = 0; i < seen.bins.size(); ++i) {
      sum += term(share(seen.bins[i], seen.known()), share(baseline_.bins[i], baseline_.known()));
    }
    return sum;
  }
  double sum = 0;
  for (std::size_t i = 0; i < seen.bins.size();) {
    std::uint64_t got = 0, had = 0;
    const std::size_t decile = decile_of_[i];
    for (; i < seen.bins.size() && decile_of_[i] == decile; ++i) {
      got += seen.bins[i];
      had += baseline_.bins[i];
    }
    sum += term(share(got, seen.known()), share(had, baseline_.known()));
  }
  return sum;
}

double Drift::Feature::ks(const Counts& seen) const {
  std::uint64_t got = 0, had = 0;
  double most = 0;
  for (std::size_t i = 0; i < seen.bins.size(); ++i) {
    got += seen.bins[i];
    had += baseline_.bins[i];
    most = std::max(most, std::abs(share(got, seen.known()) - share(had, baseline_.known())));
  }
  return most;
}

Drift::Figures Drift::Feature::figures() const {
  Counts seen = now_;
  seen.rows += before_.rows;
  seen.missing += before_.missing;
  seen.unseen += before_.unseen;
  for (std::size_t i = 0; i < seen.bins.size(); ++i) seen.bins[i] += before_.bins[i];
  Figures found{.feature = name_,
                .missing = share(seen.missing, seen.rows),
                .unseen = share(seen.unseen, seen.rows),
                .rows = seen.rows,
                .is_number = is_number_};
  if (seen.known() == 0 || baseline_.known() == 0) return found;
  found.psi = psi(seen);
  if (is_number_) found.ks = ks(seen);
  return found;
}

Drift::Drift(const table::Table& rows, const table::Table& predictions, std::size_t window)
    : wanted_rows_(rows.rows()), window_(std::max<std::size_t>(window, 1)) {
  start(rows, "");
  start(predictions, std::string(kPrediction));
  collect(rows, "");
  collect(predictions, std::string(kPrediction));
  collected_ = rows.rows();
  freeze();
}

Drift::Drift(std::size_t baseline_rows, std::size_t window)
    : wanted_rows_(std::max<std::size_t>(baseline_rows, 1)), window_(std::max<std::size_t>(window, 1)) {}

void Drift::start(const table::Table& rows, const std::string& prefix) {
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    features_.emplace_back(prefix + rows.names()[i], is_number(rows.column(i)->type()));
  }
}

template <typename Visit>
void Drift::for_each_column(const table::Table& rows, const std::string& prefix, Visit visit) {
  for (Feature& feature : features_) {
    if (feature.name().starts_with(kPrediction) != !prefix.empty()) continue;
    const auto column = rows.find(std::string_view(feature.name()).substr(prefix.size()));
    if (column != nullptr) visit(feature, *column);
  }
}

void Drift::collect(const table::Table& rows, const std::string& prefix) {
  for_each_column(rows, prefix, [](Feature& feature, const table::Column& column) { feature.collect(column); });
}

void Drift::freeze() {
  for (Feature& feature : features_) feature.freeze();
  is_frozen_ = true;
}

void Drift::observe(const table::Table& rows, const table::Table& predictions, const ObservedContext&) {
  const std::string prefix(kPrediction);
  const std::lock_guard lock(features_mutex_);
  if (is_frozen_) {
    const auto count = [&](Feature& feature, const table::Column& column) { feature.count(column, window_); };
    for_each_column(rows, "", count);
    for_each_column(predictions, prefix, count);
    return;
  }
  if (features_.empty()) {
    start(rows, "");
    start(predictions, prefix);
  }
  collect(rows, "");
  collect(predictions, prefix);
  collected_ += rows.rows();
  if (collected_ >= wanted_rows_) freeze();
}

std::vector<Drift::Figures> Drift::figures() const {
  const std::lock_guard lock(features_mutex_);
  std::vector<Figures> all;
  if (!is_frozen_) return all;
  for (const Feature& feature : features_) {
    Figures figures = feature.figures();
    if (figures.rows > 0) all.push_back(std::move(figures));
  }
  return all;
}

std::uint64_t Drift::baseline_rows() const {
  const std::lock_guard lock(features_mutex_);
  return is_frozen_ ? collected_ : 0;
}

std::string drift_metrics(const std::vector<NamedDrift>& all) {
  struct Family {
    const char* name;
    const char* help;
    bool is_of_numbers_only;
    double (*value)(const Drift::Figures&);
  };
  static constexpr Family kFamilies[] = {
      {"serve_feature_psi", "Population stability index against the baseline, over its deciles or levels.", false,
       [](const Drift::Figures& one) { return one.psi; }},
      {"serve_feature_ks", "Kolmogorov-Smirnov distance to the baseline, at its percentiles.", true,
       [](const Drift::Figures& one) { return one.ks; }},
      {"serve_feature_missing_ratio", "Share of rows without a value.", false,
       [](const Drift::Figures& one) { return one.missing; }},
      {"serve_feature_unseen_ratio", "Share of rows with a level that the baseline has not.", false,
       [](const Drift::Figures& one) { return one.unseen; }},
      {"serve_feature_rows", "Sampled rows that these figures are of.", false,
       [](const Drift::Figures& one) { return static_cast<double>(one.rows); }}};
  std::vector<std::pair<const NamedDrift*, std::vector<Drift::Figures>>> found;
  for (const NamedDrift& named : all) found.emplace_back(&named, named.drift->figures());
  std::string text;
  for (const Family& family : kFamilies) {
    text.append("# HELP ").append(family.name).append(" ").append(family.help);
    text.append("\n# TYPE ").append(family.name).append(" gauge\n");
    for (const auto& [named, figures] : found) {
      for (const Drift::Figures& one : figures) {
        if (family.is_of_numbers_only && !one.is_number) continue;
        char value[32];
        (void)std::snprintf(value, sizeof value, " %.9g\n", family.value(one));
        text +=
            family.name + metric_labels(named->service, named->version, metric_label("feature", one.feature)) + value;
      }
    }
  }
  return text;
}

}  // namespace scoria::serve
