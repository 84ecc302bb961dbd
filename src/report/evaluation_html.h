// The evaluation as a part of the page: its headline numbers, charts by step, tables.
// Threads: pure functions.
#pragma once

#include <string>

#include "report/evaluation.h"
#include "report/forecast.h"

namespace scoria::report {

std::string evaluation_html(const Evaluation& evaluation, const ForecastSpec& spec);

}  // namespace scoria::report
