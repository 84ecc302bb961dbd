#include "report/flags.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/natural_order.h"
#include "report/flag_chart.h"
#include "report/format.h"
#include "report/series.h"

namespace scoria::report {
namespace {

constexpr ChartSize kChartSize{560, 210};
constexpr std::size_t kMostTableRows = 1000;

// The table's columns, row by row, and the rows of each series by time.
struct FlagRows {
  Times times;
  std::vector<double> values;
  std::vector<double> flags;
  std::vector<std::vector<std::uint32_t>> series;  // in order of key
  std::vector<std::vector<std::string>> keys;
};

Result<FlagRows> read(const FlagSpec& spec, const table::Table& table) {
  constexpr std::string_view kWhat = "scored";
  FlagRows rows;
  SCORIA_TRY(when, times(table, spec.time, kWhat));
  SCORIA_TRY(values, numbers(table, spec.value, kWhat));
  SCORIA_TRY(flags, numbers(table, spec.flag, kWhat));
  SeriesIndex index(spec.keys);
  SCORIA_TRY(series_of, index.number(table, kWhat));
  std::vector<std::uint32_t> order(index.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return is_naturally_before(index.names(a), index.names(b)); });
  std::vector<std::uint32_t> place(index.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    rows.keys.push_back(index.names(order[i]));
  }
  rows.series.resize(index.size());
  for (std::uint32_t row = 0; row < series_of.size(); ++row) {
    if (series_of[row] != kNoSeries && std::isfinite(when.values[row])) {
      rows.series[place[series_of[row]]].push_back(row);
    }
  }
  for (std::vector<std::uint32_t>& of_series : rows.series) {
    std::stable_sort(of_series.begin(), of_series.end(),
                     [&](auto a, auto b) { return when.values[a] < when.values[b]; });
  }
  rows.times = std::move(when);
  rows.values = std::move(values);
  rows.flags = std::move(flags);
  return rows;
}

bool is_flagged(double flag) { return !std::isnan(flag) && flag != 0; }

std::string time_as_written(const table::Table& table, const FlagSpec& spec, const FlagRows& rows, std::uint32_t row) {
  const table::ColumnPtr column = table.find(spec.time);
  if (column->type() == table::Type::text) {
    std::string text(column->text_at(row));
    if (text.ends_with(".000")) text.resize(text.size() - 4);
    return text;
  }
  return time_text(rows.times.kind, rows.times.values[row]);
}

std::vector<FlaggedSeries> count(const FlagSpec& spec, const table::Table& table, const FlagRows& rows) {
  std::vector<FlaggedSeries> all;
  for (std::size_t i = 0; i < rows.series.size(); ++i) {
    FlaggedSeries& series = all.emplace_back();
    series.key = rows.keys[i];
    std::uint64_t run = 0;
    for (const std::uint32_t row : rows.series[i]) {
      if (std::isnan(rows.flags[row])) {
        ++series.not_scored;
        continue;
      }
      ++series.rows;
      run = is_flagged(rows.flags[row]) ? run + 1 : 0;
      series.longest_run = std::max(series.longest_run, run);
      if (run == 0) continue;
      ++series.flagged;
      if (series.first.empty()) series.first = time_as_written(table, spec, rows, row);
      series.last = time_as_written(table, spec, rows, row);
    }
  }
  return all;
}

std::string name_of(const FlagSpec& spec, const FlaggedSeries& series) {
  std::string name;
  for (std::size_t k = 0; k < spec.keys.size(); ++k) {
    name += (k == 0 ? "" : ", ") + spec.keys[k] + " " + series.key[k];
  }
  return name.empty() ? "all rows" : name;
}

// Those to show when not all can be: the largest shares, in order of key.
std::vector<std::size_t> chosen(const std::vector<FlaggedSeries>& all, std::size_t most) {
  std::vector<std::size_t> places(all.size());
  std::iota(places.begin(), places.end(), 0);
  if (places.size() <= most) return places;
  std::stable_sort(places.begin(), places.end(), [&](auto a, auto b) { return all[a].share() > all[b].share(); });
  places.resize(most);
  std::sort(places.begin(), places.end());
  return places;
}

std::string share_bar(const FlaggedSeries& series, double warn_share) {
  const std::string css_class = series.share() > warn_share ? "bar alarm" : "bar";
  return "<td class=\"share\"><span class=\"" + css_class +
         "\"><i style=\"width:" + fixed_number(100 * series.share(), 1) + "%\"></i></span>" + "<b>" +
         percent(series.share()) + "</b>" + "</td>";
}

std::string share_table(const FlagReportInput& input, const std::vector<FlaggedSeries>& all) {
  const std::vector<std::size_t> shown = chosen(all, kMostTableRows);
  const bool has_unscored = std::any_of(all.begin(), all.end(), [](const auto& one) { return one.not_scored > 0; });
  std::string out = "<div class=\"scroll\"><table class=\"flags\"><thead><tr>";
  for (const std::string& key : input.spec.keys) out += "<th scope=\"col\">" + html_escape(key) + "</th>";
  out += "<th scope=\"col\">rows</th>";
  if (has_unscored) out += "<th scope=\"col\" title=\"rows whose key has no model\">not scored</th>";
  out +=
      "<th scope=\"col\">flagged</th><th scope=\"col\" class=\"share\">share</th>"
      "<th scope=\"col\" title=\"flagged rows in a row\">longest run</th><th scope=\"col\">first flagged</th>"
      "<th scope=\"col\">last flagged</th></tr></thead><tbody>";
  for (const std::size_t i : shown) {
    const FlaggedSeries& series = all[i];
    out += series.share() > input.warn_share ? "<tr class=\"alarm\">" : "<tr>";
    for (const std::string& value : series.key) out += "<td>" + html_escape(value) + "</td>";
    out += "<td>" + grouped_count(series.rows) + "</td>";
    if (has_unscored) out += "<td>" + grouped_count(series.not_scored) + "</td>";
    out += "<td>" + grouped_count(series.flagged) + "</td>" + share_bar(series, input.warn_share) + "<td>" +
           grouped_count(series.longest_run) + "</td><td>" + html_escape(series.first) + "</td><td>" +
           html_escape(series.last) + "</td></tr>";
  }
  out += "</tbody></table></div>";
  if (shown.size() < all.size()) {
    out += "<p class=\"muted\">The " + grouped_count(shown.size()) + " series with the largest shares, of " +
           grouped_count(all.size()) + ".</p>";
  }
  return out;
}

std::string charts(const FlagReportInput& input, const FlagRows& rows, const std::vector<FlaggedSeries>& all) {
  const std::vector<std::size_t> shown = chosen(all, input.most_charts);
  std::string out =
      "<ul class=\"legend\"><li><svg class=\"swatch\" viewBox=\"0 0 22 10\" aria-hidden=\"true\"><path class=\"history "
      "thin\" d=\"M0 5L22 5\"/></svg>" +
      html_escape(input.spec.value) +
      "</li><li><svg class=\"swatch\" viewBox=\"0 0 22 10\" aria-hidden=\"true\"><circle class=\"flagged\" cx=\"11\" "
      "cy=\"5\" r=\"3\"/></svg>flagged</li><li><svg class=\"swatch\" viewBox=\"0 0 22 10\" aria-hidden=\"true\"><rect "
      "class=\"flag-run\" width=\"22\" height=\"10\"/></svg>three or more in a row</li></ul><div class=\"grid two\">";
  for (const std::size_t i : shown) {
    FlagChart chart{.title = name_of(input.spec, all[i]),
                    .time = input.spec.time,
                    .value = input.spec.value,
                    .kind = rows.times.kind,
                    .points = {}};
    for (const std::uint32_t row : rows.series[i]) {
      chart.points.push_back({rows.times.values[row], rows.values[row], is_flagged(rows.flags[row])});
    }
    const bool is_alarm = all[i].share() > input.warn_share;
    const std::string drawn = flag_chart(chart, kChartSize);
    out += "<figure class=\"series" + std::string(is_alarm ? " alarm" : "") + "\"><figcaption>" +
           html_escape(chart.title) + " <span>" + grouped_count(all[i].flagged) + " of " + grouped_count(all[i].rows) +
           " flagged, " + percent(all[i].share()) + "</span></figcaption>" +
           (drawn.empty() ? "<p class=\"muted\">No values.</p>" : drawn) + "</figure>";
  }
  out += "</div>";
  if (shown.size() < all.size()) {
    out += "<p class=\"muted\">The " + grouped_count(shown.size()) + " series with the largest shares, of " +
           grouped_count(all.size()) + ".</p>";
  }
  return out;
}

std::vector<Fact> tiles(const FlagReportInput& input, const std::vector<FlaggedSeries>& all) {
  std::uint64_t rows = 0;
  std::uint64_t flagged = 0;
  std::size_t alarms = 0;
  for (const FlaggedSeries& series : all) {
    rows += series.rows;
    flagged += series.flagged;
    alarms += series.share() > input.warn_share ? 1 : 0;
  }
  std::vector<Fact> facts{
      {"rows scored", grouped_count(rows)},
      {"rows flagged", grouped_count(flagged)},
      {"share flagged", rows == 0 ? "-" : percent(static_cast<double>(flagged) / static_cast<double>(rows))},
      {"series", grouped_count(all.size())},
      {"series above " + plain_number(100 * input.warn_share) + "%", grouped_count(alarms)}};
  facts.insert(facts.end(), input.facts.begin(), input.facts.end());
  return facts;
}

std::string alarm_note(const FlagReportInput& input, const std::vector<FlaggedSeries>& all) {
  constexpr std::size_t kMostNamed = 12;
  std::vector<std::string> lines;
  std::string named;
  std::size_t count = 0;
  for (const FlaggedSeries& series : all) {
    if (!(series.share() > input.warn_share)) continue;
    if (count++ < kMostNamed) named += (named.empty() ? "" : "; ") + name_of(input.spec, series);
  }
  if (count == 0) return "";
  if (count > kMostNamed) named += " and " + grouped_count(count - kMostNamed) + " more";
  return notes_html({"More than " + plain_number(100 * input.warn_share) + "% of their rows are flagged: " + named +
                     ". Such a model has most likely stopped fitting what its sensor measures."});
}

}  // namespace

Result<std::vector<FlaggedSeries>> flagged_series(const FlagSpec& spec, const table::Table& rows) {
  SCORIA_TRY(read_rows, read(spec, rows));
  return count(spec, rows, read_rows);
}

std::string render_flags(const FlagReportInput& input) {
  const std::string title = input.title.empty() ? "Flagged rows" : input.title;
  const auto rows = read(input.spec, input.rows);
  if (!rows.ok()) {
    return page_html(title, input.subtitle,
                     facts_html(input.facts) +
                         notes_html({"The series cannot be drawn: " + rows.error().message + "."}) +
                         provenance_html(input.provenance),
                     "");
  }
  const std::vector<FlaggedSeries> all = count(input.spec, input.rows, rows.value());
  std::string body = facts_html(tiles(input, all)) + "\n" + alarm_note(input, all);
  body += "<section id=\"shares\"><h2>What was flagged</h2>" + share_table(input, all) + "</section>\n";
  body += "<section id=\"series\"><h2>Series</h2>" + charts(input, rows.value(), all) + "</section>\n";
  return page_html(title, input.subtitle, body + provenance_html(input.provenance), "");
}

}  // namespace scoria::report
