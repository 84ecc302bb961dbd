// One partition of a run, from its input files to its output file.
// Threads: one call at a time per object; parts run on the executor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "expr/frame.h"
#include "plan/explain.h"
#include "plan/inputs.h"
#include "plan/model_groups.h"
#include "plan/model_store.h"
#include "plan/plan.h"
#include "plan/provenance.h"
#include "plan/row_files.h"
#include "plan/run.h"
#include "plan/shared_inputs.h"

namespace scoria::plan {

class Partition {
 public:
  Partition(const Plan& plan, const RunOptions& options, ModelStore& models, SharedInputs& shared, Executor& executor,
            std::string name)
      : plan_(plan), options_(options), models_(models), shared_(shared), executor_(executor), name_(std::move(name)) {}

  struct Outcome {
    bool skipped = false;
    std::uint64_t rows = 0;
    std::uint64_t operations = 0;
    std::map<std::string, ModelUse> models;
    std::set<std::string> missing_models;
    std::uint64_t missing_rows = 0;  // rows times entries without a model of their own
    std::string output;
    std::set<std::string> notes;
    StepLog steps;
    std::size_t split_files = 0;
    std::vector<arrowio::OutputFile> files;  // written, to be committed in this order: the output, then its provenance
  };
  // Does everything but put the output under its name.
  Result<Outcome> run();

 private:
  // One entry of `models` in one pass, with one combination of its variables.
  struct Use {
    const Models* entry = nullptr;
    expr::Constants constants;
    ModelGroups models;                  // an entry without groups has one
    std::vector<table::Table> scored;    // by group, like the next
    std::vector<std::uint64_t> flagged;  // rows that the model calls outliers
  };
  // One combination of the values of `each`.
  struct Pass {
    expr::Constants constants;
    std::vector<Use> uses;
    std::vector<std::uint32_t> rows;  // of the ordered table
    table::Table inputs;              // the features at those rows
    table::Table leading;             // the output's columns before the models'
  };

  // All rows at once.
  Result<table::Table> run_whole(Outcome& outcome);

  // partition_rows.cc: from files to the rows of each pass.
  Status make_passes();
  Status know(const Use& use);
  // The columns that a model of the entry reads, each for the feature at its place.
  static std::vector<std::string> columns_of(const Models& entry, const ModelFacts& facts);
  std::map<std::string, WantedColumns> wanted_columns() const;
  // Names of the features, and of those which the models match by level.
  void feature_names(std::set<std::string>& names, std::set<std::string>& as_text) const;
  Status open_inputs();
  // Errors: invalid, where the plan gives the type of a column that no input has.
  Status check_types() const;
  // Takes the input's columns out of `sought` and puts them into `known`; of JSON lines only the sought ones, batch by batch.
  Status find_columns(const RawInput& input, std::set<std::string>& sought, std::set<std::string>& known) const;
  Result<table::Table> read_input(std::size_t input, const WantedColumns& wanted) const;
  Result<expr::Tables> read_tables(const std::map<std::string, WantedColumns>& wanted);
  Result<table::Table> second_table(const Join& join, const table::Table& rows) const;
  // Names of the stacked table's columns that expressions, orders and the output read.
  std::set<std::string> names_in_frame() const;
  // Names that `result` reads, which the frame or the models may have.
  std::set<std::string> names_in_result() const;
  // The ordered table as a frame with all definitions and the partition's constants.
  Result<expr::Frame> make_frame(const expr::Tables& tables);
  Status choose_rows(const expr::Frame& frame, Pass& pass);
  // Reads the tables and chooses the rows; again where the rows tell of models that want more of the tables.
  Result<expr::Frame> reach_rows();

  // partition_score.cc: from rows to predictions.
  // A feature's values for a pass. Columns that only models read are taken from the inputs as they were read: most columns of a
  // wide table are neither stacked nor put into order.
  Result<table::ColumnPtr> feature(const std::string& name, const expr::Frame& frame, const Pass& pass) const;
  Status gather(const expr::Frame& frame, Pass& pass);
  void drop_incomplete(Pass& pass) const;
  Status score_all(Outcome& outcome);
  Status score(const Pass& pass, Use& use, std::size_t group, std::set<std::string>& notes) const;
  Result<std::string> column_name(const Use& use, const std::string& scored) const;
  Result<table::Table> predictions(const Pass& pass, Use& use) const;
  void count_models(Outcome& outcome) const;
  std::set<std::string> missing_models() const;  // files that are not there

  // partition_stream.cc: all three thirds, batch by batch.
  // Whether to. Errors: too_large, when all rows must be held and there is not the memory for them.
  Result<bool> choose_streaming() const;
  std::size_t streamed_input() const;
  Status score_batch(const table::Table& batch, Outcome& outcome, table::Table& rows);
  Status run_streamed(Outcome& outcome, RowWriter& writer);

  // partition_output.cc: from predictions to files.
  std::string location_of(const std::string& path) const;  // of a path in the plan
  std::string output_location() const { return location_of(output_); }
  Result<RowWriter> open_output() const;
  Result<table::Table> assemble();
  Result<table::Table> finish_columns(table::Table rows);
  Status sort_across(table::Table& rows, const std::set<std::string>& names, const Models& entry) const;
  // The rows in a file for each key, each whole and in place when it returns; `split_` tells of them.
  Status write_split(const table::Table& rows);
  Status write_part(const std::string& path, const table::Table& rows, const FileMetadata& metadata,
                    FileFacts& facts) const;
  Status finish_output(RowWriter writer, Outcome& outcome, double seconds);
  std::vector<std::string> leading_columns() const;
  Provenance provenance() const;
  Status check_stop() const;

  const Plan& plan_;
  const RunOptions& options_;
  ModelStore& models_;
  SharedInputs& shared_;
  Executor& executor_;
  std::string name_;

  expr::Constants constants_;  // the partition's name and `let`
  std::vector<Pass> passes_;
  std::map<std::string, ModelFactsPtr> known_;  // models of all passes, by path
  std::map<std::string, bool> read_by_models_;  // columns that they read; true: matched by level
  std::vector<RawInputPtr> inputs_;             // in the order of plan_.inputs
  std::vector<table::Table> from_;              // the inputs whose rows are stacked
  std::vector<std::uint32_t> order_;            // rows of the stacked inputs, as the frame has them
  StepLog opening_;                             // what was done once, whether or not the tables are read again
  StepLog log_;
  std::string output_;
  std::vector<FileFacts> split_;
  bool is_streamed_ = false;
};

}  // namespace scoria::plan
