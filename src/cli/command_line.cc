#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>

#include "cli/inspect.h"
#include "cli/score.h"

namespace scoria::cli {
namespace {

const std::map<std::string, model::SimdTarget> kSimdTargets = {{"auto", model::SimdTarget::automatic},
                                                               {"plain", model::SimdTarget::plain},
                                                               {"avx2", model::SimdTarget::avx2},
                                                               {"avx512", model::SimdTarget::avx512}};

constexpr int kFailed = 1;
constexpr int kBadUsage = 2;
constexpr int kInterrupted = 130;

// A subcommand's name and what to do once its options are read.
struct Command {
  std::string name;
  std::function<Status()> run;
};

void add_score(CLI::App& app, Command& chosen, Context& context) {
  auto options = std::make_shared<ScoreOptions>();
  CLI::App* command = app.add_subcommand("score", "Predict the rows of a table with a model saved by R");
  command->add_option("MODEL", options->model, "an .rds or .RData file that holds a model")->required();
  command
      ->add_option("INPUT", options->input,
                   "rows to score: .csv, .tsv or .jsonl, compressed or not; - is standard input")
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "where predictions go: .csv or .jsonl; - is standard output")
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
  command->add_option("--object", options->object, "which object of a workspace (.RData) is the model");
  command->add_option("--simd", options->simd, "vector instructions to use: auto, plain, avx2, avx512 (same numbers)")
      ->transform(CLI::CheckedTransformer(kSimdTargets))
      ->default_str("auto");
  command->footer("Example: scoria score model.rds new.csv --type response --keep id -o predictions.csv");
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
  command->add_flag("--json", options->json, "print JSON");
  command->callback([options, &chosen] {
    chosen = {"inspect", [options]() -> Status {
                SCORIA_TRY(text, inspect(*options));
                std::fwrite(text.data(), 1, text.size(), stdout);
                return Ok{};
              }};
  });
}

}  // namespace

int run_command_line(int argc, const char* const* argv, Context context) {
  CLI::App app("Scoria scores the models that R saves, without R, with the same numbers.", "scoria");
  app.set_version_flag("--version", std::string("scoria ") + SCORIA_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Command chosen;
  add_score(app, chosen, context);
  add_inspect(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  const Status status = chosen.run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "scoria %s: %s\n", chosen.name.c_str(), status.error().message.c_str());
  return context.stop.stop_requested() ? kInterrupted : kFailed;
}

}  // namespace scoria::cli
