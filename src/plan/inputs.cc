#include "plan/inputs.h"

#include <algorithm>
#include <limits>

#include "arrowio/stored_bytes.h"
#include "arrowio/uri.h"
#include "base/byte_source.h"
#include "net/sha256.h"
#include "plan/row_files.h"
#include "plan/streaming.h"
#include "table/csv.h"
#include "table/file_format.h"
#include "table/json_lines.h"

namespace scoria::plan {
namespace {

Result<table::Table> read_json_lines(std::string_view text, table::CsvOptions options) {
  SCORIA_TRY(reader, table::JsonLinesReader::open(memory_source(std::as_bytes(std::span(text))), std::move(options)));
  SCORIA_TRY(all, reader.next(std::numeric_limits<std::size_t>::max()));
  return all.value_or(table::Table());
}

// Piece by piece, as the whole may be larger than the memory.
Result<FileFacts> facts_of(const std::string& location, const std::string& path) {
  SCORIA_TRY(source, arrowio::open_as_stored(location));
  FileFacts facts{arrowio::without_secrets(path), 0, ""};
  net::Sha256 hash;
  std::string piece(1 << 20, '\0');
  for (;;) {
    SCORIA_TRY(count, source->read(piece));
    if (count == 0) break;
    hash.add(std::string_view(piece).substr(0, count));
    facts.bytes += count;
  }
  facts.sha256 = hash.finish();
  return facts;
}

}  // namespace

Result<std::vector<std::string>> find_partitions(const Plan& plan) {
  if (plan.partition.empty()) return std::vector<std::string>{""};
  const std::string path = "input." + plan.inputs.front().first;
  const Template& pattern = plan.inputs.front().second;
  if (!pattern.is_pattern_of(plan.partition)) {
    return plan.at(path, {Code::invalid,
                          "the first input must hold {" + plan.partition + "}, so that its files name the partitions"});
  }
  // The folder is the part of the pattern before the last slash, which no expression may be in.
  const std::string text = pattern.text();
  const std::size_t slash = text.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : text.substr(0, slash);
  if (folder.find('{') != std::string::npos) {
    return plan.at(path, {Code::unsupported, "'" + text + "': a partition names files, not folders"});
  }
  std::error_code error;
  const std::filesystem::path searched = plan.file.parent_path() / folder;
  std::vector<std::string> partitions;
  for (std::filesystem::directory_iterator entry(searched, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = (folder.empty() ? "" : folder + "/") + entry->path().filename().string();
    if (const auto value = pattern.match(name, plan.partition); value && entry->is_regular_file())
      partitions.push_back(*value);
  }
  if (error)
    return plan.at(path, {Code::not_found, "cannot read folder '" + searched.string() + "': " + error.message()});
  if (partitions.empty()) {
    return plan.at(path, {Code::not_found, "no file in '" + searched.string() + "' matches '" + text + "'"});
  }
  std::sort(partitions.begin(), partitions.end());
  return partitions;
}

Result<std::string> input_path(const Template& pattern, const Plan& plan, const std::string& partition) {
  expr::Constants constants;
  if (!plan.partition.empty()) constants[plan.partition] = expr::Scalar{partition};
  return pattern.fill(constants);
}

Result<RawInput> open_input(const Plan& plan, const std::string& path) {
  const bool is_uri = arrowio::is_uri(path);
  const std::string location = is_uri ? path : (plan.file.parent_path() / path).string();
  SCORIA_TRY(format, table::format_of(path));
  std::error_code none;
  const bool is_large = !is_uri && std::filesystem::file_size(location, none) >= kStreamedBytes && !none;
  if (is_uri || is_large || table::is_columnar(format)) {
    SCORIA_TRY(facts, facts_of(location, path));
    return RawInput{std::nullopt, std::move(facts), location};
  }
  SCORIA_TRY(bytes, FileBytes::open(location));
  FileFacts facts{path, bytes.bytes().size(), net::sha256(bytes.text())};
  return RawInput{std::move(bytes), std::move(facts), location};
}

table::CsvOptions read_options(const RawInput& input, const WantedColumns& wanted) {
  table::CsvOptions options;
  options.source_name = "'" + input.file.path + "'";
  options.only.emplace(wanted.names.begin(), wanted.names.end());
  for (const auto& [name, type] : wanted.types) options.types[name] = type;
  return options;
}

Result<table::Table> parse_input(const RawInput& input, const WantedColumns& wanted) {
  table::CsvOptions options = read_options(input, wanted);
  if (!input.bytes) return read_whole_table(input.location, std::move(options));
  SCORIA_TRY(format, table::format_of(input.file.path));
  if (format == table::Format::tsv) options.separator = '\t';

  std::string inflated;
  std::string_view text = input.bytes->text();
  if (detect_compression(input.bytes->bytes()) != Compression::none) {
    SCORIA_TRY(bytes, decompress(input.bytes->bytes()));
    inflated = std::move(bytes);
    text = inflated;
  }
  if (format == table::Format::json_lines) return read_json_lines(text, std::move(options));
  return table::read_csv(text, options);
}

}  // namespace scoria::plan
