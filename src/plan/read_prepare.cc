#include <algorithm>

#include "expr/message.h"
#include "expr/parse.h"
#include "plan/read_parts.h"

namespace scoria::plan {
namespace {

// A mapping of names, or a list of names that stand for themselves: {sku: product_id} or [sku].
Result<NamedList<std::string>> read_names(const YamlPlace& place) {
  NamedList<std::string> names;
  if (!place.is_mapping()) {
    SCORIA_TRY(same, place.texts());
    for (const std::string& name : same) names.emplace_back(name, name);
  } else {
    SCORIA_TRY(entries, place.entries());
    for (const auto& [name, entry] : entries) {
      SCORIA_TRY(other, entry.text());
      names.emplace_back(name, other);
    }
  }
  if (names.empty()) return place.error("needs at least one column");
  return names;
}

Result<std::vector<std::string>> read_list(const YamlPlace& step, std::string_view key,
                                           std::vector<std::string> otherwise) {
  if (!step.has(key)) return otherwise;
  return step.at(key).texts();
}

Result<Grouping> read_grouping(const YamlPlace& step, const Grouping& otherwise) {
  SCORIA_TRY(by, read_list(step, "by", otherwise.by));
  SCORIA_TRY(arrange, read_list(step, "arrange", otherwise.arrange));
  return Grouping{std::move(by), std::move(arrange)};
}

std::string grouping_text(const Grouping& grouping) {
  std::string text;
  if (!grouping.by.empty()) text += " by " + listed(grouping.by);
  if (!grouping.arrange.empty()) text += " in order of " + listed(grouping.arrange);
  return text;
}

Result<PrepareStep> read_join(const YamlPlace& step) {
  SCORIA_TRY_STATUS(step.only({"join", "by", "columns", "na_matches"}));
  Join join;
  SCORIA_TRY(input, step.at("join").text());
  join.input = std::move(input);
  SCORIA_TRY(by_place, step.required("by"));
  SCORIA_TRY(by, read_names(by_place));
  join.by = std::move(by);
  if (step.has("columns")) {
    SCORIA_TRY(take, read_names(step.at("columns")));
    join.take = std::move(take);
  }
  if (step.has("na_matches")) {
    const YamlPlace place = step.at("na_matches");
    SCORIA_TRY(word, place.text());
    if (word != "na" && word != "never") return place.error("must be na or never");
    join.na_matches = word == "na";
  }
  std::string what = "by ";
  for (const auto& [left, right] : join.by) {
    what += (what.size() > 3 ? ", " : "") + left + (left == right ? "" : " = " + right);
  }
  return PrepareStep{"", "join " + join.input, what, std::move(join)};
}

Result<PrepareStep> read_complete(const YamlPlace& step) {
  SCORIA_TRY_STATUS(step.only({"complete", "range", "fill", "explicit", "by"}));
  Complete complete;
  const YamlPlace columns = step.at("complete");
  std::string what;
  if (!columns.is_list()) {
    SCORIA_TRY(one, columns.text());
    complete.columns.push_back({one});
  } else {
    SCORIA_TRY(items, columns.items());
    for (const YamlPlace& item : items) {
      SCORIA_TRY(names, item.texts());
      if (names.empty()) return item.error("needs at least one column");
      complete.columns.push_back(std::move(names));
    }
  }
  if (complete.columns.empty()) return columns.error("needs at least one column");
  for (const std::vector<std::string>& names : complete.columns) {
    what += (what.empty() ? "" : " x ") + (names.size() == 1 ? names[0] : "(" + listed(names) + ")");
  }
  if (step.has("range")) {
    SCORIA_TRY(ranges, step.at("range").entries());
    for (const auto& [name, entry] : ranges) {
      if (std::find(complete.columns.begin(), complete.columns.end(), std::vector<std::string>{name}) ==
          complete.columns.end()) {
        return entry.key_error("'" + name + "' is not one of the single columns of 'complete'");
      }
      SCORIA_TRY(text, entry.text());
      auto period = parse_period(text);
      if (!period.ok()) return entry.error(period.error().message);
      complete.ranges[name] = period.value();
    }
  }
  if (step.has("fill")) {
    SCORIA_TRY(fills, step.at("fill").entries());
    for (const auto& [name, entry] : fills) {
      SCORIA_TRY(value, entry.text());
      complete.fill.emplace_back(name, value);
    }
  }
  if (step.has("explicit")) {
    SCORIA_TRY(flag, step.at("explicit").flag());
    complete.is_explicit = flag;
  }
  SCORIA_TRY(by, read_list(step, "by", {}));
  complete.by = std::move(by);
  if (!complete.by.empty()) what += " by " + listed(complete.by);
  return PrepareStep{"", "complete", what, std::move(complete)};
}

Result<PrepareStep> read_fill(const YamlPlace& step, const Grouping& grouping) {
  SCORIA_TRY_STATUS(step.only({"fill", "direction", "by", "arrange"}));
  FillStep fill;
  SCORIA_TRY(columns, step.at("fill").texts());
  if (columns.empty()) return step.at("fill").error("needs at least one column");
  fill.columns = std::move(columns);
  std::string word = "down";
  if (step.has("direction")) {
    SCORIA_TRY(direction, step.at("direction").text());
    word = direction;
    const auto known = fill_direction(word);
    if (!known) return step.at("direction").error("must be down, up, downup or updown");
    fill.direction = *known;
  }
  SCORIA_TRY(groups, read_grouping(step, grouping));
  fill.grouping = std::move(groups);
  std::string what = listed(fill.columns) + " " + word + grouping_text(fill.grouping);
  return PrepareStep{"", "fill", std::move(what), std::move(fill)};
}

Result<PrepareStep> read_mutate(const YamlPlace& step) {
  SCORIA_TRY_STATUS(step.only({"mutate", "by", "arrange"}));
  MutateStep mutate;
  SCORIA_TRY(definitions, step.at("mutate").expressions());
  mutate.definitions = std::move(definitions);
  SCORIA_TRY(groups, read_grouping(step, {}));
  mutate.grouping = std::move(groups);
  std::string what;
  for (const auto& [name, expression] : mutate.definitions) what += (what.empty() ? "" : ", ") + name;
  what += grouping_text(mutate.grouping);
  return PrepareStep{"", "mutate", std::move(what), std::move(mutate)};
}

Result<PrepareStep> read_filter(const YamlPlace& step) {
  SCORIA_TRY_STATUS(step.only({"filter", "by", "arrange"}));
  SCORIA_TRY(condition, step.at("filter").expression());
  SCORIA_TRY(groups, read_grouping(step, {}));
  std::string what = expr::deparse(condition) + grouping_text(groups);
  return PrepareStep{"", "filter", std::move(what), FilterStep{condition, std::move(groups)}};
}

Result<PrepareStep> read_step(const YamlPlace& step, const Grouping& grouping) {
  if (step.has("join")) return read_join(step);
  if (step.has("complete")) return read_complete(step);  // before fill, which it has as an option
  if (step.has("fill")) return read_fill(step, grouping);
  if (step.has("mutate")) return read_mutate(step);
  if (step.has("filter")) return read_filter(step);
  SCORIA_TRY(entries, step.entries());
  if (entries.empty()) return step.error("must be one of join, complete, fill, mutate, filter");
  return entries[0].second.key_error(
      "unknown step '" + entries[0].first + "'; " +
      expr::suggestion(entries[0].first, {"join", "complete", "fill", "mutate", "filter"}));
}

}  // namespace

Result<std::vector<PrepareStep>> read_prepare(const YamlPlace& place, const Grouping& grouping) {
  std::vector<PrepareStep> steps;
  SCORIA_TRY(items, place.items());
  for (const YamlPlace& item : items) {
    SCORIA_TRY(step, read_step(item, grouping));
    step.path = item.path();
    step.name = "prepare " + std::to_string(steps.size() + 1) + ": " + step.name;
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace scoria::plan
