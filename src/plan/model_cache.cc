#include "plan/model_cache.h"

namespace scoria::plan {

Result<LoadedModelPtr> ModelCache::find(const std::string& path) {
  SlotPtr slot;
  {
    const std::lock_guard lock(slots_mutex_);
    SlotPtr& known = slots_[path];
    if (known == nullptr) known = std::make_shared<Slot>();
    slot = known;
    if (slot->model != nullptr) {
      used_.splice(used_.begin(), used_, slot->used);
      return slot->model;
    }
  }
  const std::lock_guard reading(slot->reading);
  if (slot->read) return *slot->read;  // by another, while this one waited
  slot->read = load_model(files_, path);
  if (slot->read->ok() && slot->read->value() != nullptr) {
    keep(path, slot, slot->read->value());
  } else {
    forget(path, slot);
  }
  return *slot->read;
}

void ModelCache::keep(const std::string& path, const SlotPtr& slot, const LoadedModelPtr& model) {
  const std::lock_guard lock(slots_mutex_);
  slot->model = model;
  used_.push_front(path);
  slot->used = used_.begin();
  bytes_ += model->file.bytes;
  while ((bytes_ > limits_.bytes || used_.size() > limits_.models) && used_.size() > 1) {
    const auto last = slots_.find(used_.back());
    bytes_ -= last->second->model->file.bytes;
    slots_.erase(last);
    used_.pop_back();
  }
}

void ModelCache::forget(const std::string& path, const SlotPtr& slot) {
  const std::lock_guard lock(slots_mutex_);
  if (const auto found = slots_.find(path); found != slots_.end() && found->second == slot) slots_.erase(found);
}

std::size_t ModelCache::names() const {
  const std::lock_guard lock(slots_mutex_);
  return slots_.size();
}

}  // namespace scoria::plan
