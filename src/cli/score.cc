#include "cli/score.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "arrowio/uri.h"
#include "cli/progress.h"
#include "cli/score_output.h"
#include "model/features.h"
#include "model/loaders.h"
#include "plan/clock.h"
#include "plan/hand_over.h"
#include "plan/model_files.h"
#include "plan/model_set.h"
#include "plan/peeked_input.h"
#include "plan/score_provenance.h"
#include "plan/set_rows.h"

namespace scoria::cli {
namespace {

using model::Feature;
using model::FeatureKind;

// Batches that wait on either side of scoring: with the one in each hand, some 200 MB at most.
constexpr std::size_t kBatchesAhead = 2;

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What is to be scored: the model or models, and which columns of the input they read.
struct Job {
  std::unique_ptr<plan::ModelSet> models;
  plan::SetOptions set;
  std::optional<model::Description>
      like;               // of the one model, or of one of the set's; none: no model was found for the first rows
  plan::FileFacts facts;  // of the one model
};

bool needs_text(const Feature& feature) {
  // Numbers are left to the reader, which tells TRUE and FALSE apart from them: both are numbers to a model. So are the codes of
  // an ordered factor whose levels the model does not know.
  const bool has_levels = feature.kind == FeatureKind::ordered && !feature.levels.empty();
  return feature.kind == FeatureKind::factor || has_levels;
}

// The model says how its columns are to be read; keys and kept ones are passed on as they stand.
table::CsvOptions read_options(const Job& job, const std::vector<std::string>& keep) {
  table::CsvOptions options;
  std::vector<std::string> wanted;
  const std::vector<std::string>& given = job.set.features;
  if (job.like && (given.empty() || given.size() == job.like->features.size())) {
    for (std::size_t i = 0; i < job.like->features.size(); ++i) {
      const Feature& feature = job.like->features[i];
      const std::string& name = given.empty() ? feature.name : given[i];
      if (needs_text(feature)) options.types[name] = table::Type::text;
      if (!is_among(wanted, name)) wanted.push_back(name);
    }
  } else {
    wanted = given;
  }
  for (const std::string& name : job.models->keys()) {
    options.types[name] = table::Type::text;
    if (!is_among(wanted, name)) wanted.push_back(name);
  }
  // Where the model's columns are not known by name it counts those that there are.
  if (given.empty() && (!job.like || job.like->by_position)) return options;
  for (const std::string& name : keep) {
    if (is_among(wanted, name)) continue;
    wanted.push_back(name);
    options.types[name] = table::Type::text;
  }
  options.only = std::move(wanted);
  return options;
}

Result<std::map<std::string, std::string, std::less<>>> parse_parameters(const std::vector<std::string>& parameters) {
  std::map<std::string, std::string, std::less<>> parsed;
  for (const std::string& parameter : parameters) {
    const std::size_t equals = parameter.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Code::invalid, "--param '" + parameter + "' must be NAME=VALUE, such as n.trees=100"};
    }
    parsed[parameter.substr(0, equals)] = parameter.substr(equals + 1);
  }
  return parsed;
}

// Before any row is read: the model sees only the columns that were asked for, the header is all of them.
Status check_header(const Job& job, const std::vector<std::string>& keep, const std::vector<std::string>& header) {
  const auto lacks = [&](const std::string& who, const std::string& name) {
    return Error{Code::invalid, who + ": the input has no column '" + name + "'; it has " + model::listed(header)};
  };
  for (const std::string& name : job.models->keys()) {
    if (!is_among(header, name)) return lacks("the models are chosen by '" + name + "'", name);
  }
  for (const std::string& name : job.set.features) {
    if (!is_among(header, name)) return lacks("--features", name);
  }
  const std::vector<std::string> absent = job.like && job.set.features.empty()
                                              ? model::absent_columns(job.like->features, header)
                                              : std::vector<std::string>();
  if (!absent.empty() && !job.like->by_position) {
    Error error = model::lacks_columns(absent);
    error.message += "; it has " + model::listed(header);
    return error;
  }
  // Keys are no features: a set's columns are counted when its models are known.
  const std::size_t columns = job.like ? job.like->features.size() : 0;
  if (!absent.empty() && job.models->keys().empty() && header.size() != columns) {
    return Error{Code::invalid, "the model has " + std::to_string(columns) + (columns == 1 ? " column" : " columns") +
                                    ", whose names its file does not keep, and the input has " +
                                    std::to_string(header.size()) +
                                    ": --features says which they are, in the model's " + "order; the input has " +
                                    model::listed(header)};
  }
  for (const std::string& name : keep) {
    if (!is_among(header, name)) return lacks("--keep", name);
  }
  return Ok{};
}

Result<table::Table> kept_columns(const table::Table& rows, const std::vector<std::string>& keep) {
  table::Table kept(rows.rows());
  for (const std::string& name : keep) {
    const table::ColumnPtr column = rows.find(name);
    if (column == nullptr) return Error{Code::invalid, "--keep: no row of the input has a '" + name + "'"};
    kept.add(name, column);
  }
  return kept;
}

Result<model::ModelPtr> open_one(const std::string& path, const std::optional<std::string>& object,
                                 plan::FileFacts* facts) {
  SCORIA_TRY(file, plan::read_model_file(path));
  const std::string name = arrowio::without_secrets(path);
  auto opened = model::open_model(file.bytes(), object);
  if (!opened.ok()) return with_context("'" + name + "'", std::move(opened).error());
  if (facts != nullptr) *facts = {name, file.text().size(), net::sha256(file.text())};
  return opened;
}

