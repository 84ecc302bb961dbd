// The tree that scikit-learn keeps of fitted rows: boxes (KDTree) or balls (BallTree) around halves of halves of them.
// What is read of it is the order in which it meets rows: of rows that are equally far, that decides which count as near.
// Source: the behaviour of sklearn.neighbors' query() of one row, depth first; the nearer half first.
// Threads: immutable. Ownership: owns its nodes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "pickle/object.h"

namespace scoria::model::distance {

enum class Hull : std::uint8_t { box, ball };

// The halves of node i are the nodes 2 i + 1 and 2 i + 2, which share its rows; the first node has all rows.
struct RowTree {
  struct Node {
    std::uint32_t first = 0;  // positions in `order`
    std::uint32_t end = 0;
    bool is_leaf = false;
    double radius = 0;  // of a ball
  };

  Hull hull = Hull::box;
  std::vector<Node> nodes;           // at least one
  std::vector<std::uint32_t> order;  // each row once
  std::vector<double> low;           // inputs numbers for each node: the box's lower edges, or the ball's center
  std::vector<double> high;          // of a box
};

// The attribute `_tree` of a fitted estimator of `rows` rows of `inputs` columns; nothing where all rows are looked at.
// Errors: corrupt, naming the attribute: parts that do not fit together.
Result<std::optional<RowTree>> read_row_tree(const pickle::Object& object, std::size_t rows, std::size_t inputs);

}  // namespace scoria::model::distance
