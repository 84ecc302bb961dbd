// A forecast fan as SVG: history, bands of quantiles, median, actual values, axes.
// Marks carry classes (history, band-0 ...), their colours come from a style sheet: page.css, or figure.css for a file by itself.
// Threads: pure functions. page.js draws the same chart from the embedded data; a change here is a change there.
#pragma once

#include <string>
#include <vector>

#include "report/fans.h"
#include "report/forecast.h"

namespace scoria::report {

struct ChartSize {
  double width = 560;
  double height = 250;
};

// How a band is coloured: 0 is pink (the inner one), 1 blue (the outer one), 2 pale (all beyond).
int band_colour(const std::vector<Band>& bands, std::size_t band);

// "25-75 %", with an en dash.
std::string band_label(const std::vector<Quantile>& quantiles, const Band& band);

// The marks of the chart, to stand inside an <svg> or <g> of that size.
std::string fan_marks(const Fan& fan, const ForecastSpec& spec, TimeKind kind, ChartSize size);

// A whole <svg> element for a page, with a description for those who do not see it.
std::string fan_chart(const Fan& fan, const ForecastSpec& spec, TimeKind kind, const std::string& title,
                      ChartSize size);

// A file by itself: a heading, the legend, the chosen fans in two columns.
std::string fan_figure(const Fans& fans, const ForecastSpec& spec, const std::string& title);

}  // namespace scoria::report
