#include "cli/score.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/file.h"
#include "cli/progress.h"
#include "model/features.h"
#include "model/loaders.h"
#include "plan/clock.h"
#include "plan/hand_over.h"
#include "plan/row_files.h"
#include "plan/score_provenance.h"

namespace scoria::cli {
namespace {

using model::Feature;
using model::FeatureKind;

// Batches that wait on either side of scoring: with the one in each hand, some 200 MB at most.
constexpr std::size_t kBatchesAhead = 2;

// The model says how its columns are to be read; kept ones are passed on as they stand.
table::CsvOptions read_options(const model::Description& description, const std::vector<std::string>& keep) {
  table::CsvOptions options;
  std::vector<std::string> wanted;
  for (const Feature& feature : description.features) {
    wanted.push_back(feature.name);
    // Numbers are left to the reader, which tells TRUE and FALSE apart from them: both are numbers to a model. So are the codes
    // of an ordered factor whose levels the model does not know.
    const bool has_levels = feature.kind == FeatureKind::ordered && !feature.levels.empty();
    if (feature.kind == FeatureKind::factor || has_levels) options.types[feature.name] = table::Type::text;
  }
  if (description.by_position) return options;  // all columns: the model counts them
  for (const std::string& name : keep) {
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) continue;
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
Status check_header(const model::Description& description, const std::vector<std::string>& keep,
                    const std::vector<std::string>& header) {
  const std::vector<std::string> absent =
      description.by_position ? std::vector<std::string>{} : model::absent_columns(description.features, header);
  if (!absent.empty()) {
    Error error = model::lacks_columns(absent);
    error.message += "; it has " + model::listed(header);
    return error;
  }
  for (const std::string& name : keep) {
    if (std::find(header.begin(), header.end(), name) != header.end()) continue;
    return Error{Code::invalid, "--keep: the input has no column '" + name + "'; it has " + model::listed(header)};
  }
  return Ok{};
}

Status add_kept(const table::Table& rows, const std::vector<std::string>& keep, table::Table& output) {
  for (const std::string& name : keep) {
    const table::ColumnPtr column = rows.find(name);
    if (column == nullptr) {
      return Error{Code::invalid, "--keep: no row of the input has a '" + name + "'"};
    }
    output.add(name, column);
  }
  return Ok{};
}

}  // namespace

Status score(const ScoreOptions& options, const Context& context) {
  SCORIA_TRY(file, FileBytes::open(options.model));
  auto opened = model::open_model(file.bytes(), options.object);
  if (!opened.ok()) return with_context("'" + options.model + "'", std::move(opened).error());
  const model::ModelPtr model = std::move(opened).value();

  model::Request request{.types = options.types, .simd = options.simd};
  SCORIA_TRY(parameters, parse_parameters(options.parameters));
  request.parameters = std::move(parameters);

  SCORIA_TRY(reader, plan::RowReader::open(options.input, read_options(model->description(), options.keep),
                                           options.memory_limit));
  if (reader.header() != nullptr) {
    SCORIA_TRY_STATUS(check_header(model->description(), options.keep, *reader.header()));
  }
  const plan::ScoreProvenance provenance{
      .version = SCORIA_VERSION,
      .command_line = context.command_line,
      .started = plan::utc_now(),
      .model = {options.model, file.bytes().size(), plan::sha256(file.text())},
      .input = options.input,
      .types = options.types,
      .parameters = {request.parameters.begin(), request.parameters.end()},
  };
  SCORIA_TRY(writer, plan::RowWriter::open(options.output, plan::metadata_of(provenance)));
  Progress progress("rows", context.is_terminal);
  std::set<std::string> notes;
  {
    // Reading, scoring and writing go on at once; what is written keeps the order of what is read.
    plan::WriteBehind behind([&](const table::Table& rows) { return writer.write(rows); }, kBatchesAhead);
    plan::ReadAhead ahead([&] { return reader.next(); }, kBatchesAhead);
    for (;;) {
      if (context.stop.stop_requested())
        return Error{Code::unavailable, "interrupted; nothing was written to '" + options.output + "'"};
      SCORIA_TRY(batch, ahead.next());
      if (!batch) break;
      SCORIA_TRY(prediction, model->score(*batch, request, context.executor));
      notes.insert(prediction.notes.begin(), prediction.notes.end());
      table::Table output(batch->rows());
      SCORIA_TRY_STATUS(add_kept(*batch, options.keep, output));
      for (std::size_t i = 0; i < prediction.table.columns(); ++i) {
        output.add(prediction.table.names()[i], prediction.table.column(i));
      }
      request.first_row += batch->rows();
      SCORIA_TRY_STATUS(behind.add(std::move(output)));
      progress.update(request.first_row - 1);
    }
    SCORIA_TRY_STATUS(behind.finish());
  }
  SCORIA_TRY_STATUS(writer.end());
  SCORIA_TRY_STATUS(writer.commit());
  for (const std::string& note : notes) std::fprintf(stderr, "scoria score: note: %s\n", note.c_str());
  return Ok{};
}

}  // namespace scoria::cli
