// A recursive partition as R's rpart answers: which node of one tree a row ends in, and what was fitted there.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its tree, its formula and the nodes' values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "model/terms/terms.h"
#include "model/tree/surrogate_tree.h"

namespace scoria::model::tree {

// What was fitted in each node, in the order of the tree's nodes.
struct RpartNodes {
  std::vector<std::int32_t> numbers;
  std::vector<double> value;                // of a classification: the class, from 1
  std::vector<std::vector<double>> matrix;  // by column; empty where the method gives one number a node
};

// A column of a tree's input: a variable of the model frame, or one column of a variable that is a matrix.
struct RpartColumn {
  std::size_t variable = 0;
  std::size_t column = 0;
};

class Rpart final : public Model {
 public:
  // `columns`: what the tree's column numbers mean. A classification has labels in its description; its nodes' values are
  // 1 to their number, and the matrix has two columns and twice as many as labels at least.
  Rpart(Description description, terms::Terms terms, std::vector<RpartColumn> columns, SurrogateTree tree,
        RpartNodes nodes);

  Result<Prediction> score(const table::Table& rows, const Request& request, Executor& executor) const override;

 private:
  void add(const std::string& type, const std::vector<std::int32_t>& ends, table::Table& out) const;

  terms::Terms terms_;
  std::vector<RpartColumn> columns_;
  SurrogateTree tree_;
  RpartNodes nodes_;
};

}  // namespace scoria::model::tree
