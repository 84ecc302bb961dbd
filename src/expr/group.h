// Kernels over the rows of a group in their order, and aggregates of a group. Groups are given by Call::starts.
// Threads: pure functions.
#pragma once

#include "expr/kernel.h"

namespace scoria::expr {

// Running values. In sums, products and means the first NA or NaN of a group fills the rest of it, as itself.
Result<table::ColumnPtr> cumulative_sum(const Call& call);      // 80-bit accumulator; integer: overflow gives NA
Result<table::ColumnPtr> cumulative_product(const Call& call);  // 80-bit accumulator
Result<table::ColumnPtr> cumulative_mean(const Call& call);     // plain double sum / rows so far, as dplyr
// The same over the rows where x is neither NA nor NaN; every other row keeps its NA or NaN.
Result<table::ColumnPtr> cumulative_mean_known(const Call& call);
Result<table::ColumnPtr> cumulative_min(const Call& call);
Result<table::ColumnPtr> cumulative_max(const Call& call);

// Trailing windows of k rows; NA until k rows are there. rolling_mean costs rows x k.
Result<table::ColumnPtr> rolling_mean(const Call& call);
Result<table::ColumnPtr> rolling_min(const Call& call);
Result<table::ColumnPtr> rolling_max(const Call& call);

Result<table::ColumnPtr> row_number(const Call& call);

// Aggregates: one value per group. An argument of one row counts once per group.
Result<table::ColumnPtr> sum_of(const Call& call);
Result<table::ColumnPtr> mean_of(const Call& call);
Result<table::ColumnPtr> min_of(const Call& call);
Result<table::ColumnPtr> max_of(const Call& call);
Result<table::ColumnPtr> group_size(const Call& call);

// R's mean() of doubles: an 80-bit sum, divided, then corrected by the mean of the differences in a second pass.
double r_mean(std::span<const double> values);

}  // namespace scoria::expr
