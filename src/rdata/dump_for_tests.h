// The canonical text of a Value that tests/data/rdata/dump.R writes of the same value in R. Test programs only.
#pragma once

#include <string>

#include "rdata/value.h"

namespace scoria::rdata {

// One line per value, each ended by a line end. Recursive: for values of moderate depth.
std::string dump_for_tests(const Value& root);

}  // namespace scoria::rdata
