#include "model/tree/rank_space.h"

#include <algorithm>
#include <cmath>

#include "base/na.h"

namespace scoria::model::tree {

std::optional<RankSpace> RankSpace::build(const Ensemble& ensemble, Missing missing) {
  RankSpace space;
  space.comparison_ = ensemble.comparison();
  space.has_sides_ = ensemble.has_missing_sides();
  space.by_side_ = space.has_sides_ && missing == Missing::by_side;
  std::vector<std::vector<double>> cuts(std::size_t{ensemble.features()} * 2);
  std::vector<bool> is_split(ensemble.features());
  for (const Node& node : ensemble.layout()) {
    if (node.is_leaf()) continue;
    is_split[node.column()] = true;
    if (!node.is_categorical()) cuts[node.column() * std::size_t{2} + space.side(node)].push_back(node.value);
  }
  space.ranges_.resize(cuts.size());
  for (std::size_t key = 0; key < cuts.size(); ++key) {
    const auto feature = static_cast<std::uint32_t>(key / 2);
    const std::uint32_t levels = ensemble.levels(feature);
    std::vector<double>& all = cuts[key];
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    // A feature with levels is ranked by level, so no split may treat it as a number.
    if (levels > kMaxCuts || (levels > 0 && !all.empty())) return std::nullopt;
    space.ranges_[key].begin = static_cast<std::uint32_t>(space.slots_.size());
    if (levels > 0 && is_split[feature] && key % 2 == 0) space.slots_.push_back({feature, levels, false, {}});
    for (std::size_t begin = 0; begin < all.size(); begin += kMaxCuts) {
      const auto from = all.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto to = from + static_cast<std::ptrdiff_t>(std::min(kMaxCuts, all.size() - begin));
      space.slots_.push_back({feature, 0, key % 2 == 1, std::vector<double>(from, to)});
      if (space.slots() > kMaxSlots) return std::nullopt;
    }
    space.ranges_[key].end = static_cast<std::uint32_t>(space.slots_.size());
    all = {};
  }
  if (space.slots() > kMaxSlots) return std::nullopt;
  return space;
}

RankSpace::Cut RankSpace::cut(const Node& split) const {
  const Range range = ranges_[split.column() * std::size_t{2} + side(split)];
  if (split.is_categorical()) return {range.begin, 0};
  std::uint32_t slot = range.begin;
  while (slot + 1 < range.end && slots_[slot].cuts.back() < split.value) ++slot;
  const std::vector<double>& cuts = slots_[slot].cuts;
  return {slot, static_cast<std::uint32_t>(std::lower_bound(cuts.begin(), cuts.end(), split.value) - cuts.begin())};
}

bool RankSpace::is_missing(double x) const { return std::isnan(x) && (has_sides_ || is_na(x)); }

void RankSpace::rank_levels(const Slot& slot, const double* column, std::size_t rows, Rank* ranks) const {
  for (std::size_t lane = 0; lane < rows; ++lane) {
    ranks[lane] = stored_rank(is_missing(column[lane]) ? slot.levels : static_cast<std::uint32_t>(column[lane]));
  }
  std::fill(ranks + rows, ranks + kGroup, stored_rank(0));
}

bool RankSpace::rank_group(const FeatureMatrix& x, std::size_t begin, std::size_t rows, Simd simd, Rank* out,
                           std::size_t pitch) const {
  const RankSearch search = rank_search(simd);
  bool any_missing = false;
  for (std::size_t i = 0; i < slots(); ++i) {
    const Slot& slot = slots_[i];
    const double* column = x.columns[slot.feature] + begin;
    Rank* ranks = out + i * pitch;
    if (slot.levels > 0) {
      rank_levels(slot, column, rows, ranks);
      continue;
    }
    double padded[kGroup];
    if (rows < kGroup) {
      std::copy_n(column, rows, padded);
      std::fill(padded + rows, padded + kGroup, slot.cuts.front());
      column = padded;
    }
    search(slot.cuts, comparison_, column, ranks);
    for (std::size_t lane = 0; lane < kGroup; ++lane) {
      if (!std::isnan(column[lane]) || !is_missing(column[lane])) continue;
      ranks[lane] = stored_rank(slot.is_missing_left ? 0 : kMissingRank);
      any_missing = true;
    }
  }
  std::fill_n(out + slots() * pitch, kGroup, stored_rank(0));
  return any_missing;
}

}  // namespace scoria::model::tree
