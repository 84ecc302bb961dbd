#include "model/linear/dense.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/na.h"

namespace scoria::model::linear {
namespace {

// A block of the model matrix and its scratch stay within a second-level cache.
constexpr std::size_t kBlockDoubles = 1u << 15;
constexpr std::size_t kMostBlockRows = 512;
constexpr std::size_t kFewestBlockRows = 16;

std::size_t block_rows(std::size_t columns) {
  return std::clamp(kBlockDoubles / std::max<std::size_t>(columns, 1), kFewestBlockRows, kMostBlockRows);
}

// out += factor * column
void add_scaled(const double* column, double factor, std::size_t count, double* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] += factor * column[i];
}

// Rows [first, first + count) of a model matrix, column-major.
struct Block {
  std::size_t first = 0;
  std::size_t count = 0;
  std::vector<double> matrix;
  std::vector<double> product;  // scratch, one number a row

  const double* column(std::uint32_t j) const { return matrix.data() + j * count; }
};

void add_fit(const Fit& fit, const Block& block, std::size_t output, double* out) {
  const double* const coefficients = fit.coefficients.data() + output * fit.used.size();
  for (std::size_t k = 0; k < fit.used.size(); ++k) {
    add_scaled(block.column(fit.used[k]), coefficients[k], block.count, out);
  }
}

// The columns of one term: positions in Fit::used, in the model matrix's order as R takes them.
using TermColumns = std::vector<std::vector<std::uint32_t>>;

TermColumns columns_of_terms(const Fit& fit) {
  TermColumns columns(fit.terms.labels().size());
  std::vector<std::uint32_t> order(fit.used.size());
  for (std::uint32_t k = 0; k < order.size(); ++k) order[k] = k;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return fit.used[a] < fit.used[b]; });
  for (const std::uint32_t k : order) {
    const std::uint32_t term = fit.terms.assign()[fit.used[k]];
    if (term > 0) columns[term - 1].push_back(k);
  }
  return columns;
}

// Adds to `out` the variance of the products of the block's columns `positions` (in Fit::used) with the R factor's inverse.
void add_variance(const Fit& fit, const std::vector<std::uint32_t>& positions, double residual_variance, Block& block,
                  double* out) {
  const std::size_t rank = fit.used.size();
  for (std::size_t j = 0; j < rank; ++j) {
    std::fill(block.product.begin(), block.product.end(), 0.0);
    for (const std::uint32_t k : positions) {
      // Zeros under the diagonal are skipped, as BLAS skips them; but a missing value must reach every product.
      if (k <= j)
        add_scaled(block.column(fit.used[k]), fit.r_inverse.value[j * rank + k], block.count, block.product.data());
    }
    for (std::size_t i = 0; i < block.count; ++i) out[i] += block.product[i] * block.product[i] * residual_variance;
  }
}

void center(const Fit& fit, Block& block) {
  for (std::size_t j = 0; j < fit.terms.columns().size(); ++j) {
    double* const column = block.matrix.data() + j * block.count;
    for (std::size_t i = 0; i < block.count; ++i) column[i] -= fit.means.value[j];
  }
}

// NA where the row has one, as NaN and NA do not add up to the same on every path.
void mark_missing(const std::vector<bool>& has_na, std::vector<double>& values) {
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isnan(values[row])) values[row] = has_na[row] ? na_real() : std::nan("");
  }
}

std::vector<bool> rows_with_na(const terms::ModelFrame& frame) {
  std::vector<bool> has_na(frame.rows);
  const auto mark = [&](std::span<const double> column) {
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (is_na(column[row])) has_na[row] = true;
    }
  };
  for (const terms::Variable& variable : frame.variables) {
    for (const std::span<const double> column : variable.columns) mark(column);
  }
  mark(frame.offset);
  return has_na;
}

}  // namespace

Products multiply(const Fit& fit, const terms::ModelFrame& frame, const Wanted& wanted, Executor& executor) {
  const std::size_t columns = fit.terms.columns().size();
  const std::size_t rows = frame.rows;
  const TermColumns term_columns = columns_of_terms(fit);
  std::vector<std::uint32_t> every(fit.used.size());
  for (std::uint32_t k = 0; k < every.size(); ++k) every[k] = k;

  Products products;
  if (wanted.fit) products.fit.assign(fit.outputs.size(), std::vector<double>(rows));
  if (wanted.variance) products.variance.assign(rows, 0.0);
  if (wanted.terms) products.terms.assign(term_columns.size(), std::vector<double>(rows));
  if (wanted.term_variance) products.term_variance.assign(term_columns.size(), std::vector<double>(rows));

  // Scratch for no more rows than there are: for one row, making it took longer than all else.
  const std::size_t step = std::clamp<std::size_t>(rows, 1, block_rows(columns));
  const std::size_t blocks = (rows + step - 1) / step;
  // Several blocks a task, so that scratch is made once for them.
  const std::size_t tasks = std::min(blocks, executor.concurrency() * 4);
  executor.parallel_for(tasks, [&](std::size_t task) {
    Block block;
    block.matrix.resize(step * columns);
    block.product.resize(step);
    for (std::size_t number = blocks * task / tasks; number < blocks * (task + 1) / tasks; ++number) {
      block.first = number * step;
      block.count = std::min(step, rows - block.first);
      fit.terms.fill(frame, block.first, block.count, std::span(block.matrix).first(block.count * columns));
      for (std::size_t output = 0; output < products.fit.size(); ++output) {
        double* const out = products.fit[output].data() + block.first;
        add_fit(fit, block, output, out);
        if (!frame.offset.empty()) add_scaled(frame.offset.data() + block.first, 1, block.count, out);
      }
      if (wanted.variance) {
        add_variance(fit, every, wanted.residual_variance, block, products.variance.data() + block.first);
      }
      if (!wanted.terms && !wanted.term_variance) continue;
      if (fit.terms.has_intercept()) center(fit, block);
      for (std::size_t term = 0; term < term_columns.size(); ++term) {
        if (wanted.terms) {
          double* const out = products.terms[term].data() + block.first;
          for (const std::uint32_t k : term_columns[term]) {
            add_scaled(block.column(fit.used[k]), fit.coefficients[k], block.count, out);
          }
        }
        if (wanted.term_variance) {
          add_variance(fit, term_columns[term], wanted.residual_variance, block,
                       products.term_variance[term].data() + block.first);
        }
      }
    }
  });

  if (std::find(frame.incomplete.begin(), frame.incomplete.end(), true) == frame.incomplete.end()) return products;
  const std::vector<bool> has_na = rows_with_na(frame);
  for (std::vector<double>& column : products.fit) mark_missing(has_na, column);
  mark_missing(has_na, products.variance);
  for (std::vector<double>& column : products.terms) mark_missing(has_na, column);
  for (std::vector<double>& column : products.term_variance) mark_missing(has_na, column);
  return products;
}

}  // namespace scoria::model::linear
