// Reading and writing CSV, next to a plain loop that finds commas and calls strtod.
//   cmake --preset bench && cmake --build --preset bench --target csv_bench && build/bench/bench/csv_bench [file.csv]
// Without a file, a table like one product of the retail example is made: 94,380 rows, 5 integers and 12 doubles.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"
#include "table/csv.h"

namespace {

using scoria::table::CsvOptions;
using scoria::table::Table;
using scoria::table::Type;

constexpr int kRepeats = 31;

std::string made_table() {
  std::mt19937_64 random(1);
  std::string text =
      "sku,store,week,deal,feat,price1,price2,price3,price4,price5,price6,price7,price8,price9,price10,price11,sales\n";
  char buffer[32];
  for (int row = 0; row < 94'380; ++row) {
    for (int i = 0; i < 5; ++i) text += std::to_string(random() % 150) + ",";
    for (int i = 0; i < 11; ++i) {
      std::snprintf(buffer, sizeof buffer, "%.10g,", static_cast<double>(random() % 700'000'000) / 1e10);
      text += buffer;
    }
    std::snprintf(buffer, sizeof buffer, "%.15g\n", static_cast<double>(random() % 1'000'000) * 0.01 + 1e-9);
    text += buffer;
  }
  return text;
}

// The baseline: every cell after the header as a double, and whether a point was seen in it does not matter.
double plain_sum(const std::string& text) {
  double sum = 0;
  const char* at = text.c_str() + text.find('\n') + 1;
  while (*at != '\0') {
    char* end = nullptr;
    const double value = std::strtod(at, &end);
    if (std::isfinite(value)) sum += value;
    at = end;
    while (*at != ',' && *at != '\n' && *at != '\0') ++at;
    if (*at != '\0') ++at;
  }
  return sum;
}

double sum_of(const Table& table) {
  // Row by row, as the plain loop does, so that the sums are equal to the last bit.
  double sum = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t i = 0; i < table.columns(); ++i) {
      const auto& column = *table.column(i);
      if (column.is_null(row)) continue;
      const double value = column.type() == Type::real      ? column.reals()[row]
                           : column.type() == Type::integer ? column.integers()[row]
                                                            : 0;
      if (std::isfinite(value)) sum += value;
    }
  }
  return sum;
}

struct Side {
  const char* name;
  std::size_t bytes;
  std::function<void()> run;
  std::vector<double> milliseconds = {};
};

std::string processor() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

}  // namespace

int main(int argc, char** argv) {
#if !defined(__OPTIMIZE__) || !defined(NDEBUG)
  std::fprintf(stderr, "csv_bench: this build is not optimized; use the preset bench\n");
  return 2;
#endif
  std::string text;
  if (argc > 1) {
    auto file = scoria::FileBytes::open(argv[1]);
    if (!file.ok()) {
      std::fprintf(stderr, "csv_bench: %s\n", file.error().message.c_str());
      return 1;
    }
    text = file.value().text();
  } else {
    text = made_table();
  }
  auto table = scoria::table::read_csv(text);
  if (!table.ok() || sum_of(table.value()) != plain_sum(text)) {
    std::fprintf(stderr, "csv_bench: the reader and strtod disagree on this input\n");
    return 1;
  }
  CsvOptions four;
  four.only.emplace();
  for (const std::size_t i : {0u, 2u, 5u, 16u}) {
    if (i < table.value().columns()) four.only->push_back(table.value().names()[i]);
  }
  std::string out;
  append_csv_header(table.value(), out);
  append_csv_rows(table.value(), out);
  volatile double sink = 0;
  std::vector<Side> sides{
      {"strtod loop (baseline)", text.size(), [&] { sink = plain_sum(text); }},
      {"read_csv", text.size(), [&] { sink = static_cast<double>(scoria::table::read_csv(text).value().rows()); }},
      {"read_csv, 4 columns", text.size(),
       [&] { sink = static_cast<double>(scoria::table::read_csv(text, four).value().rows()); }},
      {"append_csv_rows", out.size(),
       [&] {
         out.clear();
         append_csv_rows(table.value(), out);
       }},
  };
  for (int i = 0; i < kRepeats; ++i) {
    for (Side& side : sides) {
      const auto begin = std::chrono::steady_clock::now();
      side.run();
      side.milliseconds.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
  }
  std::printf("%s, %s, %zu x %zu, %zu bytes (hash %zx), 1 thread, n=%d\n", processor().c_str(), __VERSION__,
              table.value().rows(), table.value().columns(), text.size(), std::hash<std::string>()(text), kRepeats);
  for (Side& side : sides) {
    std::sort(side.milliseconds.begin(), side.milliseconds.end());
    const auto quantile = [&](double p) { return side.milliseconds[static_cast<std::size_t>(p * (kRepeats - 1))]; };
    const double megabytes = static_cast<double>(side.bytes) / 1e6;
    std::printf("%-24s %6.1f ms [%.1f..%.1f]  %5.0f MB/s, best %5.0f\n", side.name, quantile(0.5), quantile(0.25),
                quantile(0.75), megabytes / quantile(0.5) * 1e3, megabytes / quantile(0) * 1e3);
  }
  return 0;
}
