// A classifier's answers as columns, whatever it computed them with.
// Threads: free functions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/class_columns.h"
#include "model/model.h"
#include "model/pipeline/class_labels.h"

namespace scoria::model::pipeline {

// The columns of each type in order: `predict` is the label at `winners`, any other what `values` gives for it, a column for each
// class or one that stands for all.
Prediction class_prediction(const std::vector<std::string>& types, const ClassLabels& labels,
                            const std::vector<std::int32_t>& winners,
                            const std::function<NumberColumns(const std::string& type)>& values);

bool is_asked(const std::vector<std::string>& types, std::string_view type);

// numpy.log of each.
NumberColumns logarithms(NumberColumns values);

// scikit-learn's softmax() of each row in [first, first + count): exp of what is left of the largest, over their sum.
void softmax(NumberColumns& values, std::size_t first, std::size_t count);

// scipy.special.expit.
double sigmoid(double x);

}  // namespace scoria::model::pipeline
