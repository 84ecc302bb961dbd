#include "model/tree/sums.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "model/tree/deep_layout.h"
#include "model/tree/mask_layout.h"
#include "model/tree/rank_space.h"
#include "model/tree/simd.h"

namespace scoria::model::tree {
namespace {

// Rows that are ranked together and then meet every tree: their ranks and sums stay in the second-level cache.
constexpr std::size_t kBlock = 512;
// A deep tree costs as much for every node that some row of a block reaches, so blocks are as large as have ranks in this many bytes:
// of 20 features and 500 trees of 6,300 nodes, 8,192 rows took 15.9 ns a tree and row, 16,384 12.9, 32,768 10.9 and 65,536 9.4; the
// last fill so much more than the second-level cache that they suffer most from what else a machine does.
constexpr std::size_t kDeepBlockBytes = 2u << 20;
constexpr std::size_t kDeepBlock = 32'768;
static_assert(kDeepBlock <= kMostPartitionRows);
// The plain walk gains less, from rows that take four times the room.
constexpr std::size_t kPlainDeepBlock = 8192;
constexpr std::size_t kDeepTreeBytes = 16u << 10;
// Below this a group of lanes would be mostly empty.
constexpr std::size_t kFewRows = 16;
// Ranking thresholds and laying trees out costs as much as walking some hundred rows: not before these were asked for.
constexpr std::size_t kRowsWorthALayout = 256;
// Tree-rows (about 100 us of work) below which handing work to other threads costs more than it gains.
constexpr std::size_t kWorthThreads = 100'000;

// By AVX-512 a row walks all trees at once (row_walk.h). While these lie in the second-level cache, so many rows do so sooner than they are ranked and
// partitioned: of 100 trees of 332 nodes, 100 rows took 1.3 us each instead of 2.3, 500 rows 1.7 instead of 1.9, 1,000 rows 1.7 instead of 1.4.
constexpr std::size_t kNearBytes = 1u << 20;
constexpr std::size_t kRowsOfAWalk = 512;

std::size_t rounded_up(std::size_t rows) { return (rows + kGroup - 1) / kGroup * kGroup; }

// The layout that serves an ensemble best: the narrowest masks that hold its leaves, else the one for deep trees.
class Kernel {
 public:
  // Precondition: DeepLayout::fits().
  static Kernel build(const Ensemble& ensemble, const RankSpace& space, bool missing, Simd simd) {
    if (auto masks = MaskLayout<1>::build(ensemble, space, missing, simd)) return Kernel(std::move(*masks));
    if (auto masks = MaskLayout<2>::build(ensemble, space, missing, simd)) return Kernel(std::move(*masks));
    if (auto masks = MaskLayout<4>::build(ensemble, space, missing, simd)) return Kernel(std::move(*masks));
    return Kernel(DeepLayout::build(ensemble, space));
  }

  // Then it follows missing values whether or not it was asked to.
  bool is_deep() const { return std::holds_alternative<DeepLayout>(layout_); }

  void run(const KernelJob& job, Simd simd) const {
    std::visit(
        [&](const auto& layout) {
          if constexpr (requires { layout.lookups; }) {
            run_masks(layout, job, simd);
          } else {
            run_deep(layout, job, simd);
          }
        },
        layout_);
  }

 private:
  template <typename Layout>
  explicit Kernel(Layout layout) : layout_(std::move(layout)) {}

  std::variant<MaskLayout<1>, MaskLayout<2>, MaskLayout<4>, DeepLayout> layout_;
};

// Everything that one vector target needs for one ensemble.
class Kernels {
 public:
  // nullptr where only the plain walk serves.
  static std::unique_ptr<Kernels> build(const Ensemble& ensemble, Simd simd, RankSpace::Missing by) {
    auto space = RankSpace::build(ensemble, by);
    // The deep layout is the way out for trees, and rows, that masks do not serve.
    if (!space || !DeepLayout::fits(ensemble, *space)) return nullptr;
    auto complete = Kernel::build(ensemble, *space, false, simd);
    return std::unique_ptr<Kernels>(new Kernels(ensemble, simd, std::move(*space), std::move(complete)));
  }

