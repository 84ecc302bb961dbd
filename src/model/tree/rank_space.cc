#include "model/tree/rank_space.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/na.h"

namespace scoria::model::tree {

std::optional<RankSpace> RankSpace::build(const Ensemble& ensemble) {
  constexpr std::uint32_t kNoSlot = std::numeric_limits<std::uint32_t>::max();
  RankSpace space;
  space.comparison_ = ensemble.comparison();
  space.slot_of_feature_.assign(ensemble.features(), kNoSlot);
  for (const Node& node : ensemble.layout()) {
    if (node.is_leaf()) continue;
    std::uint32_t& slot = space.slot_of_feature_[node.column()];
    if (slot == kNoSlot) {
      slot = static_cast<std::uint32_t>(space.features_.size());
      space.features_.push_back(node.column());
      space.levels_.push_back(ensemble.levels(node.column()));
      space.cuts_.emplace_back();
    }
    if (!node.is_categorical()) space.cuts_[slot].push_back(node.value);
  }
  if (space.slots() > kMaxSlots) return std::nullopt;
  for (std::size_t slot = 0; slot < space.slots(); ++slot) {
    std::vector<double>& cuts = space.cuts_[slot];
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    cuts.shrink_to_fit();
    // A feature with levels is ranked by level, so no split may treat it as a number.
    if (space.levels_[slot] > 0 && !cuts.empty()) return std::nullopt;
    if (cuts.size() > kMaxCuts || space.levels_[slot] > kMaxCuts) return std::nullopt;
  }
  return space;
}

std::uint32_t RankSpace::cut_position(std::uint32_t feature, double threshold) const {
  const std::vector<double>& cuts = cuts_[slot(feature)];
  return static_cast<std::uint32_t>(std::lower_bound(cuts.begin(), cuts.end(), threshold) - cuts.begin());
}

bool RankSpace::rank_group(const FeatureMatrix& x, std::size_t begin, std::size_t rows, Simd simd, Rank* out) const {
  const RankSearch search = rank_search(simd);
  bool any_missing = false;
  for (std::size_t slot = 0; slot < slots(); ++slot) {
    const double* column = x.columns[features_[slot]] + begin;
    Rank* ranks = out + slot * kGroup;
    if (levels_[slot] > 0) {
      for (std::size_t lane = 0; lane < kGroup; ++lane) {
        const bool is_level = lane < rows && !is_na(column[lane]);
        ranks[lane] = stored_rank(is_level      ? static_cast<std::uint32_t>(column[lane])
                                  : lane < rows ? levels_[slot]
                                                : 0);
      }
      continue;
    }
    double padded[kGroup];
    if (rows < kGroup) {
      std::copy_n(column, rows, padded);
      std::fill(padded + rows, padded + kGroup, cuts_[slot].front());
      column = padded;
    }
    search(cuts_[slot], comparison_, column, ranks);
    for (std::size_t lane = 0; lane < kGroup; ++lane) {
      if (std::isnan(column[lane]) && is_na(column[lane])) {
        ranks[lane] = stored_rank(kMissingRank);
        any_missing = true;
      }
    }
  }
  std::fill_n(out + slots() * kGroup, kGroup, stored_rank(0));
  return any_missing;
}

}  // namespace scoria::model::tree
