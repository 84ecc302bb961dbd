// The report of a plan's run: one partition's forecast as a page, evaluated where the actual values are known.
// Threads: one call at a time.
#pragma once

#include <string>

#include "base/result.h"
#include "plan/plan.h"
#include "plan/run.h"
#include "report/evaluation.h"
#include "report/fans.h"

namespace scoria::cli {

struct RunReport {
  std::string html;
  std::string evaluation;  // for the terminal; empty where no actual values are known
};

// Draws the first partition of the run, reading its tables back from where the plan has them.
// Errors: invalid, where the plan has no `report`; the tables' own.
Result<RunReport> report_run(const plan::Plan& plan, const plan::RunResult& result, const std::string& command_line,
                             report::SeriesChoice choice);

}  // namespace scoria::cli
