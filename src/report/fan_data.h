// The fans as compact JSON for page.js: numbers to five digits, evenly spaced times as start, step and count.
// Threads: pure functions.
#pragma once

#include <string>

#include "report/fans.h"
#include "report/forecast.h"

namespace scoria::report {

// Safe inside a <script> element.
std::string fan_data(const Fans& fans, const ForecastSpec& spec);

}  // namespace scoria::report
