// What a file of rows holds, by the ending of its name.
// Threads: free functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace scoria::table {

enum class Format : std::uint8_t { csv, tsv, json_lines, parquet, arrow_file, arrow_stream };

// Parquet and Arrow: columns with types of their own, which the Arrow module reads and writes.
bool is_columnar(Format format);

// An ending that names a compression (.gz, .bz2, .xz, .zst), which may follow the format's own.
bool has_compression_ending(std::string_view path);

// .csv and .txt, .tsv, .jsonl and .ndjson, .parquet, .arrow and .feather, .arrows; "-" is csv. A URI's query ("?region=...") is
// not looked at. Errors: invalid, naming the endings that are known.
Result<Format> format_of(std::string_view path);

}  // namespace scoria::table
