#include "report/html.h"

#include "report/evaluation_html.h"
#include "report/fan_chart.h"
#include "report/fan_data.h"
#include "report/format.h"
#include "report/page_assets.h"
#include "report/svg.h"

namespace scoria::report {
namespace {

constexpr ChartSize kFanSize{560, 250};

Result<Fans> fans_of(const ReportInput& input, std::size_t budget) {
  return collect_fans({input.spec, input.forecast, input.history, input.actual ? &*input.actual : nullptr},
                      input.choice, budget);
}

std::string legend(const ReportInput& input) {
  std::string out = "<ul class=\"legend\">";
  const auto entry = [&](const std::string& mark, const std::string& label) {
    out += "<li>" + svg::swatch(mark) + html_escape(label) + "</li>";
  };
  entry("<path class=\"history\" d=\"M0 5L22 5\"/>", "history");
  if (median_of(input.spec.quantiles)) entry("<path class=\"median\" d=\"M0 5L22 5\"/>", "median forecast");
  const std::vector<Band> bands = central_bands(input.spec.quantiles);
  for (std::size_t i = bands.size(); i-- > 0;) {
    entry("<rect class=\"band-" + std::to_string(band_colour(bands, i)) + "\" width=\"22\" height=\"10\"/>",
          band_label(input.spec.quantiles, bands[i]));
  }
  if (input.actual) entry("<circle class=\"actual\" cx=\"11\" cy=\"5\" r=\"2.8\"/>", "actual");
  return out + "</ul>";
}

std::string figure_title(const std::vector<std::string>& keys, const std::vector<std::string>& names) {
  std::string title;
  for (std::size_t k = 0; k < keys.size(); ++k) title += (k == 0 ? "" : ", ") + keys[k] + " " + names[k];
  return title.empty() ? "forecast" : title;
}

std::string fans_html(const ReportInput& input) {
  std::string out = "<section id=\"forecasts\"><h2>Forecasts</h2>";
  const Result<Fans> collected = fans_of(input, input.embedded_numbers);
  if (!collected.ok())
    return out + notes_html({"The fans cannot be drawn: " + collected.error().message + "."}) + "</section>";
  const Fans& fans = collected.value();
  out += notes_html(fans.notes);
  if (fans.fans.empty()) return out + "</section>";
  out += "<div id=\"controls\"></div>" + legend(input) + "<div id=\"fans\" class=\"grid two\">";
  for (std::size_t i = 0; i < fans.chosen; ++i) {
    const std::string title = figure_title(input.spec.keys, fans.fans[i].names);
    out += "<figure class=\"fan\"><figcaption>" + html_escape(title) + "</figcaption>" +
           fan_chart(fans.fans[i], input.spec, fans.kind, title, kFanSize) + "</figure>";
  }
  const bool is_whole = fans.fans.size() == fans.series;
  out += "</div><p id=\"extent\" class=\"muted\">" +
         (is_whole ? "All " : grouped_count(fans.fans.size()) + " of the ") + grouped_count(fans.series) +
         " series are in this file.</p>";
  return out + "<script type=\"application/json\" id=\"data\">" + fan_data(fans, input.spec) + "</script></section>";
}

}  // namespace

std::string render(const ReportInput& input) {
  std::string body = facts_html(input.facts) + "\n" + fans_html(input) + "\n";
  if (input.evaluation) {
    body += evaluation_html(*input.evaluation, input.spec);
  } else {
    body +=
        "<section id=\"evaluation\"><h2>How good it was</h2><p class=\"muted\">Not known yet: no actual values were "
        "given. "
        "Once they are there, scoria evaluate compares them with this forecast.</p></section>";
  }
  body += "\n" + provenance_html(input.provenance);
  return page_html(input.title.empty() ? "Forecast" : input.title, input.subtitle, body, assets::page_js());
}

Result<std::string> fan_svg(const ReportInput& input) {
  SCORIA_TRY(fans, fans_of(input, 0));
  return fan_figure(fans, input.spec, input.title);
}

}  // namespace scoria::report
