// One row through many trees: a lane of a vector holds a tree, so that a single row gains from vectors, too.
// Threads: free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/tree/ensemble.h"

namespace scoria::model::tree {

constexpr std::size_t kRowWalkPadding = 32;

// Trees whose splits are all on numbers, and a row of them.
struct RowWalk {
  std::span<const Node> nodes;
  std::span<const std::uint32_t> roots;  // of the trees to walk
  std::uint32_t features = 0;
  std::span<const double> row;      // of features; no fewer numbers than kRowWalkPadding, whatever the last ones are
  std::span<std::uint32_t> leaves;  // gets the position in nodes of each tree's leaf; as many as roots
  Comparison comparison = Comparison::less;
  bool has_missing_children = false;
  bool has_missing_sides = false;
};

// Precondition: resolve_simd() gave AVX-512. (AVX2 cannot pick from a row in registers, and its gathers gain nothing over the plain walk.)
void walk_row(const RowWalk& walk);

}  // namespace scoria::model::tree
