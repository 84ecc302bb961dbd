// Times a linear model on the rows of a CSV file, one thread: matching columns, model matrix and products, as one predict() call does.
// usage: linear_bench MODEL.rds ROWS.csv TYPE REPEATS EXPECTED.csv
// Prints one JSON line. A prediction that differs by more than 1e-12 relative from EXPECTED.csv ends the run first.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/file.h"
#include "model/loaders.h"
#include "must.h"
#include "table/csv.h"

int main(int argc, char** argv) {
  if (argc != 6) return std::fprintf(stderr, "usage: linear_bench MODEL ROWS TYPE REPEATS EXPECTED\n"), 2;
  using Clock = std::chrono::steady_clock;
  const auto model = scoria::must(scoria::model::open_model(scoria::must(scoria::FileBytes::open(argv[1])).bytes()));
  const auto rows = scoria::must(scoria::table::read_csv(scoria::must(scoria::FileBytes::open(argv[2])).text()));
  const auto expected = scoria::must(scoria::table::read_csv(scoria::must(scoria::FileBytes::open(argv[5])).text()));
  const int repeats = std::max(std::atoi(argv[4]), 1);
  const scoria::model::Request request{.types = {argv[3]}};
  scoria::InlineExecutor executor;

  const auto first = scoria::must(model->score(rows, request, executor));
  const auto ours = first.table.column(0)->reals();
  const auto theirs = expected.column(0)->reals();
  if (ours.size() != theirs.size()) return std::fprintf(stderr, "linear_bench: not as many answers as expected\n"), 1;
  double worst = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] != theirs[i]) worst = std::max(worst, std::fabs(ours[i] - theirs[i]) / std::fabs(theirs[i]));
  }
  if (!(worst <= 1e-12))
    return std::fprintf(stderr, "linear_bench: an answer differs by %g from '%s'\n", worst, argv[5]), 1;

  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = Clock::now();
    const auto prediction = scoria::must(model->score(rows, request, executor));
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  std::printf(
      "{\"rows\": %zu, \"type\": \"%s\", \"worst_difference\": %.3g, \"seconds\": %.6f, \"ns_per_row\": %.3f}\n",
      rows.rows(), argv[3], worst, median, 1e9 * median / static_cast<double>(rows.rows()));
}
