#include "table/file_format.h"

#include <initializer_list>
#include <string>

namespace scoria::table {
namespace {

constexpr std::string_view kCompressions[] = {".gz", ".bz2", ".xz", ".zst"};

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> endings) {
  for (const std::string_view ending : endings) {
    if (text.ends_with(ending)) return true;
  }
  return false;
}

}  // namespace

bool has_compression_ending(std::string_view path) {
  for (const std::string_view compression : kCompressions) {
    if (path.ends_with(compression)) return true;
  }
  return false;
}

Result<Format> format_of(std::string_view path) {
  if (path == "-") return Format::csv;
  std::string_view name = path;
  for (const std::string_view compression : kCompressions) {
    if (name.ends_with(compression)) name.remove_suffix(compression.size());
  }
  if (ends_with_any(name, {".csv", ".txt"})) return Format::csv;
  if (ends_with_any(name, {".tsv"})) return Format::tsv;
  if (ends_with_any(name, {".jsonl", ".ndjson"})) return Format::json_lines;
  return Error{Code::invalid,
               "'" + std::string(path) +
                   "': the name must end in .csv, .tsv, .jsonl or .ndjson, and may go on with .gz, .bz2, "
                   ".xz or .zst where it is read; - is standard input or output"};
}

}  // namespace scoria::table
