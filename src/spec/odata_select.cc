#include "spec/odata.h"
#include "spec/odata_paths.h"

namespace scoria::spec {
namespace {

constexpr std::size_t kMaxPaths = 256;

using Path = std::vector<std::string>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// `paths` all lead to `value`, through their first `depth` names.
void keep(Json& value, const std::vector<const Path*>& paths, std::size_t depth) {
  if (value.is_array()) {
    for (Json& each : value) keep(each, paths, depth);
    return;
  }
  if (!value.is_object()) return;
  auto& members = value.get_ref<Json::object_t&>();
  std::vector<const Path*> deeper;
  for (auto member = members.begin(); member != members.end();) {
    deeper.clear();
    bool is_whole = false;
    for (const Path* path : paths) {
      if ((*path)[depth] != member->first) continue;
      is_whole = is_whole || path->size() == depth + 1;
      deeper.push_back(path);
    }
    if (deeper.empty()) {
      member = members.erase(member);
      continue;
    }
    if (!is_whole) keep(member->second, deeper, depth + 1);
    ++member;
  }
}

}  // namespace

Result<Select> Select::parse(Entity entity, std::string_view text) {
  Select select;
  if (text.size() > kMaxQueryBytes) {
    return query_error(
        "$select", text,
        "has " + std::to_string(text.size()) + " bytes, must have at most " + std::to_string(kMaxQueryBytes));
  }
  if (trimmed(text).empty()) return select;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const std::string_view name = trimmed(rest.substr(0, comma));
    if (name.empty()) return query_error("$select", text, "a property's name is missing beside a comma");
    auto path = resolve_path(entity, name);
    if (!path.ok()) return query_error("$select", text, path.error().message);
    // Which of the two a document has depends on the version that it was made for.
    if (path.value().as_given != path.value().names) select.paths_.push_back(std::move(path.value().as_given));
    select.paths_.push_back(std::move(path.value().names));
    if (select.paths_.size() > kMaxPaths) {
      return query_error("$select", text, "has more than " + std::to_string(kMaxPaths) + " properties");
    }
    if (comma == std::string_view::npos) return select;
    rest.remove_prefix(comma + 1);
  }
}

void Select::apply(Json& document) const {
  if (paths_.empty()) return;
  std::vector<const Path*> all;
  all.reserve(paths_.size());
  for (const Path& path : paths_) all.push_back(&path);
  keep(document, all, 0);
}

}  // namespace scoria::spec
