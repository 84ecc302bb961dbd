// classes_ of a classifier: the labels it predicts, in order, and columns of them.
// Threads: immutable; const members may run concurrently.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/class_columns.h"
#include "pickle/object.h"
#include "table/table.h"

namespace scoria::model::pipeline {

class ClassLabels {
 public:
  // An array of whole numbers, other numbers, truth values or texts. Errors: corrupt, naming the attribute.
  static Result<ClassLabels> read(const pickle::Object& object, std::string_view attribute = "classes_");
  // One of several: each output of a multi-output classifier has its own array.
  static Result<ClassLabels> of(const pickle::Value& array, const pickle::Object& object, std::string_view attribute);

  enum class Kind : std::uint8_t { truth, whole, number, text };

  // What labels are made of. Precondition: at least one name; without text as many numbers as names, whole ones where `kind` says so.
  static ClassLabels made_of(Kind kind, std::vector<double> numbers, std::vector<std::string> names);
  Kind kind() const { return kind_; }
  const std::vector<double>& numbers() const { return numbers_; }  // none of texts

  std::size_t size() const { return names_->size(); }
  const std::vector<std::string>& names() const { return *names_; }

  // The labels at these positions; below 0 is missing. Whole numbers stay whole numbers, texts are a factor.
  table::ColumnPtr column(std::vector<std::int32_t> positions) const;

 private:
  ClassLabels() = default;

  Kind kind_ = Kind::text;
  std::vector<double> numbers_;
  std::shared_ptr<const std::vector<std::string>> names_;
};

// numpy.argmax over the columns of each row: the first of the largest, or the first NaN. Precondition: at least one column.
std::vector<std::int32_t> first_largest(const NumberColumns& values);

}  // namespace scoria::model::pipeline
