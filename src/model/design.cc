#include "model/design.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace scoria::model {
namespace {

constexpr std::size_t kBlockRows = 256;

// Whether R made these names for a matrix that had none.
bool are_positions(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != std::to_string(i + 1)) return false;
  }
  return true;
}

}  // namespace

void DesignRows::for_each_block(Executor& executor, const std::function<void(const DesignBlock&)>& body) const {
  executor.parallel_for((rows_ + kBlockRows - 1) / kBlockRows, [&](std::size_t i) {
    DesignBlock block{.first = i * kBlockRows, .count = std::min(kBlockRows, rows_ - i * kBlockRows)};
    if (design_->terms_ == nullptr) {
      for (const double* column : matrix_.columns) block.columns.push_back(column + block.first);
    } else {
      block.filled.resize(block.count * design_->terms_->columns().size());
      design_->terms_->fill(frame_, block.first, block.count, block.filled);
      for (const std::size_t column : design_->kept_) {
        block.columns.push_back(block.filled.data() + column * block.count);
      }
    }
    body(block);
  });
}

Design Design::of_columns(std::vector<std::string> names, std::size_t count) {
  if (are_positions(names)) {
    Design design = of_positions({}, count);
    design.other_names_ = std::move(names);
    return design;
  }
  Design design;
  design.names_ = std::move(names);
  SCORIA_CHECK(design.names_.size() == count);
  for (const std::string& name : design.names_) design.features_.push_back({.name = name});
  return design;
}

Design Design::of_positions(std::vector<std::string> names, std::size_t count) {
  Design design;
  design.by_position_ = true;
  std::vector<std::string> numbered;
  for (std::size_t i = 0; i < count; ++i) numbered.push_back("V" + std::to_string(i + 1));
  if (names.empty()) {
    design.names_ = std::move(numbered);
  } else {
    design.names_ = std::move(names);
    design.other_names_ = std::move(numbered);
  }
  SCORIA_CHECK(design.names_.size() == count);
  for (const std::string& name : design.names_) design.features_.push_back({.name = name});
  return design;
}

Result<Design> Design::of_formula(const RObject& object, Intercept intercept, const rdata::Value* xlevels) {
  const rdata::Value* value = object.find("terms");
  if (value == nullptr) return object.corrupt("terms", "is absent");
  auto terms = terms::Terms::parse(*value, {.xlevels = xlevels != nullptr ? xlevels : object.find("xlevels"),
                                            .contrasts = object.find("contrasts"),
                                            .call = object.find("call"),
                                            .frame = object.find("model")});
  if (!terms.ok()) return std::move(terms).error();
  Design design;
  design.terms_ = std::make_shared<const terms::Terms>(std::move(terms).value());
  const std::vector<std::string>& columns = design.terms_->columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool is_intercept = design.terms_->has_intercept() && columns[i] == "(Intercept)";
    if (is_intercept && intercept == Intercept::drop) continue;
    design.kept_.push_back(i);
    design.names_.push_back(columns[i]);
  }
  design.features_ = design.terms_->features();
  return design;
}

void Design::describe(Description& description) const {
  description.features = features_;
  description.by_position = by_position_;
}

Result<Design::Found> Design::find_in(const table::Table& rows) const {
  Found found{.features = features_};
  if (!by_position_ || absent_columns(found.features, rows.names()).empty()) return found;
  const auto rename = [&](const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < found.features.size(); ++i) found.features[i].name = names[i];
  };
  if (!other_names_.empty()) {
    rename(other_names_);
    if (absent_columns(found.features, rows.names()).empty()) return found;
  }
  if (rows.columns() != names_.size()) {
    return Error{Code::invalid, "the input has " + std::to_string(rows.columns()) + " columns and the model " +
                                    std::to_string(names_.size()) +
                                    ", whose names its file does not keep: give just these in the model's order, or "
                                    "call them " +
                                    listed(names_)};
  }
  rename(rows.names());
  // Columns are bound by name, and two of one name would both be the first.
  const std::set<std::string_view> distinct(rows.names().begin(), rows.names().end());
  if (distinct.size() != rows.columns()) {
    return Error{Code::invalid, "the input has two columns of one name: " + listed(rows.names())};
  }
  found.by_order = true;
  return found;
}

Result<DesignRows> Design::bind(const table::Table& rows, std::size_t first_row) const {
  DesignRows bound;
  bound.rows_ = rows.rows();
  bound.design_ = this;
  if (terms_ != nullptr) {
    SCORIA_TRY(frame, terms_->frame(rows, first_row));
    bound.incomplete_ = frame.incomplete;
    bound.notes_ = frame.notes;
    bound.frame_ = std::move(frame);
    return bound;
  }
  SCORIA_TRY(found, find_in(rows));
  SCORIA_TRY(matrix, bind_features(rows, found.features, UnseenLevel::refuse, first_row));
  bound.incomplete_ = incomplete_rows(matrix);
  bound.notes_ = matrix.notes;
  if (found.by_order) {
    bound.notes_.push_back("the model's file keeps no names of its columns: the input's are taken in their order");
  }
  bound.matrix_ = std::move(matrix);
  return bound;
}

}  // namespace scoria::model
