// Column names as R's data.frame() makes them valid and distinct: "a b" becomes "a.b", a second "x" becomes "x.1".
// Source: R's ?make.names and ?make.unique; compared with R 4.2.2 in a UTF-8 locale.
// Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scoria::model::kernel_machine {

// Of letters beyond ASCII, those of the blocks of letters are taken as they stand, signs and punctuation become dots.
std::string valid_name(std::string_view name);

std::vector<std::string> valid_distinct_names(std::span<const std::string> names);

// "`net price`" without its backticks; any other name as it stands.
std::string unquoted(std::string_view name);

}  // namespace scoria::model::kernel_machine
