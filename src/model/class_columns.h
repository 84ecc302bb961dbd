// Classes and their probabilities as columns of an answer, chosen as R chooses.
// Threads: free functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "table/table.h"

namespace scoria::model {

using NumberColumns = std::vector<std::vector<double>>;  // by label, then row

// Columns TYPE:LABEL, or TYPE alone where `labels` is empty and there is one column, else TYPE:1, TYPE:2, ...
void add_numbers(const std::string& type, const std::vector<std::string>& labels, NumberColumns values,
                 table::Table& out);

// The label of each row's largest value, as R's max.col() sees it: values within 1e-5 of it, relatively, are as large. R draws one
// of those at random; here it is the first in level order, and a note counts such rows. Missing where a value is NaN.
table::ColumnPtr most_probable(const NumberColumns& values, const std::vector<std::string>& labels,
                               std::vector<std::string>& notes);

// labels[1] where the value is above 0.5, else labels[0]; missing where it is NaN. Precondition: two labels.
table::ColumnPtr second_above_half(std::span<const double> values, const std::vector<std::string>& labels);

}  // namespace scoria::model
