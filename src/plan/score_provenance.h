// Where the predictions of `scoria score` came from: what a Parquet or Arrow output says of itself. docs/formats/file-metadata.md
// describes the fields.
// Threads: free functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan/model_store.h"
#include "plan/row_files.h"

namespace scoria::plan {

struct ScoreProvenance {
  std::string version;       // of scoria
  std::string command_line;  // passwords in URIs are left out
  std::string started;       // UTC, ISO 8601
  FileFacts model;
  std::string input;
  std::vector<std::string> types;
  std::vector<std::pair<std::string, std::string>> parameters;
};

FileMetadata metadata_of(const ScoreProvenance& provenance);

}  // namespace scoria::plan
