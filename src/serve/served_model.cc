#include "serve/served_model.h"

#include <fstream>
#include <iterator>
#include <span>

#include "net/sha256.h"

namespace scoria::serve {
namespace {

// Below, handing pieces to other threads costs more than it saves.
constexpr std::size_t kRowsToShare = 2048;

}  // namespace

ServedModel::ServedModel(model::ModelPtr model, std::string path, std::string sha256, std::string service,
                         std::string version)
    : model_(std::move(model)),
      file_(std::move(path)),
      sha256_(std::move(sha256)),
      service_(std::move(service)),
      version_(std::move(version)),
      schema_(model_->description()) {}

Result<std::shared_ptr<const ServedModel>> ServedModel::open(const std::string& path, std::string service,
                                                             std::string version, const ServedModel* before) {
  // Read, not mapped: a file that is being written anew may become shorter meanwhile.
  const FileState state = file_state(path);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (!file) return Error{Code::not_found, "'" + path + "' cannot be read"};
  auto model = model::open_model(std::as_bytes(std::span(bytes)));
  if (!model.ok()) return Error{model.error().code, "'" + path + "': " + model.error().message};
  std::shared_ptr<ServedModel> served(
      new ServedModel(std::move(model).value(), path, net::sha256(bytes), std::move(service), std::move(version)));
  served->state_ = state;
  if (before != nullptr) served->traffic_ = before->traffic_;
  InlineExecutor executor;
  RowBuilder row(served->schema());
  row.begin_row();
  for (std::size_t i = 0; i < served->schema().features().size(); ++i) row.set(i, {});
  row.end_row();
  table::Table table;
  Problem problem;
  // Some models refuse missing values; they are warm nevertheless.
  if (row.finish(true, table, problem)) (void)served->model_->score(table, {}, executor);
  return std::shared_ptr<const ServedModel>(std::move(served));
}

bool ServedModel::score(const table::Table& rows, const model::Request& request, Executor& executor,
                        model::Prediction& prediction, Problem& problem) const {
  InlineExecutor alone;
  Executor& chosen = rows.rows() >= kRowsToShare ? executor : alone;
  auto scored = model_->score(rows, request, chosen);
  if (!scored.ok()) {
    const bool is_ours = scored.error().code != Code::invalid && scored.error().code != Code::unsupported;
    problem = one_mistake(is_ours ? 500 : 400, is_ours ? "failed" : "refused_by_model", scored.error().message);
    return false;
  }
  prediction = std::move(scored).value();
  return true;
}

}  // namespace scoria::serve
