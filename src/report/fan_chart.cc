#include "report/fan_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "report/axis.h"
#include "report/format.h"
#include "report/page_assets.h"
#include "report/svg.h"

namespace scoria::report {
namespace {

constexpr double kAloneHalfWidth = 3;  // a band of one point is drawn this wide, so that it can be seen

// Runs of places where every one of `columns` has a value, as [begin, end).
struct Run {
  std::size_t begin;
  std::size_t end;
};

std::vector<Run> runs(std::initializer_list<const std::vector<double>*> columns, std::size_t size) {
  std::vector<Run> found;
  for (std::size_t i = 0; i < size; ++i) {
    const bool is_there = std::none_of(columns.begin(), columns.end(),
                                       [i](const std::vector<double>* column) { return std::isnan((*column)[i]); });
    if (!is_there) continue;
    if (!found.empty() && found.back().end == i) {
      ++found.back().end;
    } else {
      found.push_back({i, i + 1});
    }
  }
  return found;
}

class FanChart {
 public:
  FanChart(const Fan& fan, const ForecastSpec& spec, TimeKind kind, ChartSize size)
      : fan_(fan), spec_(spec), plot_{46, size.width - 10, 26, size.height - 36}, window_(recent_window(fan)) {
    x_ = time_axis(kind, window_.low, window_.high, static_cast<int>(size.width / 75));
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    const auto widen = [&](const std::vector<double>& times, const std::vector<double>& values) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i]) || times[i] < window_.low) continue;
        low = std::min(low, values[i]);
        high = std::max(high, values[i]);
      }
    };
    widen(fan.history_time, fan.history);
    widen(fan.actual_time, fan.actual);
    for (const std::vector<double>& quantile : fan.quantiles) widen(fan.time, quantile);
    has_values_ = low <= high;
    if (has_values_) y_ = value_axis(low, high, 5);
  }

  std::string marks() const {
    if (!has_values_) {
      return svg::text((plot_.left + plot_.right) / 2, (plot_.top + plot_.bottom) / 2,
                       "every value of this series is missing", "tick", "middle");
    }
    std::string out = svg::left_axis(y_, plot_, spec_.value) + svg::lower_axis(x_, plot_, spec_.time);
    const std::vector<Band> bands = central_bands(spec_.quantiles);
    for (std::size_t i = 0; i < bands.size(); ++i)
      out += band(bands[i], "band-" + std::to_string(band_colour(bands, i)));
    out += lone_quantiles(bands);
    out += origin();
    out += path(fan_.history_time, fan_.history, "history");
    if (const auto median = median_of(spec_.quantiles)) out += path(fan_.time, fan_.quantiles[*median], "median");
    return out + actuals();
  }

 private:
  std::string x(double time, double shift = 0) const {
    return svg::at(x_.place(time, plot_.left, plot_.right) + shift);
  }
  std::string y(double value) const { return svg::at(y_.place(value, plot_.bottom, plot_.top)); }

  std::string actuals() const {
    const std::size_t size = fan_.actual.size();
    const auto place = [&](double time) { return x_.place(time, plot_.left, plot_.right); };
    const double length = size < 2 ? 100 : place(fan_.actual_time.back()) - place(fan_.actual_time.front());
    const std::string radius =
        svg::at(std::clamp(0.3 * length / std::max<double>(1, static_cast<double>(size) - 1), 1.5, 2.6));
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
      if (std::isnan(fan_.actual[i]) || fan_.actual_time[i] < window_.low) continue;
      out += "<circle class=\"actual\" cx=\"" + x(fan_.actual_time[i]) + "\" cy=\"" + y(fan_.actual[i]) + "\" r=\"" +
             radius + "\"/>";
    }
    return out;
  }

  // The line between history and forecast.
  std::string origin() const {
    if (fan_.time.empty() || fan_.history_time.empty()) return "";
    const double between = (fan_.history_time.back() + fan_.time.front()) / 2;
    if (between < window_.low || between > fan_.time.front()) return "";
    const double place = x_.place(between, plot_.left, plot_.right);
    return svg::line(place, plot_.top, place, plot_.bottom, "origin");
  }

  std::string band(const Band& band, const std::string& css_class) const {
    const std::vector<double>& lower = fan_.quantiles[band.lower];
    const std::vector<double>& upper = fan_.quantiles[band.upper];
    std::string d;
    for (const Run& run : runs({&lower, &upper}, fan_.time.size())) {
      const double room = run.end - run.begin == 1 ? kAloneHalfWidth : 0;
      std::string points;
      for (std::size_t i = run.begin; i < run.end; ++i) points += x(fan_.time[i], -room) + " " + y(upper[i]) + "L";
      if (room > 0) points += x(fan_.time[run.begin], room) + " " + y(upper[run.begin]) + "L";
      for (std::size_t i = run.end; i-- > run.begin;) points += x(fan_.time[i], room) + " " + y(lower[i]) + "L";
      if (room > 0) points += x(fan_.time[run.begin], -room) + " " + y(lower[run.begin]) + "L";
      points.back() = 'Z';
      d += "M" + points;
    }
    return d.empty() ? "" : "<path class=\"" + css_class + "\" d=\"" + d + "\"/>";
  }

  std::string path(const std::vector<double>& times, const std::vector<double>& values,
                   std::string_view css_class) const {
    std::string d;
    std::string alone;
    for (const Run& run : runs({&values}, values.size())) {
      std::string points;
      std::size_t count = 0;
      for (std::size_t i = run.begin; i < run.end; ++i) {
        if (times[i] < window_.low) continue;
        points += (count++ == 0 ? "M" : "L") + x(times[i]) + " " + y(values[i]);
      }
      if (count == 1) {
        const std::size_t i = run.end - 1;
        alone += "<circle class=\"" + std::string(css_class) + "-alone\" cx=\"" + x(times[i]) + "\" cy=\"" +
                 y(values[i]) + "\" r=\"2\"/>";
      } else {
        d += points;
      }
    }
    return (d.empty() ? "" : "<path class=\"" + std::string(css_class) + "\" d=\"" + d + "\"/>") + alone;
  }

  // Quantiles that are in no band and not the median.
  std::string lone_quantiles(const std::vector<Band>& bands) const {
    std::string out;
    for (std::size_t i = 0; i < spec_.quantiles.size(); ++i) {
      const bool is_in_band =
          std::any_of(bands.begin(), bands.end(), [i](const Band& band) { return band.lower == i || band.upper == i; });
      if (!is_in_band && median_of(spec_.quantiles) != i) out += path(fan_.time, fan_.quantiles[i], "quantile");
    }
    return out;
  }

  const Fan& fan_;
  const ForecastSpec& spec_;
  svg::Plot plot_;
  Window window_;
  Axis x_;
  Axis y_;
  bool has_values_ = false;
};

