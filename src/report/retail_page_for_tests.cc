// Writes the report page and the figure of the retail example, from R's own forecast of it.
// Usage: retail_page SOURCE-DIRECTORY page.html figure.svg
// docs/images/retail-forecast.svg is its figure: build/dev/src/report/retail_page . page.html docs/images/retail-forecast.svg
#include <cstdio>

#include "base/file.h"
#include "report/html.h"
#include "report/tables_for_tests.h"

namespace scoria::report {
namespace {

Status write_both(const char* source, const char* page, const char* figure) {
  SCORIA_TRY(retail, retail_case(source));
  SCORIA_TRY(evaluation, evaluate(retail.forecast, retail.actual, retail.history, retail.spec));
  ReportInput input{.title = "Sales of four orange juices in store 8",
                    .spec = retail.spec,
                    .forecast = retail.forecast,
                    .history = retail.history,
                    .actual = retail.actual,
                    .choice = {{{"store", {"8"}}}}};
  SCORIA_TRY(svg, fan_svg(input));
  SCORIA_TRY_STATUS(write_file(figure, svg));
  input.title = "Retail forecast";
  input.subtitle = "Thirteen weeks of sales for 11 orange juices in 80 stores";
  input.evaluation = evaluation;
  input.facts = {{"forecasts", "57,200"}, {"series", "880"}, {"steps", "13"}, {"models", "35 gbm"}};
  input.provenance = {
      {"forecast", "tests/data/retail_expected.bin.gz, by R's predict.gbm (examples/retail-forecast/expected.R)"},
      {"history", "examples/retail-forecast/data/history/product1.csv.gz"},
      {"actual", "examples/retail-forecast/data/actual/product1.csv.gz"}};
  return write_file(page, render(input));
}

}  // namespace
}  // namespace scoria::report

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: retail_page SOURCE-DIRECTORY page.html figure.svg\n", stderr);
    return 2;
  }
  const scoria::Status status = scoria::report::write_both(argv[1], argv[2], argv[3]);
  if (!status.ok()) std::fprintf(stderr, "retail_page: %s\n", status.error().message.c_str());
  return status.ok() ? 0 : 1;
}
