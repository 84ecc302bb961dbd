// Inputs that all partitions read: opened once, and read once for each choice of columns.
// Threads: all members may be called from several threads; what two of them want is read by one.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "plan/inputs.h"
#include "plan/plan.h"
#include "table/table.h"

namespace scoria::plan {

using RawInputPtr = std::shared_ptr<const RawInput>;
using TablePtr = std::shared_ptr<const table::Table>;

// As open_input(), for an input of one partition.
Result<RawInputPtr> open_owned(const Plan& plan, const std::string& path);

class SharedInputs {
 public:
  explicit SharedInputs(const Plan& plan) : plan_(plan) {}

  // Errors: the file's; the same again at every call.
  Result<RawInputPtr> open(const std::string& path);
  // Errors: as of parse_input().
  Result<TablePtr> table(const RawInput& input, const WantedColumns& wanted);

 private:
  template <typename T>
  struct Entry {
    std::once_flag once;
    std::unique_ptr<Result<T>> result;
  };
  template <typename T>
  using Entries = std::map<std::string, std::shared_ptr<Entry<T>>>;
  template <typename T, typename Make>
  Result<T> get(Entries<T>& entries, const std::string& key, Make make);

  const Plan& plan_;
  std::mutex mutex_;
  Entries<RawInputPtr> files_;  // guarded by mutex_
  Entries<TablePtr> tables_;    // guarded by mutex_
};

}  // namespace scoria::plan
