// What a file is that shall be served: a plumber file, an R function, a Python module, or a model that R or Python alone can read. Told by what stands
// in it, unless the caller says it. Source: plumber's annotations; MLflow's pyfunc; AzureML's score.py. Threads: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "worker/kit.h"

namespace scoria::serve::script {

enum class Form : unsigned char {
  plumber,     // a plumber file: whole requests
  r_function,  // score(df) or predict_rows(df)
  r_model,     // an .rds or .RData: predict(model, df)
  py_run,      // init() and run(data): bodies
  py_predict,  // a class or a function with predict: rows
};
const char* name_of(Form form);

// What was asked for; empty: to be found out.
struct ScriptWish {
  std::string script;    // file; may be empty where a model is given
  std::string model;     // file
  std::string function;  // name
  std::string runtime;   // "r", "python"
  std::string form;      // "plumber", "function", "model", "run", "predict"
  int rowwise = -1;      // 1: it is, whatever the script says; 0: it is not
};

struct ScriptPlan {
  worker::Runtime runtime = worker::Runtime::r;
  Form form = Form::r_function;
  std::string script, model;  // absolute
  std::string function;       // name or ""
  bool is_rowwise = false;
  std::vector<std::string> preload;  // packages that it loads, for the template
  bool takes_rows() const { return form == Form::r_function || form == Form::r_model || form == Form::py_predict; }
};

// Errors: not_found (a file), invalid: what the script lacks, and what it could have.
Result<ScriptPlan> plan_script(const ScriptWish& wish);

}  // namespace scoria::serve::script
