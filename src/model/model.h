// A fitted model, read from a file and ready to score tables without the program that made it.
// Threads: immutable after loading; const members may run concurrently.
// Ownership: a Model owns everything it needs; the file it came from may go.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "table/table.h"

namespace scoria::model {

enum class FeatureKind : std::uint8_t {
  number,   // double, integer or logical columns
  logical,  // as number; its text form is TRUE or FALSE
  factor,   // text or factor columns, matched by level
  ordered,  // a factor whose levels have an order; R codes them 1, 2, ...
};

std::string_view feature_kind_name(FeatureKind kind);

// One input column, as it was when the model was fitted.
struct Feature {
  std::string name;
  FeatureKind kind = FeatureKind::number;
  // factor and ordered: in R's order. Empty where the file does not keep them: an ordered factor is then given by its codes
  // 1, 2, ..., and of a column that was fitted as text no value can be told from another.
  std::vector<std::string> levels;
  // False for a column that no prediction uses but that R demands in newdata, as `.` minus a term in a formula leaves it.
  bool is_used = true;
};

// A prediction parameter, by R's name for it.
struct Parameter {
  std::string name;
  std::string description;  // what it does, its range and its default
};

// What `scoria inspect` shows.
struct Description {
  std::string family;                // registry name: "gbm"
  std::string title;                 // "gbm: boosted trees, bernoulli"
  std::string package;               // "gbm"
  std::vector<std::string> classes;  // the object's class attribute in R, its class in Python
  std::vector<Feature> features;
  // The file does not keep the columns' names: features are called V1, V2, ... (x0, x1, ... of scikit-learn), and an input without
  // these is taken by position.
  bool by_position = false;
  // `predict` tells outliers: -1 where a row is one and 1 where it is not.
  bool flags = false;
  std::vector<std::string> types;  // prediction types; the first is what predict() gives by default
  std::vector<Parameter> parameters;
  std::vector<std::string> labels;                           // classes of a classification, in order
  std::vector<std::pair<std::string, std::string>> details;  // {"trees", "120"}, ...
};

// Which kernels may be used. Every choice gives the same bits; the named ones are for benchmarks and tests.
enum class SimdTarget : std::uint8_t { automatic, plain, avx2, avx512 };

struct Request {
  std::vector<std::string> types;                              // empty: the default type
  std::map<std::string, std::string, std::less<>> parameters;  // R's names; list values separated by commas
  SimdTarget simd = SimdTarget::automatic;
  std::size_t first_row = 1;  // what messages call the table's first row: a batch of a longer input starts later
};

struct Prediction {
  // One row per input row. Columns are named T, or T:label where a type yields several.
  table::Table table;
  // What a person should know, such as levels that the model has not seen and how they were treated.
  std::vector<std::string> notes;
};

class Model {
 public:
  virtual ~Model() = default;

  const Description& description() const { return description_; }

  // Predictions for `rows`, whose columns are matched by name; other columns are ignored. Where R drops a row with a missing
  // value, its predictions are missing. O(rows x model size).
  // Errors: invalid, naming column, row and what is allowed: a missing column, a value of the wrong type, a level that R
  // refuses; an unknown type, parameter, or parameter value.
  virtual Result<Prediction> score(const table::Table& rows, const Request& request, Executor& executor) const = 0;

 protected:
  Description description_;
};

}  // namespace scoria::model
