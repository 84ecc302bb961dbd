#include "model/preprocess/polynomial.h"

#include <algorithm>

#include "model/pipeline/numbers.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/preprocess/names.h"

namespace scoria::model::preprocess {
namespace {

constexpr std::int64_t kMostDegree = 64;

struct Degrees {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

Result<Degrees> read_degrees(const pickle::Object& object) {
  Degrees degrees;
  SCORIA_TRY(value, object.get("degree"));
  if (value->kind == pickle::Kind::tuple || value->kind == pickle::Kind::list) {  // since 1.0
    SCORIA_TRY(both, object.integers("degree"));
    if (both.size() != 2) return object.corrupt("degree", "must be one number or two");
    degrees = {both[0], both[1]};
  } else {
    SCORIA_TRY(most, object.integer("degree"));
    degrees.most = most;
  }
  if (degrees.least < 0 || degrees.most < degrees.least || degrees.most > kMostDegree) {
    return object.corrupt("degree", "must be from 0 to " + std::to_string(kMostDegree));
  }
  return degrees;
}

}  // namespace

Polynomial::Polynomial(std::vector<Product> products, std::size_t count)
    : products_(std::move(products)), count_(count) {
  for (std::size_t i = 0; i < products_.size(); ++i) {
    SCORIA_CHECK(products_[i].column == Product::kNone || products_[i].column < count_);
    SCORIA_CHECK(products_[i].rest == Product::kNone || products_[i].rest < i);
  }
}

// "a b^2", as scikit-learn calls it.
std::string Polynomial::name_of(const Product& product, std::span<const std::string> names) const {
  if (product.column == Product::kNone) return "1";
  std::string name;
  std::size_t column = product.column;
  std::size_t power = 0;
  const Product* rest = &product;
  while (rest != nullptr) {
    if (rest->column != column) {
      name = joined_name(name, names[column], power > 1 ? "^" + std::to_string(power) + " " : " ");
      column = rest->column;
      power = 0;
    }
    ++power;
    rest = rest->rest == Product::kNone ? nullptr : &products_[rest->rest];
  }
  return joined_name(name, names[column], power > 1 ? "^" + std::to_string(power) : "");
}

std::vector<std::string> Polynomial::names_out(std::span<const std::string> names) const {
  SCORIA_CHECK(names.size() == count_);
  std::vector<std::string> out;
  for (const Product& product : products_) {
    if (product.is_shown) out.push_back(name_of(product, names));
  }
  return out;
}

Result<table::Table> Polynomial::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == count_);
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, "PolynomialFeatures", first_row));
  std::vector<table::ColumnPtr> made;
  table::Table out(columns.rows());
  for (const Product& product : products_) {
    std::vector<double> values(x.rows, 1.0);
    if (product.column != Product::kNone) std::copy_n(x.columns[product.column], x.rows, values.begin());
    if (product.rest != Product::kNone) {
      const auto rest = made[product.rest]->reals();
      for (std::size_t row = 0; row < x.rows; ++row) values[row] *= rest[row];
    }
    made.push_back(table::Column::real(std::move(values)));
    if (product.is_shown) out.add(name_of(product, columns.names()), made.back());
  }
  return out;
}

Result<pipeline::Step> load_polynomial(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(features, object.integer("n_features_in_"));
  if (features < 1 || features > static_cast<std::int64_t>(kMostColumns)) {
    return object.corrupt("n_features_in_", "is no number of columns");
  }
  const auto count = static_cast<std::size_t>(features);
  SCORIA_TRY(degrees, read_degrees(object));
  SCORIA_TRY(has_constant, object.truth("include_bias"));
  SCORIA_TRY(only_different, object.truth("interaction_only"));
  std::vector<Product> products;
  if (has_constant) products.push_back({});
  // Of each degree in order of their columns: a first column, and a product one degree lower that begins with it or a later one.
  std::vector<std::size_t> starts(count);  // of the last degree, by first column
  std::size_t end = 0;
  for (std::int64_t degree = 1; degree <= degrees.most; ++degree) {
    std::vector<std::size_t> next(count);
    for (std::size_t column = 0; column < count; ++column) {
      next[column] = products.size();
      if (degree == 1) {
        products.push_back({.column = column, .is_shown = degrees.least <= 1});
        continue;
      }
      const std::size_t first = !only_different ? starts[column] : column + 1 < count ? starts[column + 1] : end;
      if (end - first + products.size() > kMostColumns) {
        return Error{Code::too_large, object.name() + " makes more than " + std::to_string(kMostColumns) + " columns"};
      }
      for (std::size_t rest = first; rest < end; ++rest) {
        products.push_back({.column = column, .rest = rest, .is_shown = degree >= degrees.least});
      }
    }
    starts = std::move(next);
    end = products.size();
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, count, step));
  step.transformer = std::make_shared<Polynomial>(std::move(products), count);
  return step;
}

}  // namespace scoria::model::preprocess