std::string open_svg(double width, double height, std::string_view more) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + svg::at(width) + " " + svg::at(height) + "\" " +
         std::string(more) + ">";
}

std::string fan_title(const std::vector<std::string>& keys, const std::vector<std::string>& names) {
  std::string title;
  for (std::size_t k = 0; k < keys.size(); ++k) title += (k == 0 ? "" : ", ") + keys[k] + " " + names[k];
  return title;
}

// One line of swatches and words.
std::string figure_legend(const Fans& fans, const ForecastSpec& spec, double x, double y) {
  std::string out;
  const auto entry = [&](const std::string& swatch, const std::string& label) {
    out += "<g transform=\"translate(" + svg::at(x) + " " + svg::at(y) + ")\">" + swatch +
           svg::text(28, 4, label, "label") + "</g>";
    x += 46 + 6.4 * static_cast<double>(label.size());
  };
  entry(svg::line(0, 0, 22, 0, "history"), "history");
  if (median_of(spec.quantiles)) entry(svg::line(0, 0, 22, 0, "median"), "median forecast");
  const std::vector<Band> bands = central_bands(spec.quantiles);
  for (std::size_t i = bands.size(); i-- > 0;) {
    entry("<rect class=\"band-" + std::to_string(band_colour(bands, i)) + "\" y=\"-6\" width=\"22\" height=\"12\"/>",
          band_label(spec.quantiles, bands[i]));
  }
  const bool has_actual =
      std::any_of(fans.fans.begin(), fans.fans.end(), [](const Fan& fan) { return !fan.actual.empty(); });
  if (has_actual) entry("<circle class=\"actual\" cx=\"11\" cy=\"0\" r=\"2.6\"/>", "actual");
  return out;
}

}  // namespace

