// Doubles as R's as.character() writes them (R before 4.3): up to 15 significant digits, fixed or scientific, whichever is
// shorter. Source: R 4.2 src/main/format.c (scientific, formatReal), coerce.c (StringFromReal).
// Threads: none shared. Independent of the locale.
#pragma once

#include <string>

namespace scoria::rdata {

// `scipen`: R's option, how many characters longer the fixed form may be. NA is "NA".
std::string format_real(double x, int scipen = 0);

}  // namespace scoria::rdata
