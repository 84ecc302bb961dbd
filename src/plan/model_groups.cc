#include "plan/model_groups.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "arrowio/uri.h"
#include "plan/ordering.h"
#include "plan/row_keys.h"

namespace scoria::plan {
namespace {

class Grouper {
 public:
  Grouper(const Models& entry, const table::Table& keys, const expr::Constants& constants,
          const std::function<Result<bool>(const std::string&)>& exists)
      : entry_(entry),
        keys_(keys),
        texts_(keys, entry.groups),
        constants_(constants),
        exists_(exists),
        data_(entry.groups.begin(), entry.groups.end()) {}

  // The rows of one key.
  Status add(std::span<const std::uint32_t> rows) {
    SCORIA_TRY(path, path_of(rows.front()));
    if (is_without_own_) result_.missing_rows += rows.size();
    const auto [place, is_new] = group_of_.emplace(path, result_.groups.size());
    if (is_new) result_.groups.push_back({path, {}});
    std::vector<std::uint32_t>& all = result_.groups[place->second].rows;
    all.insert(all.end(), rows.begin(), rows.end());
    return Ok{};
  }

  ModelGroups finish() {
    for (ModelGroup& group : result_.groups) std::sort(group.rows.begin(), group.rows.end());
    std::stable_partition(result_.groups.begin(), result_.groups.end(),
                          [](const ModelGroup& group) { return !group.path.empty(); });
    return std::move(result_);
  }

 private:
  // Empty where the plan says to go without.
  Result<std::string> path_of(std::uint32_t row) {
    is_without_own_ = true;
    const bool is_error = entry_.missing == Models::Missing::error;
    if (texts_.has_missing(row) && !entry_.groups.empty()) {
      if (is_error) {
        return Error{Code::invalid, "a row with " + texts_.text(row) +
                                        " has no model; 'missing: skip' goes on without, and "
                                        "'missing: FILE' takes that model"};
      }
      return otherwise();
    }
    expr::Constants all = constants_;
    for (std::size_t i = 0; i < keys_.columns(); ++i) {
      all.insert_or_assign(keys_.names()[i], expr::Scalar::from(*keys_.column(i), row));
    }
    SCORIA_TRY(path, entry_.file.fill_path(all, data_));
    SCORIA_TRY(is_there, exists_(path));
    if (is_there) {
      is_without_own_ = false;
      return path;
    }
    if (is_error) {
      const std::string whose = entry_.groups.empty() ? "" : ", which rows with " + texts_.text(row) + " need";
      return Error{Code::not_found, "there is no model '" + arrowio::without_secrets(path) + "'" + whose +
                                        "; 'missing: skip' goes on without, and 'missing: FILE' takes that model"};
    }
    const std::string name = arrowio::without_secrets(path);
    if (missing_names_.insert(name).second) result_.missing.push_back(name);
    return otherwise();
  }

  Result<std::string> otherwise() const {
    if (entry_.missing != Models::Missing::other) return std::string();
    SCORIA_TRY(path, entry_.other.fill(constants_));
    SCORIA_TRY(is_there, exists_(path));
    if (!is_there) {
      return Error{Code::not_found,
                   "there is no model '" + arrowio::without_secrets(path) + "', which 'missing' names"};
    }
    return path;
  }

  const Models& entry_;
  const table::Table& keys_;
  RowKeys texts_;
  const expr::Constants& constants_;
  const std::function<Result<bool>(const std::string&)>& exists_;
  std::set<std::string> data_;
  std::map<std::string, std::size_t> group_of_;
  std::set<std::string> missing_names_;
  bool is_without_own_ = false;  // the key that path_of() saw last
  ModelGroups result_;
};

}  // namespace

Result<ModelGroups> group_by_model(const Models& entry, const table::Table& keys, const expr::Constants& constants,
                                   const std::function<Result<bool>(const std::string&)>& exists) {
  Grouper grouper(entry, keys, constants, exists);
  SCORIA_TRY(ordering, order_rows(keys, entry.groups, {}));
  for (std::size_t group = 0; group < ordering.group_starts.size(); ++group) {
    const std::size_t begin = ordering.group_starts[group];
    const std::size_t end =
        group + 1 < ordering.group_starts.size() ? ordering.group_starts[group + 1] : ordering.rows.size();
    SCORIA_TRY_STATUS(grouper.add(std::span(ordering.rows).subspan(begin, end - begin)));
  }
  return grouper.finish();
}

}  // namespace scoria::plan
