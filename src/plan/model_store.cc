#include "plan/model_store.h"

#include "base/file.h"
#include "plan/sha256.h"

namespace scoria::plan {
namespace {

Result<LoadedModelPtr> load(const std::filesystem::path& folder, const std::string& path) {
  SCORIA_TRY(file, FileBytes::open(folder / path));
  auto model = model::open_model(file.bytes());
  if (!model.ok()) return with_context("model '" + path + "'", std::move(model).error());
  return LoadedModelPtr(std::make_shared<LoadedModel>(
      LoadedModel{std::move(model).value(), {path, file.bytes().size(), sha256(file.text())}}));
}

}  // namespace

bool ModelStore::exists(const std::string& path) const {
  std::error_code error;
  return std::filesystem::exists(folder_ / path, error);
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

void ModelStore::keep(Entry& entry, const LoadedModelPtr& model) {
  const std::lock_guard lock(entries_mutex_);
  ++reads_;
  entry.model = model;
  used_.push_front(model->file.path);
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

// Called with the entry's mutex held.
Result<LoadedModelPtr> ModelStore::read(const std::string& path, Entry& entry) {
  if (entry.is_known && entry.facts == nullptr) return entry.error;
  if (LoadedModelPtr model = kept(entry)) return model;
  auto loaded = load(folder_, path);
  if (!entry.is_known) {
    entry.is_known = true;
    if (loaded.ok()) {
      const model::Description& description = loaded.value()->model->description();
      entry.facts =
          std::make_shared<ModelFacts>(ModelFacts{loaded.value()->file, description.title, description.features});
    } else {
      entry.error = loaded.error();
    }
  }
  if (!loaded.ok()) return loaded;
  if (loaded.value()->file != entry.facts->file) {
    return Error{Code::conflict, "model '" + path + "' has changed while the plan runs"};
  }
  keep(entry, loaded.value());
  return loaded;
}

Result<ModelFactsPtr> ModelStore::facts(const std::string& path) {
  const std::shared_ptr<Entry> entry = entry_of(path);
  const std::lock_guard lock(entry->mutex);
  if (entry->facts == nullptr) {
    if (auto first = read(path, *entry); !first.ok()) return std::move(first).error();
  }
  return entry->facts;
}

Result<LoadedModelPtr> ModelStore::get(const std::string& path) {
  const std::shared_ptr<Entry> entry = entry_of(path);
  const std::lock_guard lock(entry->mutex);
  return read(path, *entry);
}

std::uint64_t ModelStore::reads() const {
  const std::lock_guard lock(entries_mutex_);
  return reads_;
}

}  // namespace scoria::plan
