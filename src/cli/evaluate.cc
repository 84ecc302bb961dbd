#include "cli/evaluate.h"

#include "plan/row_files.h"
#include "report/evaluation.h"
#include "report/forecast.h"

namespace scoria::cli {

Result<std::string> evaluate(const EvaluateOptions& options) {
  SCORIA_TRY(forecast, plan::read_whole_table(options.forecast, {}));
  SCORIA_TRY(actual, plan::read_whole_table(options.actual, {}));
  table::Table history;
  if (options.history) {
    std::vector<std::string> columns = options.keys;
    columns.push_back(options.time);
    columns.push_back(options.value);
    SCORIA_TRY(read, plan::read_whole_table(*options.history, {.only = std::move(columns)}));
    history = std::move(read);
  }
  const report::ForecastSpec spec{.keys = options.keys,
                                  .time = options.time,
                                  .step = options.step,
                                  .value = options.value,
                                  .quantiles = report::quantile_columns(forecast)};
  SCORIA_TRY(evaluation, report::evaluate(forecast, actual, history, spec));
  return options.json ? report::evaluation_json(evaluation) + "\n" : report::evaluation_text(evaluation);
}

}  // namespace scoria::cli
