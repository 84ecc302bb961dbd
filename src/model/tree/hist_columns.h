// Columns as trees of HistGradientBoosting split on them. A missing value goes left or right as each split says, so a feature
// may stand twice in the trees' matrix: as it is, where NaN compares false and goes right; and with NaN below every threshold,
// where it goes left. A categorical feature stands there as its category's code.
// Threads: immutable after construction.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/tree/boosting.h"

namespace scoria::model::tree {

// How cells of a categorical feature become codes; kMissing for what is missing or unknown.
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
  std::uint32_t levels = 0;  // codes below levels - 1 can be told apart, levels - 1 is missing; set once trees are read
};

struct HistColumn {
  enum class Form : std::uint8_t { missing_right, missing_left, category };
  std::size_t feature = 0;
  Form form = Form::missing_right;
};

class HistColumns final : public SplitColumns {
 public:
  // `categories`: one for each feature. `columns`: what the trees' matrix consists of.
  HistColumns(std::string class_name, std::string version, std::vector<Categories> categories,
              std::vector<HistColumn> columns, bool takes_missing)
      : class_name_(std::move(class_name)),
        version_(std::move(version)),
        categories_(std::move(categories)),
        columns_(std::move(columns)),
        takes_missing_(takes_missing) {}

  Result<FeatureMatrix> matrix(const table::Table& columns, std::size_t first_row) const override;

 private:
  std::vector<double> codes(const double* values, std::size_t rows, const Categories& categories,
                            std::size_t& odd) const;

  std::string class_name_;
  std::string version_;
  std::vector<Categories> categories_;
  std::vector<HistColumn> columns_;
  bool takes_missing_;
};

}  // namespace scoria::model::tree
