#include "serve/set_version.h"

#include <filesystem>

#include "net/sha256.h"
#include "pack/key.h"
#include "pack/pack.h"
#include "plan/pack_set.h"
#include "serve/served_model.h"

namespace scoria::serve {
bool is_model_set(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) return plan::is_pack_file(path);
  return path.find('{') != std::string::npos;
}

Result<std::shared_ptr<SetVersion>> SetVersion::open(const std::string& path, std::vector<std::string> features,
                                                     std::string service, std::string version) {
  std::shared_ptr<SetVersion> opened(new SetVersion(path, std::move(service), std::move(version)));
  SCORIA_TRY(set, plan::open_model_set(path, &opened->models_));
  if (set == nullptr) return Error{Code::invalid, "'" + path + "' is no pack and has no {column}"};
  opened->keys_ = set->keys();
  opened->options_.features = std::move(features);
  model::Description& about = opened->description_;
  about.family = "set";
  about.title = "models by ";
  for (const auto& key : opened->keys_) about.title += (&key == &opened->keys_.front() ? "" : ", ") + key;
  about.types = {"predict"};
  opened->is_pack_ = plan::is_pack_file(path);
  opened->give_back(std::move(set));
  if (opened->is_pack_) {
    SCORIA_TRY_STATUS(opened->describe_pack());
    SCORIA_TRY(sum, net::sha256_of_file(path));
    opened->sha256_ = std::move(sum);
  }
  return opened;
}

Status SetVersion::describe_pack() {
  SCORIA_TRY(pack, pack::Pack::open(path_));
  for (std::uint64_t slot = 0; slot < pack->slots(); ++slot) {
    SCORIA_TRY(record, pack->in_slot(slot));
    if (!record) continue;
    const auto key = pack::key_parts(record->key, keys_.size());
    table::Table row(1);
    for (std::size_t i = 0; i < key.size(); ++i)
      row.add(keys_[i], table::Column::text(std::span<const std::string>(&key[i], 1)));
    SCORIA_TRY(set, borrow());
    SCORIA_TRY(about, set->describe(row));
    give_back(std::move(set));
    if (!about) return Ok{};
    for (const auto& name : keys_)
      description_.features.push_back({.name = name, .kind = model::FeatureKind::factor, .levels = {}});
    for (std::size_t i = 0; i < about->features.size(); ++i) {
      auto feature = about->features[i];
      if (!options_.features.empty() && i < options_.features.size()) feature.name = options_.features[i];
      description_.features.push_back(std::move(feature));
    }
    description_.types = about->types;
    description_.title += ", " + std::to_string(pack->models()) + " of them: " + about->title;
    schema_.emplace(description_);
    return Ok{};
  }
  return Error{Code::invalid, "pack '" + path_ + "' has no model"};
}

Result<std::unique_ptr<plan::ModelSet>> SetVersion::borrow() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto set = std::move(idle_.back());
      idle_.pop_back();
      return set;
    }
  }
  return plan::open_model_set(path_, &models_);
}

void SetVersion::give_back(std::unique_ptr<plan::ModelSet> set) const {
  if (!is_pack_) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(set));
}

Outcome SetVersion::score(const table::Table& rows, const model::Request& request, Executor& executor) const {
  auto set = borrow();
  if (!set.ok()) return {.predictions = {}, .problem = problem_of(set.error())};
  plan::SetTally tally;
  auto scored = set.value()->score(rows, request, options_, tally, executor);
  give_back(std::move(set).value());
  if (!scored.ok()) {
    if (scored.error().code == Code::not_found || scored.error().code == Code::denied)
      return {.predictions = {}, .problem = one_mistake(400, "unknown_level", scored.error().message)};
    return {.predictions = {}, .problem = problem_of(scored.error())};
  }
  return {.is_scored = true, .predictions = std::move(scored).value().table, .problem = {}};
}

}  // namespace scoria::serve
