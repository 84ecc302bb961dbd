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
  std::size_t groups = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t outputs = 1;  // tree t adds to sums[(t - begin) % outputs * stride + row]
  bool votes = false;         // instead: adds 1 to sums[leaf value * stride + row]
  double* sums = nullptr;
  std::size_t stride = 0;
};

}  // namespace scoria::model::tree
