// The thresholds of trees that see their numbers as float32, moved so that the numbers themselves can be compared.
// Threads: free functions.
#pragma once

namespace scoria::model::tree {

// scikit-learn rounds x to float32 and goes left where that is at most `threshold`. Rounding never swaps two numbers, so those x
// are all that are at most one double, which this gives: for every x but NaN, x <= float32_cut(t) where (float)x <= t.
// Precondition: `threshold` is not NaN.
double float32_cut(double threshold);

}  // namespace scoria::model::tree
