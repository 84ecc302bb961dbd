// How far the rows that a service is asked about have moved away from those that it was made for: per feature, and for the predictions.
//
//   Drift drift(baseline_rows, baseline_predictions);     // or Drift drift(1000): the first thousand rows seen are the baseline
//   drift.observe(rows, predictions, context);            // of requests that a Sampler takes
//   drift_metrics({{"boston", "1", &drift}});             // serve_feature_psi{service,version,feature} and its like
//
// Numbers are counted in bins whose edges are the baseline's percentiles (type 7 of Hyndman & Fan 1996, R's and NumPy's default; bins are closed on
// the right), texts and factors by level. Figures: the population stability index over deciles, sum of (a - e) log(a / e) with shares of at
// least 1e-4 (Siddiqi 2006, ch. 8; above 0.25 is commonly called a shift); the two-sample Kolmogorov-Smirnov distance at the
// edges; the share of missing values; the share of levels that the baseline has not. They are of the last one to two windows of rows.
// Threads: any. Owns: its counts; no rows once the baseline is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "serve/payload_log.h"
#include "table/table.h"

namespace scoria::serve {

class Drift {
 public:
  struct Figures {
    std::string feature;     // predictions: "prediction:NAME"
    double psi = 0, ks = 0;  // ks: of numbers; 0 of levels
    double missing = 0;      // share of rows
    double unseen = 0;       // share of rows whose level the baseline has not; 0 of numbers
    std::uint64_t rows = 0;  // that these are of
    bool is_number = false;
  };

  // Rows with features' names, as a model's stored sample has them; predictions may have no column.
  Drift(const table::Table& rows, const table::Table& predictions, std::size_t window = kWindow);
  // The first `baseline_rows` rows that are seen are the baseline; there are no figures before.
  explicit Drift(std::size_t baseline_rows, std::size_t window = kWindow);

  void observe(const table::Table& rows, const table::Table& predictions, const ObservedContext& context);
  // Empty while there is no baseline, or nothing was seen since.
  std::vector<Figures> figures() const;
  std::uint64_t baseline_rows() const;

  static constexpr std::size_t kWindow = 10'000;
  // Fewer stored rows say too little of deciles to be a baseline.
  static constexpr std::size_t kLeastStored = 100;

 private:
  struct Counts {
    std::vector<std::uint64_t> bins;  // percentiles, or levels
    std::uint64_t missing = 0, unseen = 0, rows = 0;
    std::uint64_t known() const { return rows - missing; }
  };
  class Feature {
   public:
    Feature(std::string name, bool is_number) : name_(std::move(name)), is_number_(is_number) {}

    void collect(const table::Column& column);
    void freeze();
    void count(const table::Column& column, std::size_t window);
    Figures figures() const;
    const std::string& name() const { return name_; }

   private:
    void count_number(double value);
    void count_level(std::string_view level);
    double psi(const Counts& seen) const;
    double ks(const Counts& seen) const;

    std::string name_;
    bool is_number_;
    std::vector<double> values_;          // of the baseline, until freeze()
    std::vector<double> edges_;           // ascending, each once
    std::vector<std::size_t> decile_of_;  // of each bin
    std::unordered_map<std::string, std::size_t> levels_;
    Counts baseline_, now_, before_;
  };

  void start(const table::Table& rows, const std::string& prefix);
  void collect(const table::Table& rows, const std::string& prefix);
  void freeze();
  template <typename Visit>
  void for_each_column(const table::Table& rows, const std::string& prefix, Visit visit);

  const std::size_t wanted_rows_, window_;
  mutable std::mutex features_mutex_;
  std::vector<Feature> features_;  // guarded by features_mutex_, as is all that follows
  std::size_t collected_ = 0;
  bool is_frozen_ = false;
};

struct NamedDrift {
  std::string service, version;
  const Drift* drift;
};
// A Prometheus text: serve_feature_psi, _ks, _missing_ratio, _unseen_ratio, _rows.
std::string drift_metrics(const std::vector<NamedDrift>& all);

}  // namespace scoria::serve
