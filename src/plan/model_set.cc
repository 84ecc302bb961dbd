#include "plan/model_set.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <span>
#include <unordered_map>
#include <utility>

#include "arrowio/uri.h"
#include "expr/scalar.h"
#include "model/features.h"
#include "plan/model_store.h"
#include "plan/pack_set.h"
#include "plan/set_inputs.h"
#include "plan/set_rows.h"
#include "plan/template.h"
#include "table/number_text.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Table;

// The models of a template's files.
class FileSet final : public ModelSet {
 public:
  FileSet(Template files, ModelCache* cache)
      : files_(std::move(files)),
        keys_(files_.names_in_order()),
        store_(cache != nullptr ? ModelStore("", *cache) : ModelStore("")) {}

  const std::vector<std::string>& keys() const override { return keys_; }

  Result<std::optional<model::Description>> describe(const Table& rows) override {
    SCORIA_TRY(groups, group(rows));
    for (const Group& group : groups) {
      if (group.model == kNone) continue;
      SCORIA_TRY(loaded, store_.find(members_[group.model].path));
      if (loaded != nullptr) return std::optional(loaded->model->description());
    }
    return std::optional<model::Description>();
  }

  Result<model::Prediction> score(const Table& rows, const model::Request& request, const SetOptions& options,
                                  SetTally& tally, Executor& executor) override;

  SetEntry entry(std::size_t number) const override {
    const Member& member = members_.at(number);
    return {arrowio::without_secrets(member.path), member.key};
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};

  struct Member {
    std::vector<std::string> key;
    std::string path;
  };
  // Rows of a batch that share a key.
  struct Group {
    std::size_t model = kNone;        // place in members_; none: a null in the key
    std::vector<std::uint32_t> rows;  // ascending
  };
  // What became of a group.
  struct Scored {
    Status status = Ok{};
    model::Prediction prediction;
    bool has_own = false;
    bool flags = false;
    std::uint64_t flagged = 0;
  };

  Result<std::vector<Group>> group(const Table& rows);
  Result<std::size_t> member_of(const std::vector<ColumnPtr>& columns, std::uint32_t row);
  std::string missing_name(const Table& rows, const Group& group) const;
  Status score_group(const Table& rows, const Group& group, const model::Request& request, const SetOptions& options,
                     Executor& executor, Scored& scored);

  Template files_;
  std::vector<std::string> keys_;
  ModelStore store_;
  std::vector<Member> members_;                          // in order of appearance
  std::unordered_map<std::string, std::size_t> number_;  // of members_, by the lengths and texts of the key
};

Result<std::size_t> FileSet::member_of(const std::vector<ColumnPtr>& columns, std::uint32_t row) {
  Member member;
  expr::Constants constants;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    member.key.push_back(key_text(*columns[i], row));
    constants.insert_or_assign(keys_[i], expr::Scalar{member.key.back()});
  }
  SCORIA_TRY(path, files_.fill_path(constants, {keys_.begin(), keys_.end()}));
  member.path = std::move(path);
  members_.push_back(std::move(member));
  return members_.size() - 1;
}

Result<std::vector<FileSet::Group>> FileSet::group(const Table& rows) {
  std::vector<ColumnPtr> columns;
  for (const std::string& key : keys_) {
    columns.push_back(rows.find(key));
    if (columns.back() == nullptr) {
      return Error{Code::invalid, "the input has no column '" + key + "', which '" +
                                      arrowio::without_secrets(files_.text()) + "' names; it has " +
                                      model::listed(rows.names())};
    }
  }
  std::vector<Group> groups;
  std::unordered_map<std::size_t, std::size_t> place;    // of a model in groups
  std::unordered_map<std::string, std::size_t> without;  // of a key that holds a null
  std::string bytes;
  std::string last;  // neighbours often share a key
  std::size_t current = 0;
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    bytes.clear();
    bool has_null = false;
    for (const ColumnPtr& column : columns) {
      if (column->is_null(row)) {
        has_null = true;
        bytes += 'N';
        continue;
      }
      const std::string text = key_text(*column, row);
      bytes += std::to_string(text.size()) + ':';
      bytes += text;
    }
    if (row == 0 || bytes != last) {
      last = bytes;
      if (has_null) {
        const auto [found, is_new] = without.try_emplace(bytes, groups.size());
        if (is_new) groups.emplace_back();
        current = found->second;
      } else {
        auto known = number_.find(bytes);
        if (known == number_.end()) {
          SCORIA_TRY(member, member_of(columns, row));
          known = number_.emplace(bytes, member).first;
        }
        const auto [found, is_new] = place.try_emplace(known->second, groups.size());
        if (is_new) groups.push_back({known->second, {}});
        current = found->second;
      }
    }
    groups[current].rows.push_back(row);
  }
  return groups;
}

std::string FileSet::missing_name(const Table& rows, const Group& group) const {
  std::vector<std::string> values;
  for (const std::string& key : keys_) {
    const ColumnPtr column = rows.find(key);
    const std::uint32_t row = group.rows.front();
    values.push_back(column->is_null(row) ? "NA" : key_text(*column, row));
  }
  return key_name(keys_, values);
}

