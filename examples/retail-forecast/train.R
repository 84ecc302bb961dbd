# Trains the 35 models of the example: gbm quantile models for 7 steps and 5 quantiles, on weeks 0-107, as a foreach loop of 35 iterations.
# Usage: Rscript train.R [data-dir = data] [models-dir = models] [trees = 100] [depth = 6] [shrinkage = 0.1] [share-of-rows = 1] [OPTION]
#   --workers=N   on N warm R processes of this machine (R package scoria)
#   --pool=ID     on the nodes of a server's pool (the same; the server as SCORIA_SERVER, SCORIA_PROFILE or SCORIA_DATA say); they need dplyr and gbm
# Without an option the models are trained one after the other, and neither changes them. A model file that is there already is kept, so that a run that
# was interrupted can go on. The small models take about six minutes one after the other; the full size, `train.R data models 1250 20 0.05 0.05`, a quarter
# of an hour.

suppressMessages({
  library(foreach)
  library(gbm)
})
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "features.R"))
arguments <- commandArgs(TRUE)
is_option <- startsWith(arguments, "--")
options <- sub("^--", "", arguments[is_option])
arguments <- arguments[!is_option]
data_dir <- c(arguments, "data")[1]
models_dir <- c(arguments[-1], "models")[1]
dir.create(models_dir, showWarnings = FALSE)

setting <- function(position, otherwise) if (length(arguments) < position) otherwise else as.numeric(arguments[position])
trees <- setting(3, 100)
depth <- setting(4, 6)
shrinkage <- setting(5, 0.1)
share <- setting(6, 1)

if (length(options) == 0) {
  registerDoSEQ()
} else if (length(options) == 1 && grepl("^workers=[1-9][0-9]*$", options)) {
  scoria::registerDoScoria(workers = as.integer(sub("workers=", "", options)))
} else if (length(options) == 1 && grepl("^pool=.", options)) {
  scoria::registerDoScoria(pool = sub("pool=", "", options))
} else {
  stop("--", paste(options, collapse = " --"), ": it is --workers=N or --pool=ID, one of them")
}

# Leaves out what predict.gbm does not read. It reads trees, c.splits, initF, var.*, Terms, n.trees, num.classes, distribution
# and, to choose n.trees by itself, train.fraction and the length of train.error.
strip <- function(model) {
  for (part in c("fit", "valid.error", "oobag.improve", "call", "m", "data")) model[[part]] <- NULL
  attr(model$Terms, ".Environment") <- globalenv()
  model
}

# One model: where it is trained does not matter to it, since it has a seed of its own.
train <- function(series, step, q) {
  rows <- step_features(series, step)
  set.seed(100 * step + q)
  if (share < 1) rows <- rows[sort(sample(nrow(rows), round(share * nrow(rows)))), ]
  began <- proc.time()[["elapsed"]]
  shape <- reformulate(model_features(step), "sales", env = globalenv())
  fitted <- gbm(shape, list(name = "quantile", alpha = q / 100), rows, n.trees = trees, interaction.depth = depth,
                n.minobsinnode = 10, shrinkage = shrinkage, keep.data = FALSE)
  small <- strip(fitted)
  some <- rows[seq_len(min(500, nrow(rows))), ]
  stopifnot(identical(predict(small, some, n.trees = trees), predict(fitted, some, n.trees = trees)))
  list(model = small, name = sprintf("gbm_t%d_q%d.rds", step, q), rows = nrow(rows), seconds = proc.time()[["elapsed"]] - began)
}

# Called with each model as it comes.
keep <- function(count, one) {
  file <- file.path(models_dir, one$name)
  saveRDS(one$model, paste0(file, ".part"), compress = if (trees > 500) "gzip" else "xz")
  stopifnot(file.rename(paste0(file, ".part"), file))
  cat(sprintf("%s  %d rows  %.1f s  %.1f KB\n", one$name, one$rows, one$seconds, file.size(file) / 1024))
  count + 1
}

series <- stack_series(read.csv(file.path(data_dir, "history", "product1.csv.gz")), NULL)
wanted <- expand.grid(q = c(5, 25, 50, 75, 95), step = 1:7)
wanted <- wanted[!file.exists(file.path(models_dir, sprintf("gbm_t%d_q%d.rds", wanted$step, wanted$q))), ]
trained <- foreach(step = wanted$step, q = wanted$q, .combine = keep, .init = 0, .inorder = FALSE, .packages = c("dplyr", "gbm"),
                   .export = c("strip", "model_features", "step_features", "running_mean_of_known", "without_sales", "lag_columns", "price_columns",
                               "trees", "depth", "shrinkage", "share")) %dopar%
  train(series, step, q)
stopifnot(trained == nrow(wanted))
