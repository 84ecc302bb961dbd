#include "plan/pack_set.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <unordered_map>

#include "base/file.h"
#include "model/features.h"
#include "pack/key.h"
#include "plan/pack_in_place.h"
#include "plan/pack_models.h"
#include "plan/set_inputs.h"
#include "plan/set_rows.h"

namespace scoria::plan {
namespace {

using table::ColumnPtr;
using table::Table;

class PackSet final : public ModelSet {
 public:
  PackSet(const pack::PackPtr& pack, std::vector<pack::Schema> schemas)
      : pack_(pack), models_(pack, std::move(schemas)) {}

  const std::vector<std::string>& keys() const override { return pack_->contents().keys; }

  Result<std::optional<model::Description>> describe(const Table& rows) override {
    SCORIA_TRY(columns, key_columns(rows));
    SCORIA_TRY(runs, find_runs(*pack_, columns, 0, rows.rows()));
    for (const KeyRun& run : runs) {
      if (run.model.place == 0) continue;
      SCORIA_TRY(record, pack_->record(run.model.place));
      SCORIA_TRY(model, models_.get(record));
      return std::optional(model->description());
    }
    return std::optional<model::Description>();
  }

  Result<model::Prediction> score(const Table& rows, const model::Request& request, const SetOptions& options,
                                  SetTally& tally, Executor& executor) override;

  SetEntry entry(std::size_t number) const override {
    const auto record = pack_->in_slot(number);
    if (!record.ok() || !record.value()) return {pack_->name() + ": damaged", {}};
    return {models_.name(*record.value()), pack::key_parts(record.value()->key, keys().size())};
  }

 private:
  // Rows of a batch that share a key.
  struct Group {
    pack::Found model;                // place 0: none
    std::vector<std::uint32_t> rows;  // ascending
  };
  // What became of a group.
  struct Scored {
    Status status = Ok{};
    model::Prediction prediction;
    bool flags = false;
    std::uint64_t flagged = 0;
  };

  Result<std::vector<ColumnPtr>> key_columns(const Table& rows) const;
  std::vector<Group> group(const Table& rows, const std::vector<ScoredRun>& runs) const;
  std::string missing_name(const Table& rows, std::uint32_t row) const;
  Status score_group(const Table& rows, const Group& group, const model::Request& request, const SetOptions& options,
                     Executor& executor, Scored& scored);
  Result<model::Prediction> score_groups(const Table& rows, const std::vector<Group>& groups,
                                         const model::Request& request, const SetOptions& options, SetTally& tally,
                                         Executor& executor);

