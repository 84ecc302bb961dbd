// Linear discriminant analysis as MASS's predict.lda answers.
// Source: Ripley, Pattern Recognition and Neural Networks (1996), ch. 2.4 and 3.1; MASS 7.3-58 by its behaviour.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its numbers.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/design.h"
#include "model/discriminant/groups.h"
#include "model/model.h"

namespace scoria::model::discriminant {

class LinearDiscriminant final : public Model {
 public:
  // `scaling`: variables to discriminants; `dimensions`: how many of these were fitted.
  // Preconditions: scaling has a row for each variable of groups and design, and at least `dimensions` columns, not 0.
  LinearDiscriminant(Description description, Design design, Groups groups, RMatrix scaling, std::size_t dimensions);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  struct Asked {
    std::vector<double> prior;
    std::vector<double> center;  // the groups' means, weighted by prior
    NumberColumns group_scores;  // the groups' means along each discriminant
    Method method = Method::plug_in;
    std::size_t dimensions = 0;
  };
  Result<Asked> understand(const Request& request) const;
  void add_scores(const Asked& asked, const DesignBlock& block, NumberColumns& scores) const;
  void add_distances(const Asked& asked, const NumberColumns& scores, const DesignBlock& block,
                     NumberColumns& posterior) const;
  void add_predictive(const Asked& asked, const NumberColumns& scores, const DesignBlock& block,
                      NumberColumns& posterior) const;

  Design design_;
  Groups groups_;
  RMatrix scaling_;
  std::size_t dimensions_;
};

}  // namespace scoria::model::discriminant
