// What the kernels are asked to do: trees [begin, end) over groups of ranked rows.
// Threads: each thread has jobs of its own. Borrows: ranks and sums.
#pragma once

#include <cstdint>

#include "model/tree/rank_space.h"

namespace scoria::model::tree {

struct KernelJob {
  Rank* ranks =
      nullptr;  // groups whose ranks start `pitch` apart; kernels use what lies behind a group's own as scratch
  std::size_t pitch = 0;
  // The ranks of a group's slots lie so far apart. Where `pitch` is kGroup, this is more than all groups' rows, so that a slot's
  // ranks are one column.
  std::size_t slot_pitch = kGroup;
  std::size_t groups = 0;
  bool has_missing = false;  // in some row
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t outputs = 1;  // tree t adds to sums[(t - begin) % outputs * stride + row]
  bool votes = false;         // instead: adds 1 to sums[leaf value * stride + row]
  // Or, where not null: a leaf's value is the number of one of these vectors of `width` numbers, which is added to
  // sums[row * width ...].
  const double* vectors = nullptr;
  std::uint32_t width = 1;
  double* sums = nullptr;
  std::size_t stride = 0;

  // Where the sums of a group's first row are.
  double* group_sums(std::size_t group) const { return sums + group * kGroup * (vectors != nullptr ? width : 1); }
};

}  // namespace scoria::model::tree
