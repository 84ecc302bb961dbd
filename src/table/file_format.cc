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

bool is_columnar(Format format) {
  return format == Format::parquet || format == Format::arrow_file || format == Format::arrow_stream;
}

Result<Format> format_of(std::string_view path) {
  if (path == "-") return Format::csv;
  std::string_view name = path;
  if (name.find("://") != std::string_view::npos) name = name.substr(0, name.find('?'));
  if (ends_with_any(name, {".parquet"})) return Format::parquet;
  if (ends_with_any(name, {".arrow", ".feather"})) return Format::arrow_file;
  if (ends_with_any(name, {".arrows"})) return Format::arrow_stream;
  for (const std::string_view compression : kCompressions) {
    if (name.ends_with(compression)) name.remove_suffix(compression.size());
  }
  if (ends_with_any(name, {".csv", ".txt"})) return Format::csv;
  if (ends_with_any(name, {".tsv"})) return Format::tsv;
  if (ends_with_any(name, {".jsonl", ".ndjson"})) return Format::json_lines;
  return Error{Code::invalid,
               "'" + std::string(path) +
                   "': the name must end in .csv, .tsv, .jsonl or .ndjson, which may go on with .gz, .bz2, .xz or "
                   ".zst where it is read, or in .parquet, .arrow, .feather or .arrows; - is standard input or output"};
}

}  // namespace scoria::table
