// How questions and answers look to a runtime: R's serialize(), or the columns and members of docs/formats/worker.md for Python.
// Threads: immutable.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "serve/script/script_kind.h"
#include "serve/script/script_worker.h"

namespace scoria::serve::script {

// What a worker's outcome holds, whatever it is.
struct Said {
  std::string message, calls;  // of a failure
  std::string output;          // and warnings: what the script printed
};

class Codec {
 public:
  virtual ~Codec() = default;
  // The payload that makes a worker a service: our code for the runtime, and what it shall serve.
  virtual std::string encode_start(const ScriptPlan& plan) const = 0;
  virtual std::string encode(const Question& question) const = 0;
  // Errors: corrupt, unsupported: the worker answers what it never should, or what no column can hold.
  virtual Result<Answer> decode(std::string_view payload, bool is_rows, Said& said) const = 0;
  virtual Said decode_failure(std::string_view payload) const = 0;
  // Of a start, which may have failed: what it printed, and why.
  Said decode_start(std::string_view payload) const { return decode_failure(payload); }
};

std::unique_ptr<Codec> make_r_codec();
std::unique_ptr<Codec> make_python_codec();

}  // namespace scoria::serve::script
