// One partition of a run, from its input files to its output file.
// Threads: one call at a time per object; parts run on the executor.
#pragma once

#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/file.h"
#include "base/result.h"
#include "expr/frame.h"
#include "plan/inputs.h"
#include "plan/model_store.h"
#include "plan/plan.h"
#include "plan/provenance.h"
#include "plan/run.h"

namespace scoria::plan {

class Partition {
 public:
  Partition(const Plan& plan, const RunOptions& options, ModelStore& models, Executor& executor, std::string name)
      : plan_(plan), options_(options), models_(models), executor_(executor), name_(std::move(name)) {}

  struct Outcome {
    bool skipped = false;
    std::uint64_t rows = 0;
    std::uint64_t operations = 0;
    std::set<std::string> models;
    std::string output;
    std::set<std::string> notes;
    std::vector<AtomicFile> files;  // written, to be committed in this order: the output, then its provenance
  };
  // Does everything but put the output under its name.
  Result<Outcome> run();

 private:
  // One model of one pass, and the name of its column.
  struct Use {
    LoadedModelPtr model;
    std::string column;
  };
  // One combination of the values of `each`.
  struct Pass {
    expr::Constants constants;
    std::vector<Use> uses;
    std::vector<std::string> features;      // of its models, each once
    std::vector<std::uint32_t> rows;        // of the ordered table
    table::Table inputs;                    // the features at those rows
    table::Table leading;                   // the output's columns before the models'
    std::vector<table::Table> predictions;  // one table a use
  };

  Status make_passes();
  std::map<std::string, WantedColumns> wanted_columns() const;
  Status open_inputs();
  Result<expr::Tables> read_tables() const;
  // Names of the stacked table's columns that expressions, orders and the output read.
  std::set<std::string> names_in_frame() const;
  // The ordered table as a frame with all definitions and the partition's constants.
  Result<expr::Frame> make_frame(const expr::Tables& tables);
  // A feature's values for a pass. Columns that only models read are taken from the inputs as they were read: most columns of a
  // wide table are neither stacked nor put into order.
  Result<table::ColumnPtr> feature(const std::string& name, const expr::Frame& frame, const Pass& pass) const;
  Status select_rows(const expr::Frame& frame, Pass& pass) const;
  Status score(Pass& pass, std::size_t use, std::set<std::string>& notes) const;
  Result<table::Table> assemble();
  Status sort_across(table::Table& rows) const;
  Status write(const table::Table& rows, Outcome& outcome, double seconds);
  std::vector<std::string> leading_columns() const;
  Provenance provenance() const;
  Status check_stop() const;

  const Plan& plan_;
  const RunOptions& options_;
  ModelStore& models_;
  Executor& executor_;
  std::string name_;

  expr::Constants constants_;  // the partition's name and `let`
  std::vector<Pass> passes_;
  std::vector<RawInput> inputs_;      // in the order of plan_.inputs
  std::vector<table::Table> from_;    // the inputs whose rows are stacked
  std::vector<std::uint32_t> order_;  // rows of the stacked inputs, as the frame has them
  std::string output_;
};

}  // namespace scoria::plan
