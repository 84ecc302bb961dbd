#include "serve/plan_version.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "net/sha256.h"
#include "plan/run.h"
#include "serve/served_model.h"
#include "table/csv.h"

namespace scoria::serve {
namespace {

namespace fs = std::filesystem;

// Gone with its owner. In memory where there is such a place.
class Scratch {
 public:
  static Result<Scratch> make() {
    const bool has_memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = (has_memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / "scoria-plan-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      return Error{Code::unavailable, "cannot make a folder like '" + pattern + "' for a plan's run"};
    return Scratch(pattern);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  fs::path file(const char* name) const { return path_ / name; }

 private:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Result<table::Table> run(const plan::Plan& plan, plan::ModelCache& models, const table::Table& rows,
                         Executor& executor) {
  SCORIA_TRY(scratch, Scratch::make());
  std::string csv;
  table::append_csv_header(rows, csv);
  table::append_csv_rows(rows, csv);
  SCORIA_TRY_STATUS(write_file(scratch.file("rows.csv"), csv));
  const std::vector<plan::Setting> settings = {
      {"input." + plan.features.from.front(), scratch.file("rows.csv").string()},
      {"output", scratch.file("answer.csv").string()}};
  SCORIA_TRY(changed, plan::parse_plan(plan.text, plan.file, settings));
  plan::RunOptions options;
  options.models = &models;
  SCORIA_TRY_STATUS(plan::run_plan(changed, options, executor));
  SCORIA_TRY(answer, FileBytes::open(scratch.file("answer.csv")));
  return table::read_csv(answer.text());
}

}  // namespace

PlanVersion::PlanVersion(plan::Plan plan, std::string sha256, std::string service, std::string version)
    : ServiceVersion(std::move(service), std::move(version)),
      plan_(std::move(plan)),
      sha256_(std::move(sha256)),
      models_(plan_.file.parent_path()) {
  description_.family = "plan";
  description_.title = "plan " + plan_.name + ": rows of '" + plan_.features.from.front() + "'";
  description_.types = {"predict"};
}

Result<std::shared_ptr<PlanVersion>> PlanVersion::open(const std::string& path, std::string service,
                                                       std::string version) {
  SCORIA_TRY(plan, plan::read_plan(path, {}));
  if (!plan.partition.empty() || plan.split) {
    return Error{Code::unsupported, "plan '" + path + "' has " + (plan.split ? "split" : "partition") +
                                        ": a service gives one table for one table"};
  }
  std::string sum = net::sha256(plan.text);
  return std::shared_ptr<PlanVersion>(
      new PlanVersion(std::move(plan), std::move(sum), std::move(service), std::move(version)));
}

Outcome PlanVersion::score(const table::Table& rows, const model::Request&, Executor& executor) const {
  auto answer = run(plan_, models_, rows, executor);
  if (!answer.ok()) return {.predictions = {}, .problem = problem_of(answer.error())};
  return {.is_scored = true, .predictions = std::move(answer).value(), .problem = {}};
}

}  // namespace scoria::serve