int band_colour(const std::vector<Band>& bands, std::size_t band) {
  // Widest first: the last is the innermost. One band alone takes the colour of the seed's for its width.
  if (bands.size() == 1) return bands.front().nominal <= 0.6 ? 0 : 1;
  return static_cast<int>(std::min<std::size_t>(bands.size() - 1 - band, 2));
}

std::string band_label(const std::vector<Quantile>& quantiles, const Band& band) {
  return plain_number(quantiles[band.lower].level * 100) + "\xE2\x80\x93" +
         plain_number(quantiles[band.upper].level * 100) + "%";
}

std::string fan_marks(const Fan& fan, const ForecastSpec& spec, TimeKind kind, ChartSize size) {
  return FanChart(fan, spec, kind, size).marks();
}

std::string fan_chart(const Fan& fan, const ForecastSpec& spec, TimeKind kind, const std::string& title,
                      ChartSize size) {
  return open_svg(size.width, size.height,
                  "class=\"chart\" role=\"img\" aria-label=\"" +
                      html_escape("Forecast of " + spec.value + ": " + title) + "\"") +
         fan_marks(fan, spec, kind, size) + "</svg>";
}

std::string fan_figure(const Fans& fans, const ForecastSpec& spec, const std::string& title) {
  constexpr double kPad = 24;
  constexpr double kHead = 78;
  constexpr double kGap = 28;
  constexpr double kCaption = 20;
  const ChartSize size{520, 230};
  const std::size_t columns = fans.chosen > 1 ? 2 : 1;
  const std::size_t lines = (fans.chosen + columns - 1) / columns;
  const double width = 2 * kPad + 2 * size.width + kGap;
  const double height =
      kHead + static_cast<double>(std::max<std::size_t>(lines, 1)) * (size.height + kCaption + 12) + 12;
  std::string out =
      open_svg(width, height, "width=\"" + svg::at(width) + "\" height=\"" + svg::at(height) + "\" role=\"img\"");
  out += "<title>" + html_escape(title) + "</title><style>" + std::string(assets::figure_css()) + "</style>";
  out += "<rect class=\"paper\" width=\"" + svg::at(width) + "\" height=\"" + svg::at(height) + "\" rx=\"10\"/>";
  out += svg::text(kPad, 34, title, "title");
  out += figure_legend(fans, spec, kPad, 58);
  for (std::size_t i = 0; i < fans.chosen; ++i) {
    const double left = kPad + static_cast<double>(i % columns) * (size.width + kGap);
    const double top = kHead + static_cast<double>(i / columns) * (size.height + kCaption + 12);
    out += "<g transform=\"translate(" + svg::at(left) + " " + svg::at(top) + ")\">";
    out += svg::text(0, 16, fan_title(spec.keys, fans.fans[i].names), "caption");
    out += "<g transform=\"translate(0 " + svg::at(kCaption) + ")\">" + fan_marks(fans.fans[i], spec, fans.kind, size) +
           "</g></g>";
  }
  for (std::size_t i = 0; i < fans.notes.size() && fans.chosen == 0; ++i) {
    out += svg::text(kPad, kHead + 30 + 20 * static_cast<double>(i), fans.notes[i], "label");
  }
  return out + "</svg>\n";
}

}  // namespace scoria::report
