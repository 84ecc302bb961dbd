#include "plan/explain.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

#include "expr/parse.h"
#include "plan/plan.h"

namespace scoria::plan {
namespace {

using Row = std::vector<std::string>;

template <typename T>
std::vector<std::string> names_of(const NamedList<T>& list) {
  std::vector<std::string> names;
  for (const auto& [name, value] : list) names.push_back(name);
  return names;
}

std::string models_what(const Models& entry) {
  std::string what = entry.file.text() + " -> " + entry.column.text();
  if (!entry.types.empty()) what += ", type " + listed(entry.types);
  if (!entry.groups.empty()) what += ", a model for each " + listed(entry.groups);
  if (!entry.features.empty()) what += ", of " + listed(entry.features);
  if (entry.then) what += ", then " + expr::deparse(*entry.then);
  if (entry.missing == Models::Missing::skip) what += ", missing ones skipped";
  if (entry.missing == Models::Missing::other) what += ", " + entry.other.text() + " for missing ones";
  return what;
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  return {text.data(), static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.3f", seconds))};
}

// Columns as wide as their widest cell; `numbers` of them, after the first, to the right. The last is not padded.
std::string aligned(const std::vector<Row>& rows, std::size_t numbers) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      const bool is_number = i > 0 && i <= numbers;
      line += "  " + (is_number ? space + row[i] : row[i] + space);
    }
    while (line.ends_with(' ')) line.pop_back();
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

void StepLog::add(const Step& step) {
  const auto known =
      std::find_if(steps_.begin(), steps_.end(), [&](const Step& other) { return other.name == step.name; });
  if (known == steps_.end()) {
    steps_.push_back(step);
    return;
  }
  known->rows_in += step.rows_in;
  known->rows_out += step.rows_out;
  known->seconds += step.seconds;
  for (const auto& [name, count] : step.counts) {
    const auto same = std::find_if(known->counts.begin(), known->counts.end(),
                                   [&](const auto& other) { return other.first == name; });
    if (same == known->counts.end()) {
      known->counts.emplace_back(name, count);
    } else {
      same->second += count;
    }
  }
}

void StepLog::merge(const StepLog& other) {
  for (const Step& step : other.steps_) add(step);
}

double Stopwatch::lap() {
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - start_).count();
  start_ = now;
  return seconds;
}

NamedList<std::string> outline(const Plan& plan) {
  NamedList<std::string> steps;
  steps.emplace_back("read models", "each once");
  for (const auto& [name, pattern] : plan.inputs) steps.emplace_back("input " + name, pattern.text());
  for (const auto& [name, expression] : plan.let) steps.emplace_back("let " + name, expr::deparse(expression));
  const Features& features = plan.features;
  steps.emplace_back("stack", listed(features.from));
  for (const PrepareStep& step : features.prepare) steps.emplace_back(step.name, step.what);
  std::string order = features.group_by.empty() ? "one group" : "by " + listed(features.group_by);
  if (!features.arrange.empty()) order += " in order of " + listed(features.arrange);
  steps.emplace_back("order", order);
  std::string passes;
  for (const auto& [name, values] : plan.each) {
    passes += (passes.empty() ? "for each of " : " x ") + std::to_string(values->size()) + " " + name;
  }
  std::string filter = features.filter ? expr::deparse(*features.filter) : "all rows";
  steps.emplace_back("filter", passes.empty() ? filter : filter + ", " + passes);
  steps.emplace_back("features", features.mutate.empty() ? "as they are" : listed(names_of(features.mutate), 8));
  if (features.drop_incomplete) steps.emplace_back("drop incomplete", "rows with a missing feature");
  for (const Models& entry : plan.models) steps.emplace_back(entry.path, models_what(entry));
  if (!plan.result.mutate.empty()) steps.emplace_back("result mutate", listed(names_of(plan.result.mutate), 8));
  if (!plan.result.select.empty()) steps.emplace_back("result select", listed(names_of(plan.result.select), 8));
  steps.emplace_back("write", plan.output.text());
  if (plan.split) steps.emplace_back("split", plan.split->text());
  return steps;
}

std::string outline_text(const Plan& plan) {
  std::vector<Row> rows{{"step", "what"}};
  for (const auto& [name, what] : outline(plan)) rows.push_back({name, what});
  return aligned(rows, 0);
}

std::string steps_text(const Plan& plan, const std::vector<Step>& steps) {
  std::vector<Row> rows{{"step", "rows in", "rows out", "seconds", "what"}};
  for (const auto& [name, what] : outline(plan)) {
    const auto done = std::find_if(steps.begin(), steps.end(), [&](const Step& step) { return step.name == name; });
    if (done == steps.end()) {
      rows.push_back({name, "", "", "", what});
      continue;
    }
    std::string more = what;
    for (const auto& [count, number] : done->counts) more += " (" + with_commas(number) + " " + count + ")";
    // Some steps have no rows, and what joins read has none yet.
    const bool is_source = name.starts_with("input ") || name.starts_with("let ") || name == "read models";
    const std::string out = is_source && done->rows_out == 0 ? "" : with_commas(done->rows_out);
    rows.push_back({name, is_source ? "" : with_commas(done->rows_in), out, seconds_text(done->seconds), more});
  }
  return aligned(rows, 3);
}

// Models of one kind and the same features are one line: there may be thousands.
std::string models_text(const std::vector<ModelUse>& models) {
  struct Kind {
    const ModelUse* first;
    std::size_t more = 0;
    std::uint64_t rows = 0;
  };
  std::vector<Kind> kinds;
  std::map<std::pair<std::string, std::vector<std::string>>, std::size_t> known;
  for (const ModelUse& use : models) {
    const auto [place, is_new] = known.emplace(std::pair(use.title, use.features), kinds.size());
    if (is_new) {
      kinds.push_back({&use, 0, use.rows});
      continue;
    }
    ++kinds[place->second].more;
    kinds[place->second].rows += use.rows;
  }
  std::vector<Row> rows{{"models", "rows", "kind", "features"}};
  for (const Kind& kind : kinds) {
    const std::string more = kind.more == 0 ? "" : " and " + std::to_string(kind.more) + " more";
    rows.push_back({kind.first->path + more, with_commas(kind.rows), kind.first->title, listed(kind.first->features)});
  }
  return aligned(rows, 1);
}

}  // namespace scoria::plan
