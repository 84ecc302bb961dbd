// Columns as trees of HistGradientBoosting split on them: numbers as they are, a categorical feature by its category's code.
// Threads: immutable after construction.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/tree/boosting.h"

namespace scoria::model::tree {

// How cells of a categorical feature become codes; those of no code that a split tells apart are missing.
struct Categories {
  enum class By : std::uint8_t {
    none,         // not a categorical feature
    code,         // the cell is the code: scikit-learn before 1.4
    signed_code,  // before 1.2: negative numbers too are cut to eight bits
    number,       // position among `numbers`
    text,         // position among `texts`
  };
  By by = By::none;
  std::vector<double> numbers;
  std::vector<std::string> texts;
  std::uint32_t levels = 0;  // codes are below; set once the trees are read
};

class HistColumns final : public SplitColumns {
 public:
  // `categories`: one for each feature. `takes_missing`: missing and infinite numbers, which 0.21 refuses.
  HistColumns(std::string class_name, std::string version, std::vector<Categories> categories, bool takes_missing)
      : class_name_(std::move(class_name)),
        version_(std::move(version)),
        categories_(std::move(categories)),
        takes_missing_(takes_missing) {}

  Result<FeatureMatrix> matrix(const table::Table& columns, std::size_t first_row) const override;

 private:
  std::vector<double> codes(const double* values, std::size_t rows, const Categories& categories,
                            std::size_t& odd) const;
  std::vector<double> positions(const table::Column& cells, const Categories& categories, const std::string& name,
                                std::vector<std::string>& notes) const;

  std::string class_name_;
  std::string version_;
  std::vector<Categories> categories_;
  bool takes_missing_;
};

}  // namespace scoria::model::tree
