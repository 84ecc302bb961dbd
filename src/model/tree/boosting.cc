#include "model/tree/boosting.h"

#include <algorithm>
#include <cmath>

#include "model/class_columns.h"

namespace scoria::model::tree {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// exp(x) over the row's total, from which the largest was taken first: nothing overflows.
NumberColumns softmax(NumberColumns sums, bool by_logarithm) {
  for (std::size_t row = 0; row < sums[0].size(); ++row) {
    double largest = sums[0][row];
    for (const std::vector<double>& sum : sums) largest = std::max(largest, sum[row]);
    double total = 0;
    if (by_logarithm) {
      for (const std::vector<double>& sum : sums) total += std::exp(sum[row] - largest);
      const double logarithm = std::log(total) + largest;
      for (std::vector<double>& sum : sums) sum[row] = std::exp(sum[row] - logarithm);
      continue;
    }
    for (std::vector<double>& sum : sums) total += sum[row] = std::exp(sum[row] - largest);
    for (std::vector<double>& sum : sums) sum[row] /= total;
  }
  return sums;
}

}  // namespace

Status ConstantStart::fill(const table::Table& /*columns*/, std::size_t /*first_row*/, Executor& /*executor*/,
                           NumberColumns& sums) const {
  SCORIA_CHECK(sums.size() == values_.size());
  for (std::size_t k = 0; k < sums.size(); ++k) std::fill(sums[k].begin(), sums[k].end(), values_[k]);
  return Ok{};
}

void Boosting::describe(Description& description) const {
  description.title = parts_.title;
  description.types = {"predict"};
  if (parts_.classes) {
    description.types.emplace_back("proba");
    if (parts_.has_log_proba) description.types.emplace_back("log_proba");
    description.types.emplace_back("decision");
    description.labels = parts_.classes->names();
  }
  if (parts_.has_apply) description.types.emplace_back("apply");
  description.details.insert(description.details.end(), parts_.details.begin(), parts_.details.end());
}

NumberColumns Boosting::probabilities(const NumberColumns& sums) const {
  if (parts_.link == Link::softmax) return softmax(sums, false);
  if (parts_.link == Link::softmax_by_logarithm) return softmax(sums, true);
  const double scale = parts_.link == Link::double_logistic ? 2 : 1;
  NumberColumns result(2, std::vector<double>(sums[0].size()));
  for (std::size_t row = 0; row < sums[0].size(); ++row) {
    const double second = logistic(scale * sums[0][row]);
    result[0][row] = 1 - second;
    result[1][row] = second;
  }
  return result;
}

table::ColumnPtr Boosting::decide(const NumberColumns& sums) const {
  if (parts_.decision == Decision::most_probable) {
    return parts_.classes->column(pipeline::first_largest(probabilities(sums)));
  }
  if (sums.size() > 1) return parts_.classes->column(pipeline::first_largest(sums));
  const bool takes_zero = parts_.decision == Decision::zero_and_above;
  std::vector<std::int32_t> positions(sums[0].size());
  for (std::size_t row = 0; row < positions.size(); ++row) {
    positions[row] = (takes_zero ? sums[0][row] >= 0 : sums[0][row] > 0) ? 1 : 0;
  }
  return parts_.classes->column(std::move(positions));
}

// apply(): the leaf of each tree by its number in the file; apply:STAGE, or apply:STAGE:LABEL where a stage has several trees.
void Boosting::add_leaves(const FeatureMatrix& x, Executor& executor, table::Table& out) const {
  const std::uint32_t trees = sums_.ensemble().trees();
  std::vector<std::vector<std::uint32_t>> leaves(trees, std::vector<std::uint32_t>(x.rows));
  std::vector<std::uint32_t*> pointers;
  for (std::vector<std::uint32_t>& leaf : leaves) pointers.push_back(leaf.data());
  sums_.leaves(x, pointers, executor);
  for (std::uint32_t tree = 0; tree < trees; ++tree) {
    std::vector<std::int32_t> positions(x.rows);
    for (std::size_t row = 0; row < x.rows; ++row) {
      positions[row] = static_cast<std::int32_t>(sums_.ensemble().source_position(tree, leaves[tree][row]));
    }
    std::string name = "apply:" + std::to_string(tree / parts_.outputs);
    if (parts_.outputs > 1) name += ":" + parts_.classes->names()[tree % parts_.outputs];
    out.add(std::move(name), table::Column::integer(std::move(positions)));
  }
}

Result<Prediction> Boosting::predict(const table::Table& columns, const Request& request, Executor& executor) const {
  SCORIA_TRY(simd, resolve_simd(request.simd));
  SCORIA_TRY(x, parts_.columns->matrix(columns, request.first_row));
  NumberColumns sums(parts_.outputs, std::vector<double>(columns.rows()));
  SCORIA_TRY_STATUS(parts_.start->fill(columns, request.first_row, executor, sums));
  std::vector<double*> out;
  for (std::vector<double>& sum : sums) out.push_back(sum.data());
  const Segment all{.begin = 0, .end = sums_.ensemble().trees()};
  sums_.sum(x,
            {.segments = {&all, 1},
             .outputs = parts_.outputs,
             .kernels = {simd, request.simd != SimdTarget::automatic},
             .starts_from_out = true},
            out, executor);

  Prediction prediction{table::Table(columns.rows()), std::move(x.notes)};
  for (const std::string& type : request.types) {
    if (type == "apply") {
      add_leaves(x, executor, prediction.table);
    } else if (type == "decision") {
      const bool is_binary = parts_.outputs == 1;
      add_numbers(type, is_binary ? std::vector<std::string>{} : parts_.classes->names(), sums, prediction.table);
    } else if (type == "predict" && parts_.classes) {
      prediction.table.add(type, decide(sums));
    } else if (type == "predict") {
      std::vector<double> values = sums[0];
      if (parts_.link == Link::exponential) {
        for (double& value : values) value = std::exp(value);
      }
      prediction.table.add(type, table::Column::real(std::move(values)));
    } else {  // proba, log_proba
      NumberColumns values = probabilities(sums);
      if (type == "log_proba") {
        for (std::vector<double>& column : values) {
          for (double& value : column) value = std::log(value);
        }
      }
      add_numbers(type, parts_.classes->names(), std::move(values), prediction.table);
    }
  }
  return prediction;
}

}  // namespace scoria::model::tree
