// Times one row through a model, in process: what a request costs beside its protocol.
// usage: row_latency MODEL.rds ROWS.csv CALLS [EXPECTED.csv]
// Scores the rows one at a time, again and again; prints one JSON line with the median, 99th percentile and best call.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/file.h"
#include "model/loaders.h"
#include "must.h"
#include "table/csv.h"

int main(int argc, char** argv) {
  if (argc < 4) return std::fprintf(stderr, "usage: row_latency MODEL ROWS CALLS [EXPECTED]\n"), 2;
  using Clock = std::chrono::steady_clock;
  const auto start_load = Clock::now();
  const auto model = scoria::must(scoria::model::open_model(scoria::must(scoria::FileBytes::open(argv[1])).bytes()));
  const double load = std::chrono::duration<double, std::milli>(Clock::now() - start_load).count();
  const auto rows = scoria::must(scoria::table::read_csv(scoria::must(scoria::FileBytes::open(argv[2])).text()));
  std::vector<scoria::table::Table> singles;
  for (std::size_t i = 0; i < rows.rows(); ++i) singles.push_back(rows.slice(i, 1));
  scoria::InlineExecutor executor;
  if (argc > 4) {
    const auto expected = scoria::must(scoria::table::read_csv(scoria::must(scoria::FileBytes::open(argv[4])).text()));
    const auto theirs = expected.find("pred")->reals();
    for (std::size_t i = 0; i < singles.size(); ++i) {
      const auto answer = scoria::must(model->score(singles[i], {}, executor));
      if (answer.table.column(0)->reals()[0] != theirs[i]) {
        return std::fprintf(stderr, "row_latency: row %zu is not that of '%s'\n", i + 1, argv[4]), 1;
      }
    }
  }
  const std::size_t calls = static_cast<std::size_t>(std::atoll(argv[3]));
  std::vector<double> micros;
  for (std::size_t i = 0; i < calls; ++i) {
    const auto start = Clock::now();
    const auto answer = scoria::must(model->score(singles[i % singles.size()], {}, executor));
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("{\"calls\": %zu, \"load_ms\": %.3f, \"median_us\": %.3f, \"p99_us\": %.3f, \"best_us\": %.3f}\n", calls,
              load, micros[calls / 2], micros[calls * 99 / 100], micros[0]);
}
