#include "cli/run_report.h"

#include "cli/numbers.h"
#include "plan/provenance.h"
#include "plan/row_files.h"
#include "report/flags.h"
#include "report/forecast.h"
#include "report/html.h"

namespace scoria::cli {
namespace {

report::ForecastSpec spec_of(const plan::Plan& plan, const table::Table& forecast) {
  report::ForecastSpec spec;
  spec.keys = plan.features.group_by;
  spec.time = plan.features.arrange.empty() ? "" : plan.features.arrange.front();
  spec.step = plan.each.size() == 1 ? plan.each.front().first : "";
  spec.value = plan.report->value;
  spec.quantiles = report::quantile_columns(forecast);
  return spec;
}

std::vector<report::Fact> provenance_facts(const plan::Provenance& from) {
  const auto file = [](const plan::FileFacts& facts) { return facts.path + "  sha256:" + facts.sha256; };
  std::vector<report::Fact> facts{{"plan", from.plan_file + "  sha256:" + from.plan_sha256},
                                  {"command", from.command_line},
                                  {"scoria", from.version},
                                  {"finished", from.finished},
                                  {"output", file(from.output)}};
  for (const plan::FileFacts& input : from.inputs) facts.push_back({"input", file(input)});
  for (const plan::FileFacts& model : from.models) facts.push_back({"model", file(model)});
  return facts;
}

// A table of one input for the columns that the report draws.
Result<table::Table> read_series(const std::string& path, const report::ForecastSpec& spec) {
  table::CsvOptions options;
  options.only = spec.keys;
  options.only->push_back(spec.time);
  options.only->push_back(spec.value);
  return plan::read_whole_table(path, std::move(options));
}

std::vector<report::Fact> run_facts(const plan::RunResult& result) {
  const plan::RunCounts& counts = result.counts;
  if (counts.operations == 0) return {};
  const double rate = static_cast<double>(counts.operations) / result.seconds;
  return {{"forecast rows", with_commas(counts.rows)},
          {"operations", with_commas(counts.operations)},
          {"seconds", short_seconds(result.seconds)},
          {"operations/s", with_commas(static_cast<std::uint64_t>(rate))},
          {"models", std::to_string(counts.models)}};
}

std::string subtitle_of(const plan::Plan& plan, const plan::RunResult& result) {
  std::string subtitle;
  const std::string& partition = result.partitions.front();
  if (!partition.empty()) subtitle = plan.partition + " " + partition;
  if (result.partitions.size() > 1) subtitle += ", one of " + std::to_string(result.partitions.size());
  return subtitle;
}

// The output's series and their flagged rows.
Result<RunReport> report_flags(const plan::Plan& plan, const plan::RunResult& result, const std::string& command_line) {
  const std::string output = (plan.file.parent_path() / result.outputs.front()).string();
  report::FlagReportInput input{.title = plan.name, .subtitle = subtitle_of(plan, result)};
  input.spec = {plan.report->keys, plan.report->time, plan.report->value, plan.report->flag};
  table::CsvOptions options;
  options.only = input.spec.keys;
  for (const std::string& name : {input.spec.time, input.spec.value, input.spec.flag}) options.only->push_back(name);
  SCORIA_TRY(rows, plan::read_whole_table(output, std::move(options)));
  input.rows = std::move(rows);
  for (const plan::Models& entry : plan.models) {
    if (entry.warn_flagged) input.warn_share = *entry.warn_flagged;
  }
  if (result.counts.operations > 0) {
    input.facts = {{"models", with_commas(result.counts.models)}, {"seconds", short_seconds(result.seconds)}};
  }
  SCORIA_TRY(provenance, plan::read_provenance(output));
  provenance.command_line = command_line;
  input.provenance = provenance_facts(provenance);
  return RunReport{report::render_flags(input), ""};
}

}  // namespace

Result<RunReport> report_run(const plan::Plan& plan, const plan::RunResult& result, const std::string& command_line,
                             report::SeriesChoice choice) {
  if (!plan.report) {
    return Error{Code::invalid, "plan '" + plan.file.string() +
                                    "' has no 'report', which --report needs: {history: INPUT, value: COLUMN}, or of "
                                    "flagged rows {flag: COLUMN, value: COLUMN, time: COLUMN, keys: [COLUMN]}"};
  }
  if (!plan.report->flag.empty()) return report_flags(plan, result, command_line);
  const std::string& partition = result.partitions.front();
  const std::filesystem::path folder = plan.file.parent_path();
  const std::string output = (folder / result.outputs.front()).string();
  expr::Constants constants;
  if (!plan.partition.empty()) constants[plan.partition] = expr::Scalar{partition};

  report::ReportInput input;
  input.title = plan.name;
  SCORIA_TRY(forecast, plan::read_whole_table(output, {}));
  input.spec = spec_of(plan, forecast);
  input.forecast = std::move(forecast);
  for (const auto& [name, pattern] : plan.inputs) {
    if (name != plan.report->history) continue;
    SCORIA_TRY(path, pattern.fill(constants));
    SCORIA_TRY(history, read_series((folder / path).string(), input.spec));
    input.history = std::move(history);
  }
  RunReport report;
  if (plan.report->actual) {
    SCORIA_TRY(path, plan.report->actual->fill(constants));
    SCORIA_TRY(actual, read_series((folder / path).string(), input.spec));
    SCORIA_TRY(evaluation, report::evaluate(input.forecast, actual, input.history, input.spec));
    report.evaluation = report::evaluation_text(evaluation);
    input.actual = std::move(actual);
    input.evaluation = std::move(evaluation);
  }

  input.subtitle = subtitle_of(plan, result);
  input.facts = run_facts(result);
  SCORIA_TRY(provenance, plan::read_provenance(output));
  provenance.command_line = command_line;
  input.provenance = provenance_facts(provenance);
  input.choice = std::move(choice);
  report.html = report::render(input);
  return report;
}

}  // namespace scoria::cli