  pack::PackPtr pack_;
  PackModels models_;
};

Result<std::vector<ColumnPtr>> PackSet::key_columns(const Table& rows) const {
  std::vector<ColumnPtr> columns;
  for (const std::string& key : keys()) {
    columns.push_back(rows.find(key));
    if (columns.back() != nullptr) continue;
    return Error{Code::invalid, "the input has no column '" + key + "', by which the pack '" + pack_->name() +
                                    "' keeps its models; it has " + model::listed(rows.names())};
  }
  return columns;
}

std::string PackSet::missing_name(const Table& rows, std::uint32_t row) const {
  std::vector<std::string> values;
  for (const std::string& key : keys()) {
    const ColumnPtr column = rows.find(key);
    values.push_back(column->is_null(row) ? "NA" : key_text(*column, row));
  }
  return key_name(keys(), values);
}

std::vector<PackSet::Group> PackSet::group(const Table& rows, const std::vector<ScoredRun>& runs) const {
  std::vector<Group> groups;
  std::unordered_map<std::uint64_t, std::size_t> places;  // of a record's place, in groups
  std::unordered_map<std::string, std::size_t> without;   // of a key without model
  for (const ScoredRun& scored : runs) {
    const KeyRun& run = scored.run;
    const auto [found, is_new] =
        run.model.place != 0 ? [&] {
          const auto one = places.try_emplace(run.model.place, groups.size());
          return std::pair(one.first->second, one.second);
        }()
                             : [&] {
                                 const auto one = without.try_emplace(missing_name(rows, run.first), groups.size());
                                 return std::pair(one.first->second, one.second);
                               }();
    if (is_new) groups.push_back({run.model, {}});
    for (std::uint32_t i = 0; i < run.count; ++i) groups[found].rows.push_back(run.first + i);
  }
  return groups;
}

Status PackSet::score_group(const Table& rows, const Group& group, const model::Request& request,
                            const SetOptions& options, Executor& executor, Scored& scored) {
  const bool has_own = group.model.place != 0;
  if (!has_own && options.missing == SetOptions::Missing::error) {
    return Error{Code::not_found, "the pack '" + pack_->name() + "' has no model for " +
                                      missing_name(rows, group.rows.front()) +
                                      "; --missing skip goes on without, --missing default=FILE takes that model"};
  }
  if (!has_own && options.missing == SetOptions::Missing::skip) {
    scored.prediction.table = Table(group.rows.size());
    return Ok{};
  }
  model::ModelPtr model = options.otherwise;
  std::string name = "the default model";
  if (has_own) {
    SCORIA_TRY(record, pack_->record(group.model.place));
    SCORIA_TRY(own, models_.get(record));
    model = own;
    name = models_.name(record);
  }
  SCORIA_TRY(prediction, score_rows(*model, name, model_inputs(rows, keys(), model->description(), options), group.rows,
                                    request, options, executor));
  scored.flags = has_own && model->description().flags;
  if (scored.flags) scored.flagged = flagged_rows(model->description(), prediction.table);
  scored.prediction = std::move(prediction);
  return Ok{};
}

Result<model::Prediction> PackSet::score_groups(const Table& rows, const std::vector<Group>& groups,
                                                const model::Request& request, const SetOptions& options,
                                                SetTally& tally, Executor& executor) {
  std::vector<Scored> scored(groups.size());
  executor.parallel_for(groups.size(), [&](std::size_t i) {
    scored[i].status = score_group(rows, groups[i], request, options, executor, scored[i]);
  });
  for (const Scored& one : scored) SCORIA_TRY_STATUS(one.status);  // of the first rows that are wrong
  std::vector<std::span<const std::uint32_t>> numbers;
  std::vector<model::Prediction> parts;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    numbers.emplace_back(groups[i].rows);
    parts.push_back(std::move(scored[i].prediction));
    if (groups[i].model.place != 0) {
      tally.count(groups[i].model.slot, groups[i].rows.size(), scored[i].flagged);
      tally.has_flags = tally.has_flags || scored[i].flags;
    } else {
      tally.count_missing(missing_name(rows, groups[i].rows.front()), groups[i].rows.size());
    }
  }
  return in_row_order("models of '" + pack_->name() + "'", numbers, std::move(parts));
}

Result<model::Prediction> PackSet::score(const Table& rows, const model::Request& request, const SetOptions& options,
                                         SetTally& tally, Executor& executor) {
  SCORIA_TRY(columns, key_columns(rows));
  if (rows.rows() == 0) return model::Prediction{Table(0), {}};
  SCORIA_TRY(in_place, score_in_place(*pack_, models_.schemas(), columns, rows, request, options, executor));
  if (!in_place.is_scored) {
    // Chunks that had given up have found no runs.
    SCORIA_TRY(runs, find_runs(*pack_, columns, 0, rows.rows()));
    in_place.runs.clear();
    for (const KeyRun& run : runs) in_place.runs.push_back({.run = run});
    return score_groups(rows, group(rows, in_place.runs), request, options, tally, executor);
  }
  tally.has_flags = tally.has_flags || in_place.has_flags;
  for (const ScoredRun& scored : in_place.runs) {
    if (scored.run.model.place != 0) {
      tally.count(scored.run.model.slot, scored.run.count, scored.flagged);
    } else {
      tally.count_missing(missing_name(rows, scored.run.first), scored.run.count);
    }
  }
  return std::move(in_place.prediction);
}

}  // namespace

bool is_pack_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;  // what is read from a pipe cannot be read twice
  const auto file = FileBytes::open(path);
  return file.ok() && pack::Pack::is_pack(file.value().bytes());
}

Result<std::vector<pack::Schema>> read_schemas(const pack::Pack& pack) {
  std::vector<pack::Schema> schemas;
  for (const std::string& json : pack.contents().schemas) {
    auto schema = pack::read_schema(json);
    if (!schema.ok()) return pack.corrupt(schema.error().message);
    schemas.push_back(std::move(schema).value());
  }
  return schemas;
}

Result<std::unique_ptr<ModelSet>> pack_set(const pack::PackPtr& pack) {
  SCORIA_TRY(schemas, read_schemas(*pack));
  return std::unique_ptr<ModelSet>(std::make_unique<PackSet>(pack, std::move(schemas)));
}

}  // namespace scoria::plan
