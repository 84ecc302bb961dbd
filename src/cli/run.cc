#include "cli/run.h"

#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "cli/numbers.h"
#include "cli/progress.h"
#include "cli/run_report.h"
#include "plan/plan.h"
#include "plan/run.h"
#include "plan/tbb_executor.h"

namespace scoria::cli {
namespace {

Result<std::vector<plan::Setting>> parse_settings(const std::vector<std::string>& texts) {
  std::vector<plan::Setting> settings;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Code::invalid, "--set '" + text + "' must be KEY=VALUE, such as each.step=1:4"};
    }
    settings.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return settings;
}

// "sku=1,2,3" and "store=8": which series the report shows.
Result<report::SeriesChoice> parse_choice(const std::vector<std::string>& texts) {
  report::SeriesChoice choice;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Code::invalid, "--series '" + text + "' must be KEY=VALUE,VALUE, such as sku=1,2,3"};
    }
    std::vector<std::string> values;
    std::size_t begin = equals + 1;
    while (begin <= text.size()) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      values.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    choice.values.emplace_back(text.substr(0, equals), std::move(values));
  }
  return choice;
}

void print_summary(const plan::Plan& plan, const plan::RunResult& result) {
  const plan::RunCounts& counts = result.counts;
  std::printf("%s: %zu of %zu partitions", plan.name.c_str(), counts.partitions_done, counts.partitions);
  if (counts.partitions_skipped > 0) std::printf(" (%zu were up to date)", counts.partitions_skipped);
  std::printf("\n  rows        %s\n  operations  %s (one row, one model)\n  models      %zu\n  seconds     %.2f\n",
              with_commas(counts.rows).c_str(), with_commas(counts.operations).c_str(), counts.models, result.seconds);
  std::printf("  rate        %s operations/s\n",
              with_commas(static_cast<std::uint64_t>(static_cast<double>(counts.operations) / result.seconds)).c_str());
  const std::string first = (plan.file.parent_path() / result.outputs.front()).string();
  std::printf("  output      %s", first.c_str());
  if (result.outputs.size() > 1) std::printf(" and %zu more", result.outputs.size() - 1);
  std::printf("\n");
  if (result.split_files > 0) {
    std::printf("  split       %zu files like %s\n", result.split_files,
                (plan.file.parent_path() / plan.split->text()).string().c_str());
  }
  for (const plan::Step& step : result.steps) {
    for (const auto& [name, count] : step.counts) {
      if (name == "unmatched" && count > 0) {
        std::printf("  unmatched   %s rows of '%s' found no key\n", with_commas(count).c_str(), step.name.c_str());
      }
    }
  }
  if (counts.missing_models > 0) {
    std::printf("  not there   %zu of the models' files, such as '%s': %s predictions are missing or another model's\n",
                counts.missing_models, result.missing_model.c_str(), with_commas(counts.missing_rows).c_str());
  } else if (counts.missing_rows > 0) {
    std::printf("  not there   %s predictions, whose model's key is missing\n",
                with_commas(counts.missing_rows).c_str());
  }
}

Status print_outline(const plan::Plan& plan, const std::vector<std::string>& only) {
  SCORIA_TRY(partitions, plan::chosen_partitions(plan, only));
  std::printf("%s: nothing was run\n\n%s\n", plan.name.c_str(), plan::outline_text(plan).c_str());
  if (plan.partition.empty()) return Ok{};
  std::printf("  %zu partitions by %s: %s", partitions.size(), plan.partition.c_str(), partitions.front().c_str());
  for (std::size_t i = 1; i < partitions.size() && i < 5; ++i) std::printf(", %s", partitions[i].c_str());
  std::printf(partitions.size() > 5 ? ", ...\n" : "\n");
  return Ok{};
}

}  // namespace

Status run(const RunCommandOptions& options, const Context& context) {
  SCORIA_TRY(settings, parse_settings(options.settings));
  SCORIA_TRY(choice, parse_choice(options.series));
  SCORIA_TRY(plan, plan::read_plan(options.plan, settings));
  if (options.dry_run) return print_outline(plan, options.only);
  plan::TbbExecutor executor(options.jobs);
  Progress progress("partitions", context.is_terminal);
  const plan::RunOptions run_options{.only = options.only,
                                     .resume = options.resume,
                                     .simd = options.simd,
                                     .command_line = context.command_line,
                                     .version = SCORIA_VERSION,
                                     .stop = context.stop,
                                     .memory_limit = options.memory_limit,
                                     .progress = [&](const plan::RunCounts& counts) {
                                       progress.update(counts.partitions_done + counts.partitions_skipped,
                                                       counts.partitions);
                                     }};
  SCORIA_TRY(result, plan::run_plan(plan, run_options, executor));
  for (const std::string& note : result.notes) std::fprintf(stderr, "scoria run: note: %s\n", note.c_str());
  for (const std::string& warning : result.warnings) {
    std::fprintf(stderr, "scoria run: warning: %s\n", warning.c_str());
  }
  print_summary(plan, result);
  if (options.explain) {
    std::printf("\n%s\n%s", plan::steps_text(plan, result.steps).c_str(), plan::models_text(result.models).c_str());
    std::printf("\n  seconds are those of all threads together; features are computed when models first need them\n");
  }
  if (!options.report) return Ok{};
  SCORIA_TRY(report, report_run(plan, result, context.command_line, std::move(choice)));
  SCORIA_TRY_STATUS(write_file(*options.report, report.html));
  std::printf("  report      %s\n", options.report->c_str());
  if (!report.evaluation.empty()) std::printf("\n%s", report.evaluation.c_str());
  return Ok{};
}

}  // namespace scoria::cli
