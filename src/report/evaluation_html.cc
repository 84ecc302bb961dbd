#include "report/evaluation_html.h"

#include <cmath>

#include "report/format.h"
#include "report/line_chart.h"

namespace scoria::report {
namespace {

constexpr ChartSize kSmall{380, 210};

std::string tile(const std::string& value, const std::string& label, const std::string& more) {
  return "<div class=\"tile\"><b>" + html_escape(value) + "</b><span>" + html_escape(label) + "</span>" +
         (more.empty() ? "" : "<small>" + html_escape(more) + "</small>") + "</div>";
}

std::string tiles(const Score& all) {
  std::string out = "<div class=\"tiles\">";
  if (std::isfinite(all.skill)) {
    out += tile(percent(all.skill), all.skill >= 0 ? "skill: better than naive" : "skill: worse than naive",
                "pinball of the median; best naive: " + std::string(naive_name(*all.best_naive)));
  }
  for (const BandScore& band : all.bands) {
    out += tile(percent(band.coverage), "inside the " + plain_number(band.band.nominal * 100) + "% band", "");
  }
  if (std::isfinite(all.median.mape))
    out += tile(percent(all.median.mape), "MAPE of the median", "mean absolute percentage error");
  if (std::isfinite(all.median.wape))
    out += tile(percent(all.median.wape), "WAPE of the median", "total error / total value");
  out += tile(grouped_count(all.scored), "forecasts scored", "of " + grouped_count(all.forecasts));
  return out + "</div>";
}

template <typename Measure>
Line by_step(const Evaluation& evaluation, std::string name, std::string css_class, Measure measure) {
  Line line{std::move(name), std::move(css_class), {}, {}};
  for (const Score& score : evaluation.steps) {
    line.x.push_back(*score.step);
    line.y.push_back(measure(score));
  }
  return line;
}

// Ours and the naive forecasts over the same rows.
template <typename Measure>
std::vector<Line> beside_naive(const Evaluation& evaluation, Measure measure) {
  const bool is_compared = evaluation.overall.compared.rows > 0;
  std::vector<Line> lines = {by_step(evaluation, "median forecast", "ours", [&](const Score& score) {
    return measure(is_compared ? score.compared : score.median);
  })};
  for (std::size_t i = 0; i < kNaives && is_compared; ++i) {
    lines.push_back(by_step(evaluation, std::string(naive_name(i)), "naive-" + std::to_string(i),
                            [&](const Score& score) { return measure(score.naive[i]); }));
  }
  return lines;
}

std::string charts(const Evaluation& evaluation, const ForecastSpec& spec) {
  LineChart coverage{.title = "Coverage of the bands", .x_title = "step", .is_share = true};
  std::vector<Band> bands;
  for (const BandScore& band : evaluation.overall.bands) bands.push_back(band.band);
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const std::string css_class = "cover-" + std::to_string(band_colour(bands, i));
    coverage.lines.push_back(by_step(evaluation, band_label(spec.quantiles, bands[i]), css_class,
                                     [i](const Score& score) { return score.bands[i].coverage; }));
    coverage.levels.push_back({bands[i].nominal, css_class});
  }
  std::string out = "<div class=\"grid three\">";
  out += line_chart({.title = "Pinball loss of the median",
                     .x_title = "step",
                     .y_title = spec.value,
                     .lines = beside_naive(evaluation, [](const PointScore& score) { return score.pinball; })},
                    kSmall);
  out += line_chart(coverage, kSmall);
  out += line_chart({.title = "MAPE of the median",
                     .x_title = "step",
                     .is_share = true,
                     .lines = beside_naive(evaluation, [](const PointScore& score) { return score.mape; })},
                    kSmall);
  return out + "</div>";
}

std::string heading(const std::string& name, const std::string& meaning) {
  return "<th scope=\"col\" title=\"" + html_escape(meaning) + "\">" + html_escape(name) + "</th>";
}

std::string step_row(const Score& score, const Score& overall) {
  const auto fixed = [](double value, double like) {
    return "<td>" + fixed_number(value, decimals_for(like)) + "</td>";
  };
  const auto share = [](double value) { return "<td>" + percent(value) + "</td>"; };
  std::string out = "<tr><th scope=\"row\">" + (score.step ? plain_number(*score.step, 10) : "all") + "</th><td>" +
                    grouped_count(score.scored) + "</td>";
  out += share(score.median.mape) + share(score.median.wape);
  out += fixed(score.median.rmse, overall.median.rmse) + fixed(score.mean_pinball, overall.mean_pinball);
  for (const BandScore& band : score.bands) out += share(band.coverage);
  out += share(score.crossing) + fixed(score.compared.pinball, overall.compared.pinball);
  const double best = score.best_naive ? score.naive[*score.best_naive].pinball : kUndefined;
  out += "<td title=\"" + (score.best_naive ? std::string(naive_name(*score.best_naive)) : "none") + "\">" +
         fixed_number(best, decimals_for(overall.compared.pinball)) + "</td>";
  return out + share(score.skill) + "</tr>";
}

std::string step_table(const Evaluation& evaluation) {
  std::string out = "<div class=\"scroll\"><table><caption>By step</caption><thead><tr>";
  out += heading("step", "how many times ahead") + heading("scored", "forecasts with an actual value");
  out += heading("MAPE", "mean of |actual - median| / |actual|, actual values of 0 left out");
  out += heading("WAPE", "sum of |actual - median| / sum of |actual|");
  out += heading("RMSE", "root of the mean squared error of the median");
  out += heading("mean pinball", "pinball loss, mean over the quantiles");
  for (const BandScore& band : evaluation.overall.bands) {
    out += heading(plain_number(band.band.nominal * 100) + "% band", "share of actual values inside the band");
  }
  out += heading("crossing", "share of forecasts with quantiles out of order");
  out += heading("q50 pinball", "pinball loss of the median, where there are naive forecasts");
  out += heading("naive pinball", "pinball loss of the best naive forecast");
  out += heading("skill", "1 - median / best naive") + "</tr></thead><tbody>";
  for (const Score& score : evaluation.steps) out += step_row(score, evaluation.overall);
  out += "</tbody><tfoot>" + step_row(evaluation.overall, evaluation.overall) + "</tfoot></table></div>";
  return out;
}

std::string calibration_table(const Score& all) {
  std::string out = "<div class=\"scroll\"><table><caption>By quantile</caption><thead><tr>" +
                    heading("quantile", "the forecast column") + heading("should be", "the level of the quantile") +
                    heading("at or below", "share of actual values at or below it") +
                    heading("pinball", "pinball loss of the quantile") + "</tr></thead><tbody>";
  double largest = 0;
  for (const QuantileScore& quantile : all.quantiles) largest = std::fmax(largest, quantile.pinball);
  for (const QuantileScore& quantile : all.quantiles) {
    out += "<tr><th scope=\"row\">" + html_escape(quantile.quantile.column) + "</th><td>" +
           percent(quantile.quantile.level) + "</td><td>" + percent(quantile.at_or_below) + "</td><td>" +
           fixed_number(quantile.pinball, decimals_for(largest)) + "</td></tr>";
  }
  return out + "</tbody></table></div>";
}

std::string left_out(const Evaluation& evaluation) {
  const Score& all = evaluation.overall;
  std::string out;
  const auto count = [&](std::size_t number, const std::string& what) {
    if (number > 0) out += "<li>" + grouped_count(number) + " " + what + "</li>";
  };
  count(all.without_actual, "without an actual value yet, left out");
  count(all.incomplete, "with a missing key, time, step or quantile, left out");
  count(evaluation.unused_actuals, "actual values that nothing was forecast for");
  count(all.median.zero_actuals, "with an actual value of 0, left out of MAPE");
  count(all.median.rows - all.compared.rows, "without history, not compared with naive forecasts");
  return out.empty() ? "" : "<ul class=\"notes\">" + out + "</ul>";
}

}  // namespace

std::string evaluation_html(const Evaluation& evaluation, const ForecastSpec& spec) {
  std::string out = "<section id=\"evaluation\"><h2>How good it was</h2>";
  if (evaluation.overall.scored == 0) {
    return out + "<p class=\"empty\">No forecast has an actual value: the keys and " + html_escape(spec.time) +
           " of the actual table match none of the forecast's. Are they of the same weeks, and are keys written "
           "alike?</p>" +
           left_out(evaluation) + "</section>";
  }
  out += tiles(evaluation.overall) + left_out(evaluation) + charts(evaluation, spec);
  out += "<div class=\"tables\">" + step_table(evaluation) + calibration_table(evaluation.overall) + "</div>";
  out += "<p class=\"muted\">Pinball loss (Koenker &amp; Bassett 1978) is in units of " + html_escape(spec.value) +
         "; less is better. Naive forecasts repeat what was known when the forecast was made: the last value, the mean "
         "of the last "
         "four, the mean of all. Skill is measured against the best of them in hindsight.</p>";
  return out + "</section>";
}

}  // namespace scoria::report
