#include "serve/script/script_kind.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "serve/script/script_words.h"

namespace scoria::serve::script {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostScript = 4u << 20;

bool ends_with_any(const std::string& path, std::initializer_list<std::string_view> ends) {
  std::string lower = path;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return lower.ends_with(end); });
}

bool is_route(std::string_view word) {
  constexpr std::string_view kWords[]{"get",   "post", "put",    "delete",  "head",   "options",
                                      "patch", "use",  "filter", "plumber", "assets", "serializer"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

// Loaded once in the template, shared by all workers. What has threads of its own from its import on must not be forked.
std::vector<std::string> modules_to_preload(std::string_view text) {
  std::vector<std::string> names = python_modules(text);
  std::erase_if(
      names, [](const std::string& name) { return name == "torch" || name == "tensorflow" || name == "__future__"; });
  return names;
}

bool has_row_word(std::string_view text) {
  bool found = false;
  for_each_line(text, [&](std::string_view line) { found = found || annotation(line) == "rowwise"; });
  return found;
}

Result<std::string> read_script(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return Error{Code::not_found, "'" + path + "' is no file"};
  SCORIA_TRY(file, FileBytes::open(path));
  if (file.text().size() > kMostScript)
    return Error{Code::too_large, "'" + path + "' has more than 4 MiB: it is no script"};
  return std::string(file.text());
}

Result<Form> r_form(const ScriptWish& wish, const std::string& text, ScriptPlan& plan) {
  const std::string code = without_comments(text);
  if (wish.form == "function" || !wish.function.empty()) return Form::r_function;
  if (wish.form == "plumber") return Form::plumber;
  if (!wish.form.empty()) return Error{Code::invalid, "--form " + wish.form + " is none of R's: plumber or function"};
  bool has_route = false;
  for_each_line(text, [&](std::string_view line) { has_route = has_route || is_route(annotation(line)); });
  if (has_route || makes_router(code)) return Form::plumber;
  for (const char* name : {"score", "predict_rows"}) {
    if (!defines_r_function(code, name)) continue;
    plan.function = name;
    return Form::r_function;
  }
  return Error{Code::invalid,
               "'" + wish.script +
                   "' has no plumber annotation (#* @post /path) and defines neither score(df) nor predict_rows(df): "
                   "name its function with --function NAME"};
}

Result<Form> python_form(const ScriptWish& wish, const std::string& text) {
  if (wish.form == "run") return Form::py_run;
  if (wish.form == "predict" || wish.form == "function") return Form::py_predict;
  if (!wish.form.empty()) return Error{Code::invalid, "--form " + wish.form + " is none of Python's: run or predict"};
  if (!wish.function.empty()) return Form::py_predict;
  if (defines_python_function(text, "run")) return Form::py_run;
  if (defines_python_method(text, "predict")) return Form::py_predict;
  return Error{Code::invalid, "'" + wish.script +
                                  "' defines neither run(data) nor predict(df), nor a class with predict: name its "
                                  "function with --function NAME"};
}

}  // namespace

const char* name_of(Form form) {
  switch (form) {
    case Form::plumber: return "plumber";
    case Form::r_function: return "function";
    case Form::r_model: return "model";
    case Form::py_run: return "run";
    case Form::py_predict: return "predict";
  }
  return "";
}

Result<ScriptPlan> plan_script(const ScriptWish& wish) {
  ScriptPlan plan;
  std::error_code error;
  plan.function = wish.function;
  ScriptWish given = wish;
  if (given.model.empty() && ends_with_any(given.script, {".rds", ".rdata", ".rda"}))
    std::swap(given.model, given.script);
  if (!given.model.empty()) {
    if (!fs::exists(given.model, error)) return Error{Code::not_found, "'" + given.model + "' is not there"};
    plan.model = fs::absolute(given.model, error);
  }
  if (given.script.empty()) {
    if (given.runtime == "python" || !ends_with_any(given.model, {".rds", ".rdata", ".rda"}))
      return Error{Code::invalid, "'" + given.model + "' alone is no .rds or .RData: give the script that uses it"};
    plan.form = Form::r_model;
    plan.is_rowwise = given.rowwise == 1;
    return plan;
  }
  SCORIA_TRY(text, read_script(given.script));
  plan.script = fs::absolute(given.script, error);
  const bool is_python = given.runtime.empty() ? ends_with_any(given.script, {".py"}) : given.runtime == "python";
  if (!is_python && given.runtime.empty() && !ends_with_any(given.script, {".r"})) {
    return Error{Code::invalid,
                 "'" + given.script + "' ends in neither .R nor .py: say --runtime r or --runtime python"};
  }
  if (!given.runtime.empty()) {
    SCORIA_TRY(named, worker::runtime_named(given.runtime));
    (void)named;
  }
  if (is_python) {
    plan.runtime = worker::Runtime::python;
    SCORIA_TRY(form, python_form(given, text));
    plan.form = form;
    plan.is_rowwise = given.rowwise >= 0 ? given.rowwise == 1 : declares_rowwise(text);
    plan.preload = modules_to_preload(text);
    if (plan.form == Form::py_predict) plan.preload.emplace_back("pandas");
    return plan;
  }
  SCORIA_TRY(form, r_form(given, text, plan));
  plan.form = form;
  plan.is_rowwise = given.rowwise >= 0 ? given.rowwise == 1 : has_row_word(text);
  plan.preload = r_packages(without_comments(text));
  if (plan.form == Form::plumber) {
    for (const char* name : {"plumber", "jsonlite", "httpuv", "promises", "later"}) {
      if (std::find(plan.preload.begin(), plan.preload.end(), name) == plan.preload.end())
        plan.preload.emplace_back(name);
    }
  }
  return plan;
}

}  // namespace scoria::serve::script
