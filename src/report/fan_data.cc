#include "report/fan_data.h"

#include <cmath>

#include "report/fan_chart.h"
#include "report/format.h"

namespace scoria::report {
namespace {

template <typename Range, typename Write>
std::string array(const Range& range, Write write) {
  std::string out = "[";
  for (const auto& element : range) {
    if (out.size() > 1) out += ',';
    out += write(element);
  }
  return out + "]";
}

std::string short_number(double value) { return std::isnan(value) ? "null" : plain_number(value, 5); }

std::string values(const std::vector<double>& numbers) { return array(numbers, short_number); }

// [1,2,4] as it is; evenly spaced ones as {"a":108,"d":1,"n":13}.
std::string time_array(const std::vector<double>& time) {
  const auto exact = [](double value) { return plain_number(value, 12); };
  if (time.size() < 3) return array(time, exact);
  const double step = time[1] - time[0];
  for (std::size_t i = 2; i < time.size(); ++i) {
    if (time[i] != time[0] + static_cast<double>(i) * step) return array(time, exact);
  }
  return "{\"a\":" + exact(time[0]) + ",\"d\":" + exact(step) + ",\"n\":" + std::to_string(time.size()) + "}";
}

std::string fan_json(const Fan& fan) {
  std::string out = "{\"k\":" + array(fan.names, [](const std::string& name) { return json_string(name); });
  out += ",\"t\":" + time_array(fan.time) + ",\"q\":" + array(fan.quantiles, values);
  if (!fan.history.empty()) out += ",\"ht\":" + time_array(fan.history_time) + ",\"h\":" + values(fan.history);
  if (!fan.actual.empty()) out += ",\"at\":" + time_array(fan.actual_time) + ",\"a\":" + values(fan.actual);
  return out + "}";
}

}  // namespace

std::string fan_data(const Fans& fans, const ForecastSpec& spec) {
  const std::vector<Band> bands = central_bands(spec.quantiles);
  std::string out = "{\"keys\":" + array(spec.keys, [](const std::string& key) { return json_string(key); });
  out += ",\"time\":" + json_string(spec.time) + ",\"value\":" + json_string(spec.value);
  out += ",\"dates\":" + std::string(fans.kind == TimeKind::date ? "true" : "false");
  out +=
      ",\"quantiles\":" + array(spec.quantiles, [](const Quantile& q) { return json_string(quantile_name(q.level)); });
  const std::optional<std::size_t> median = median_of(spec.quantiles);
  out += ",\"median\":" + (median ? std::to_string(*median) : "null") + ",\"bands\":[";
  for (std::size_t i = 0; i < bands.size(); ++i) {
    out += (i == 0 ? "[" : ",[") + std::to_string(bands[i].lower) + "," + std::to_string(bands[i].upper) + "," +
           std::to_string(band_colour(bands, i)) + "]";
  }
  out += "],\"chosen\":" + std::to_string(fans.chosen) + ",\"total\":" + std::to_string(fans.series);
  return out + ",\"series\":" + array(fans.fans, fan_json) + "}";
}

}  // namespace scoria::report
