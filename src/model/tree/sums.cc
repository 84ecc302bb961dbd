#include "model/tree/sums.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "model/tree/gather_layout.h"
#include "model/tree/mask_layout.h"
#include "model/tree/rank_space.h"
#include "model/tree/simd.h"

namespace scoria::model::tree {
namespace {

// Rows that are ranked together and then meet every tree: their ranks and sums stay in the second-level cache.
constexpr std::size_t kBlock = 512;
// Below this a group of lanes would be mostly empty.
constexpr std::size_t kFewRows = 16;
// Ranking thresholds and laying trees out costs as much as walking some hundred rows: not before these were asked for.
constexpr std::size_t kRowsWorthALayout = 256;
// Tree-rows (about 100 us of work) below which handing work to other threads costs more than it gains.
constexpr std::size_t kWorthThreads = 100'000;

std::size_t rounded_up(std::size_t rows) { return (rows + kGroup - 1) / kGroup * kGroup; }

// The layout that serves an ensemble best: the narrowest masks that hold its leaves, else gathers.
class Kernel {
 public:
  static std::optional<Kernel> build(const Ensemble& ensemble, const RankSpace& space, bool missing, Simd simd) {
    if (auto masks = MaskLayout<1>::build(ensemble, space, missing, simd)) return Kernel(std::move(*masks));
    if (auto masks = MaskLayout<2>::build(ensemble, space, missing, simd)) return Kernel(std::move(*masks));
    if (auto masks = MaskLayout<4>::build(ensemble, space, missing, simd)) return Kernel(std::move(*masks));
    if (auto gather = GatherLayout::build(ensemble, space)) return Kernel(std::move(*gather));
    return std::nullopt;
  }

  // Gathers follow missing values whether or not they were asked to.
  bool follows_missing() const { return std::holds_alternative<GatherLayout>(layout_); }

  // Lanes behind a group's ranks that the kernel writes to.
  std::size_t scratch() const {
    return std::visit(
        [](const auto& layout) -> std::size_t {
          if constexpr (requires { layout.scratch_slots; }) return layout.scratch_slots * kGroup;
          return 0;
        },
        layout_);
  }

  void run(const KernelJob& job, Simd simd) const {
    std::visit(
        [&](const auto& layout) {
          if constexpr (requires { layout.scratch_slots; }) {
            run_masks(layout, job, simd);
          } else {
            run_gathers(layout, job, simd);
          }
        },
        layout_);
  }

 private:
  template <typename Layout>
  explicit Kernel(Layout layout) : layout_(std::move(layout)) {}

  std::variant<MaskLayout<1>, MaskLayout<2>, MaskLayout<4>, GatherLayout> layout_;
};

// Everything that one vector target needs for one ensemble.
struct Kernels {
  RankSpace space;
  Kernel complete;                  // for groups of rows without a missing number
  std::unique_ptr<Kernel> missing;  // for the others, where `complete` does not follow them

  static std::optional<Kernels> build(const Ensemble& ensemble, Simd simd) {
    auto space = RankSpace::build(ensemble);
    if (!space) return std::nullopt;
    auto complete = Kernel::build(ensemble, *space, false, simd);
    if (!complete) return std::nullopt;
    std::unique_ptr<Kernel> missing;
    if (ensemble.has_missing_children() && !complete->follows_missing()) {
      auto built = Kernel::build(ensemble, *space, true, simd);
      if (!built) return std::nullopt;
      missing = std::make_unique<Kernel>(std::move(*built));
    }
    return Kernels{std::move(*space), std::move(*complete), std::move(missing)};
  }

  std::size_t pitch() const {
    return space.group_size() + std::max(complete.scratch(), missing ? missing->scratch() : 0);
  }
};

// One block of rows, ranked.
class Block {
 public:
  Block(const Kernels& kernels, const FeatureMatrix& x, std::size_t begin, std::size_t rows, Simd simd)
      : kernels_(kernels), simd_(simd), pitch_(kernels.pitch()), groups_(rounded_up(rows) / kGroup) {
    missing_.resize(groups_);
    ranks_.resize(groups_ * pitch_ + 2);  // a gather of the last rank reads two bytes past it
    for (std::size_t group = 0; group < groups_; ++group) {
      const std::size_t first = group * kGroup;
      const std::size_t count = std::min(kGroup, rows - first);
      missing_[group] = kernels.space.rank_group(x, begin + first, count, simd, ranks_.data() + group * pitch_);
    }
  }

  // `job` without its ranks; sums are arrays of kBlock.
  void run(KernelJob job) {
    job.pitch = pitch_;
    job.stride = kBlock;
    double* const sums = job.sums;
    for (std::size_t group = 0; group < groups_; group += job.groups) {
      // Neighbouring groups of one kind go together: a deep tree is then read once for all of them.
      job.groups = 1;
      while (group + job.groups < groups_ && missing_[group + job.groups] == missing_[group]) ++job.groups;
      job.ranks = ranks_.data() + group * pitch_;
      job.sums = sums + group * kGroup;
      const Kernel& kernel = missing_[group] && kernels_.missing ? *kernels_.missing : kernels_.complete;
      kernel.run(job, simd_);
    }
  }

