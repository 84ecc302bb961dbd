#include "plan/model_store.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "arrowio/uri.h"
#include "plan/model_cache.h"

namespace scoria::plan {
namespace {

Error no_such_file(const std::string& path) {
  return Error{Code::not_found, "there is no model '" + arrowio::without_secrets(path) + "'"};
}

}  // namespace

Result<bool> ModelStore::exists(const std::string& path) {
  if (!arrowio::is_uri(path)) return files_.has_local(path);
  SCORIA_TRY(found, find(path));
  return found != nullptr;
}

Result<LoadedModelPtr> ModelStore::load(const std::string& path) const {
  return cache_ != nullptr ? cache_->find(path) : load_model(files_, path);
}

std::shared_ptr<ModelStore::Entry> ModelStore::entry_of(const std::string& path) {
  const std::lock_guard lock(entries_mutex_);
  std::shared_ptr<Entry>& slot = entries_[path];
  if (slot == nullptr) slot = std::make_shared<Entry>();
  return slot;
}

LoadedModelPtr ModelStore::kept(Entry& entry) {
  const std::lock_guard lock(entries_mutex_);
  if (entry.model != nullptr) used_.splice(used_.begin(), used_, entry.used);
  return entry.model;
}

void ModelStore::keep(const std::string& path, Entry& entry, const LoadedModelPtr& model) {
  const std::lock_guard lock(entries_mutex_);
  ++reads_;
  entry.model = model;
  used_.push_front(path);
  entry.used = used_.begin();
  bytes_ += model->file.bytes;
  // The one just read stays, however large.
  while (bytes_ > most_bytes_ && used_.size() > 1) {
    Entry& last = *entries_.at(used_.back());
    bytes_ -= last.model->file.bytes;
    last.model.reset();
    used_.pop_back();
  }
}

// Called with the entry's mutex held. Null where there is no such file.
Result<LoadedModelPtr> ModelStore::read(const std::string& path, Entry& entry) {
  if (entry.is_absent) return LoadedModelPtr();
  if (entry.is_known && entry.facts == nullptr) return entry.error;
  if (LoadedModelPtr model = kept(entry)) return model;
  auto loaded = load(path);
  const bool is_absent = loaded.ok() && loaded.value() == nullptr;
  if (!entry.is_known) {
    entry.is_known = true;
    entry.is_absent = is_absent;
    if (!loaded.ok()) {
      entry.error = loaded.error();
    } else if (!is_absent) {
      const model::Description& description = loaded.value()->model->description();
      entry.facts = std::make_shared<ModelFacts>(ModelFacts{
          loaded.value()->file, description.title, description.features, description.by_position, description.flags});
    }
    if (is_absent) return loaded;
  }
  if (!loaded.ok()) return loaded;
  if (is_absent || loaded.value()->file != entry.facts->file) {
    return Error{Code::conflict, "model '" + arrowio::without_secrets(path) + "' has changed while the plan runs"};
  }
  keep(path, entry, loaded.value());
  return loaded;
}

Result<ModelFactsPtr> ModelStore::facts(const std::string& path) {
  const std::shared_ptr<Entry> entry = entry_of(path);
  const std::lock_guard lock(entry->mutex);
  if (entry->facts == nullptr) {
    SCORIA_TRY(first, read(path, *entry));
    if (first == nullptr) return no_such_file(path);
  }
  return entry->facts;
}

Result<LoadedModelPtr> ModelStore::find(const std::string& path) {
  const std::shared_ptr<Entry> entry = entry_of(path);
  const std::lock_guard lock(entry->mutex);
  return read(path, *entry);
}

Result<LoadedModelPtr> ModelStore::get(const std::string& path) {
  SCORIA_TRY(found, find(path));
  if (found == nullptr) return no_such_file(path);
  return std::move(found);
}

void ModelStore::prefetch(const std::vector<std::string>& paths) {
  constexpr std::size_t kAtOnce = 16;
  std::vector<const std::string*> far;
  for (const std::string& path : paths) {
    if (arrowio::is_uri(path)) far.push_back(&path);
  }
  if (far.size() < 2) return;
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < far.size(); i = next++) (void)find(*far[i]);  // whoever needs it is told
    } catch (...) {
      next = far.size();  // out of memory: the caller will meet it again where it can be told
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(kAtOnce, far.size()); ++i) threads.emplace_back(work);
}

std::uint64_t ModelStore::reads() const {
  const std::lock_guard lock(entries_mutex_);
  return reads_;
}

}  // namespace scoria::plan
