// A model's features as requests name them: found by name or position, levels by their text.
// Threads: immutable. Owns: everything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/model.h"
#include "table/table.h"

namespace scoria::serve {

class Schema {
 public:
  explicit Schema(const model::Description& description);

  const std::vector<model::Feature>& features() const { return features_; }
  const table::Table::Names& names() const { return names_; }
  // Requests without names are taken by position; where the file keeps no names, ones with other names are, too.
  bool is_by_position() const { return by_position_; }
  std::optional<std::size_t> find(std::string_view name) const;
  // -1: the feature has no such level.
  std::int32_t level_of(std::size_t feature, std::string_view text) const;
  // What a factor column of the feature is made of; null where it is text.
  const std::shared_ptr<const std::vector<std::string>>& levels(std::size_t feature) const { return levels_[feature]; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <typename Value>
  using ByName = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  std::vector<model::Feature> features_;
  table::Table::Names names_;
  bool by_position_ = false;
  ByName<std::size_t> by_name_;
  std::vector<ByName<std::int32_t>> codes_;
  std::vector<std::shared_ptr<const std::vector<std::string>>> levels_;
};

}  // namespace scoria::serve
