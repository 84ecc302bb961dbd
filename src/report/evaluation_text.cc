// The evaluation as a table for the terminal and as JSON.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/evaluation.h"
#include "report/format.h"

namespace scoria::report {
namespace {

using nlohmann::ordered_json;
using Cells = std::vector<std::string>;

// Decimals of the columns in units of the value, the same on every line.
struct Decimals {
  int rmse = 0;
  int pinball = 0;
  int median = 0;
};

Decimals decimals(const Evaluation& evaluation) {
  const auto largest = [&](auto measure) {
    double most = 0;
    for (const Score& step : evaluation.steps) most = std::fmax(most, measure(step));
    return decimals_for(most);
  };
  return {.rmse = largest([](const Score& score) { return score.median.rmse; }),
          .pinball = largest([](const Score& score) { return score.mean_pinball; }),
          .median = largest([](const Score& score) { return score.compared.pinball; })};
}

Cells header(const Evaluation& evaluation) {
  Cells cells = {"step", "scored", "MAPE", "WAPE", "RMSE", "pinball"};
  for (const BandScore& band : evaluation.overall.bands)
    cells.push_back(plain_number(band.band.nominal * 100) + "% band");
  for (const char* name : {"crossing", "median", "naive", "skill"}) cells.emplace_back(name);
  return cells;
}

Cells line(const Score& score, const Decimals& decimals) {
  Cells cells = {score.step ? plain_number(*score.step, 10) : "all",
                 grouped_count(score.scored),
                 percent(score.median.mape),
                 percent(score.median.wape),
                 fixed_number(score.median.rmse, decimals.rmse),
                 fixed_number(score.mean_pinball, decimals.pinball)};
  for (const BandScore& band : score.bands) cells.push_back(percent(band.coverage));
  cells.push_back(percent(score.crossing));
  cells.push_back(fixed_number(score.compared.pinball, decimals.median));
  cells.push_back(score.best_naive ? fixed_number(score.naive[*score.best_naive].pinball, decimals.median) : "-");
  cells.push_back(percent(score.skill));
  return cells;
}

std::string aligned(const std::vector<Cells>& lines) {
  std::vector<std::size_t> widths(lines.front().size(), 0);
  for (const Cells& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string text;
  for (const Cells& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      text += (i == 0 ? "" : "  ") + std::string(widths[i] - cells[i].size(), ' ') + cells[i];
    }
    text += '\n';
  }
  return text;
}

std::string counted(std::size_t count, std::string_view what) {
  return count == 0 ? "" : grouped_count(count) + " " + std::string(what) + "\n";
}

ordered_json number_or_null(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }

ordered_json point_json(const PointScore& score) {
  return {{"rows", score.rows},
          {"zero_actuals", score.zero_actuals},
          {"pinball", number_or_null(score.pinball)},
          {"mape", number_or_null(score.mape)},
          {"wape", number_or_null(score.wape)},
          {"rmse", number_or_null(score.rmse)}};
}

ordered_json score_json(const Score& score) {
  ordered_json json;
  if (score.step) json["step"] = *score.step;
  json["forecasts"] = score.forecasts;
  json["scored"] = score.scored;
  json["without_actual"] = score.without_actual;
  json["incomplete"] = score.incomplete;
  json["mean_pinball"] = number_or_null(score.mean_pinball);
  json["quantiles"] = ordered_json::array();
  for (const QuantileScore& quantile : score.quantiles) {
    json["quantiles"].push_back({{"column", quantile.quantile.column},
                                 {"level", quantile.quantile.level},
                                 {"pinball", number_or_null(quantile.pinball)},
                                 {"at_or_below", number_or_null(quantile.at_or_below)}});
  }
  json["bands"] = ordered_json::array();
  for (const BandScore& band : score.bands) {
    json["bands"].push_back({{"nominal", band.band.nominal},
                             {"lower", score.quantiles[band.band.lower].quantile.column},
                             {"upper", score.quantiles[band.band.upper].quantile.column},
                             {"coverage", number_or_null(band.coverage)},
                             {"width", number_or_null(band.width)}});
  }
  json["crossing"] = number_or_null(score.crossing);
  json["median"] = point_json(score.median);
  json["compared"] = point_json(score.compared);
  json["naive"] = ordered_json::object();
  for (std::size_t i = 0; i < kNaives; ++i) json["naive"][naive_name(i)] = point_json(score.naive[i]);
  json["best_naive"] = score.best_naive ? ordered_json(naive_name(*score.best_naive)) : ordered_json(nullptr);
  json["skill"] = number_or_null(score.skill);
  return json;
}

}  // namespace

std::string evaluation_text(const Evaluation& evaluation) {
  const Score& all = evaluation.overall;
  const Decimals places = decimals(evaluation);
  std::vector<Cells> lines = {header(evaluation)};
  for (const Score& step : evaluation.steps) lines.push_back(line(step, places));
  lines.push_back(line(all, places));
  std::string text = aligned(lines);
  text += "\npinball: mean over the quantiles. band: share of actual values inside. crossing: quantiles out of order\n";
  text +=
      grouped_count(all.forecasts) + " forecasts, " + grouped_count(all.scored) + " scored against an actual value\n";
  text += counted(all.without_actual, "without an actual value, left out");
  text += counted(all.incomplete, "with a missing key, time, step or quantile, left out");
  text += counted(evaluation.unused_actuals, "actual values that nothing was forecast for");
  text += counted(all.median.zero_actuals, "actual values are 0, left out of MAPE");
  if (all.best_naive) {
    text += "median, naive: pinball of our median and of the best naive forecast (overall: " +
            std::string(naive_name(*all.best_naive)) + "); skill = 1 - median / naive\n";
    text += counted(all.median.rows - all.compared.rows, "scored without history, not compared with naive forecasts");
  } else if (all.scored > 0) {
    text += "no history before the forecast, or no median: not compared with naive forecasts\n";
  }
  return text;
}

std::string evaluation_json(const Evaluation& evaluation) {
  ordered_json json;
  json["overall"] = score_json(evaluation.overall);
  json["unused_actuals"] = evaluation.unused_actuals;
  json["steps"] = ordered_json::array();
  for (const Score& step : evaluation.steps) json["steps"].push_back(score_json(step));
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace scoria::report
