// What a version of a service is made of: files, and how a script among them is run. As JSON it stands in a version's manifest.json and in what
// `scoria service deploy` sends.
// Threads: plain values.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serve/script/script_settings.h"
#include "serve/signature.h"

namespace scoria::serve {

struct VersionSpec {
  std::string service, version;
  std::string description;

  // Paths. At least a model or a script.
  std::string model;     // a model file, a pack, a plan (.yaml), a path with {column} parts
  std::string script;    // plumber file, R function, Python module
  std::string sample;    // rows as a request has them (.json, .csv): the self-test, and a script's columns
  std::string expected;  // what the sample rows must give (.json), as POST /score answers them

  double tolerance = 0;  // of the self-test, relative; 0: the same doubles

  script::ScriptSettings scripts;
  Signature signature;  // of published code; empty: it takes rows

  std::vector<std::string> features;  // of a set of models without names: the columns in the models' order
};

// Everything but the paths, which are the caller's to know.
nlohmann::json to_json(const VersionSpec& spec);
// Errors: invalid, naming the member: an unknown one, a wrong type, a value out of its bounds.
Status read_settings(const nlohmann::json& document, VersionSpec& spec);

}  // namespace scoria::serve
