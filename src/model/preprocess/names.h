// Names of columns made of others, kept short enough that a file with long names and many categories stays small in memory.
// Threads: free functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace scoria::model::preprocess {

// A name of at most this many bytes is kept whole; of a longer one what fits, and "...".
constexpr std::size_t kLongestName = 240;

// `parts` one after the other, within kLongestName.
std::string joined_name(std::string_view first, std::string_view second, std::string_view third = {});

// Columns that one file's estimators may make or select, all together: what a file repeats costs it nothing and us memory.
constexpr std::size_t kMostColumns = 1u << 20;

}  // namespace scoria::model::preprocess
