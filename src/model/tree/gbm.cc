#include "model/tree/gbm.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "expr/convert.h"
#include "model/features.h"
#include "model/parameters.h"

namespace scoria::model::tree {

Result<Gbm::Iterations> Gbm::iterations(const Request& request, std::vector<std::string>& notes) const {
  Iterations result;
  SCORIA_TRY(single, flag_parameter(request, "single.tree", false));
  result.single = single;
  SCORIA_TRY(counts, count_parameter(request, "n.trees", single ? 1 : 0));
  if (counts.empty()) {
    if (parts_.default_trees == 0) {
      return Error{Code::invalid,
                   "this gbm object does not say which number of trees is best; give --param n.trees=N (1 to " +
                       std::to_string(parts_.iterations) + ")"};
    }
    counts = {parts_.default_trees};
  }
  for (const std::int64_t count : counts) {
    if (count > parts_.iterations) {
      notes.push_back("n.trees " + std::to_string(count) + " exceeds the " + std::to_string(parts_.iterations) +
                      " trees that were fitted; these are used, as in R");
    }
    result.wanted.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(count, parts_.iterations)));
  }
  return result;
}

Result<std::vector<Segment>> Gbm::segments(const Iterations& iterations, std::span<const std::size_t> order) const {
  std::vector<Segment> result;
  for (const std::size_t which : order) {
    const std::uint32_t n = iterations.wanted[which];
    if (!iterations.single) {
      result.push_back({result.empty() ? 0 : result.back().end, n * parts_.classes, !result.empty()});
      continue;
    }
    // R starts at tree n - 1 whatever the number of classes and goes on, a pass of all classes at a time, up to tree
    // n * classes. The same numbers, where R itself stays within the model.
    const std::uint32_t begin = n - 1;
    const std::uint32_t passes = (n * parts_.classes - begin + parts_.classes - 1) / parts_.classes;
    if (begin + passes * parts_.classes > sums_.ensemble().trees()) {
      return Error{Code::unsupported,
                   "single.tree with n.trees=" + std::to_string(n) +
                       ": R reads past the last tree of a multinomial model here, so there is no answer to agree with"};
    }
    result.push_back({begin, begin + passes * parts_.classes, false});
  }
  return result;
}

std::string Gbm::column_name(const std::string& type, const Iterations& iterations, std::size_t which,
                             std::uint32_t label) const {
  std::string trees;
  expr::append_number(iterations.wanted[which], trees);  // R's as.character(): 100000 is "1e+05"
  if (parts_.classes == 1) return iterations.wanted.size() == 1 ? type : type + ":" + trees;
  const std::string name = type + ":" + description_.labels[label];
  return iterations.wanted.size() == 1 ? name : name + "." + trees;
}

void Gbm::respond(std::span<std::vector<double>> sums) const {
  const std::size_t rows = sums[0].size();
  switch (parts_.response) {
    case Response::identity: return;
    case Response::logistic:
      for (double& f : sums[0]) f = 1 / (1 + std::exp(-f));
      return;
    case Response::exponential:
      for (double& f : sums[0]) f = std::exp(f);
      return;
    case Response::double_logistic:
      for (double& f : sums[0]) f = 1 / (1 + std::exp(-2 * f));
      return;
    case Response::softmax:
      for (std::size_t row = 0; row < rows; ++row) {
        long double total = 0;  // R's sum() adds in 80 bits
        for (std::vector<double>& sum : sums) total += sum[row] = std::exp(sum[row]);
        const double rounded = static_cast<double>(total);
        for (std::vector<double>& sum : sums) sum[row] /= rounded;
      }
      return;
  }
}

Result<Prediction> Gbm::score(const table::Table& rows, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(simd, resolve_simd(request.simd));
  Prediction prediction{table::Table(rows.rows()), {}};
  SCORIA_TRY(wanted, iterations(request, prediction.notes));
  if (parts_.has_offset)
    prediction.notes.push_back("the model was fitted with an offset; predictions leave it out, as in R");

  // Ascending, so that each number of trees goes on from the one before.
  std::vector<std::size_t> order(wanted.wanted.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return wanted.wanted[a] < wanted.wanted[b]; });
  SCORIA_TRY(parts, segments(wanted, order));

  table::Table derived;
  if (parts_.derived) {
    SCORIA_TRY(computed, parts_.derived->table(rows, request.first_row));
    derived = std::move(computed);
  }
  SCORIA_TRY(x,
             bind_features(parts_.derived ? derived : rows, parts_.features, UnseenLevel::missing, request.first_row));
  prediction.notes.insert(prediction.notes.end(), x.notes.begin(), x.notes.end());

  std::vector<std::vector<double>> sums(parts.size() * parts_.classes, std::vector<double>(rows.rows()));
  std::vector<double*> out;
  for (std::vector<double>& sum : sums) out.push_back(sum.data());
  sums_.sum(
      x, {parts, parts_.classes, wanted.single ? 0.0 : parts_.initial, {simd, request.simd != SimdTarget::automatic}},
      out, executor);

  for (const std::string& type : types) {
    for (std::size_t which = 0; which < wanted.wanted.size(); ++which) {
      const auto part = static_cast<std::size_t>(std::find(order.begin(), order.end(), which) - order.begin());
      const auto first = sums.begin() + static_cast<std::ptrdiff_t>(part * parts_.classes);
      std::vector<std::vector<double>> values(first, first + parts_.classes);
      if (type == "response") respond(values);
      for (std::uint32_t k = 0; k < parts_.classes; ++k) {
        prediction.table.add(column_name(type, wanted, which, k), table::Column::real(std::move(values[k])));
      }
    }
  }
  return prediction;
}

}  // namespace scoria::model::tree