  const RankSpace& space() const { return space_; }
  // Behind a group's ranks, masks keep the children of a tree's categorical splits: at most as many as it may have leaves.
  std::size_t pitch() const { return space_.group_size() + (has_categories_ ? MaskLayout<4>::kLeaves * kGroup : 0); }

  // Whether a slot's ranks of a whole block are one column, or each group has its own.
  bool in_columns() const { return complete_.is_deep(); }

  std::size_t block_rows() const {
    if (!complete_.is_deep()) return kBlock;
    const std::size_t groups = kDeepBlockBytes / (pitch() * sizeof(Rank));
    return std::clamp(groups * kGroup, kBlock, kDeepBlock);
  }

  // For groups of rows without a missing number, or with one. The latter is made when the first such row comes.
  const Kernel& kernel(bool missing) const {
    if (!missing || !ensemble_.has_missing_children() || complete_.is_deep()) return complete_;
    std::call_once(missing_once_,
                   [&] { missing_ = std::make_unique<Kernel>(Kernel::build(ensemble_, space_, true, simd_)); });
    return *missing_;
  }

 private:
  Kernels(const Ensemble& ensemble, Simd simd, RankSpace space, Kernel complete)
      : ensemble_(ensemble), simd_(simd), space_(std::move(space)), complete_(std::move(complete)) {
    for (std::size_t slot = 0; slot < space_.slots(); ++slot) {
      if (space_.levels(slot) > 0) has_categories_ = true;
    }
  }

  const Ensemble& ensemble_;
  Simd simd_;
  RankSpace space_;
  Kernel complete_;
  bool has_categories_ = false;
  mutable std::once_flag missing_once_;
  mutable std::unique_ptr<Kernel> missing_;
};

// One block of rows, ranked.
class Block {
 public:
  Block(const Kernels& kernels, const FeatureMatrix& x, std::size_t begin, std::size_t rows, Simd simd)
      : kernels_(kernels), simd_(simd), groups_(rounded_up(rows) / kGroup) {
    // A cache line between columns: a row's ranks would otherwise meet in the same few places of the cache.
    constexpr std::size_t kGap = 64 / sizeof(Rank);
    const std::size_t column = groups_ * kGroup + (groups_ > 1 ? kGap : 0);
    pitch_ = kernels.in_columns() ? kGroup : kernels.pitch();
    slot_pitch_ = kernels.in_columns() ? column : kGroup;
    missing_.resize(groups_);
    ranks_.resize(kernels.in_columns() ? (kernels.space().slots() + 1) * column : groups_ * pitch_);
    for (std::size_t group = 0; group < groups_; ++group) {
      const std::size_t first = group * kGroup;
      const std::size_t count = std::min(kGroup, rows - first);
      missing_[group] =
          kernels.space().rank_group(x, begin + first, count, simd, ranks_.data() + group * pitch_, slot_pitch_);
    }
  }

  bool has_missing() const {
    return std::any_of(missing_.begin(), missing_.end(), [](std::uint8_t missing) { return missing != 0; });
  }

  // `job` without its ranks.
  void run(KernelJob job) {
    job.pitch = pitch_;
    job.slot_pitch = slot_pitch_;
    const KernelJob all = job;
    for (std::size_t group = 0; group < groups_; group += job.groups) {
      // Neighbouring groups of one kind go together, all of them where one kernel serves both kinds.
      job.groups = kernels_.in_columns() ? groups_ : 1;
      while (group + job.groups < groups_ && missing_[group + job.groups] == missing_[group]) ++job.groups;
      job.ranks = ranks_.data() + group * pitch_;
      job.sums = all.group_sums(group);
      job.has_missing = kernels_.in_columns() ? has_missing() : missing_[group] != 0;
      kernels_.kernel(job.has_missing).run(job, simd_);
    }
  }

