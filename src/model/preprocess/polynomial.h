// Products of columns. Source: scikit-learn's PolynomialFeatures.
// Threads: immutable; transform() may run concurrently.
#pragma once

#include <string>
#include <vector>

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

// A product: of one column and an earlier product of the same list, or of columns before them.
struct Product {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t column = kNone;  // none: the constant 1
  std::size_t rest = kNone;    // the product it is multiplied with; none: the column alone
  bool is_shown = true;        // false: only others need it
};

class Polynomial final : public pipeline::Transformer {
 public:
  // Preconditions: each product's column is below `count`, its rest before it.
  Polynomial(std::vector<Product> products, std::size_t count);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Errors: invalid: texts, missing and infinite values.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  std::string name_of(const Product& product, std::span<const std::string> names) const;

  std::vector<Product> products_;
  std::size_t count_;
};

// Type: transform. Errors: corrupt, naming the attribute; too_large: more than kMostColumns products.
Result<pipeline::Step> load_polynomial(const pickle::Object& object, int depth);

}  // namespace scoria::model::preprocess
