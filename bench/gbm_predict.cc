// Times a gbm model on the rows of a CSV file, one thread: ranking and trees, as one predict() call does.
// usage: gbm_predict MODEL.rds ROWS.csv[.gz] SIMD REPEATS [OUT.bin]     SIMD: auto, plain, avx2, avx512
// Prints one JSON line; writes the predictions of the last repeat as little-endian doubles.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/file.h"
#include "model/loaders.h"
#include "table/csv.h"

#ifndef NDEBUG
#error "benchmarks are built optimized: cmake --preset bench"
#endif

namespace {

template <typename T>
T must(scoria::Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "gbm_predict: %s\n", result.error().message.c_str());
  std::exit(1);
}

scoria::model::SimdTarget target(const std::string& name) {
  using scoria::model::SimdTarget;
  if (name == "plain") return SimdTarget::plain;
  if (name == "avx2") return SimdTarget::avx2;
  if (name == "avx512") return SimdTarget::avx512;
  return SimdTarget::automatic;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return std::fprintf(stderr, "usage: gbm_predict MODEL ROWS SIMD REPEATS [OUT]\n"), 2;
  using Clock = std::chrono::steady_clock;
  const auto model = must(scoria::model::open_model(must(scoria::FileBytes::open(argv[1])).bytes()));
  const auto text = must(scoria::decompress(must(scoria::FileBytes::open(argv[2])).bytes()));
  const auto rows = must(scoria::table::read_csv(text));
  const int repeats = std::atoi(argv[4]);
  scoria::InlineExecutor executor;
  std::vector<double> seconds;
  scoria::model::Prediction prediction;
  for (int i = 0; i < repeats + 1; ++i) {  // the first one lays the trees out
    const auto start = Clock::now();
    prediction = must(model->score(rows, {.simd = target(argv[3])}, executor));
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  if (argc > 5) {
    const auto values = prediction.table.column(0)->reals();
    std::FILE* file = std::fopen(argv[5], "wb");
    if (file == nullptr) return std::perror(argv[5]), 1;
    std::fwrite(values.data(), sizeof(double), values.size(), file);
    std::fclose(file);
  }
  double trees = 0;
  for (const auto& [name, value] : model->description().details) {
    if (name == "trees") trees = std::atof(value.c_str());
  }
  const double first = seconds.front();
  std::sort(seconds.begin() + 1, seconds.end());
  const double median = seconds[1 + (seconds.size() - 1) / 2];
  const double per_tree_row = 1e9 / (static_cast<double>(rows.rows()) * trees);
  std::printf("{\"rows\": %zu, \"trees\": %.0f, \"simd\": \"%s\", \"first_seconds\": %.6f, \"seconds\": %.6f, "
              "\"best_seconds\": %.6f, \"ns_per_tree_row\": %.4f, \"best_ns_per_tree_row\": %.4f}\n",
              rows.rows(), trees, argv[3], first, median, seconds[1], median * per_tree_row, seconds[1] * per_tree_row);
}
