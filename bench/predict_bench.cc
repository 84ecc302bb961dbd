// Times a model on the rows of a CSV file, one thread: matching columns, ranking and trees, as one predict() call does.
// usage: predict_bench MODEL ROWS.csv[.gz] SIMD REPEATS [EXPECTED.csv [TYPE]]     SIMD: auto, plain, avx2, avx512
// Prints one JSON line. With EXPECTED.csv, columns of numbers, a prediction that differs in one bit ends the run first.
// TYPE: what is asked for, if not the model's default.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/file.h"
#include "model/loaders.h"
#include "must.h"
#include "table/csv.h"

namespace {

scoria::model::SimdTarget target(const std::string& name) {
  using scoria::model::SimdTarget;
  if (name == "plain") return SimdTarget::plain;
  if (name == "avx2") return SimdTarget::avx2;
  if (name == "avx512") return SimdTarget::avx512;
  return SimdTarget::automatic;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return std::fprintf(stderr, "usage: predict_bench MODEL ROWS SIMD REPEATS [EXPECTED [TYPE]]\n"), 2;
  using Clock = std::chrono::steady_clock;
  const auto file = scoria::must(scoria::FileBytes::open(argv[1]));
  const auto opened = Clock::now();
  const auto model = scoria::must(scoria::model::open_model(file.bytes()));
  const double load_seconds = std::chrono::duration<double>(Clock::now() - opened).count();
  scoria::model::Request request{.simd = target(argv[3])};
  if (argc > 6) request.types = {argv[6]};
  const auto text = scoria::must(scoria::decompress(scoria::must(scoria::FileBytes::open(argv[2])).bytes()));
  const auto rows = scoria::must(scoria::table::read_csv(text));
  const int repeats = std::atoi(argv[4]);
  scoria::InlineExecutor executor;
  std::vector<double> seconds;
  scoria::model::Prediction prediction;
  for (int i = 0; i < repeats + 1; ++i) {  // the first one lays the trees out
    const auto start = Clock::now();
    prediction = scoria::must(model->score(rows, request, executor));
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  if (argc > 5) {
    const auto expected = scoria::must(scoria::table::read_csv(scoria::must(scoria::FileBytes::open(argv[5])).text()));
    for (std::size_t k = 0; k < expected.columns(); ++k) {
      const auto theirs = expected.column(k)->reals();
      const auto ours = prediction.table.column(k)->reals();
      if (!std::equal(theirs.begin(), theirs.end(), ours.begin(), ours.end())) {
        return std::fprintf(stderr, "predict_bench: the predictions are not those of '%s'\n", argv[5]), 1;
      }
    }
  }
  double trees = 1;  // a model that does not say how many is one
  for (const auto& [name, value] : model->description().details) {
    if (name == "trees") trees = std::atof(value.c_str());
  }
  const double first = seconds.front();
  std::sort(seconds.begin() + 1, seconds.end());
  const double median = seconds[1 + (seconds.size() - 1) / 2];
  const double per_tree_row = 1e9 / (static_cast<double>(rows.rows()) * trees);
  std::printf(
      "{\"rows\": %zu, \"load_seconds\": %.4f, \"trees\": %.0f, \"simd\": \"%s\", \"first_seconds\": %.6f, "
      "\"seconds\": %.6f, "
      "\"best_seconds\": %.6f, \"ns_per_tree_row\": %.4f, \"best_ns_per_tree_row\": %.4f}\n",
      rows.rows(), load_seconds, trees, argv[3], first, median, seconds[1], median * per_tree_row,
      seconds[1] * per_tree_row);
}
