// The categories of one column, as scikit-learn's encoders keep them, and which of them each cell holds.
// Threads: immutable once read; const members may run concurrently.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "pickle/object.h"
#include "table/column.h"

namespace scoria::model::preprocess {

// Cells are told apart as Python does: numbers by value, truth values as 0 and 1, texts by their characters; the missing value is a
// category of its own where the encoder was fitted with one. An empty text is missing unless there is a category "".
// Where all categories are texts, a number is the text that reads as this number, as a reader of CSV cannot know what was meant.
class Categories {
 public:
  static constexpr std::int32_t kUnknown = -1;

  // An array of texts, numbers, truth values, or of these as Python objects. `object` and `attribute` are for messages.
  // Errors: corrupt; unsupported: times, whole numbers beyond 2^53.
  static Result<Categories> read(const pickle::Value& array, const pickle::Object& object, std::string_view attribute);
  // Of whole numbers.
  static Categories of_numbers(const std::vector<double>& numbers);

  std::size_t size() const { return names_.size(); }
  // As Python's str() gives them.
  const std::vector<std::string>& names() const { return names_; }
  // factor where some category is a text, logical where all are truth values.
  FeatureKind kind() const;
  // The position of NaN, which scikit-learn tells apart from None.
  std::optional<std::int32_t> nan() const { return missing_is_nan_ ? missing_ : std::nullopt; }

  // Each row's category; kUnknown where it is none of them. One look-up a row, whatever the number of categories.
  std::vector<std::int32_t> of_column(const table::Column& column) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  Status add(const pickle::Value& value);
  void add_number(double number, std::string name, bool is_truth);
  void add_text(std::string text);
  void add_missing(std::string name, bool is_nan);
  void read_texts_as_numbers();
  std::int32_t next() const { return static_cast<std::int32_t>(names_.size()); }
  std::int32_t of_text(std::string_view text) const;
  std::int32_t of_number(double number) const;
  std::int32_t of_missing() const { return missing_.value_or(kUnknown); }

  std::vector<std::string> names_;
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> by_text_;
  std::unordered_map<double, std::int32_t> by_number_;
  std::unordered_map<double, std::int32_t> texts_as_numbers_;  // where there are only texts
  std::optional<std::int32_t> missing_;
  bool missing_is_nan_ = false;
  bool all_truth_ = true;
};

}  // namespace scoria::model::preprocess
