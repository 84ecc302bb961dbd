// Naive Bayes as R's e1071 answers: class counts times independent normal densities and level shares.
// Source: predict.naiveBayes of e1071 1.7, by its behaviour.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its tables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/class_columns.h"
#include "model/features.h"
#include "model/model.h"

namespace scoria::model::bayes {

// What one predictor says of each class.
struct Attribute {
  bool is_number = false;
  std::vector<double> mean;    // of a number, by class
  std::vector<double> spread;  // its standard deviation
  std::vector<double> shares;  // of a factor: P(level | class) at [level * classes + class]
};

// R's dnorm(x, mean, spread).
double normal_density(double x, double mean, double spread);

class NaiveBayes final : public Model {
 public:
  // Precondition: one attribute for each feature of the description, sized for its labels and levels.
  NaiveBayes(Description description, std::vector<double> class_counts, std::vector<Attribute> attributes);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  // A density or share that is at most `least` counts as `threshold`.
  struct Floor {
    double least = 0;
    double threshold = 0.001;
    double of(double probability) const { return probability <= least ? threshold : probability; }
  };

  static Result<Floor> requested_floor(const Request& request);
  // The attributes with all floors applied, and the logarithm of shares.
  std::vector<Attribute> prepared(const Floor& floor) const;
  // Log of count times product, by class, of rows [first, first + count).
  void add_logs(const std::vector<Attribute>& attributes, const Floor& floor, const FeatureMatrix& matrix,
                std::size_t first, std::size_t count, NumberColumns& logs) const;
  table::ColumnPtr winners(const NumberColumns& logs) const;

  std::vector<double> class_counts_;
  std::vector<Attribute> attributes_;
};

}  // namespace scoria::model::bayes