 private:
  const Kernels& kernels_;
  Simd simd_;
  std::size_t pitch_;
  std::size_t slot_pitch_;
  std::size_t groups_;
  std::vector<std::uint8_t> missing_;  // by group
  std::vector<Rank> ranks_;
};

// Whether rows go through all trees one after the other, rather than trees through all rows.
bool goes_by_row(const Ensemble& ensemble, KernelChoice choice, std::size_t rows) {
  if (rows < kFewRows) return true;
  return choice.simd == Simd::avx512 && !choice.by_name && rows < kRowsOfAWalk && ensemble.route_bytes() == 0 &&
         ensemble.nodes() * sizeof(Node) <= kNearBytes;
}

// Rows of a block: what suits the kernel, but no more than leave every thread some blocks and every row its outputs in the cache.
std::size_t block_rows(const Kernels* kernels, const Ensemble& ensemble, std::size_t outputs, std::size_t rows,
                       const Executor& executor) {
  std::size_t most = kBlock;
  if (kernels == nullptr && rows < kFewRows) return std::max<std::size_t>(rows, 1);
  if (kernels != nullptr) {
    most = kernels->block_rows();
  } else if (ensemble.nodes() * sizeof(Node) / std::max<std::size_t>(ensemble.trees(), 1) > kDeepTreeBytes) {
    most = kPlainDeepBlock;
  }
  most = std::min(most, kDeepBlock / std::max<std::size_t>(outputs, 1) / kGroup * kGroup);
  if (executor.concurrency() > 1) most = std::min(most, rounded_up(rows / (4 * executor.concurrency())));
  most = std::max(most, kBlock);
  // As many blocks as that makes, of the same size.
  const std::size_t blocks = std::max<std::size_t>((rows + most - 1) / most, 1);
  return std::clamp(rounded_up((rows + blocks - 1) / blocks), kBlock, most);
}

}  // namespace

struct Sums::Layouts {
  std::atomic<std::size_t> rows_asked{0};
  struct PerTarget {
    std::once_flag once;
    std::unique_ptr<Kernels> kernels;
    // Of an ensemble with missing sides: for blocks of rows that have a missing value.
    std::once_flag missing_once;
    std::unique_ptr<Kernels> missing;
  };
  PerTarget avx2;
  PerTarget avx512;

  PerTarget& target(Simd simd) { return simd == Simd::avx512 ? avx512 : avx2; }

  // nullptr where the plain walk is the better or the only way. A target that was asked for by name is used whatever the size.
  const Kernels* choose(const Ensemble& ensemble, KernelChoice choice, std::size_t rows) {
    if (choice.simd == Simd::none || ensemble.trees() == 0) return nullptr;
    const std::size_t asked = rows_asked.fetch_add(rows, std::memory_order_relaxed) + rows;
    if (!choice.by_name && (rows < kFewRows || asked < kRowsWorthALayout)) return nullptr;
    PerTarget& chosen = target(choice.simd);
    std::call_once(chosen.once,
                   [&] { chosen.kernels = Kernels::build(ensemble, choice.simd, RankSpace::Missing::all_right); });
    // Leaf masks are quicker than any walk.
    const bool is_masks = chosen.kernels != nullptr && !chosen.kernels->in_columns();
    return !is_masks && goes_by_row(ensemble, choice, rows) ? nullptr : chosen.kernels.get();
  }

