// A pickle's values as lines that tests/data/pickle/make.py writes too, from what Python itself reads. Test programs only.
#pragma once

#include <string>

#include "pickle/value.h"

namespace scoria::pickle {

std::string dump_for_tests(const Value& root);

}  // namespace scoria::pickle
