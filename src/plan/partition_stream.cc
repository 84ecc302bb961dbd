// A partition whose rows pass by: batches are read, scored and written at once, and none is kept.
#include "plan/hand_over.h"
#include "plan/partition.h"
#include "plan/row_files.h"
#include "plan/streaming.h"

namespace scoria::plan {

std::size_t Partition::streamed_input() const {
  for (std::size_t i = 0; i < plan_.inputs.size(); ++i) {
    if (plan_.inputs[i].first == plan_.features.from.front()) return i;
  }
  throw_bug(__FILE__, __LINE__, "read_plan() knows every input of features.from");
}

Result<bool> Partition::choose_streaming() const {
  const auto reason = needs_all_rows(plan_);
  if (!reason) return !inputs_[streamed_input()]->bytes;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const RawInput& input = *inputs_[i];
    if (input.bytes) continue;
    // Text takes about its own size as numbers, Parquet about four times; then come the copies in the partition's order.
    SCORIA_TRY(format, table::format_of(input.file.path));
    const std::uint64_t needed = input.file.bytes * (table::is_columnar(format) ? 8 : 3);
    if (needed <= options_.memory_limit) continue;
    const auto gigabytes = [](std::uint64_t bytes) {
      return std::to_string(static_cast<double>(bytes) / 1e9).substr(0, 5) + " GB";
    };
    return Error{Code::too_large, "input '" + input.file.path + "' is " + gigabytes(input.file.bytes) + ", and " +
                                      *reason + " needs all its rows at once: about " + gigabytes(needed) +
                                      " of memory, of which " + gigabytes(options_.memory_limit) +
                                      " may be used; partition the input, or allow more with --memory-limit"};
  }
  return false;
}

Status Partition::score_batch(const table::Table& batch, Outcome& outcome, table::Table& rows) {
  expr::Tables tables;
  tables.emplace(plan_.features.from.front(), batch);
  SCORIA_TRY(frame, make_frame(tables));
  for (Pass& pass : passes_) {
    SCORIA_TRY_STATUS(choose_rows(frame, pass));
    SCORIA_TRY_STATUS(gather(frame, pass));
    outcome.rows += pass.rows.size();
  }
  SCORIA_TRY_STATUS(score_all(outcome));
  count_models(outcome);
  SCORIA_TRY(assembled, assemble());
  rows = std::move(assembled);
  return Ok{};
}

Status Partition::run_streamed(Outcome& outcome, RowWriter& writer) {
  const std::size_t input = streamed_input();
  const WantedColumns wanted = wanted_columns().at(plan_.features.from.front());
  SCORIA_TRY(reader,
             RowReader::open(inputs_[input]->location, read_options(*inputs_[input], wanted), options_.memory_limit));
  log_ = std::move(opening_);
  constexpr std::size_t kBatchesAhead = 2;
  WriteBehind behind([&](const table::Table& rows) { return writer.write(rows); }, kBatchesAhead);
  ReadAhead ahead([&] { return reader.next(); }, kBatchesAhead);
  bool has_rows = false;
  std::uint64_t seen = 0;
  for (;;) {
    SCORIA_TRY_STATUS(check_stop());
    SCORIA_TRY(batch, ahead.next());
    if (!batch && has_rows) break;
    if (!batch) batch = table::Table();  // the output has its columns all the same
    has_rows = true;
    table::Table rows;
    if (Status scored = score_batch(*batch, outcome, rows); !scored.ok()) {
      Error error = std::move(scored).error();
      // Rows in messages count from the batch's first.
      if (seen > 0) error.message += " (rows are counted after the first " + std::to_string(seen) + " of the input)";
      return error;
    }
    seen += batch->rows();
    SCORIA_TRY_STATUS(behind.add(std::move(rows)));
  }
  return behind.finish();
}

}  // namespace scoria::plan
