// Where an output came from: a JSON file beside it, "OUTPUT.run.json". docs/formats/run-json.md describes the fields.
// Threads: free functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/explain.h"
#include "plan/model_store.h"
#include "plan/row_files.h"

namespace scoria::plan {

// How many of its rows a model calls outliers.
struct FlaggedRows {
  std::string model;
  std::uint64_t rows = 0;
  std::uint64_t flagged = 0;
};

struct Provenance {
  std::string plan_name;
  std::string plan_file;
  std::string plan_sha256;  // of the plan's text as run, settings applied
  std::string partition;
  std::string version;  // of scoria
  std::string command_line;
  std::string finished;  // UTC, ISO 8601
  double seconds = 0;
  std::uint64_t rows = 0;
  std::uint64_t operations = 0;  // rows x models
  std::vector<FileFacts> inputs;
  std::vector<FileFacts> models;
  std::vector<std::string> missing_models;  // files that rows asked for and that were not there
  std::vector<Step> steps;                  // what was done, in order
  FileFacts output;
  std::vector<FileFacts> split;      // its rows once more, by key
  std::vector<FlaggedRows> flagged;  // of the models that tell outliers
};

// Of a local path, or of a URI, whose query it keeps.
std::string provenance_path(const std::string& output);

// Passwords in URIs are left out.
std::string to_json(const Provenance& provenance);
// What an output that has room for it says of itself: all that is known before the first row is written.
FileMetadata metadata_of(const Provenance& provenance);
// Errors: not_found where there is none; corrupt, naming the file and field.
Result<Provenance> read_provenance(const std::filesystem::path& output);

// Whether `output` is what a run of the same plan over the same inputs and models would write: nothing that either of them
// hashed has changed, and the output is still what was written. `models`: where the rows tell which models are used, so that
// only the written provenance knows them; null where `expected` names them. `folder` is the plan's.
bool is_current(const std::filesystem::path& output, const std::filesystem::path& folder, const Provenance& expected,
                ModelStore* models);

}  // namespace scoria::plan
