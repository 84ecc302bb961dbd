// A chain of fitted steps as one model: the input's columns go through the transformers, and the predictor answers; where there
// is none, the columns that the last transformer makes are the answer.
// Threads: immutable after construction; score() may run concurrently.
#pragma once

#include <memory>
#include <vector>

#include "model/model.h"
#include "model/pipeline/step.h"

namespace scoria::model::pipeline {

// The note of an answer for which columns were taken by position.
inline constexpr char kTakenInOrder[] =
    "the model's file keeps no names of its columns: the input's are taken in their order";

class Pipeline final : public Model {
 public:
  // `description` has what the predictor does not fill: family, package. Preconditions: the first of `steps` has inputs, all but
  // the last a transformer, and each takes as many columns as the one before makes.
  Pipeline(Description description, std::vector<Step> steps);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

  // In order: all but the last are transformers; the last is what answers.
  const std::vector<Step>& steps() const { return steps_; }

 private:
  Result<table::Table> bind(const table::Table& table, std::vector<std::string>& notes) const;
  Result<Prediction> answer(const table::Table& columns, const Request& request, Executor& executor) const;
  Result<Prediction> score_slab(table::Table columns, const Request& request, Executor& executor) const;

  std::vector<Step> steps_;
  std::size_t widest_ = 0;  // columns between two steps
};

// The transformers of `steps` as one. Preconditions: as Pipeline's, and the last has a transformer.
std::shared_ptr<const Transformer> chain(std::vector<Step> steps);

}  // namespace scoria::model::pipeline
