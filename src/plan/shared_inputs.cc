#include "plan/shared_inputs.h"

namespace scoria::plan {

Result<RawInputPtr> open_owned(const Plan& plan, const std::string& path) {
  SCORIA_TRY(raw, open_input(plan, path));
  return RawInputPtr(std::make_shared<RawInput>(std::move(raw)));
}

template <typename T, typename Make>
Result<T> SharedInputs::get(Entries<T>& entries, const std::string& key, Make make) {
  std::shared_ptr<Entry<T>> entry;
  {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Entry<T>>& slot = entries[key];
    if (slot == nullptr) slot = std::make_shared<Entry<T>>();
    entry = slot;
  }
  std::call_once(entry->once, [&] { entry->result = std::make_unique<Result<T>>(make()); });
  return *entry->result;
}

Result<RawInputPtr> SharedInputs::open(const std::string& path) {
  return get(files_, path, [&] { return open_owned(plan_, path); });
}

Result<TablePtr> SharedInputs::table(const RawInput& input, const WantedColumns& wanted) {
  std::string key = input.file.path + '\n';
  for (const std::string& name : wanted.names) key += name + '\n';
  for (const auto& [name, type] : wanted.types) key += name + '=' + std::string(table::type_name(type)) + '\n';
  return get(tables_, key, [&]() -> Result<TablePtr> {
    SCORIA_TRY(table, parse_input(input, wanted));
    return TablePtr(std::make_shared<table::Table>(std::move(table)));
  });
}

}  // namespace scoria::plan