 private:
  const Kernels& kernels_;
  Simd simd_;
  std::size_t pitch_;
  std::size_t groups_;
  std::vector<std::uint8_t> missing_;  // by group
  std::vector<Rank> ranks_;
};

}  // namespace

struct Sums::Layouts {
  std::atomic<std::size_t> rows_asked{0};
  struct PerTarget {
    std::once_flag once;
    std::optional<Kernels> kernels;
  };
  PerTarget avx2;
  PerTarget avx512;

  // nullptr where the plain walk is the better or the only way. A target that was asked for by name is used whatever the size.
  const Kernels* choose(const Ensemble& ensemble, KernelChoice choice, std::size_t rows) {
    if (choice.simd == Simd::none || ensemble.trees() == 0) return nullptr;
    const std::size_t asked = rows_asked.fetch_add(rows, std::memory_order_relaxed) + rows;
    if (!choice.by_name && (rows < kFewRows || asked < kRowsWorthALayout)) return nullptr;
    PerTarget& target = choice.simd == Simd::avx512 ? avx512 : avx2;
    std::call_once(target.once, [&] { target.kernels = Kernels::build(ensemble, choice.simd); });
    return target.kernels ? &*target.kernels : nullptr;
  }
};

Sums::Sums(Ensemble ensemble) : ensemble_(std::move(ensemble)), layouts_(std::make_unique<Layouts>()) {}
Sums::Sums(Sums&&) noexcept = default;
Sums::~Sums() = default;

void Sums::over_blocks(const FeatureMatrix& x, Executor& executor, const std::function<void(Rows)>& body) const {
  const std::size_t blocks = (x.rows + kBlock - 1) / kBlock;
  const auto block = [&](std::size_t i) { body({i * kBlock, std::min(kBlock, x.rows - i * kBlock)}); };
  if (blocks > 1 && executor.concurrency() > 1 && x.rows * ensemble_.trees() >= kWorthThreads) {
    executor.parallel_for(blocks, block);
  } else {
    for (std::size_t i = 0; i < blocks; ++i) block(i);
  }
}

void Sums::sum(const FeatureMatrix& x, const SumRequest& request, std::span<double* const> out,
               Executor& executor) const {
  SCORIA_CHECK(out.size() == request.segments.size() * request.outputs);
  const Kernels* kernels = layouts_->choose(ensemble_, request.kernels, x.rows);
  over_blocks(x, executor, [&](Rows rows) {
    std::vector<double> sums(request.outputs * kBlock);
    std::unique_ptr<Block> block;
    if (kernels != nullptr) block = std::make_unique<Block>(*kernels, x, rows.begin, rows.count, request.kernels.simd);
    for (std::size_t s = 0; s < request.segments.size(); ++s) {
      const Segment& segment = request.segments[s];
      if (!segment.continues || s == 0) std::fill(sums.begin(), sums.end(), request.initial);
      if (block) {
        block->run({.begin = segment.begin, .end = segment.end, .outputs = request.outputs, .sums = sums.data()});
      } else {
        for (std::uint32_t tree = segment.begin; tree < segment.end; ++tree) {
          double* output = sums.data() + (tree - segment.begin) % request.outputs * kBlock;
          for (std::size_t i = 0; i < rows.count; ++i) {
            output[i] += ensemble_.layout()[ensemble_.walk(tree, x, rows.begin + i)].value;
          }
        }
      }
      for (std::uint32_t k = 0; k < request.outputs; ++k) {
        std::copy_n(sums.data() + k * kBlock, rows.count, out[s * request.outputs + k] + rows.begin);
      }
    }
  });
}

void Sums::vote(const FeatureMatrix& x, KernelChoice choice, std::span<double* const> out, Executor& executor) const {
  const Kernels* kernels = layouts_->choose(ensemble_, choice, x.rows);
  over_blocks(x, executor, [&](Rows rows) {
    std::vector<double> votes(out.size() * kBlock);
    if (kernels != nullptr) {
      Block(*kernels, x, rows.begin, rows.count, choice.simd)
          .run({.begin = 0, .end = ensemble_.trees(), .votes = true, .sums = votes.data()});
    } else {
      for (std::uint32_t tree = 0; tree < ensemble_.trees(); ++tree) {
        for (std::size_t i = 0; i < rows.count; ++i) {
          const double leaf = ensemble_.layout()[ensemble_.walk(tree, x, rows.begin + i)].value;
          votes[static_cast<std::size_t>(leaf) * kBlock + i] += 1.0;
        }
      }
    }
    for (std::size_t k = 0; k < out.size(); ++k) {
      std::copy_n(votes.data() + k * kBlock, rows.count, out[k] + rows.begin);
    }
  });
}

}  // namespace scoria::model::tree
