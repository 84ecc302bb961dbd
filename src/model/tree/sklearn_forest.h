// Reads sklearn.tree's trees and sklearn.ensemble's forests of them: DecisionTree*, ExtraTree*, RandomForest*, ExtraTrees*.
#pragma once

#include <string_view>

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::tree {

// Errors: corrupt, naming class and attribute: trees that disagree with each other or with the classes, what read_sklearn_tree() and
// Ensemble::build() find.
Result<pipeline::Step> load_sklearn_tree(const pickle::Object& object, int depth);
Result<pipeline::Step> load_sklearn_forest(const pickle::Object& object, int depth);

// Whether predict() of the version that wrote the tree takes missing values: since 1.3, by its splitter and criterion.
bool takes_missing_values(const pickle::Object& tree_estimator);

// The version "1.4.2" as 1.4, for comparisons: 104. 0 where the object says none.
int sklearn_release(const pickle::Object& object);

// The trees of an ensemble, as objects. Errors: corrupt: none, or what is no object.
Result<std::vector<pickle::Object>> estimators_of(const pickle::Object& ensemble);

}  // namespace scoria::model::tree
