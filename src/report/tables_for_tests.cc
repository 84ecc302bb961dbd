#include "report/tables_for_tests.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

#include "base/byte_source.h"
#include "base/file.h"
#include "table/csv.h"

namespace scoria::report {
namespace {

Result<std::string> read_whole(const std::filesystem::path& path) {
  SCORIA_TRY(file, FileBytes::open(path));
  return decompress(file.bytes());
}

}  // namespace

table::Table csv(std::string_view text) {
  Result<table::Table> table = table::read_csv(text);
  SCORIA_CHECK(table.ok());
  return std::move(table).value();
}

Result<table::Table> read_table(const std::filesystem::path& path) {
  SCORIA_TRY(text, read_whole(path));
  return table::read_csv(text, {.source_name = path.string()});
}

Result<Case> hostile_case(const std::filesystem::path& source) {
  const std::filesystem::path folder = source / "tests/data/report";
  SCORIA_TRY(forecast, read_table(folder / "forecast.csv"));
  SCORIA_TRY(history, read_table(folder / "history.csv"));
  SCORIA_TRY(actual, read_table(folder / "actual.csv"));
  return Case{.spec = {.keys = {"item", "site"},
                       .time = "day",
                       .step = "step",
                       .value = "units",
                       .quantiles = quantile_columns(forecast)},
              .forecast = forecast,
              .history = history,
              .actual = actual};
}

Result<Case> retail_case(const std::filesystem::path& source) {
  const std::filesystem::path data = source / "examples/retail-forecast/data";
  SCORIA_TRY(history, read_table(data / "history/product1.csv.gz"));
  SCORIA_TRY(future, read_table(data / "futurex/product1.csv.gz"));
  SCORIA_TRY(actual, read_table(data / "actual/product1.csv.gz"));
  SCORIA_TRY(numbers, read_whole(source / "tests/data/retail_expected.bin.gz"));

  const auto sku = future.find("sku")->integers();
  const auto store = future.find("store")->integers();
  const auto week = future.find("week")->integers();
  std::vector<std::uint32_t> order(future.rows());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tuple(sku[a], store[a], week[a]) < std::tuple(sku[b], store[b], week[b]);
  });
  const table::Table sorted = future.take(order);
  table::Table forecast;
  for (const char* name : {"sku", "store", "week"}) forecast.add(name, sorted.find(name));
  std::vector<std::int32_t> steps;
  for (const std::uint32_t row : order) steps.push_back(week[row] - 107);
  forecast.add("step", table::Column::integer(std::move(steps)));
  const std::size_t block = order.size() * sizeof(double);
  std::size_t at = 0;
  for (const char* name : {"q5", "q25", "q50", "q75", "q95"}) {
    std::vector<double> values(order.size());
    if (numbers.size() < at + block) return Error{Code::corrupt, "retail_expected.bin.gz is too short"};
    std::memcpy(values.data(), numbers.data() + at, block);
    at += block;
    forecast.add(name, table::Column::real(std::move(values)));
  }
  return Case{.spec = {.keys = {"sku", "store"},
                       .time = "week",
                       .step = "step",
                       .value = "sales",
                       .quantiles = quantile_columns(forecast)},
              .forecast = forecast,
              .history = history,
              .actual = actual};
}

}  // namespace scoria::report
