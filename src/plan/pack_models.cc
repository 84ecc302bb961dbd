#include "plan/pack_models.h"

#include "pack/key.h"
#include "pack/ready_form.h"

namespace scoria::plan {

std::string PackModels::name(const pack::Record& record) const {
  std::string name = pack_->name();
  const char* between = ": ";
  for (const std::string& part : pack::key_parts(record.key, pack_->contents().keys.size())) {
    name += between + part;
    between = ", ";
  }
  return name;
}

Result<model::ModelPtr> PackModels::get(const pack::Record& record) {
  if (record.head.form != pack::Form::source) {
    auto model = pack::rebuild(record.head.form, schemas_.at(record.head.schema), record.body);
    if (!model.ok()) return pack_->corrupt(model.error().message);
    return model;
  }
  const char* const whose = record.key.data();
  {
    const std::lock_guard lock(kept_mutex_);
    if (const auto found = kept_.find(whose); found != kept_.end()) {
      used_.splice(used_.begin(), used_, found->second.used);
      return found->second.model;
    }
  }
  SCORIA_TRY(bytes, pack_->source(record));
  auto model = model::open_model(bytes);
  if (!model.ok()) return with_context("model '" + name(record) + "'", std::move(model).error());
  const std::lock_guard lock(kept_mutex_);
  const auto [kept, is_new] = kept_.try_emplace(whose);
  if (!is_new) return kept->second.model;  // another thread was faster
  used_.push_front(whose);
  kept->second = {model.value(), bytes.size(), used_.begin()};
  bytes_ += bytes.size();
  // The one just read stays, however large.
  while (bytes_ > most_bytes_ && used_.size() > 1) {
    const auto last = kept_.find(used_.back());
    bytes_ -= last->second.bytes;
    kept_.erase(last);
    used_.pop_back();
  }
  return model;
}

}  // namespace scoria::plan
