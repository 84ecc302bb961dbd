// A golden model as the mutation test sees it: the file's bytes, a question, and what the sound file answers.
// Threads: plain values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "table/table.h"

namespace scoria::mutation {

// Where the bytes of a model and its question lie.
struct Source {
  std::string name;
  std::filesystem::path model;
  std::filesystem::path rows;
  std::vector<std::vector<std::string>> questions;  // arguments of `scoria score`; empty: the default question
};

// The golden cases of the tree and, where SCORIA_SHARED names a folder, of R's models there, by name.
// Errors: not_found, invalid, naming the file.
Result<std::vector<Source>> golden_sources();

struct Subject {
  std::string name;
  std::string stored;    // the file
  std::string inflated;  // the same bytes where it is not compressed
  bool has_checksum = false;
  std::string rows;  // the input's text
  std::optional<std::string> object;
  model::Request request;
};

// `question` is the number of one of the source's questions. Errors: not_found, corrupt, invalid.
Result<Subject> read_subject(const Source& source, std::size_t question);

// Reads `model_bytes` as the subject's model, within limits that a golden model needs, and asks the subject's question of the
// first rows of its input. Errors: what loading, reading or scoring refuses.
Result<table::Table> ask(const Subject& subject, std::string_view model_bytes, model::SimdTarget simd);

// How many rows an answer has.
std::size_t rows_asked(const Subject& subject);

// One to three bytes changed: half of them in one bit.
std::string damaged(const std::string& bytes, std::mt19937_64& random);

}  // namespace scoria::mutation
