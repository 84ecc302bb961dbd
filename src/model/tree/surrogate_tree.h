// One binary tree whose nodes know what to do where a value is missing: surrogate splits in turn, then the larger child.
// Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees (1984), section 5.3; numbering of nodes and
// order of decisions as R's rpart.
// Threads: immutable once built; walk() may run concurrently.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace scoria::model::tree {

enum class Side : std::int8_t { left = -1, none = 0, right = 1 };

// One question about one column.
struct SurrogateSplit {
  std::uint32_t column = 0;
  // Of a number, where `sides` is empty: `below` where it is less than the threshold, else the other side.
  double threshold = 0;
  Side below = Side::left;
  // Of a factor: by 0-based level; none where the level was not met here in training, as of any level beyond the last.
  std::vector<Side> sides;
};

// A node by its number: 1 is the root, and k has the children 2k and 2k + 1.
struct SurrogateNode {
  std::int32_t number = 1;
  std::vector<SurrogateSplit> splits;  // the node's own, then its surrogates in order; a leaf has none
  Side majority = Side::none;          // where no split has an answer; none: the row ends in this node
};

class SurrogateTree {
 public:
  // Errors: corrupt, naming a node's number: no node 1, a number below 1 or given twice, a child that is absent.
  static Result<SurrogateTree> build(std::vector<SurrogateNode> nodes);

  std::size_t nodes() const { return nodes_.size(); }
  std::size_t leaves() const { return leaves_; }
  std::size_t depth() const { return depth_; }  // of the deepest node; the root's is 0

  // For each row of [first, first + out.size()): the position, in the nodes given to build(), of the node where it ends.
  // `columns`: numbers, or 0-based level codes; NaN, NA included, is missing. Precondition: each column that a split names.
  void walk(std::span<const double* const> columns, std::size_t first, std::span<std::int32_t> out) const;

 private:
  static constexpr std::int32_t kNone = -1;

  struct Question {
    double threshold = 0;
    std::uint32_t column = 0;
    Side below = Side::left;
    std::uint32_t first_side = 0;  // into sides_
    std::uint32_t levels = 0;      // 0: of a number
  };
  struct Node {
    Question own;
    // Left, then right; kNone in a leaf.
    std::int32_t children[2] = {kNone, kNone};
    // Of a number's question, so that the usual step is a look-up and no branch: not below, then below.
    std::int32_t outcomes[2] = {kNone, kNone};
    std::int32_t majority = kNone;
    std::uint32_t first_surrogate = 0;  // into surrogates_
    std::uint32_t surrogates = 0;
  };

  Question question(SurrogateSplit split);
  Side answer(const Question& question, double x) const;
  // Where a row goes from a node of a factor, or that its own question does not answer; kNone where it ends.
  std::int32_t next(const Node& node, std::span<const double* const> columns, std::size_t row) const;

  std::vector<Node> nodes_;  // as given
  std::vector<Question> surrogates_;
  std::vector<Side> sides_;
  std::int32_t root_ = 0;
  std::size_t leaves_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace scoria::model::tree
