// What a pack says of itself: its key columns, when and by which Scoria it was made, and what its models have in common.
// Threads: plain values and free functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pack/format.h"

namespace scoria::pack {

// What models were read as, and how many of them.
struct ModelClass {
  std::string name;    // "sklearn.pipeline.Pipeline of StandardScaler, OneClassSVM"
  std::string writer;  // "scikit-learn 0.19.2"
  std::uint64_t models = 0;
};

struct Contents {
  std::vector<std::string> keys;  // names of the key columns, in order
  std::string source;             // the template of the files' names
  std::string packed;             // UTC, ISO 8601
  std::string scoria;             // version
  std::string command;
  std::array<std::uint64_t, kForms> forms{};  // models of each form, by its number
  std::vector<ModelClass> classes;            // no two are alike
  std::vector<std::string> schemas;           // ready_form.h says what is in one
};

// The name of a form for people: "kernel machine".
std::string_view form_name(Form form);

std::string to_json(const Contents& contents);
// Errors: corrupt, saying what is wrong; the caller says of which pack.
Result<Contents> read_contents(std::string_view json);

}  // namespace scoria::pack
