// Times the feature step of the retail forecast: for every step the rows of one week, with their lags and running mean.
// usage: expr_features HISTORY.csv[.gz] FUTURE.csv[.gz] REPEATS [OUT.bin]
// Checks lag1 and level against a plain loop first; prints one JSON line. OUT.bin: the features of the last repeat, step by
// step and column by column, as little-endian doubles.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/file.h"
#include "expr/frame.h"
#include "expr/parse.h"
#include "table/csv.h"

#ifndef NDEBUG
#error "benchmarks are built optimized: cmake --preset bench"
#endif

namespace {

using scoria::expr::Expression;
using scoria::expr::Frame;
using scoria::expr::Scalar;
using scoria::table::ColumnPtr;
using scoria::table::Table;
using Clock = std::chrono::steady_clock;

template <typename T>
T must(scoria::Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "expr_features: %s\n", result.error().message.c_str());
  std::exit(1);
}

const std::vector<std::pair<std::string, std::string>> kColumns = {
    {"y", "log(sales)"},
    {"lag1", "lag(y, step)"},
    {"lag2", "lag(y, step + 1)"},
    {"lag3", "lag(y, step + 2)"},
    {"lag4", "lag(y, step + 3)"},
    {"lag5", "lag(y, step + 4)"},
    {"month_mean", "(lag1 + lag2 + lag3 + lag4 + lag5) / 5"},
    {"month_max", "pmax(lag1, lag2, lag3, lag4, lag5)"},
    {"month_min", "pmin(lag1, lag2, lag3, lag4, lag5)"},
    {"level", "cummean_known(lag1)"}};

Table read(const char* path) {
  const auto text = must(scoria::decompress(must(scoria::FileBytes::open(path)).bytes()));
  return must(scoria::table::read_csv(text));
}

double at(const ColumnPtr& column, std::size_t row) {
  return column->type() == scoria::table::Type::integer ? column->integers()[row] : column->reals()[row];
}

// The rows by sku, store and week, and where each series starts.
std::pair<Table, std::vector<std::uint32_t>> series(const Table& rows) {
  const ColumnPtr keys[] = {rows.find("sku"), rows.find("store"), rows.find("week")};
  std::vector<std::uint32_t> order(rows.rows());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    for (const ColumnPtr& key : keys)
      if (at(key, a) != at(key, b)) return at(key, a) < at(key, b);
    return false;
  });
  std::vector<std::uint32_t> starts;
  for (std::uint32_t i = 0; i < order.size(); ++i)
    if (i == 0 || at(keys[0], order[i]) != at(keys[0], order[i - 1]) ||
        at(keys[1], order[i]) != at(keys[1], order[i - 1]))
      starts.push_back(i);
  return {rows.take(order), starts};
}

// lag1 and level of every row, the obvious way.
bool agrees(const Frame& now, const ColumnPtr& sales, const std::vector<std::uint32_t>& starts, std::size_t step) {
  const ColumnPtr lag1 = must(now.column("lag1"));
  const ColumnPtr level = must(now.column("level"));
  for (std::size_t group = 0; group < starts.size(); ++group) {
    const std::size_t end = group + 1 < starts.size() ? starts[group + 1] : sales->size();
    double sum = 0;
    double known = 0;
    for (std::size_t row = starts[group]; row < end; ++row) {
      const bool is_known = row >= starts[group] + step && !sales->is_null(row - step);
      if (lag1->is_null(row) == is_known || level->is_null(row) == is_known) return false;
      if (!is_known) continue;
      sum += std::log(sales->reals()[row - step]);
      known += 1;
      if (lag1->reals()[row] != std::log(sales->reals()[row - step]) || level->reals()[row] != sum / known)
        return false;
    }
  }
  return true;
}

// One whole pass: definitions, then for each step its rows and their columns.
std::vector<double> pass(const Table& rows, const std::vector<std::uint32_t>& starts, const Scalar& start) {
  Frame frame(rows, starts);
  (void)must(frame.declare("step", scoria::table::Type::integer));
  (void)must(frame.declare("forecast_start", start.type()));
  for (const auto& [name, text] : kColumns) (void)must(frame.define(name, must(scoria::expr::parse(text))));
  const Expression filter = must(scoria::expr::parse("week == forecast_start + step - 1"));
  std::vector<double> out;
  for (int step = 1; step <= 13; ++step) {
    const Frame now = must(frame.with({{"step", Scalar{step}}, {"forecast_start", start}}));
    const std::vector<std::uint32_t> wanted = must(now.rows_where(filter));
    const auto append = [&](std::string_view name) {
      const ColumnPtr column = must(now.column(name, wanted));
      for (std::size_t row = 0; row < column->size(); ++row) out.push_back(at(column, row));
    };
    for (const auto& [name, text] : kColumns)
      if (name != "y") append(name);
    for (const char* name : {"sku", "deal", "feat"}) append(name);
    for (int price = 1; price <= 11; ++price) append("price" + std::to_string(price));
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return std::fprintf(stderr, "usage: expr_features HISTORY FUTURE REPEATS [OUT]\n"), 2;
  const Table future = read(argv[2]);
  const auto [rows, starts] = series(must(scoria::table::stack(read(argv[1]), future)));
  const Scalar start =
      must(scoria::expr::evaluate_scalar(must(scoria::expr::parse("min(future$week)")), {{"future", future}}, {}));
  for (const int step : {1, 7}) {
    Frame frame(rows, starts);
    (void)must(frame.declare("step", scoria::table::Type::integer));
    for (const auto& [name, text] : kColumns) (void)must(frame.define(name, must(scoria::expr::parse(text))));
    if (!agrees(must(frame.with({{"step", Scalar{step}}})), rows.find("sales"), starts, static_cast<std::size_t>(step)))
      return std::fprintf(stderr, "expr_features: wrong answer at step %d\n", step), 1;
  }
  std::vector<double> milliseconds;
  std::vector<double> cpu_milliseconds;
  std::vector<double> features;
  for (int i = 0; i < std::max(1, std::atoi(argv[3])); ++i) {
    const auto begin = Clock::now();
    const std::clock_t cpu_begin = std::clock();
    features = pass(rows, starts, start);
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    cpu_milliseconds.push_back(1e3 * static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC);
  }
  if (argc > 4) {
    std::FILE* file = std::fopen(argv[4], "wb");
    if (file == nullptr) return std::perror(argv[4]), 1;
    std::fwrite(features.data(), sizeof(double), features.size(), file);
    std::fclose(file);
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  std::sort(cpu_milliseconds.begin(), cpu_milliseconds.end());
  std::printf(
      "{\"rows\": %zu, \"groups\": %zu, \"steps\": 13, \"repeats\": %zu, \"median_ms\": %.3f, \"min_ms\": %.3f, "
      "\"max_ms\": %.3f, \"median_cpu_ms\": %.3f}\n",
      rows.rows(), starts.size(), milliseconds.size(), milliseconds[milliseconds.size() / 2], milliseconds.front(),
      milliseconds.back(), cpu_milliseconds[cpu_milliseconds.size() / 2]);
}
