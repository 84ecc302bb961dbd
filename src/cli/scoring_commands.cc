#include "cli/scoring_commands.h"

#include <cstdio>
#include <map>
#include <memory>

#include "cli/evaluate.h"
#include "cli/inspect.h"
#include "cli/pack.h"
#include "cli/run.h"
#include "cli/score.h"

namespace scoria::cli {
namespace {

const std::map<std::string, model::SimdTarget> kSimdTargets = {{"auto", model::SimdTarget::automatic},
                                                               {"plain", model::SimdTarget::plain},
                                                               {"avx2", model::SimdTarget::avx2},
                                                               {"avx512", model::SimdTarget::avx512}};

void add_memory_limit(CLI::App& command, std::uint64_t& limit) {
  command
      .add_option("--memory-limit", limit,
                  "memory for rows that must be held at once, such as 2GB (default: four fifths of what there is)")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("");
}

void add_score(CLI::App& app, Command& chosen, Context& context) {
  auto options = std::make_shared<ScoreOptions>();
  CLI::App* command = app.add_subcommand("score", "Predict the rows of a table with a model saved by R or Python");
  command
      ->add_option(
          "MODEL", options->model,
          "a file that holds a model: .rds or .RData of R, a pickle or joblib file of scikit-learn; a path or a "
          "URI. With {column} in its name each row is scored by the model of its key: "
          "'models/model_{Device}_{Sensor}'; so it is by a pack (scoria pack)")
      ->required();
  command
      ->add_option("INPUT", options->input,
                   "rows to score: .csv, .tsv or .jsonl, compressed or not, .parquet or .arrow; a file, s3://, abfs:// "
                   "or gs://; "
                   "- is standard input")
      ->capture_default_str();
  command
      ->add_option("-o,--output", options->output,
                   "where predictions go: .csv, .jsonl, .parquet or .arrow; - is standard output")
      ->capture_default_str();
  command
      ->add_option("--type", options->types,
                   "prediction type, by R's name for it; may be repeated (see scoria inspect)")
      ->allow_extra_args(false);
  command->add_option("--param", options->parameters, "prediction parameter, NAME=VALUE by R's name; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--keep", options->keep, "input columns to repeat before the predictions, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--features", options->features,
                   "input columns that are the model's features, in its order: for models whose files keep no names")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--missing", options->missing,
                   "of a key without model: error, skip (no prediction), or default=FILE, that model")
      ->capture_default_str();
  command
      ->add_option("--warn-flagged", options->warn_flagged,
                   "warn of models that call more than this share of their rows outliers (0.5 for models by key)")
      ->default_str("");
  command->add_option("--object", options->object, "which object of a workspace (.RData) is the model");
  add_memory_limit(*command, options->memory_limit);
  command->add_option("--simd", options->simd, "vector instructions to use: auto, plain, avx2, avx512 (same numbers)")
      ->transform(CLI::CheckedTransformer(kSimdTargets).description(""))
      ->default_str("auto");
  command->footer(
      "Example: scoria score model.rds new.csv --type response --keep id -o predictions.csv\n"
      "         scoria score 'models/model_{Device}_{Sensor}' readings.csv --features Value --keep TS\n");
  command->callback([options, &chosen, &context] {
    chosen = {"score", [options, &context] { return score(*options, context); }};
  });
}

void add_inspect(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command =
      app.add_subcommand("inspect", "Show what a file holds: a model, an R object, where an output came from");
  command->add_option("FILE", options->file, "an .rds or .RData file, or an output of scoria run")->required();
  command->add_option("--object", options->object, "which object of a workspace (.RData)");
  command->add_option("--key", options->key, "of a pack: which model, the values of its key columns, such as 1,2");
  command->add_flag("--json", options->json, "print JSON");
  command->callback([options, &chosen] {
    chosen = {"inspect", [options]() -> Status {
                SCORIA_TRY(text, inspect(*options));
                std::fwrite(text.data(), 1, text.size(), stdout);
                return Ok{};
              }};
  });
}

void add_pack(CLI::App& app, Command& chosen, Context& context) {
  auto options = std::make_shared<PackOptions>();
  CLI::App* command = app.add_subcommand("pack", "Put many model files into one file, ready to score, found by key");
  command
      ->add_option("MODELS", options->models,
                   "the files: a path with {column} parts, such as 'models/model_{Device}_{Sensor}'; or their folder")
      ->required();
  command->add_option("--name", options->name, "of a folder: how its files are named, such as model_{Device}_{Sensor}");
  command
      ->add_option("-o,--output", options->output, "the pack; one that is there is replaced once the new one is whole")
      ->required();
  command->add_flag("--skip-unreadable", options->skip_unreadable, "leave out files that are no models, and say which");
  command->footer(
      "Example: scoria pack 'models/model_{Device}_{Sensor}' -o fleet.pack\n"
      "         scoria score fleet.pack readings.csv --features Value --keep TS,Device,Sensor\n");
  command->callback([options, &chosen, &context] {
    chosen = {"pack", [options, &context] { return pack(*options, context); }};
  });
}

void add_run(CLI::App& app, Command& chosen, Context& context) {
  auto options = std::make_shared<RunCommandOptions>();
  CLI::App* command = app.add_subcommand("run", "Run a plan: features, models and outputs over many tables");
  command->add_option("PLAN", options->plan, "the plan's .yaml file; its paths are relative to its folder")->required();
  command
      ->add_option("--set", options->settings,
                   "replace a value of the plan, KEY=VALUE, such as each.step=1:4; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--only", options->only, "run these partitions only, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--jobs", options->jobs, "threads to use (default: one for each core)");
  add_memory_limit(*command, options->memory_limit);
  command->add_flag("--resume", options->resume, "skip partitions whose output is up to date");
  command->add_flag("--explain", options->explain,
                    "print each step's rows and seconds, and the models with their features");
  command->add_flag("--dry-run", options->dry_run, "print the steps and the partitions, and do nothing");
  command->add_option("--report", options->report, "write an HTML report of the forecast to this file");
  command
      ->add_option("--series", options->series,
                   "series that the report shows, KEY=VALUE,VALUE, such as sku=1,2; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--simd", options->simd, "vector instructions to use: auto, plain, avx2, avx512 (same numbers)")
      ->transform(CLI::CheckedTransformer(kSimdTargets).description(""))
      ->default_str("auto");
  command->footer("Example: scoria run examples/retail-forecast/plan.yaml --report forecast.html\n");
  command->callback([options, &chosen, &context] {
    chosen = {"run", [options, &context] { return run(*options, context); }};
  });
}

void add_evaluate(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<EvaluateOptions>();
  CLI::App* command =
      app.add_subcommand("evaluate", "Compare a quantile forecast with what came true, beside naive forecasts");
  command->add_option("FORECAST", options->forecast, "the forecast: keys, time and columns q5, q50, ...")->required();
  command->add_option("--actual", options->actual, "what came true: keys, time and the value")->required();
  command->add_option("--history", options->history, "the past, for naive forecasts: keys, time and the value");
  command->add_option("--keys", options->keys, "columns that name a series, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--time", options->time, "column of the time: a number or ISO-8601 dates")->required();
  command->add_option("--step", options->step, "column of the step ahead (default: counted from the forecast's times)");
  command->add_option("--value", options->value, "column of the value, in the actual and history tables")->required();
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "Example: scoria evaluate out.csv --actual actual.csv --history past.csv --keys sku,store --time week --value "
      "sales");
  command->callback([options, &chosen] {
    chosen = {"evaluate", [options]() -> Status {
                SCORIA_TRY(text, evaluate(*options));
                std::fwrite(text.data(), 1, text.size(), stdout);
                return Ok{};
              }};
  });
}

}  // namespace

void add_scoring_commands(CLI::App& app, Command& chosen, Context& context) {
  add_score(app, chosen, context);
  add_inspect(app, chosen);
  add_pack(app, chosen, context);
  add_run(app, chosen, context);
  add_evaluate(app, chosen);
}

}  // namespace scoria::cli
