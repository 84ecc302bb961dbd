// Pickled objects of scikit-learn, written by hand, and what comes of loading them. Test programs only.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "model/pipeline/sklearn_steps.h"
#include "pickle/stream_for_tests.h"

namespace scoria::model::preprocess {

using Attributes = std::map<std::string, std::string>;  // names and pickled values

inline std::string object(const std::string& module, const std::string& name, const Attributes& attributes) {
  std::string pickled = pickle::global(module, name) + ")\x81}(";
  for (const auto& [attribute, value] : attributes) pickled += pickle::text(attribute) + value;
  return pickled + "ub";
}

inline std::string list(const std::vector<std::string>& items) {
  std::string pickled = "](";
  for (const std::string& item : items) pickled += item;
  return pickled + "e";
}

inline std::string tuple(const std::vector<std::string>& items) {
  std::string pickled = "(";
  for (const std::string& item : items) pickled += item;
  return pickled + "t";
}

inline std::string real(double x) {
  std::string bytes = pickle::little(x);
  return "G" + std::string(bytes.rbegin(), bytes.rend());
}

inline const std::string kTrue = "\x88";
inline const std::string kFalse = "\x89";
inline const std::string kNone = "N";

// A numpy array of Python objects.
inline std::string objects(const std::vector<std::string>& items, const std::string& shape = {}) {
  const std::string type = pickle::global("numpy", "dtype") + pickle::text("O8") + kFalse + kTrue + "\x87R(" +
                           pickle::integer(3) + pickle::text("|") + "NNN" + pickle::integer(-1) + pickle::integer(-1) +
                           pickle::integer(63) + "tb";
  return pickle::global("numpy.core.multiarray", "_reconstruct") + pickle::global("numpy", "ndarray") +
         pickle::integer(0) + "\x85" + pickle::bytes("b") + "\x87R(" + pickle::integer(1) +
         (shape.empty() ? tuple({pickle::integer(static_cast<int>(items.size()))}) : shape) + type + kFalse +
         list(items) + "tb";
}

inline std::string numbers(const std::vector<double>& values, const std::string& shape = {}) {
  const std::string type = pickle::global("numpy", "dtype") + pickle::text("f8") + kFalse + kTrue + "\x87R(" +
                           pickle::integer(3) + pickle::text("<") + "NNN" + pickle::integer(-1) + pickle::integer(-1) +
                           pickle::integer(0) + "tb";
  std::string bytes;
  for (const double value : values) bytes += pickle::little(value);
  return pickle::global("numpy.core.multiarray", "_reconstruct") + pickle::global("numpy", "ndarray") +
         pickle::integer(0) + "\x85" + pickle::bytes("b") + "\x87R(" + pickle::integer(1) +
         (shape.empty() ? tuple({pickle::integer(static_cast<int>(values.size()))}) : shape) + type + kFalse +
         pickle::bytes(bytes) + "tb";
}

inline Attributes with(Attributes attributes, const std::string& name, const std::string& value) {
  attributes[name] = value;
  return attributes;
}

inline Result<ModelPtr> load(const std::string& pickled) {
  const auto document = pickle::read(pickle::as_bytes(pickle::stream(pickled)));
  if (!document.ok()) return document.error();
  return pipeline::load_sklearn(document.value().root());
}

inline std::string error_of(const std::string& pickled) {
  const auto model = load(pickled);
  return model.ok() ? "" : std::string(code_name(model.error().code)) + ": " + model.error().message;
}

inline Result<Prediction> transform(const std::string& pickled, const table::Table& rows) {
  auto model = load(pickled);
  if (!model.ok()) return std::move(model).error();
  InlineExecutor executor;
  return model.value()->score(rows, {}, executor);
}

inline table::Table one_column(table::ColumnPtr column) {
  table::Table rows(column->size());
  rows.add("x0", std::move(column));
  return rows;
}

inline std::vector<double> values_of(const Prediction& prediction, std::size_t j) {
  const auto reals = prediction.table.column(j)->reals();
  return {reals.begin(), reals.end()};
}

inline Attributes one_hot_of(const std::string& categories) {
  return {{"categories_", list({categories})},
          {"handle_unknown", pickle::text("error")},
          {"n_features_in_", pickle::integer(1)},
          {"drop_idx_", kNone}};
}

inline std::string one_hot(const Attributes& attributes) {
  return object("sklearn.preprocessing._encoders", "OneHotEncoder", attributes);
}

inline const std::string kCities = objects({pickle::text("Bern"), pickle::text("Oslo"), real(std::nan(""))});

}  // namespace scoria::model::preprocess
