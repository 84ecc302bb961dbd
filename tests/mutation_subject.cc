#include "mutation_subject.h"

#include <algorithm>
#include <cstdlib>

#include "base/byte_source.h"
#include "base/file.h"
#include "golden_case.h"
#include "model/loaders.h"
#include "table/csv.h"

namespace scoria::mutation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRows = 24;

// What golden models need at most, so that a damaged length shows as an error and not as a slow test.
constexpr rdata::ReadLimits kLimits{.decompress = {.max_bytes = 64u << 20, .max_ratio = 2000},
                                    .max_depth = 1000,
                                    .max_values = 1'000'000,
                                    .max_bytes = 64u << 20};

// gzip, zlib, bzip2 and xz always end in a checksum of what they hold; zstd and lz4 frames say in their header whether they do.
bool ends_in_checksum(std::string_view stored) {
  switch (detect_compression(std::as_bytes(std::span(stored)))) {
    case Compression::gzip:
    case Compression::zlib:
    case Compression::bzip2:
    case Compression::xz: return true;
    case Compression::zstd:
    case Compression::lz4: return stored.size() > 4 && (static_cast<unsigned char>(stored[4]) & 4u) != 0;
    case Compression::lzma:
    case Compression::none: return false;
  }
  return false;
}

table::CsvOptions csv_options(const model::Description& description) {
  table::CsvOptions options;
  for (const model::Feature& feature : description.features) {
    const bool has_levels = feature.kind == model::FeatureKind::ordered && !feature.levels.empty();
    if (feature.kind == model::FeatureKind::factor || has_levels) options.types[feature.name] = table::Type::text;
  }
  return options;
}

Result<table::Table> first_rows(const Subject& subject, const table::CsvOptions& options) {
  SCORIA_TRY(reader, table::CsvReader::open(memory_source(std::as_bytes(std::span(subject.rows))), options));
  SCORIA_TRY(rows, reader.next(kRows));
  if (!rows) return table::Table(0);
  return std::move(*rows);
}

}  // namespace

Result<std::vector<Source>> golden_sources() {
  std::vector<Source> sources;
  SCORIA_TRY(own, golden::read_cases(SCORIA_SOURCE_DIR "/tests/golden"));
  for (const golden::Case& golden : own) {
    Source& source =
        sources.emplace_back(Source{.name = golden.name, .model = golden.model, .rows = golden.folder / "input.csv"});
    for (const golden::Run& run : golden.runs) source.questions.push_back(run.args);
  }
  const char* shared = std::getenv("SCORIA_SHARED");
  const fs::path folder = fs::path(shared == nullptr ? "" : shared) / "data/golden";
  if (shared == nullptr || !fs::exists(folder)) return sources;
  const std::size_t first_shared = sources.size();
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path model = entry.path() / "model.rds";
    if (!fs::exists(model)) continue;
    sources.push_back({"shared " + entry.path().filename().string(), model, entry.path() / "input.csv", {{}}});
  }
  std::sort(sources.begin() + static_cast<std::ptrdiff_t>(first_shared), sources.end(),
            [](const Source& a, const Source& b) { return a.name < b.name; });
  return sources;
}

Result<Subject> read_subject(const Source& source, std::size_t question) {
  Subject subject{.name = source.name};
  SCORIA_TRY(file, FileBytes::open(source.model));
  subject.stored = file.text();
  SCORIA_TRY(inflated, decompress(file.bytes()));
  subject.inflated = std::move(inflated);
  subject.has_checksum = ends_in_checksum(subject.stored);
  if (fs::exists(source.rows)) {  // a forecast has no rows to score
    SCORIA_TRY(rows, FileBytes::open(source.rows));
    subject.rows = rows.text();
  }
  SCORIA_TRY(options, golden::options_of({.name = source.name}, {.columns = {}, .args = source.questions[question]}));
  subject.object = options.object;
  subject.request.types = options.types;
  for (const std::string& parameter : options.parameters) {
    const std::size_t equals = parameter.find('=');
    subject.request.parameters[parameter.substr(0, equals)] = parameter.substr(equals + 1);
  }
  return subject;
}

Result<table::Table> ask(const Subject& subject, std::string_view model_bytes, model::SimdTarget simd) {
  SCORIA_TRY(model, model::open_model(std::as_bytes(std::span(model_bytes)), subject.object, kLimits));
  SCORIA_TRY(rows, first_rows(subject, csv_options(model->description())));
  model::Request request = subject.request;
  request.simd = simd;
  InlineExecutor executor;
  SCORIA_TRY(prediction, model->score(rows, request, executor));
  return std::move(prediction.table);
}

std::size_t rows_asked(const Subject& subject) {
  const auto rows = first_rows(subject, {});
  return rows.ok() ? rows.value().rows() : 0;
}

std::string damaged(const std::string& bytes, std::mt19937_64& random) {
  std::string changed = bytes;
  for (std::uint64_t left = 1 + random() % 3; left > 0; --left) {
    const std::size_t at = random() % changed.size();
    const auto flips = random() % 2 == 0 ? 1u << random() % 8 : 1 + static_cast<unsigned>(random() % 255);
    changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flips);
  }
  return changed;
}

}  // namespace scoria::mutation
