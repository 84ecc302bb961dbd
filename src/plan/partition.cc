// The whole of a partition, and its passes.
#include "plan/partition.h"

#include <chrono>

namespace scoria::plan {

Status Partition::check_stop() const {
  return options_.stop.stop_requested() ? Status(Error{Code::unavailable, "interrupted"}) : Status(Ok{});
}

std::vector<std::string> Partition::leading_columns() const {
  if (!plan_.columns.empty()) return plan_.columns;
  std::vector<std::string> names = plan_.features.group_by;
  names.insert(names.end(), plan_.features.arrange.begin(), plan_.features.arrange.end());
  for (const auto& [name, values] : plan_.each) names.push_back(name);
  return names;
}

Result<table::Table> Partition::run_whole(Outcome& outcome) {
  SCORIA_TRY(frame, reach_rows());
  for (Pass& pass : passes_) {
    SCORIA_TRY_STATUS(check_stop());
    SCORIA_TRY_STATUS(gather(frame, pass));
    outcome.rows += pass.rows.size();
  }
  SCORIA_TRY_STATUS(score_all(outcome));
  count_models(outcome);
  return assemble();
}

Result<Partition::Outcome> Partition::run() {
  const auto start = std::chrono::steady_clock::now();
  SCORIA_TRY_STATUS(make_passes());
  SCORIA_TRY_STATUS(open_inputs());
  auto output = plan_.output.fill(constants_);
  if (!output.ok()) return plan_.at("output", std::move(output).error());
  output_ = std::move(output).value();
  Outcome outcome{.output = output_};
  if (options_.resume &&
      is_current(output_location(), plan_.file.parent_path(), provenance(), plan_.has_groups() ? &models_ : nullptr)) {
    count_models(outcome);
    outcome.skipped = true;
    return outcome;
  }

  SCORIA_TRY_STATUS(check_types());
  SCORIA_TRY(is_streamed, choose_streaming());
  is_streamed_ = is_streamed;
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  if (is_streamed_) {
    SCORIA_TRY(writer, open_output());
    SCORIA_TRY_STATUS(run_streamed(outcome, writer));
    SCORIA_TRY_STATUS(finish_output(std::move(writer), outcome, seconds()));
  } else {
    SCORIA_TRY(rows, run_whole(outcome));
    Stopwatch watch;
    SCORIA_TRY(writer, open_output());
    SCORIA_TRY_STATUS(writer.write(rows));
    log_.add({.name = "write", .rows_in = rows.rows(), .rows_out = rows.rows(), .seconds = watch.lap()});
    if (plan_.split) SCORIA_TRY_STATUS(write_split(rows));
    outcome.split_files = split_.size();
    SCORIA_TRY_STATUS(finish_output(std::move(writer), outcome, seconds()));
  }
  outcome.steps = std::move(log_);
  return outcome;
}

}  // namespace scoria::plan
