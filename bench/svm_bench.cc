// Times a support vector machine on the rows of a CSV file, one thread: all that one predict() call does.
// usage: svm_bench MODEL ROWS.csv plain|avx2|avx512 REPEATS EXPECTED.csv     EXPECTED: columns predict, decision
// Prints one JSON line. A class that is another, or a decision value that differs by more than 1e-12 relative to 0.001 and more, ends
// the run first: scikit-learn's own sums of 20 columns depend on the processor by as much.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "model/loaders.h"
#include "must.h"
#include "table/csv.h"

namespace {

using scoria::model::SimdTarget;

double number(const scoria::table::Column& column, std::size_t row) {
  return column.type() == scoria::table::Type::integer ? column.integers()[row] : column.reals()[row];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fprintf(stderr, "usage: svm_bench MODEL ROWS TARGET REPEATS EXPECTED\n"), 2;
  using Clock = std::chrono::steady_clock;
  const auto model = scoria::must(scoria::model::open_model(scoria::must(scoria::FileBytes::open(argv[1])).bytes()));
  const auto rows = scoria::must(scoria::table::read_csv(scoria::must(scoria::FileBytes::open(argv[2])).text()));
  const auto expected = scoria::must(scoria::table::read_csv(scoria::must(scoria::FileBytes::open(argv[5])).text()));
  const std::string_view target = argv[3];
  const SimdTarget simd = target == "plain"  ? SimdTarget::plain
                          : target == "avx2" ? SimdTarget::avx2
                                             : SimdTarget::avx512;
  const int repeats = std::max(std::atoi(argv[4]), 1);
  scoria::InlineExecutor executor;

  const auto first = scoria::must(model->score(rows, {.types = {"predict", "decision"}, .simd = simd}, executor));
  if (expected.rows() != rows.rows()) return std::fprintf(stderr, "svm_bench: not as many answers as rows\n"), 1;
  double worst = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (number(*first.table.column(0), row) != number(*expected.column(0), row)) {
      return std::fprintf(stderr, "svm_bench: row %zu has another class\n", row + 1), 1;
    }
    const double theirs = number(*expected.column(1), row);
    const double difference = std::fabs(number(*first.table.column(1), row) - theirs);
    worst = std::max(worst, difference / std::max(std::fabs(theirs), 1e-3));
  }
  if (!(worst <= 1e-10)) return std::fprintf(stderr, "svm_bench: a decision differs by %g\n", worst), 1;

  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = Clock::now();
    const auto prediction = scoria::must(model->score(rows, {.simd = simd}, executor));
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  std::printf("{\"rows\": %zu, \"target\": \"%s\", \"worst_difference\": %.3g, \"seconds\": %.6f}\n", rows.rows(),
              argv[3], worst, median);
}