Status read_missing(const std::string& word, Job& job) {
  using Missing = plan::SetOptions::Missing;
  constexpr std::string_view kDefault = "default=";
  if (job.models->keys().empty() && word != "error") {
    return Error{Code::invalid, "--missing is for models by key, such as 'models/model_{Device}_{Sensor}'; '" +
                                    job.facts.path + "' is one model"};
  }
  if (word == "error") return Ok{};
  if (word == "skip") {
    job.set.missing = Missing::skip;
    return Ok{};
  }
  if (!word.starts_with(kDefault) || word.size() == kDefault.size()) {
    return Error{Code::invalid, "--missing '" + word + "' must be error, skip or default=FILE"};
  }
  SCORIA_TRY(otherwise, open_one(word.substr(kDefault.size()), {}, nullptr));
  job.set.missing = Missing::other;
  job.set.otherwise = std::move(otherwise);
  return Ok{};
}

Result<Job> open_job(const ScoreOptions& options) {
  Job job;
  SCORIA_TRY(set, plan::open_model_set(options.model));
  if (set != nullptr) {
    if (options.object) {
      return Error{Code::invalid, "--object names an object of one workspace; '" +
                                      arrowio::without_secrets(options.model) + "' stands for many files"};
    }
    job.models = std::move(set);
    job.facts.path = arrowio::without_secrets(options.model);
  } else {
    SCORIA_TRY(model, open_one(options.model, options.object, &job.facts));
    job.like = model->description();
    job.models = plan::single_model_set(std::move(model), job.facts.path);
  }
  job.set.features = options.features;
  SCORIA_TRY_STATUS(read_missing(options.missing, job));
  return job;
}

// The input, read as the models want it; the first rows tell which these are.
Result<plan::RowReader> open_rows(const ScoreOptions& options, Job& job) {
  plan::PeekedInput input(options.input, options.memory_limit);
  if (!job.models->keys().empty()) {
    table::CsvOptions keys_only;
    keys_only.only = job.models->keys();
    for (const std::string& key : job.models->keys()) keys_only.types[key] = table::Type::text;
    SCORIA_TRY(first, input.first(keys_only));
    if (first.header) SCORIA_TRY_STATUS(check_header(job, options.keep, *first.header));
    if (first.rows.rows() > 0) {
      SCORIA_TRY(like, job.models->describe(first.rows));
      if (!like && job.set.otherwise != nullptr) like = job.set.otherwise->description();
      job.like = std::move(like);
    }
  }
  SCORIA_TRY(reader, input.reader(read_options(job, options.keep)));
  if (reader.header() != nullptr) SCORIA_TRY_STATUS(check_header(job, options.keep, *reader.header()));
  return std::move(reader);
}

void report(const Job& job, const ScoreOptions& options, const plan::SetTally& tally,
            const std::set<std::string>& notes) {
  for (const std::string& note : notes) std::fprintf(stderr, "scoria score: note: %s\n", note.c_str());
  const std::string missing = plan::missing_note(tally, job.set.missing);
  if (!missing.empty()) std::fprintf(stderr, "scoria score: note: %s\n", missing.c_str());
  const bool is_asked = options.warn_flagged || !job.models->keys().empty();
  if (!tally.has_flags || !is_asked) return;
  const double share = options.warn_flagged.value_or(kFlaggedShare);
  for (const std::string& warning : plan::flag_warnings(*job.models, tally, share)) {
    std::fprintf(stderr, "scoria score: warning: %s\n", warning.c_str());
  }
}

}  // namespace

Status score(const ScoreOptions& options, const Context& context) {
  model::Request request{.types = options.types, .simd = options.simd};
  SCORIA_TRY(parameters, parse_parameters(options.parameters));
  request.parameters = std::move(parameters);
  if (options.warn_flagged && !(*options.warn_flagged >= 0 && *options.warn_flagged <= 1)) {
    return Error{Code::invalid, "--warn-flagged must be a share from 0 to 1, such as 0.5"};
  }
  SCORIA_TRY(job, open_job(options));
  SCORIA_TRY(reader, open_rows(options, job));
  const plan::ScoreProvenance provenance{
      .version = SCORIA_VERSION,
      .command_line = context.command_line,
      .started = plan::utc_now(),
      .model = job.facts,
      .input = options.input,
      .types = options.types,
      .parameters = {request.parameters.begin(), request.parameters.end()},
  };
  SCORIA_TRY(writer, plan::RowWriter::open(options.output, plan::metadata_of(provenance)));
  Progress progress("rows", context.is_terminal);
  std::set<std::string> notes;
  plan::SetTally tally;
  {
    // Reading, scoring and writing go on at once; what is written keeps the order of what is read.
    plan::WriteBehind behind([&](const table::Table& rows) { return writer.write(rows); }, kBatchesAhead);
    plan::ReadAhead ahead([&] { return reader.next(); }, kBatchesAhead);
    ScoreOutput output(options.types, [&](table::Table rows) { return behind.add(std::move(rows)); });
    for (;;) {
      if (context.stop.stop_requested())
        return Error{Code::unavailable, "interrupted; nothing was written to '" + options.output + "'"};
      SCORIA_TRY(batch, ahead.next());
      if (!batch) break;
      SCORIA_TRY(prediction, job.models->score(*batch, request, job.set, tally, context.executor));
      notes.insert(prediction.notes.begin(), prediction.notes.end());
      SCORIA_TRY(kept, kept_columns(*batch, options.keep));
      SCORIA_TRY_STATUS(output.add(std::move(kept), prediction.table));
      request.first_row += batch->rows();
      progress.update(request.first_row - 1);
    }
    SCORIA_TRY_STATUS(output.finish());
    SCORIA_TRY_STATUS(behind.finish());
  }
  SCORIA_TRY_STATUS(writer.end());
  SCORIA_TRY_STATUS(writer.commit());
  report(job, options, tally, notes);
  return Ok{};
}

}  // namespace scoria::cli