  // A block of rows, ranked; nullptr where the plain walk serves it.
  std::unique_ptr<Block> block(const Kernels* kernels, const Ensemble& ensemble, const FeatureMatrix& x,
                               std::size_t begin, std::size_t rows, Simd simd) {
    if (kernels == nullptr) return nullptr;
    auto block = std::make_unique<Block>(*kernels, x, begin, rows, simd);
    if (!ensemble.has_missing_sides() || !block->has_missing()) return block;
    PerTarget& chosen = target(simd);
    std::call_once(chosen.missing_once,
                   [&] { chosen.missing = Kernels::build(ensemble, simd, RankSpace::Missing::by_side); });
    if (chosen.missing == nullptr) return nullptr;
    return std::make_unique<Block>(*chosen.missing, x, begin, rows, simd);
  }
};

Sums::Sums(Ensemble ensemble)
    : ensemble_(std::make_unique<const Ensemble>(std::move(ensemble))), layouts_(std::make_unique<Layouts>()) {}
Sums::Sums(Sums&&) noexcept = default;
Sums::~Sums() = default;

template <typename Body>
void Sums::over_blocks(const FeatureMatrix& x, std::size_t block_rows, Executor& executor, const Body& body) const {
  const std::size_t blocks = (x.rows + block_rows - 1) / block_rows;
  const auto block = [&](std::size_t i) { body({i * block_rows, std::min(block_rows, x.rows - i * block_rows)}); };
  if (blocks > 1 && executor.concurrency() > 1 && x.rows * ensemble_->trees() >= kWorthThreads) {
    executor.parallel_for(blocks, block);
  } else {
    for (std::size_t i = 0; i < blocks; ++i) block(i);
  }
}

void Sums::sum(const FeatureMatrix& x, const SumRequest& request, std::span<double* const> out,
               Executor& executor) const {
  SCORIA_CHECK(out.size() == request.segments.size() * request.outputs);
  SCORIA_CHECK(!request.starts_from_out || request.segments.size() == 1);
  const Kernels* kernels = layouts_->choose(*ensemble_, request.kernels, x.rows);
  const bool by_row = goes_by_row(*ensemble_, request.kernels, x.rows);
  const std::size_t stride = block_rows(kernels, *ensemble_, request.outputs, x.rows, executor);
  over_blocks(x, stride, executor, [&](Rows rows) {
    std::vector<double> sums(request.outputs * stride);
    std::vector<std::uint32_t> leaves;  // of one row, where there are few
    const auto block = layouts_->block(kernels, *ensemble_, x, rows.begin, rows.count, request.kernels.simd);
    for (std::size_t s = 0; s < request.segments.size(); ++s) {
      const Segment& segment = request.segments[s];
      if (!segment.continues || s == 0) std::fill(sums.begin(), sums.end(), request.initial);
      for (std::uint32_t k = 0; request.starts_from_out && k < request.outputs; ++k) {
        std::copy_n(out[k] + rows.begin, rows.count, sums.data() + k * stride);
      }
      if (block) {
        block->run({.begin = segment.begin,
                    .end = segment.end,
                    .outputs = request.outputs,
                    .sums = sums.data(),
                    .stride = stride});
      } else if (by_row) {
        leaves.resize(segment.end - segment.begin);
        for (std::size_t i = 0; i < rows.count; ++i) {
          ensemble_->walk_row(segment.begin, segment.end, x, rows.begin + i, request.kernels.simd, leaves);
          const std::span<const Node> nodes = ensemble_->layout();
          if (request.outputs == 1) {
            double sum = sums[i];
            for (const std::uint32_t leaf : leaves) sum += nodes[leaf].value;
            sums[i] = sum;
            continue;
          }
          for (std::size_t t = 0; t < leaves.size(); ++t)
            sums[t % request.outputs * stride + i] += nodes[leaves[t]].value;
        }
      } else {
        for (std::uint32_t tree = segment.begin; tree < segment.end; ++tree) {
          double* output = sums.data() + (tree - segment.begin) % request.outputs * stride;
          for (std::size_t i = 0; i < rows.count; ++i) {
            output[i] += ensemble_->layout()[ensemble_->walk(tree, x, rows.begin + i)].value;
          }
        }
      }
      for (std::uint32_t k = 0; k < request.outputs; ++k) {
        std::copy_n(sums.data() + k * stride, rows.count, out[s * request.outputs + k] + rows.begin);
      }
    }
  });
}

void Sums::vote(const FeatureMatrix& x, KernelChoice choice, std::span<double* const> out, Executor& executor) const {
  const Kernels* kernels = layouts_->choose(*ensemble_, choice, x.rows);
  const bool by_row = goes_by_row(*ensemble_, choice, x.rows);
  const std::size_t stride = block_rows(kernels, *ensemble_, out.size(), x.rows, executor);
  over_blocks(x, stride, executor, [&](Rows rows) {
    std::vector<double> votes(out.size() * stride);
    if (const auto block = layouts_->block(kernels, *ensemble_, x, rows.begin, rows.count, choice.simd)) {
      block->run({.begin = 0, .end = ensemble_->trees(), .votes = true, .sums = votes.data(), .stride = stride});
    } else if (by_row) {
      std::vector<std::uint32_t> leaves(ensemble_->trees());
      for (std::size_t i = 0; i < rows.count; ++i) {
        ensemble_->walk_row(0, ensemble_->trees(), x, rows.begin + i, choice.simd, leaves);
        for (const std::uint32_t leaf : leaves)
          votes[static_cast<std::size_t>(ensemble_->layout()[leaf].value) * stride + i] += 1.0;
      }
    } else {
      for (std::uint32_t tree = 0; tree < ensemble_->trees(); ++tree) {
        for (std::size_t i = 0; i < rows.count; ++i) {
          const double leaf = ensemble_->layout()[ensemble_->walk(tree, x, rows.begin + i)].value;
          votes[static_cast<std::size_t>(leaf) * stride + i] += 1.0;
        }
      }
    }
    for (std::size_t k = 0; k < out.size(); ++k) {
      std::copy_n(votes.data() + k * stride, rows.count, out[k] + rows.begin);
    }
  });
}

void Sums::sum_vectors(const FeatureMatrix& x, const LeafVectors& vectors, KernelChoice choice,
                       std::span<double* const> out, Executor& executor) const {
  const std::size_t width = vectors.width;
  SCORIA_CHECK(width > 0 && out.size() == width);
  const Kernels* kernels = layouts_->choose(*ensemble_, choice, x.rows);
  const bool by_row = goes_by_row(*ensemble_, choice, x.rows);
  const std::size_t stride = block_rows(kernels, *ensemble_, width, x.rows, executor);
  over_blocks(x, stride, executor, [&](Rows rows) {
    std::vector<double> sums(rounded_up(rows.count) * width);
    if (const auto block = layouts_->block(kernels, *ensemble_, x, rows.begin, rows.count, choice.simd)) {
      block->run({.begin = 0,
                  .end = ensemble_->trees(),
                  .vectors = vectors.numbers.data(),
                  .width = vectors.width,
                  .sums = sums.data()});
    } else if (by_row) {
      std::vector<std::uint32_t> leaves(ensemble_->trees());
      for (std::size_t i = 0; i < rows.count; ++i) {
        ensemble_->walk_row(0, ensemble_->trees(), x, rows.begin + i, choice.simd, leaves);
        for (const std::uint32_t leaf : leaves) {
          const auto at = static_cast<std::size_t>(ensemble_->layout()[leaf].value);
          for (std::size_t k = 0; k < width; ++k) sums[i * width + k] += vectors.numbers[at * width + k];
        }
      }
    } else {
      for (std::uint32_t tree = 0; tree < ensemble_->trees(); ++tree) {
        for (std::size_t i = 0; i < rows.count; ++i) {
          const double leaf = ensemble_->layout()[ensemble_->walk(tree, x, rows.begin + i)].value;
          const double* vector = vectors.numbers.data() + static_cast<std::size_t>(leaf) * width;
          for (std::size_t k = 0; k < width; ++k) sums[i * width + k] += vector[k];
        }
      }
    }
    for (std::size_t k = 0; k < width; ++k) {
      for (std::size_t i = 0; i < rows.count; ++i) out[k][rows.begin + i] = sums[i * width + k];
    }
  });
}

void Sums::leaves(const FeatureMatrix& x, std::span<std::uint32_t* const> out, Executor& executor) const {
  SCORIA_CHECK(out.size() == ensemble_->trees());
  over_blocks(x, block_rows(nullptr, *ensemble_, 1, x.rows, executor), executor, [&](Rows rows) {
    for (std::uint32_t tree = 0; tree < ensemble_->trees(); ++tree) {
      for (std::size_t row = rows.begin; row < rows.begin + rows.count; ++row)
        out[tree][row] = ensemble_->walk(tree, x, row);
    }
  });
}

}  // namespace scoria::model::tree
