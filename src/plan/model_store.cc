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

Result<LoadedModelPtr> ModelStore::get(const std::string& path) {
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(entries_mutex_);
    std::shared_ptr<Entry>& slot = entries_[path];
    if (slot == nullptr) slot = std::make_shared<Entry>();
    entry = slot;
  }
  std::call_once(entry->once, [&] { entry->result = std::make_unique<Result<LoadedModelPtr>>(load(folder_, path)); });
  return *entry->result;
}

}  // namespace scoria::plan
