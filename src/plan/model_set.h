// Many models behind one name: the rows of a table are grouped by key columns, and each group is scored by its key's model.
//
// The models of a folder or of a web address are one such set ("models/model_{Device}_{Sensor}"), a pack is another.
// Threads: one caller at a time per object and per tally; groups are scored on the executor's threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "model/loaders.h"
#include "model/model.h"
#include "table/table.h"

namespace scoria::plan {

struct SetOptions {
  enum class Missing : std::uint8_t {
    error,  // naming key and file
    skip,   // such rows' predictions are null
    other,  // `otherwise` scores them
  };
  Missing missing = Missing::error;
  model::ModelPtr otherwise;          // not null where missing is other
  std::vector<std::string> features;  // columns that are the models' features, in the models' order; empty: by name
};

// What was done so far, over all calls of score(). Value type.
struct SetTally {
  struct Counts {
    std::uint64_t rows = 0;
    std::uint64_t flagged = 0;  // of models whose description says `flags`, and where `predict` was asked for
  };
  std::vector<Counts> models;  // by the set's number of a model, see ModelSet::entry(); those after the last are zero
  bool has_flags = false;      // some model that was used flags rows
  std::map<std::string, std::uint64_t> missing;  // rows by key without a model: {"Device 1, Sensor 9", 60}
  std::uint64_t missing_rows = 0;                // of all of them

  // Adds to a model's counts.
  void count(std::size_t model, std::uint64_t rows, std::uint64_t flagged);
  void count_missing(const std::string& key, std::uint64_t rows);
};

// A model of a set, for people.
struct SetEntry {
  std::string name;              // "models/model_1_5", "fleet.pack: 1, 5"
  std::vector<std::string> key;  // {"1", "5"}
};

class ModelCache;

class ModelSet {
 public:
  virtual ~ModelSet() = default;

  // The columns whose values choose a row's model, in order. A value is the text that stands in the input: 01 is not 1. Readers that
  // can are told to read them as text; whole numbers of other columns are written without a point or exponent (key_text()).
  virtual const std::vector<std::string>& keys() const = 0;

  // What the model of the first of these rows that has one says of itself: how the input's columns are to be read. nullopt: none has.
  // Needs the key columns only. Errors: that model's.
  virtual Result<std::optional<model::Description>> describe(const table::Table& rows) = 0;

  // One row for each of `rows`, in their order; the columns are those of the models that scored them, null where a model gives
  // none of that name or the row's key has no model. Has no columns where no row has a model. Adds to `tally`. A null in a key column
  // is a key without model.
  // Errors: invalid, for a key column that is not there, or features whose number is not the model's; not_found, for a key without
  // a model where `missing` is error, naming key and file; denied, for a key that cannot be part of a file's name; the models',
  // naming the model, and the row counted from request.first_row.
  virtual Result<model::Prediction> score(const table::Table& rows, const model::Request& request,
                                          const SetOptions& options, SetTally& tally, Executor& executor) = 0;

  // The model that SetTally::models[number] counts. Precondition: score() has used it.
  virtual SetEntry entry(std::size_t number) const = 0;
};

// The set that `model` names: a pack's file, or a path or URI with {column} parts; null where it names one model. A file of that very name is one
// model, whatever its braces. Errors: invalid, naming the place: braces without partner, an expression that does not parse.
// `cache`: borrowed, where models in files of their own come from, for several sets of the same models; null: the set's own.
Result<std::unique_ptr<ModelSet>> open_model_set(const std::string& model, ModelCache* cache = nullptr);

// One model for all rows: a set without key columns. `name` is for warnings; errors are the model's own.
std::unique_ptr<ModelSet> single_model_set(model::ModelPtr model, std::string name);

}  // namespace scoria::plan
