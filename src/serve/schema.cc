#include "serve/schema.h"

namespace scoria::serve {

Schema::Schema(const model::Description& description)
    : features_(description.features), by_position_(description.by_position) {
  auto names = std::make_shared<std::vector<std::string>>();
  for (std::size_t i = 0; i < features_.size(); ++i) {
    names->push_back(features_[i].name);
    by_name_.emplace(features_[i].name, i);
    auto& codes = codes_.emplace_back();
    for (const auto& level : features_[i].levels) codes.emplace(level, static_cast<std::int32_t>(codes.size()));
    levels_.push_back(
        features_[i].levels.empty() ? nullptr : std::make_shared<const std::vector<std::string>>(features_[i].levels));
  }
  names_ = std::move(names);
}

std::optional<std::size_t> Schema::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::int32_t Schema::level_of(std::size_t feature, std::string_view text) const {
  const auto found = codes_[feature].find(text);
  return found == codes_[feature].end() ? -1 : found->second;
}

}  // namespace scoria::serve