Status FileSet::score_group(const Table& rows, const Group& group, const model::Request& request,
                            const SetOptions& options, Executor& executor, Scored& scored) {
  LoadedModelPtr own;
  if (group.model != kNone) {
    SCORIA_TRY(found, store_.find(members_[group.model].path));
    own = std::move(found);
  }
  scored.has_own = own != nullptr;
  if (own == nullptr && options.missing == SetOptions::Missing::error) {
    const std::string whose = "the rows with " + missing_name(rows, group);
    const std::string what = group.model == kNone
                                 ? whose + " have no model, as a part of its name is missing"
                                 : "there is no model '" + arrowio::without_secrets(members_[group.model].path) +
                                       "', which " + whose + " need";
    return Error{group.model == kNone ? Code::invalid : Code::not_found,
                 what + "; --missing skip goes on without, --missing default=FILE takes that model"};
  }
  if (own == nullptr && options.missing == SetOptions::Missing::skip) {
    scored.prediction.table = Table(group.rows.size());
    return Ok{};
  }
  const model::Model& model = own != nullptr ? *own->model : *options.otherwise;
  const std::string name = own != nullptr ? own->file.path : "the default model";
  SCORIA_TRY(prediction, score_rows(model, name, model_inputs(rows, keys_, model.description(), options), group.rows,
                                    request, options, executor));
  scored.flags = scored.has_own && model.description().flags;
  if (scored.flags) scored.flagged = flagged_rows(model.description(), prediction.table);
  scored.prediction = std::move(prediction);
  return Ok{};
}

Result<model::Prediction> FileSet::score(const Table& rows, const model::Request& request, const SetOptions& options,
                                         SetTally& tally, Executor& executor) {
  SCORIA_TRY(groups, group(rows));
  if (groups.empty()) return model::Prediction{Table(rows.rows()), {}};
  std::vector<std::string> paths;
  for (const Group& group : groups) {
    if (group.model != kNone) paths.push_back(members_[group.model].path);
  }
  store_.prefetch(paths);
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
    if (scored[i].has_own) {
      tally.count(groups[i].model, groups[i].rows.size(), scored[i].flagged);
      tally.has_flags = tally.has_flags || scored[i].flags;
    } else {
      tally.count_missing(missing_name(rows, groups[i]), groups[i].rows.size());
    }
  }
  return in_row_order("models of '" + arrowio::without_secrets(files_.text()) + "'", numbers, std::move(parts));
}

// One model for all rows.
class SingleSet final : public ModelSet {
 public:
  SingleSet(model::ModelPtr model, std::string name) : model_(std::move(model)), name_(std::move(name)) {}

  const std::vector<std::string>& keys() const override { return keys_; }
  Result<std::optional<model::Description>> describe(const Table&) override {
    return std::optional(model_->description());
  }
  Result<model::Prediction> score(const Table& rows, const model::Request& request, const SetOptions& options,
                                  SetTally& tally, Executor& executor) override {
    std::vector<std::uint32_t> numbers(rows.rows());
    std::iota(numbers.begin(), numbers.end(), 0);
    SCORIA_TRY(prediction, score_rows(*model_, "", rows, numbers, request, options, executor));
    tally.has_flags = model_->description().flags;
    tally.count(0, rows.rows(), flagged_rows(model_->description(), prediction.table));
    return std::move(prediction);
  }
  SetEntry entry(std::size_t) const override { return {name_, {}}; }

 private:
  model::ModelPtr model_;
  std::string name_;
  std::vector<std::string> keys_;
};

}  // namespace

void SetTally::count(std::size_t model, std::uint64_t rows, std::uint64_t flagged) {
  if (model >= models.size()) models.resize(std::max(model + 1, 2 * models.size()));
  models[model].rows += rows;
  models[model].flagged += flagged;
}

void SetTally::count_missing(const std::string& key, std::uint64_t rows) {
  missing[key] += rows;
  missing_rows += rows;
}

Result<std::unique_ptr<ModelSet>> open_model_set(const std::string& model, ModelCache* cache) {
  std::error_code error;
  if (!arrowio::is_uri(model) && is_pack_file(model)) {
    SCORIA_TRY(pack, pack::Pack::open(model));
    return pack_set(pack);
  }
  if (model.find('{') == std::string::npos) return std::unique_ptr<ModelSet>();
  if (!arrowio::is_uri(model) && std::filesystem::exists(model, error)) return std::unique_ptr<ModelSet>();
  SCORIA_TRY(files, Template::parse(model));
  if (files.names().empty()) return std::unique_ptr<ModelSet>();
  return std::unique_ptr<ModelSet>(std::make_unique<FileSet>(std::move(files), cache));
}

std::unique_ptr<ModelSet> single_model_set(model::ModelPtr model, std::string name) {
  return std::make_unique<SingleSet>(std::move(model), std::move(name));
}

}  // namespace scoria::plan
