#include "cli/score_output.h"

#include <utility>

namespace scoria::cli {

using table::Table;

Status ScoreOutput::write(const Table& kept, const Table& predictions) {
  Table aligned = predictions;
  if (predictions.names() != columns_->names()) {
    SCORIA_TRY(stacked, table::stack(*columns_, predictions));
    aligned = std::move(stacked);
  }
  if (aligned.columns() > columns_->columns()) {
    return Error{Code::conflict, "a model gives a column '" + aligned.names()[columns_->columns()] +
                                     "', which the models of the first rows do not; --type chooses columns"};
  }
  Table all = kept;
  for (std::size_t i = 0; i < aligned.columns(); ++i) all.add(aligned.names()[i], aligned.column(i));
  return write_(std::move(all));
}

Status ScoreOutput::add(Table kept, const Table& predictions) {
  if (!columns_) {
    if (predictions.columns() == 0) {
      waiting_.push_back(std::move(kept));
      return Ok{};
    }
    columns_ = predictions.slice(0, 0);
    for (const Table& before : std::exchange(waiting_, {})) SCORIA_TRY_STATUS(write(before, Table(before.rows())));
  }
  return write(kept, predictions);
}

Status ScoreOutput::finish() {
  if (columns_) return Ok{};
  if (types_.empty()) types_ = {"predict"};
  columns_.emplace();
  for (const std::string& type : types_) columns_->add(type, table::Column::real({}));
  for (const Table& before : std::exchange(waiting_, {})) SCORIA_TRY_STATUS(write(before, Table(before.rows())));
  return Ok{};
}

}  // namespace scoria::cli
