#include "serve/served_model.h"

#include <fstream>
#include <iterator>
#include <span>

#include "net/sha256.h"
#include "serve/row_builder.h"

namespace scoria::serve {
namespace {

// Below, handing pieces to other threads costs more than it saves.
constexpr std::size_t kRowsToShare = 2048;

}  // namespace

ServedModel::ServedModel(model::ModelPtr model, std::string sha256, std::string service, std::string version)
    : ServiceVersion(std::move(service), std::move(version)),
      model_(std::move(model)),
      sha256_(std::move(sha256)),
      schema_(model_->description()) {}

Result<std::shared_ptr<ServedModel>> ServedModel::open(const std::string& path, std::string service,
                                                       std::string version) {
  // Read, not mapped: a file that is being written anew may become shorter meanwhile.
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (!file) return Error{Code::not_found, "'" + path + "' cannot be read"};
  auto model = model::open_model(std::as_bytes(std::span(bytes)));
  if (!model.ok()) return Error{model.error().code, "'" + path + "': " + model.error().message};
  std::shared_ptr<ServedModel> served(
      new ServedModel(std::move(model).value(), net::sha256(bytes), std::move(service), std::move(version)));
  InlineExecutor executor;
  RowBuilder row(served->schema_);
  row.begin_row();
  for (std::size_t i = 0; i < served->schema_.features().size(); ++i) row.set(i, {});
  row.end_row();
  table::Table table;
  Problem problem;
  // Some models refuse missing values; they are warm nevertheless.
  if (row.finish(true, table, problem)) (void)served->model_->score(table, {}, executor);
  return served;
}

Outcome ServedModel::score(const table::Table& rows, const model::Request& request, Executor& executor) const {
  InlineExecutor alone;
  Executor& chosen = rows.rows() >= kRowsToShare ? executor : alone;
  auto scored = model_->score(rows, request, chosen);
  if (!scored.ok()) return {.predictions = {}, .problem = problem_of(scored.error())};
  return {.is_scored = true, .predictions = std::move(scored).value().table, .problem = {}};
}

Problem problem_of(const Error& error) {
  const bool is_ours = error.code != Code::invalid && error.code != Code::unsupported;
  return one_mistake(is_ours ? 500 : 400, is_ours ? "failed" : "refused_by_model", error.message);
}

}  // namespace scoria::serve
